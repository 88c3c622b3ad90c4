"""The cycle model of one layer, vectorised over its options.

A kernel call works through register blocks of 2 x 2 microtiles. Per step of the reduction a block issues four
microtile products and loads four operands; whichever takes longer sets the pace. Around the calls, every port
moves 32-bit words (64-bit on AIE-MLv2) at one a cycle. The steady state runs at the pace of the slowest of
kernel, input DMA, output DMA and cascade; the latency is the path through them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import Constants, load_constants
from aie_explorer.devices import Device, peak_macs_per_cycle
from aie_explorer.ir import storage_bytes
from aie_explorer.space import Table, Work
from aie_explorer.space.handover import input_windows, output_windows

CYCLES = np.dtype([
    ("mac_cycles", "f8"),        # issues of the matrix unit alone
    ("kernel_cycles", "f8"),     # one call of the slowest tile
    ("dma_in_cycles", "f8"),     # memory tile to tile, one buffer
    ("dma_out_cycles", "f8"),    # tile to memory tile, one buffer
    ("cascade_cycles", "f8"),    # latency the cascade adds
    ("interval_cycles", "f8"),   # steady state of the layer alone
    ("latency_cycles", "f8"),    # memory tile to memory tile
    ("plio_in_cycles", "f8"),    # the graph's input, where this layer is the first
    ("plio_out_cycles", "f8"),   # the graph's output, where this layer is the last
    ("plio_in", "i4"), ("plio_out", "i4"),  # ports it needs there
])

RESOURCES = ("kernel", "input DMA", "output DMA", "cascade")


@dataclass(frozen=True)
class LayerModel:
    """The resources of a layer's options in steady state, for explanations."""

    cycles: npt.NDArray[np.void]
    """Structured array with the fields of CYCLES, one row an option."""
    ideal_tile_cycles: float
    """Tile-cycles of the useful multiply-accumulates at the architectural peak."""


def cost_layer(table: Table, work: Work, device: Device, constants: Constants | None = None) -> LayerModel:
    """Cycles of every option of a layer, in cycles of the array clock.

    Args:
        table: options, as `space.layer_options` gives them.
        work: the layer.
        device: where it runs; its PLIO width and clocks count.
        constants: those of the package when None.
    """
    known = constants or load_constants()
    out = np.zeros(len(table), CYCLES)
    stream = device.generation.stream_bytes_per_cycle
    out["mac_cycles"] = _blocks(table) * _steps(table) * 4 * table["issues"]
    out["kernel_cycles"] = kernel_cycles(table, work, device, known)
    out["dma_in_cycles"] = table["in_bytes"] / stream
    out["dma_out_cycles"] = table["out_bytes"] / stream
    # one beat of 512 bits a cycle (AM020 ch4); a single tile has no cascade
    beats = table["rows"].astype(np.int64) * table["n"] * table["acc_bits"] / device.generation.cascade_bits
    cascade_stream = np.where(table["cas_length"] > 1, beats, 0.0)
    out["cascade_cycles"] = known.cascade_stage_cycles * (table["cas_length"] - 1)
    out["interval_cycles"] = np.maximum.reduce(
        [out["kernel_cycles"], out["dma_in_cycles"], out["dma_out_cycles"], cascade_stream])
    out["latency_cycles"] = (out["dma_in_cycles"] + out["kernel_cycles"] + out["cascade_cycles"]
                             + out["dma_out_cycles"] + 2 * known.hand_over_cycles)
    rate = device.plio_bytes_per_cycle
    for name, windows in (("in", input_windows(table, work, device)), ("out", output_windows(table, work, device))):
        out[f"plio_{name}_cycles"] = windows["bytes"] / rate
        out[f"plio_{name}"] = windows["ports"]
    peak = peak_macs_per_cycle(device, work.input.storage, work.weights.storage)
    return LayerModel(out, work.macs / peak)


def kernel_cycles(table: Table, work: Work, device: Device, constants: Constants) -> npt.NDArray[np.float64]:
    """Cycles of one kernel call: blocks x (steps x pace + block) + call.

    The pace is the larger of four issues (times the issues of a microtile) and the loads of two microtiles of A
    and two of B over the tile's two load ports.
    """
    call = np.full(len(table), constants.call_cycles)
    block = np.full(len(table), constants.block_cycles)
    measured = device.generation.name == "AIE-ML" and {work.input.storage, work.weights.storage} <= {"int8", "uint8"}
    for (M, K, N), call_cycles, block_cycles in constants.microtiles if measured else ():
        same = (table["M"] == M) & (table["K"] == K) & (table["N"] == N)
        call[same], block[same] = call_cycles, block_cycles
    a_bytes = table["M"].astype(np.int64) * table["K"] * storage_bytes(work.input.storage)
    b_bytes = table["K"].astype(np.int64) * table["N"] * storage_bytes(work.weights.storage)
    load_bytes_per_cycle = device.generation.load_ports * device.generation.load_bytes_per_port
    loads = np.ceil(2 * (a_bytes + b_bytes) / load_bytes_per_cycle)
    pace = np.maximum(4 * table["issues"], loads)
    cycles: npt.NDArray[np.float64] = np.ceil(_blocks(table) * (_steps(table) * pace + block) + call)
    return cycles


def _blocks(table: Table) -> npt.NDArray[np.int64]:
    rows: npt.NDArray[np.int64] = table["rows"].astype(np.int64) // (2 * table["M"]) * (table["n"] // (2 * table["N"]))
    return rows


def _steps(table: Table) -> npt.NDArray[np.int64]:
    steps: npt.NDArray[np.int64] = table["k"].astype(np.int64) // table["K"]
    return steps


def limiting_resource(row: np.void) -> str:
    """Which resource of a layer sets its interval: kernel, input DMA, output DMA or cascade."""
    figures = (row["kernel_cycles"], row["dma_in_cycles"], row["dma_out_cycles"])
    for name, value in zip(RESOURCES, figures, strict=False):
        if value >= row["interval_cycles"]:
            return name
    return "cascade"
