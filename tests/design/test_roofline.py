"""Ceilings and the points of layers below them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.design.roofline import _plio_bytes, roofline

STAGED = {"route": "memory_tile", "ports": "memory_tile"}


def info(dims, cuts, bits=128, batch=8, **choice):
    explorer = aie.Explorer(mlp(dims, batch=batch), plio_bits=bits)
    given = {f"dense{i}": {"microtile": "4x8x8", "cas_length": length, "cas_num": num, **STAGED, **choice}
             for i, (length, num) in enumerate(cuts)}
    return roofline(explorer.design(given))


def below_its_ceilings(found):
    for point in found.points:
        for ceiling in found.ceilings:
            if ceiling.scope == point.scope and (ceiling.macs_per_cycle or ceiling.name == point.boundary):
                assert point.macs_per_cycle <= ceiling.at(point.macs_per_byte) * (1 + 1e-9), (point, ceiling)


NETWORKS = [mlp([64, 64, 10]), mlp([40, 300, 16, 8], batch=12), residual(1, 16), residual(1, 48, batch=3)]


@given(which=st.integers(0, len(NETWORKS) - 1), bits=st.sampled_from([32, 128]), seed=st.integers(0, 10**6),
       copies=st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_every_layer_lies_below_its_ceilings(which, bits, seed, copies):
    explorer = aie.Explorer(NETWORKS[which], plio_bits=bits)
    front = explorer.pareto(objectives=("tiles", "interval_cycles", "latency_cycles", "plio"))
    row = front.iloc[np.random.default_rng(seed).integers(len(front))]
    design = dataclasses.replace(explorer.design(row), copies=copies)
    found = roofline(design)
    below_its_ceilings(found)
    # what the layers achieve together is what the estimate says of the design
    achieved = {point.layer: point.macs_per_cycle for point in found.points if point.boundary == "tile loads"}
    tiles = {layer.name: int(layer.table["tiles"][0]) for layer in design.space.layers}
    whole = copies * sum(achieved[name] * tiles[name] for name in achieved)
    estimate = design.estimate()
    assert 2 * whole * design.device.clock_mhz / 1e6 == pytest.approx(estimate.tops)


def test_what_limits_touches_its_ceiling():
    """A narrow PLIO sets the interval: with one layer, all bytes cross at its rate but for the output's."""
    found = info([256, 16], [(1, 1)], bits=32)
    point = next(point for point in found.points if point.boundary == "PLIO")
    ceiling = next(ceiling for ceiling in found.ceilings if ceiling.name == "PLIO")
    assert point.macs_per_cycle > 0.5 * ceiling.at(point.macs_per_byte)


def test_boundaries_of_the_layers():
    found = info([64, 64, 64, 64], [(1, 1)] * 3, blocking="2x2")
    plio = [point.layer for point in found.points if point.boundary == "PLIO"]
    assert plio == ["dense0", "dense2"]
    assert [point.layer for point in found.points if point.boundary == "memory tiles"] == ["dense0", "dense1", "dense2"]
    assert {ceiling.name for ceiling in found.ceilings} == {
        "int8 x int8 multiply-accumulates", "uint8 x int8 multiply-accumulates", "tile loads", "tile streams", "PLIO",
        "memory tiles"}
    # one register block loads 2 x 4 x 64 bytes of A and 2 x 8 x 64 of B; four blocks of 64 outputs at batch 8
    loads = next(point for point in found.points if point.boundary == "tile loads")
    assert loads.macs_per_byte == pytest.approx(8 * 64 * 64 / (4 * 64 * (2 * 4 + 2 * 8)))


def test_what_goes_from_tile_to_tile_crosses_no_memory_tile():
    design = aie.Explorer(mlp([64, 64, 64])).best("tiles")
    assert not design.plan().buffers
    assert not [point for point in roofline(design).points if point.boundary == "memory tiles"]


def test_letters_are_those_of_the_layers():
    """Of three layers the one in the middle crosses nothing that the array's ceilings are about."""
    from aie_explorer.plots import roofline_figure

    explorer = aie.Explorer(mlp([64, 64, 64, 64]))
    figure = roofline_figure(roofline(explorer.best("tiles")), "array")
    (points,) = [trace for trace in figure.data if trace.mode == "markers+text"]
    assert list(points.text) == ["A", "C"]


def test_a_layer_of_sums_alone_does_no_useful_work():
    design = aie.Explorer(residual(1, 16)).best("tiles")
    sums = [layer.name for layer in design.space.layers if layer.work.macs == 0]
    assert not {point.layer for point in roofline(design).points} & set(sums)


def test_an_input_of_the_network_beside_another_counts_once():
    """PLIO bytes are those of the plan's ports."""
    for network in (residual(1, 16), residual(1, 48, batch=3)):
        design = aie.Explorer(network).best("latency")
        plan = design.plan()
        moved = sum(port.rows * port.columns for port in (*plan.inputs, *plan.outputs))
        assert sum(_plio_bytes(design.space)) == moved


@pytest.mark.parametrize("scope", ["tile", "array"])
def test_it_is_drawn(scope):
    from aie_explorer.plots import roofline_figure

    found = info([64, 64, 32], [(2, 2), (1, 1)])
    figure = roofline_figure(found, scope)
    names = [trace.name for trace in figure.data]
    assert {one.name for one in found.ceilings if one.scope == scope and one.bytes_per_cycle} <= set(names)
    assert [name for name in names if "multiply" in name] == [  # pairs of types with one peak share a line
        "int8 x int8, uint8 x int8 multiply-accumulates"]
    assert sum(len(trace.x) for trace in figure.data if trace.mode == "markers+text") == sum(
        point.scope == scope for point in found.points)
