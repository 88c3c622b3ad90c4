"""The bounds of every machine, type and register blocking, and what finishes the sums of a kernel."""

import numpy as np
import pytest

from aie_explorer.cycles import load_constants
from aie_explorer.cycles.estimate import layer_table
from aie_explorer.cycles.kernel import kernel_cost
from aie_explorer.cycles.operands import shapes_of
from aie_explorer.cycles.spec import LayerSpec, parse_spec
from aie_explorer.devices import find
from aie_explorer.errors import DesignError
from aie_explorer.space import BLOCKINGS

BYTES = {"int8": 1, "int16": 2, "int32": 4, "bfloat16": 2, "float32": 4}
# Multiply-accumulates a cycle (UG1079, AM020 ch. 4 and App. A, AM027, Xilinx/llvm-aie)
PEAK = {("vck190", "int8", "int8"): 128, ("vck190", "int16", "int8"): 64, ("vck190", "int8", "int16"): 32,
        ("vck190", "int16", "int16"): 32, ("vck190", "float32", "float32"): 8,
        ("vek280", "int8", "int8"): 256, ("vek280", "int16", "int8"): 128, ("vek280", "int8", "int16"): 64,
        ("vek280", "int16", "int16"): 64, ("vek280", "bfloat16", "bfloat16"): 128,
        ("vek280", "float32", "float32"): 128 / 6,
        ("vek385", "int8", "int8"): 512, ("vek385", "int16", "int8"): 128, ("vek385", "int8", "int16"): 128,
        ("vek385", "int16", "int16"): 128, ("vek385", "bfloat16", "bfloat16"): 256}
PORT_BYTES = {"vck190": 32, "vek280": 32, "vek385": 64}  # of each of two loads and of one store a cycle
# Cycles between additions to one accumulator, of integers and of floats (Xilinx/llvm-aie itineraries)
CHAIN = {"vck190": (1, 1), "vek280": (2, 4), "vek385": (2, 3)}


def layer_of(device: str, a: str, w: str, out: str, microtile=(4, 8, 8), blocking=(2, 2)) -> LayerSpec:
    return parse_spec({"device": device, "batch": 64, "layers": [
        {"k": 64, "n": 64, "dtype_in": a, "dtype_w": w, "dtype_out": out, "microtile": list(microtile),
         "blocking": list(blocking)}]}).layers[0]


@pytest.mark.parametrize(("device", "a", "w"), PEAK)
def test_every_machine_and_type_keeps_its_bounds(device, a, w):
    """Matrix unit, loads (both ports, and each operand's bank), stores and recurrence, for every microtile."""
    machine, port, floats = find(device), PORT_BYTES[device], a in ("bfloat16", "float32")
    fits = 0
    for shape in shapes_of(layer_of(device, a, w, a).operands, machine):
        M, K, N = shape.shape
        for blocking in BLOCKINGS:
            for out in (a, "float32" if floats else "int32"):
                layer = layer_of(device, a, w, out, shape.shape, blocking)
                try:
                    table = layer_table(layer, 64, machine)
                except DesignError:  # too many accumulators
                    continue
                rows, k, n = (int(table[name][0]) for name in ("rows", "k", "n"))
                kernel = kernel_cost(table, layer.operands, machine, load_constants())
                fits += 1
                steps = rows // (blocking.rows * M) * (n // (blocking.columns * N)) * (k // K)
                a_bytes, w_bytes = blocking.rows * M * K * BYTES[a], blocking.columns * K * N * BYTES[w]
                assert kernel.mac[0] >= rows * k * n / PEAK[device, a, w] * (1 - 1e-9)
                assert kernel.pace[0] >= kernel.mac[0]
                assert kernel.pace[0] >= steps * (a_bytes + w_bytes) / (2 * port)
                assert kernel.pace[0] >= steps * max(a_bytes, w_bytes) / port
                assert kernel.pace[0] >= steps * CHAIN[device][floats]
                assert kernel.blocks[0] >= max(kernel.pace[0], rows * n * BYTES[out] / port)
                assert kernel.call[0] > kernel.blocks[0]
    assert fits


@pytest.mark.parametrize(("device", "a", "w"), PEAK)
def test_some_microtile_reaches_the_peak(device, a, w):
    machine, found = find(device), []
    for shape in shapes_of(layer_of(device, a, w, a).operands, machine):
        layer = layer_of(device, a, w, a, shape.shape)
        table = layer_table(layer, 64, machine)
        kernel = kernel_cost(table, layer.operands, machine, load_constants())
        found.append(float(table["rows"][0]) * table["k"][0] * table["n"][0] / kernel.mac[0])
    most = PEAK[device, a, w]
    if (device, a) == ("vek280", "float32"):  # emulated, and the operands are split too
        most /= load_constants().fp32_issue_cycles
    assert max(found) == pytest.approx(most)


@pytest.mark.parametrize(("device", "a", "microtile", "blocking", "cycles"), [
    # AIE-ML, 4x8x8: a microtile of A is one load, one of B two; two additions to one accumulator stand 2 apart
    ("vek280", "int8", (4, 8, 8), (1, 1), 2), ("vek280", "int8", (4, 8, 8), (2, 1), 2),
    ("vek280", "int8", (4, 8, 8), (1, 2), 4), ("vek280", "int8", (4, 8, 8), (2, 2), 4),
    ("vek280", "int8", (4, 8, 8), (4, 2), 8), ("vek280", "int8", (4, 8, 8), (2, 4), 8),
    ("vek280", "int8", (4, 8, 8), (1, 4), 8), ("vek280", "int8", (4, 8, 8), (1, 8), 16),
    # two issues on one accumulator
    ("vek280", "int8", (4, 16, 8), (1, 1), 4), ("vek280", "int8", (4, 16, 8), (2, 1), 4),
    # floats: 16 at once, 4 apart; 8x8x4 has two halves that need not wait for each other
    ("vek280", "bfloat16", (4, 8, 4), (1, 1), 4), ("vek280", "bfloat16", (4, 8, 4), (2, 2), 4),
    ("vek280", "bfloat16", (8, 8, 4), (1, 1), 4), ("vek280", "bfloat16", (8, 8, 4), (4, 2), 16),
    # AIE-MLv2: loads of 64 bytes
    ("vek385", "int8", (8, 8, 8), (1, 1), 2), ("vek385", "int8", (8, 8, 8), (1, 4), 4),
    ("vek385", "bfloat16", (4, 8, 8), (1, 1), 3), ("vek385", "bfloat16", (4, 8, 8), (2, 2), 4)])
def test_the_pace_of_a_step(device, a, microtile, blocking, cycles):
    """Worked out by hand: issues, loads of each bank and of both ports, and the recurrence; the longest counts."""
    layer = layer_of(device, a, a, a, microtile, blocking)
    table = layer_table(layer, 64, find(device))
    kernel = kernel_cost(table, layer.operands, find(device), load_constants())
    M, K, N = microtile
    steps = 64 // (blocking[0] * M) * (-(-64 // (blocking[1] * N))) * (64 // K)
    assert kernel.pace[0] == steps * cycles


def test_results_leave_one_store_a_cycle():
    """One step of the reduction of 16 results of 32 bits a microtile: the stores take longer than all else."""
    layer = layer_of("vck190", "int8", "int8", "int32", (4, 8, 4))
    table = layer_table(layer, 64, find("vck190")).copy()
    table["k"] = 8
    kernel = kernel_cost(table, layer.operands, find("vck190"), load_constants())
    assert kernel.blocks[0] == np.prod([64, 64, 4]) / 32


def test_gains_and_tables_cost_cycles_and_are_not_calibrated():
    import dataclasses

    from aie_explorer.cycles import VALIDITY, cost_layer
    from aie_explorer.devices import find
    from aie_explorer.ir import FixedPoint
    from aie_explorer.space import Work, layer_options

    device = find("vek280")
    plain = Work(8, 64, 64, FixedPoint(8, 4), FixedPoint(8, 4), FixedPoint(8, 4), 24)
    costs = {}
    for name, changes in {"plain": {}, "gain": {"affine": True}, "table": {"table_bytes": 256},
                          "leaky": {"leaky": True}}.items():
        work = dataclasses.replace(plain, **changes)
        table = layer_options(plain, device)
        table = table[(table["block_rows"] == 2) & (table["block_columns"] == 2)]
        found = cost_layer(table, work, device).cycles
        costs[name] = found["kernel_cycles"].min()
        assert ({VALIDITY[i] for i in found["validity"]} == {"uncalibrated"}) == (name in ("gain", "table"))
    assert costs["plain"] < costs["leaky"] < costs["gain"] < costs["table"]
