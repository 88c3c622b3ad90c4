"""The first cycle model against published single-kernel measurements and against physical bounds."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.cycles import cost_layer, kernel_cycles, load_constants
from aie_explorer.devices import find
from aie_explorer.ir import FixedPoint
from aie_explorer.space import Choice, Work, layer_options, option_row

VEK280 = find("vek280")
INT8, INT16 = FixedPoint(8, 7), FixedPoint(16, 10)


def work(rows, k, n, x=INT8, w=INT8, y=INT8):
    return Work(rows, k, n, x, w, y, 24)


@pytest.mark.parametrize(("microtile", "size", "cycles"), [
    ((4, 8, 8), 16, 53), ((4, 8, 8), 64, 1122), ((8, 8, 8), 16, 38), ((8, 8, 8), 64, 1050), ((8, 8, 4), 64, 2234)])
def test_published_kernels(microtile, size, cycles):
    layer = work(size, size, size)
    row = option_row(layer, VEK280, Choice(microtile, 1, 1), "dense")
    assert kernel_cycles(row, layer, VEK280, load_constants())[0] == pytest.approx(cycles, rel=0.01)


@given(rows=st.integers(1, 64), k=st.integers(1, 300), n=st.integers(1, 300), x=st.sampled_from([INT8, INT16]))
@settings(max_examples=40, deadline=None)
def test_never_faster_than_the_matrix_unit_loads_and_streams(rows, k, n, x):
    layer = work(rows, k, n, x)
    table = layer_options(layer, VEK280)
    cycles = cost_layer(table, layer, VEK280).cycles
    assert np.all(cycles["kernel_cycles"] >= cycles["mac_cycles"])
    assert np.all(cycles["kernel_cycles"] * 64 >= table["in_bytes"] + table["weight_bytes"])
    assert np.all(cycles["dma_in_cycles"] * 4 >= table["in_bytes"])
    assert np.all(cycles["interval_cycles"] >= np.maximum(cycles["kernel_cycles"], cycles["dma_in_cycles"]))
    assert np.all(cycles["latency_cycles"] >= cycles["interval_cycles"])


@pytest.mark.parametrize("axis", ["rows", "k", "n"])
def test_more_work_never_takes_less_time(axis):
    sizes = {"rows": 16, "k": 64, "n": 64}
    choice = Choice((4, 8, 8), 2, 2)
    before = 0.0
    for size in (sizes[axis] * f for f in (1, 2, 3)):
        layer = work(**(sizes | {axis: size}))
        now = float(cost_layer(option_row(layer, VEK280, choice, "dense"), layer, VEK280).cycles["latency_cycles"][0])
        assert now > before
        before = now


def test_a_slower_plio_costs_more():
    layer = work(8, 256, 64)
    row = option_row(layer, VEK280, Choice((4, 8, 8), 1, 1), "dense")
    wide = cost_layer(row, layer, VEK280).cycles["plio_in_cycles"][0]
    narrow = cost_layer(row, layer, dataclasses.replace(VEK280, plio_bits=32)).cycles["plio_in_cycles"][0]
    assert wide == 8 * 256 / 4      # 128 bits at 312.5 MHz are 4 bytes a cycle at 1250 MHz
    assert narrow == 4 * wide


def test_constants_name_their_sources():
    import json
    from importlib import resources

    data = json.loads(resources.files("aie_explorer.cycles").joinpath("constants.json").read_text())
    for name, entry in data.items():
        assert name == "_about" or (entry["source"] and entry["meaning"])


def test_loads_set_the_pace_where_they_are_slower():
    """With two rows and columns of microtiles no shape of AIE-ML is bound by its loads; narrower ports are."""
    layer = work(64, 64, 64)
    row = option_row(layer, VEK280, Choice((4, 8, 8), 1, 1), "dense")
    known = load_constants()
    narrow = dataclasses.replace(VEK280, generation=dataclasses.replace(VEK280.generation, load_bytes_per_port=8))
    usual, slow = (kernel_cycles(row, layer, device, known)[0] for device in (VEK280, narrow))
    # 192 bytes of two A and two B microtiles over 16 bytes a cycle are 12 cycles a step instead of four issues
    assert slow - usual == pytest.approx(8 * 4 * 8 * (12 - 4))
