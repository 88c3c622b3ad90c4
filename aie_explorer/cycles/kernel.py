"""Cycles of one kernel call, from what the machine can issue.

A call works through register blocks of R x C microtiles. One step of the reduction of a block issues R x C products
and loads R microtiles of A and C of B; the slowest of four bounds sets its pace:

* the matrix unit: one issue a cycle;
* the loads: two ports together, and one access a cycle to the bank that holds A and to the bank that holds B (two
  loads of one bank in a cycle conflict and the loser waits a cycle, AM020 ch. 2 and 4);
* the recurrence: issues on one accumulator stand `chain_cycles` apart;
* where the mode widens an operand first: one move a cycle of 512 bits of it.

A block costs its steps and what they do not hide: widening its first operands, storing its results, the activation.
It is never shorter than its stores, one a cycle, or than the way of one value through the pipeline (load,
multiply-accumulate, shift-round-saturate). In a cascade it also waits for its beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import Constants, load_assumed
from aie_explorer.cycles.operands import (
    FP32_ISSUES,
    Operands,
    accumulated_bits,
    chain_cycles,
    emulated,
    operands_of,
    shape_code,
    shapes_of,
    type_bytes,
)
from aie_explorer.devices import Device
from aie_explorer.space import Table, Work

Cycles = npt.NDArray[np.float64]
MOVE_BYTES = 64  # of a vector register move (AM020 ch. 4)


@dataclass(frozen=True)
class KernelCost:
    """One call of the slowest tile of every option, in cycles.

    Attributes:
        mac: issues of the matrix unit alone.
        pace: the steps at their pace, whichever bound sets it.
        blocks: with what the steps do not hide.
        call: with entry and exit; the time inside the function.
        cascade: the call, were only the beats of the cascade to set its pace; 0 without a cascade.
        hop: what one more tile of a cascade adds to the latency.
    """

    mac: Cycles
    pace: Cycles
    blocks: Cycles
    call: Cycles
    cascade: Cycles
    hop: Cycles


def kernel_cost(table: Table, operands: Operands, device: Device, constants: Constants) -> KernelCost:
    """Cycles of one call for every option.

    Args:
        table: options; rows, k, n, M, K, N, block_rows, block_columns, issues, acc_bits and cas_length count.
        operands: types and activation.
        device: where it runs.
        constants: of the model.
    """
    generation = device.generation
    M, K, N, block_rows, block_columns, issues = (table[name].astype(np.float64) for name in (
        "M", "K", "N", "block_rows", "block_columns", "issues"))
    assumed = load_assumed()
    microtiles = block_rows * block_columns
    result_bits = M * N * table["acc_bits"]
    vectors = np.ceil(result_bits / generation.accumulator_register_bits)  # accumulator registers of a microtile
    issue_cycles = constants.fp32_issue_cycles if emulated(operands, device) else 1.0
    steps = table["k"] / K
    blocks = np.ceil(table["rows"] / (block_rows * M)) * np.ceil(table["n"] / (block_columns * N))
    mac = microtiles * issues * issue_cycles
    # issues that meet on one accumulator: of several issues, those beyond the accumulators that a microtile occupies
    apart = np.ceil(result_bits / accumulated_bits(operands, device))
    recurrence = np.ceil(issues / apart) * chain_cycles(operands, device)
    pace = np.maximum(np.maximum(mac, recurrence), _loads(block_rows, M * K * type_bytes(operands.a), block_columns,
                                                          K * N * type_bytes(operands.weights), device))
    widening = _widening(table, operands, device)
    pace = np.maximum(pace, widening)
    stores = np.ceil(M * N * type_bytes(operands.out) / generation.store_bytes)
    unhidden = widening + microtiles * (constants.result_cycles + np.maximum(stores - assumed.hidden_stores, 0))
    if operands.floats:
        unhidden = unhidden + constants.float_block_cycles
    activation = microtiles * vectors * (operands.elementwise * constants.elementwise_cycles
                                         + operands.products * _product_cycles(operands, device, constants))
    activation = activation + microtiles * M * N * (operands.affine * assumed.affine_cycles
                                                    + operands.lookup * assumed.lookup_cycles)
    beats = microtiles * result_bits / generation.cascade_bits
    least = _pipeline_cycles(device)
    recurring = steps * pace
    body = _with_slack(steps, mac, recurring, unhidden + activation)
    block = np.maximum(np.maximum(body, least), microtiles * stores)  # one store a cycle
    # a tile that hands on partial sums; the next can take a block once it has left the pipeline
    partial = np.maximum(_with_slack(steps, mac, recurring, unhidden), beats)
    return KernelCost(
        blocks * steps * mac, blocks * recurring, blocks * block, blocks * block + constants.call_cycles,
        np.where(table["cas_length"] > 1, blocks * beats + constants.call_cycles, 0.0),
        partial + np.minimum(partial, constants.cascade_drain_cycles))


def kernel_cycles(table: Table, work: Work, device: Device, constants: Constants) -> Cycles:
    """Cycles of one kernel call alone, the time inside its function; see `kernel_cost`."""
    return kernel_cost(table, operands_of(work), device, constants).call


def _with_slack(steps: Cycles, mac: Cycles, recurring: Cycles, unhidden: Cycles) -> Cycles:
    """A block: where the pace leaves the matrix unit idle, the work that it does not hide fits in between."""
    return np.maximum(recurring, steps * mac + unhidden)


def _loads(block_rows: Cycles, a_bytes: Cycles, block_columns: Cycles, b_bytes: Cycles, device: Device) -> Cycles:
    """Cycles to load the operands of a step: each bank gives one access a cycle, the ports `load_ports` together."""
    width, ports = device.generation.load_bytes_per_port, device.generation.load_ports
    a = block_rows * np.ceil(a_bytes / width)
    b = block_columns * np.ceil(b_bytes / width)
    cycles: Cycles = np.maximum(np.ceil((a + b) / ports), np.maximum(a, b))
    return cycles


def _widening(table: Table, operands: Operands, device: Device) -> Cycles:
    """Moves that widen the operands of a step to 16 bits, for the microtiles whose mode takes wider ones."""
    moves = np.zeros(len(table))
    widened = [shape for shape in shapes_of(operands, device) if shape.unpacks]
    code = shape_code(table["M"], table["K"], table["N"]) if widened else None
    for shape in widened:
        count, elements = (("block_rows", shape.M * shape.K) if shape.unpacks == "A"
                           else ("block_columns", shape.K * shape.N))
        same = code == shape_code(*shape.shape)
        moves[same] = table[count][same].astype(np.int64) * -(-elements * 2 // MOVE_BYTES)
    return moves


def _pipeline_cycles(device: Device) -> float:
    """The way of a value from memory to a result: load, multiply-accumulate, shift-round-saturate."""
    generation = device.generation
    return float((generation.load_latency_cycles or 0) + (generation.mac_latency_cycles or 0)
                 + (generation.srs_latency_cycles or 0))


def _product_cycles(operands: Operands, device: Device, constants: Constants) -> float:
    """One multiplication of a vector of results: as slow as a dependent multiply-accumulate."""
    if emulated(operands, device):
        return FP32_ISSUES * constants.fp32_issue_cycles
    return float(chain_cycles(operands, device))

