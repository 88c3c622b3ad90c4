"""Published single kernels, and the physical laws that no constant may break."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.cycles import (
    cost_layer,
    kernel_cycles,
    limiting_resource,
    load_constants,
)
from aie_explorer.cycles.kernel import kernel_cost
from aie_explorer.cycles.model import RESOURCES
from aie_explorer.cycles.operands import Operands
from aie_explorer.devices import find
from aie_explorer.errors import DesignError
from aie_explorer.ir import FixedPoint
from aie_explorer.space import BLOCKINGS, TWO_BY_TWO, Blocking, Choice, Work, layer_options, option_row

VEK280, VEK385 = find("vek280"), find("vek385")
INT8, INT16, UINT8 = FixedPoint(8, 7), FixedPoint(16, 10), FixedPoint(8, 7, signed=False)
SIZES = st.integers(1, 300)


def work(rows, k, n, x=INT8, w=INT8, y=INT8):
    return Work(rows, k, n, x, w, y, 24)


def cost(layer, choice, device=VEK280):
    row = option_row(layer, device, choice, "dense")
    return cost_layer(row, layer, device).cycles[0]


@pytest.mark.parametrize(("microtile", "size", "cycles"), [
    ((4, 8, 8), 16, 53), ((4, 8, 8), 64, 1122), ((8, 8, 8), 16, 38), ((8, 8, 8), 64, 1050), ((8, 8, 4), 64, 2234)])
def test_published_kernels(microtile, size, cycles):
    layer = work(size, size, size)
    row = option_row(layer, VEK280, Choice(microtile, 1, 1), "dense")
    assert kernel_cycles(row, layer, VEK280, load_constants())[0] == pytest.approx(cycles, rel=0.04)


def test_a_cascade_stage_costs_about_thirty_cycles():
    """Published as about 30; the measured networks say twice a block of 16 to 32 inputs, and a block and a drain."""
    stages = [cost(work(8, 2 * k, 32), Choice((4, 8, 8), 2, 1))["cascade_cycles"] for k in (16, 24, 32, 64)]
    assert stages == sorted(stages)
    assert np.mean(stages[:3]) == pytest.approx(30, rel=0.1)
    assert stages[3] == pytest.approx(34 + load_constants().cascade_drain_cycles, rel=0.01)


@pytest.mark.parametrize("shape", [(128, 128), (64, 256), (256, 64)])
def test_weights_stream_at_the_width_of_one_bank(shape):
    """At batch 1 the weights' bank gives 32 bytes a cycle: 16 KB take half of the published 1060 cycles of 32 KB."""
    k, n = shape
    cycles = cost(work(1, k, n), Choice((4, 8, 8), 1, 1))["kernel_cycles"]
    assert cycles == pytest.approx(k * n / 32 + 36, rel=0.05)


@given(rows=st.integers(1, 64), k=SIZES, n=SIZES, x=st.sampled_from([INT8, INT16]),
       device=st.sampled_from([VEK280, VEK385]))
@settings(max_examples=40, deadline=None)
def test_never_faster_than_the_machine(rows, k, n, x, device):
    """Matrix unit, loads, streams and PLIO bound every option from below."""
    layer = work(rows, k, n, x)
    table = layer_options(layer, device)
    cycles = cost_layer(table, layer, device).cycles
    generation = device.generation
    peak = dict(generation.peak_macs)[f"int{x.width}xint8"]
    assert np.all(cycles["kernel_cycles"] * peak >= table["rows"].astype(float) * table["k"] * table["n"])
    loads = generation.load_ports * generation.load_bytes_per_port
    assert np.all(cycles["kernel_cycles"] * loads >= table["in_bytes"] + table["weight_bytes"])
    for field, size in (("dma_in_cycles", "in_bytes"), ("dma_out_cycles", "out_bytes")):
        assert np.all(cycles[field] * generation.stream_bytes_per_cycle >= table[size])
    assert np.all(cycles["plio_in_cycles"] * device.plio_bytes_per_cycle * cycles["plio_in"] >= rows * k * x.width / 8)
    for field in RESOURCES.values():
        assert np.all(cycles["interval_cycles"] >= cycles[field])
    assert np.all(cycles["interval_cycles"] > cycles["kernel_cycles"])
    assert np.all(cycles["latency_cycles"] >= cycles["kernel_cycles"] + cycles["dma_in_cycles"]
                  + cycles["dma_out_cycles"])
    order = ("mac_cycles", "pace_cycles", "block_cycles", "kernel_cycles", "tile_cycles")
    for less, more in itertools.pairwise(order):
        assert np.all(cycles[less] <= cycles[more])


@given(rows=st.integers(1, 64), k=SIZES, n=SIZES, x=st.sampled_from([INT8, INT16]), y=st.sampled_from([INT8, UINT8]))
@settings(max_examples=20, deadline=None)
def test_one_at_a_time_is_the_same_as_all_at_once(rows, k, n, x, y):
    layer = work(rows, k, n, x, y=y)
    table = layer_options(layer, VEK280)
    together = cost_layer(table, layer, VEK280).cycles
    rng = np.random.default_rng(rows)
    for i in rng.permutation(len(table))[:10]:
        assert cost_layer(table[i:i + 1], layer, VEK280).cycles[0] == together[i]


@pytest.mark.parametrize("axis", ["rows", "k", "n"])
@given(sizes=st.tuples(st.integers(1, 40), st.integers(1, 160), st.integers(1, 160)), more=st.integers(1, 64),
       microtile=st.sampled_from([(4, 8, 8), (8, 8, 8), (8, 8, 4)]), length=st.integers(1, 3), num=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_more_work_never_takes_less_time(axis, sizes, more, microtile, length, num):
    before = dict(zip(("rows", "k", "n"), sizes, strict=True))
    after = before | {axis: before[axis] + more}
    try:
        small, large = (cost(work(**size), Choice(microtile, length, num)) for size in (before, after))
    except DesignError:  # one of the two is not legal
        return
    for field in ("kernel_cycles", "dma_in_cycles", "dma_out_cycles", "interval_cycles", "latency_cycles"):
        assert large[field] >= small[field]


@given(rows=st.sampled_from([8, 16, 32]), k=st.sampled_from([64, 128, 256]), n=st.sampled_from([64, 128]),
       length=st.sampled_from([1, 2, 4]), num=st.sampled_from([1, 2, 4]))
@settings(max_examples=40, deadline=None)
def test_splitting_never_helps_by_more_than_the_tiles(rows, k, n, length, num):
    layer = work(rows, k, n)
    try:
        one, many = cost(layer, Choice((4, 8, 8), 1, 1)), cost(layer, Choice((4, 8, 8), length, num))
    except DesignError:
        return
    assert one["interval_cycles"] <= length * num * many["interval_cycles"] * (1 + 1e-12)


def test_a_slower_plio_costs_more():
    layer = work(8, 256, 64)
    row = option_row(layer, VEK280, Choice((4, 8, 8), 1, 1), "dense")
    wide = cost_layer(row, layer, VEK280).cycles["plio_in_cycles"][0]
    narrow = cost_layer(row, layer, dataclasses.replace(VEK280, plio_bits=32)).cycles["plio_in_cycles"][0]
    assert wide == 8 * 256 / 4      # 128 bits at 312.5 MHz are 4 bytes a cycle at 1250 MHz
    assert narrow == 4 * wide


def test_loads_set_the_pace_where_they_are_slower():
    """With two rows and columns of microtiles no shape of AIE-ML is bound by its loads; narrower ports are."""
    layer = work(64, 64, 64)
    row = option_row(layer, VEK280, Choice((4, 8, 8), 1, 1), "dense")
    narrow = dataclasses.replace(VEK280, generation=dataclasses.replace(VEK280.generation, load_bytes_per_port=8))
    cycles = cost_layer(row, layer, narrow).cycles[0]
    # two microtiles of B are 128 bytes of one bank, 16 cycles a step at 8 bytes, instead of four issues
    assert cycles["pace_cycles"] == 8 * 4 * 8 * 16


def test_blockings_differ_by_what_they_load_and_wait_for():
    layer = work(64, 64, 64)
    known = load_constants()

    def cycles_of(blocking):
        row = option_row(layer, VEK280, Choice((4, 16, 8), 1, 1, blocking=blocking), "dense")
        return kernel_cycles(row, layer, VEK280, known)[0]

    cycles = {blocking: cycles_of(blocking) for blocking in BLOCKINGS[:6]}
    assert cycles[Blocking(1, 1)] > 1.8 * cycles[Blocking(2, 1)]  # one accumulator waits for itself
    assert cycles[Blocking(4, 2)] == min(cycles.values())  # every load is used most
    with pytest.raises(DesignError, match="accumulators"):
        option_row(layer, VEK280, Choice((8, 8, 8), 1, 1, blocking=Blocking(4, 2)), "dense")


def test_a_float_accumulator_waits_four_cycles_for_itself():
    """Xilinx/llvm-aie: additions of floats on one accumulator stand 4 cycles apart; a block of four hides that."""
    operands = Operands("bfloat16", "bfloat16", "bfloat16")
    sixteen = FixedPoint(16, 8)  # of bfloat16 only the width counts for the table
    table = option_row(work(8, 64, 64, sixteen, sixteen, sixteen), VEK280, Choice((4, 4, 4), 1, 1), "dense").copy()
    table["K"], table["issues"], table["acc_bits"] = 8, 1, 32
    for blocking, issues in ((Blocking(1, 1), 4), (TWO_BY_TWO, 4)):
        table["block_rows"], table["block_columns"] = blocking
        kernel = kernel_cost(table, operands, VEK280, load_constants())
        blocks = 8 * 64 // (blocking.rows * blocking.columns * 4 * 4)
        assert kernel.pace[0] == blocks * 8 * issues


def test_the_limit_of_a_layer_is_its_slowest_resource():
    table = layer_options(work(32, 256, 16), VEK280)
    cycles = cost_layer(table, work(32, 256, 16), VEK280).cycles
    for row in cycles[::37]:
        assert row[RESOURCES[limiting_resource(row)]] == row["interval_cycles"]


def test_the_first_generation_has_kernels_too():
    """128 multiply-accumulates a cycle (UG1079); it has no memory tiles, so designs of it are not estimated."""
    vck190, layer = find("vck190"), work(16, 64, 64)
    row = option_row(layer, vck190, Choice((4, 8, 4), 1, 1), "dense")
    cycles = kernel_cycles(row, layer, vck190, load_constants())[0]
    assert 16 * 64 * 64 / 128 < cycles < 1.5 * 16 * 64 * 64 / 128
