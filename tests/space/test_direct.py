"""Layouts of both sides of an edge against the order of elements, spelled out; routes refused with the reason."""

import itertools

import numpy as np
import pytest
from by_hand import is_direct
from hypothesis import event, given, settings
from hypothesis import strategies as st
from networks import mlp

import aie_explorer as aie
from aie_explorer.devices import find
from aie_explorer.errors import DesignError
from aie_explorer.ir import FixedPoint
from aie_explorer.search.space import design_space
from aie_explorer.space.direct import made_layout, read_layout, retiled

VEK280 = find("vek280")
INT16 = FixedPoint(16, 8)


@given(dims=st.lists(st.sampled_from([8, 16, 24, 40, 64]), min_size=3, max_size=3),
       batch=st.sampled_from([1, 4, 8, 20]),
       y=st.sampled_from([FixedPoint(8, 6), INT16]), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_equal_layouts_are_equal_elements_in_equal_order(dims, batch, y, seed):
    first, second = design_space(mlp(dims, batch=batch, y=y), VEK280).layers
    rng = np.random.default_rng(seed)

    def some(table):
        small = table[table["tiles"] <= 8]
        picked = small[rng.permutation(len(small))[:25]].copy()
        picked["route"] = rng.integers(0, 3, len(picked))
        return picked

    made, read = some(first.table), some(second.table)
    made_as, read_as = made_layout(made), read_layout(read)
    found = made_as[:, None] == read_as[None]
    sorted_ = retiled(made_as, read_as, VEK280.generation.dma, 2 if y == INT16 else 1)
    assert not (found & sorted_).any()
    found |= sorted_
    for (i, a), (j, b) in itertools.product(enumerate(made), enumerate(read)):
        assert found[i, j] == is_direct(a, b), (a, b)
    event("some direct" if found.any() else "none direct")
    event("some sorted" if sorted_.any() else "none sorted")


ONE = {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}
EX = aie.Explorer(mlp([64, 64, 10]))


@pytest.mark.parametrize(("first", "second", "reason"), [
    ({"cas_num": 2}, {}, r"2 slices of 8 x 32 .* dense1 reads 1 slice of 8 x 64"),
    ({}, {"cas_num": 2, "cas_length": 2, "split": "rows", "microtile": "2x8x8"}, "cuts rows and columns"),
])
def test_what_is_not_the_same_is_refused_with_the_reason(first, second, reason):
    with pytest.raises(DesignError, match=reason) as error:
        EX.design({"dense0": ONE | first | {"route": "direct"}, "dense1": ONE | second})
    assert error.value.where == "dense0.route"
    staged = EX.design({"dense0": ONE | first, "dense1": ONE | second})
    assert not staged.plan().direct


def test_the_last_layer_has_nobody_to_hand_to():
    with pytest.raises(DesignError, match="no layer reads"):
        EX.design({"dense0": ONE, "dense1": ONE | {"route": "direct"}})
    with pytest.raises(DesignError, match="no layer reads"):
        EX.constrained({"dense1.route": "direct"}).pareto()
    assert EX.constrained({"route": "direct"}).best("latency").layers["dense1"].route == "auto"


def test_a_route_is_a_word():
    for layers in ({"dense0": ONE | {"route": "shared"}}, {"dense0": {"route": 1}}):
        with pytest.raises(DesignError, match="no route"):
            EX.design(layers)
    with pytest.raises(DesignError, match="no route"):
        EX.constrained({"route": "near"}).pareto()
    with pytest.raises(DesignError, match="no route"):
        EX.sweep({"dense0.route": ["direct", "near"]})


def test_sweeps_over_routes_rebuild_their_designs():
    table = EX.sweep({"dense0.route": ["direct", "memory_tile"]})
    assert set(table["dense0.route"]) == {"direct", "memory_tile"}
    for route in ("direct", "memory_tile"):
        rows = table[table["dense0.route"] == route]
        for i in (0, len(rows) // 2, len(rows) - 1):
            design = EX.design(rows.iloc[i])
            assert design.layers["dense0"].route == route
            assert design.estimate().latency_cycles == pytest.approx(rows.iloc[i]["latency_cycles"])
            assert bool(design.space.edges[0].direct.all()) == (route == "direct")
            assert aie.Explorer(design.network).design(design.to_json()["layers"]) == design


def test_a_direct_edge_saves_a_hand_over_and_is_not_called_measured():
    direct, staged = (EX.design({"dense0": ONE | {"route": route}, "dense1": ONE}).estimate()
                      for route in ("direct", "memory_tile"))
    assert direct.interval_cycles == staged.interval_cycles
    assert staged.latency_cycles - direct.latency_cycles == pytest.approx(37.24 + 8 * 64 / 4, abs=0.01)
    assert (direct.validity, staged.validity) == ("extrapolated", "calibrated")
    assert direct.latency_error_pct > staged.latency_error_pct
