"""The cycle model of one layer, vectorised over its options.

In the steady state a layer runs at the pace of the slowest of its kernel (with the wrapper that waits for locks), its
input DMA, its output DMA and its cascade; its latency is the path through them, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import movement
from aie_explorer.cycles.constants import Constants, load_constants
from aie_explorer.cycles.kernel import kernel_cost
from aie_explorer.cycles.operands import Operands, operands_of, peak_of
from aie_explorer.cycles.validity import EXTRAPOLATED, validity
from aie_explorer.devices import Device
from aie_explorer.space import Table, Work

CYCLES = np.dtype([
    ("mac_cycles", "f8"),        # issues of the matrix unit alone
    ("pace_cycles", "f8"),       # its steps at their pace: loads and recurrence too
    ("block_cycles", "f8"),      # with what a register block does not hide: prologue, stores, activation
    ("kernel_cycles", "f8"),     # one call of the slowest tile
    ("tile_cycles", "f8"),       # with the wrapper: what a call takes of the steady state
    ("cascade_busy_cycles", "f8"),  # the same, were the beats of the cascade to set the pace
    ("dma_in_cycles", "f8"),     # memory tile to tile, one buffer
    ("dma_out_cycles", "f8"),    # tile to memory tile, one buffer
    ("cascade_cycles", "f8"),    # latency the cascade adds
    ("interval_cycles", "f8"),   # steady state of the layer alone
    ("latency_cycles", "f8"),    # memory tile to memory tile
    ("plio_in_cycles", "f8"),    # a port of the graph's input, where this layer is the first
    ("plio_out_cycles", "f8"),   # a port of the graph's output, where this layer is the last
    ("entry_cycles", "f8"),      # latency before the first layer
    ("first_out_cycles", "f8"),  # from the latency of the last layer to the first beat of the output
    ("last_out_cycles", "f8"),   # and to the last
    ("plio_in", "i4"), ("plio_out", "i4"),  # ports it needs there
    ("validity", "i1"),          # index into VALIDITY
    ("ports_validity", "i1"),    # the same, of how its PLIOs reach it
])

RESOURCES = {"kernel": "tile_cycles", "input DMA": "dma_in_cycles", "output DMA": "dma_out_cycles",
             "cascade": "cascade_busy_cycles"}
"""What may set a layer's interval, and the field with its cycles."""


@dataclass(frozen=True)
class LayerModel:
    """The figures of a layer's options."""

    cycles: npt.NDArray[np.void]
    """Structured array with the fields of CYCLES, one row an option."""
    ideal_tile_cycles: float
    """Tile-cycles of the useful multiply-accumulates at the architectural peak."""


def cost_layer(table: Table, work: Work, device: Device, constants: Constants | None = None,
               operands: Operands | None = None) -> LayerModel:
    """Cycles of every option of a layer, in cycles of the array clock.

    Args:
        table: options, as `space.layer_options` gives them.
        work: the layer.
        device: where it runs; its PLIO width and clocks count.
        constants: those of the package when None.
        operands: types and activation, from `work` when None.
    """
    known, of = constants or load_constants(), operands or operands_of(work)
    out = np.zeros(len(table), CYCLES)
    cost_tiles(out, table, of, device, known)
    ends = movement.port_times(table, work, device)
    out["plio_in_cycles"], out["plio_out_cycles"] = ends.busy_in, ends.busy_out
    out["plio_in"], out["plio_out"] = ends.ports_in, ends.ports_out
    straight = movement.straight_ports(table, device)
    cost_ends(out, straight, device, known)
    out["validity"] = validity(table, of, device)
    if device.generation.memory_tile is not None:  # no design whose PLIOs go past the memory tiles has been measured
        out["ports_validity"] = EXTRAPOLATED * (straight[0] | straight[1])
    return LayerModel(out, work.macs / peak_of(of, device))


def cost_tiles(out: npt.NDArray[np.void], table: Table, operands: Operands, device: Device,
               constants: Constants) -> None:
    """Fill the fields of CYCLES that depend on the tiles alone, not on the graph's ports.

    Options of different layers may share the table, as long as they share the operands.
    """
    kernel = kernel_cost(table, operands, device, constants)
    out["mac_cycles"], out["pace_cycles"], out["block_cycles"] = kernel.mac, kernel.pace, kernel.blocks
    out["kernel_cycles"] = kernel.call
    out["tile_cycles"] = kernel.call + constants.wrapper_cycles
    fill, drain = movement.tile_dma(table, device)
    out["dma_in_cycles"], out["dma_out_cycles"] = fill, drain
    out["cascade_cycles"] = kernel.hop * (table["cas_length"] - 1)
    out["cascade_busy_cycles"] = np.where(kernel.cascade > 0, kernel.cascade + constants.wrapper_cycles, 0.0)
    out["interval_cycles"] = np.maximum.reduce([out[field] for field in RESOURCES.values()])
    out["latency_cycles"] = (fill + np.maximum(kernel.call, kernel.cascade) + out["cascade_cycles"] + drain
                             + movement.hand_over(constants) + movement.route_cycles(table, device))


def cost_ends(out: npt.NDArray[np.void], straight: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], device: Device,
              constants: Constants) -> None:
    """Fill the latencies at the ends of the graph from the cycles of its ports and of the tiles' DMA."""
    out["entry_cycles"], out["first_out_cycles"], out["last_out_cycles"] = movement.end_latencies(
        out["plio_in_cycles"], out["plio_out_cycles"], (out["dma_in_cycles"], out["dma_out_cycles"]), straight,
        device, constants)


def limiting_resource(row: np.void) -> str:
    """Which resource of a layer sets its interval: kernel, input DMA, output DMA or cascade."""
    return next(name for name, field in RESOURCES.items() if row[field] >= row["interval_cycles"])
