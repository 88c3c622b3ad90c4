"""Ceilings and the points of layers below them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.cycles.roofline import roofline
from aie_explorer.cycles.spec import parse_spec

LAYER = {"dtype_in": "int8", "dtype_w": "int8", "dtype_out": "int8", "microtile": [4, 8, 8], "cas_length": 1,
         "cas_num": 1}


def info(sizes, cuts, bits=128, batch=8, split="features"):
    layers = [LAYER | {"k": k, "n": n, "cas_length": length, "cas_num": num, "split": split}
              for (k, n), (length, num) in zip(sizes, cuts, strict=True)]
    return roofline(parse_spec({"device": "vek280", "batch": batch, "plio_bits": bits, "layers": layers}))


@given(k=st.integers(1, 300), n=st.integers(1, 300), m=st.integers(1, 300), batch=st.integers(1, 40),
       cuts=st.tuples(*[st.tuples(st.integers(1, 3), st.integers(1, 3))] * 2), bits=st.sampled_from([32, 128]),
       split=st.sampled_from(["features", "rows"]))
@settings(max_examples=50, deadline=None)
def test_every_layer_lies_below_its_ceilings(k, n, m, batch, cuts, bits, split):
    found = info([(k, n), (n, m)], cuts, bits, batch, split)
    for point in found.points:
        for ceiling in found.ceilings:
            if ceiling.scope == point.scope and (ceiling.macs_per_cycle or ceiling.name == point.boundary):
                assert point.macs_per_cycle <= ceiling.at(point.macs_per_byte) * (1 + 1e-9)


def test_what_limits_touches_its_ceiling():
    """A narrow PLIO sets the interval: with one layer, all bytes cross at its rate but for the output's."""
    found = info([(256, 16)], [(1, 1)], bits=32)
    point = next(point for point in found.points if point.boundary == "PLIO")
    ceiling = next(ceiling for ceiling in found.ceilings if ceiling.name == "PLIO")
    assert point.macs_per_cycle > 0.5 * ceiling.at(point.macs_per_byte)


def test_boundaries_of_the_layers():
    found = info([(64, 64), (64, 64), (64, 64)], [(1, 1)] * 3)
    plio = [point.layer for point in found.points if point.boundary == "PLIO"]
    assert plio == ["layer0", "layer2"]
    assert {ceiling.name for ceiling in found.ceilings} == {
        "int8 x int8 multiply-accumulates", "tile loads", "tile streams", "PLIO", "memory tiles"}
    # one register block loads 2 x 4 x 64 bytes of A and 2 x 8 x 64 of B; four blocks of 64 outputs at batch 8
    loads = next(point for point in found.points if point.boundary == "tile loads")
    assert loads.macs_per_byte == pytest.approx(8 * 64 * 64 / (4 * 64 * (2 * 4 + 2 * 8)))


@pytest.mark.parametrize("scope", ["tile", "array"])
def test_it_is_drawn(scope):
    from aie_explorer.plots import roofline_figure

    found = info([(64, 64), (64, 32)], [(2, 2), (1, 1)])
    figure = roofline_figure(found, scope)
    names = [trace.name for trace in figure.data]
    assert {ceiling.name for ceiling in found.ceilings if ceiling.scope == scope} <= set(names)
    assert sum(len(trace.x) for trace in figure.data if trace.mode == "markers+text") == sum(
        point.scope == scope for point in found.points)
