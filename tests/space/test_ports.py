"""PLIOs past the memory tiles: where they can be, what they cost and save, and the reasons where they cannot."""

import dataclasses

import numpy as np
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.cycles import load_constants
from aie_explorer.errors import DesignError
from aie_explorer.search.objectives import ADDED
from aie_explorer.search.space import straight
from aie_explorer.space import INTO, OUT_OF, PORTS

ONE = {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}
EX = aie.Explorer(mlp([64, 64, 64]))
HALF = load_constants().hand_over_cycles / 2


def of(first="memory_tile", last="memory_tile", explorer=EX, **more):
    return explorer.design({"dense0": ONE | {"ports": first} | more, "dense1": ONE | {"ports": last} | more})


def test_a_leg_less_is_a_leg_less():
    """512 bytes at 4 a cycle, and beats of 4 cycles."""
    staged, into, out, both = (of(*ports, route="memory_tile").estimate() for ports in (
        (), ("direct_in",), ("memory_tile", "direct_out"), ("direct_in", "direct_out")))
    assert staged.latency_cycles - into.latency_cycles == pytest.approx(128 + HALF)
    assert staged.latency_cycles - out.latency_cycles == pytest.approx(128 - 4 + HALF)
    assert staged.latency_first_out_cycles - out.latency_first_out_cycles == pytest.approx(128 + HALF)
    assert staged.latency_cycles - both.latency_cycles == pytest.approx(256 - 4 + 2 * HALF)
    assert {one.interval_cycles for one in (staged, into, out, both)} == {staged.interval_cycles}
    assert [one.validity for one in (staged, into, out)] == ["calibrated", "extrapolated", "extrapolated"]
    assert into.interval_error_pct == staged.interval_error_pct
    assert into.latency_error_pct > staged.latency_error_pct


def test_what_fills_up_is_sent_too():
    """9 rows become 16, 10 columns 16; cascades that split the rows have PLIOs of their own."""
    explorer = aie.Explorer(mlp([60, 40, 10], batch=9))
    cut = {"microtile": "4x8x8", "cas_length": 2, "cas_num": 2}
    staged, fed = (explorer.design({"dense0": cut | {"ports": ports}, "dense1": ONE}) for ports in PORTS[:2])
    assert [plio.bytes for plio in fed.plan().inputs] == [16 * 32] * 2
    assert max(plio.bytes for plio in staged.plan().inputs) < 16 * 32
    rows = explorer.design({"dense0": cut | {"ports": "direct_in", "split": "rows"}, "dense1": ONE})
    assert rows.estimate().plio_in == len(rows.plan().inputs) == 4
    assert staged.estimate().plio_in == 2


@pytest.mark.parametrize("plio_bits", [32, 128])
@pytest.mark.parametrize("batch", [8, 9])
@pytest.mark.parametrize("ports", [("direct_in", "memory_tile"), ("memory_tile", "direct_out"),
                                   ("direct_in", "direct_out")])
def test_the_timeline_agrees(plio_bits, batch, ports):
    design = of(*ports, aie.Explorer(mlp([64, 64, 20], batch=batch), plio_bits=plio_bits), cas_length=2)
    found, estimate = design.timeline(2), design.estimate()
    assert found.interval_cycles == pytest.approx(estimate.interval_cycles)
    assert found.latency_cycles == pytest.approx(estimate.latency_cycles)
    assert found.first_out_cycles == pytest.approx(estimate.latency_first_out_cycles)


@pytest.mark.parametrize(("layers", "where", "reason"), [
    ({"dense0": {"ports": "direct_out"}}, "dense0", "do not leave the array once"),
    ({"dense1": {"ports": "direct_in"}}, "dense1", "does not read one input of the network alone"),
    ({"dense0": {"ports": "direct"}}, "dense0", "do not leave the array once"),
    ({"dense0": {"ports": "host"}}, "dense0", "'host' is no way in or out of the array"),
])
def test_refused_with_the_reason(layers, where, reason):
    with pytest.raises(DesignError, match=reason) as error:
        EX.design({"dense0": ONE, "dense1": ONE} | {name: ONE | of for name, of in layers.items()})
    assert error.value.where == f"{where}.ports"


def test_buffers_that_are_no_whole_transfers_are_refused():
    table = of("direct_in").space.layers[0].table.copy()
    table["in_bytes"] = 24
    space = of().space
    layers = (dataclasses.replace(space.layers[0], table=table), *space.layers[1:])
    from aie_explorer.search.routes import check_routes

    with pytest.raises(DesignError, match="not whole transfers of PLIOs of 128 bits"):
        check_routes(dataclasses.replace(space, layers=layers))


def test_which_layers_have_them():
    chain, blocks = EX.network, residual(1, 16)
    assert [straight(chain, op) for op in chain.layers] == [INTO, OUT_OF]
    both = chain.replace(outputs=("dense0_y", "dense1_y"))  # read by dense1 too
    assert [straight(both, op) for op in both.layers] == [INTO, OUT_OF]
    assert [straight(blocks, op) for op in blocks.layers if len(op.inputs) > 1] == [0]  # a sum, which a head reads
    assert straight(blocks, blocks.layers[-1]) == OUT_OF


def test_they_are_options_of_the_space_and_of_the_front():
    for layer, bit in zip(EX.space.layers, (INTO, OUT_OF), strict=True):
        ways, counts = np.unique(layer.table["ports"], return_counts=True)
        assert ways.tolist() == [0, bit]
        assert counts[0] >= counts[1] > 0
    design = EX.best("latency", max_tiles=8)
    assert [choice.ports for choice in design.choices] == ["direct_in", "direct_out"]
    assert not design.plan().buffers
    staged = EX.constrained({"ports": "memory_tile"}).best("latency", max_tiles=8)
    assert staged.estimate().latency_cycles > design.estimate().latency_cycles
    assert aie.Explorer(design.network).design(design.to_json()["layers"]) == design


def test_they_need_no_memory_tile():
    for ports in PORTS:
        design = aie.Explorer(mlp([64, 64])).design({"dense0": ONE | {"ports": ports}})
        used = sum(ADDED["memory_tile_bytes"](design.space, 0))
        assert used == 2 * sum(held.bytes for held in design.plan().buffers)


def test_sweeps_combine_them_when_asked():
    table = EX.sweep({"dense0.ports": ["memory_tile", "direct_in"]})
    assert set(table["dense0.ports"]) == {"memory_tile", "direct_in"}
    assert set(table["dense1.ports"]) == {"memory_tile"}
    for i in (0, len(table) - 1):
        design = EX.design(table.iloc[i])
        assert design.estimate().latency_cycles == pytest.approx(table.iloc[i]["latency_cycles"])


@pytest.mark.parametrize(("rows", "order"), [(1, "row by row"), (7, "row by row"), (8, "microtiles of 4 x 8")])
def test_seven_rows_of_microtiles_are_sorted_by_the_tile(rows, order):
    design = of("direct_in", explorer=aie.Explorer(mlp([64, 32, 10], batch=4 * rows)), blocking=(1, 1))
    assert [plio.order for plio in design.plan().inputs] == [order]
