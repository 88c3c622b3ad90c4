"""Cycles to move data: PLIO, memory tiles, tile DMAs, stream switches.

Every DMA channel of a tile or memory tile moves one stream word a cycle (32 bits; 64 on AIE-MLv2), measured on silicon
too; chained descriptors, strides and bank conflicts cost nothing beside that. A buffer is read once all of it is
written (store-and-forward), so a word counts once for each leg: PLIO to memory tile, memory tile to tile, tile to
memory tile, memory tile to PLIO; where PLIOs feed tiles or take from them, once each way. Buffers are doubled, so in
the steady state legs and kernels overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import Constants
from aie_explorer.devices import Device
from aie_explorer.space import Table, Work
from aie_explorer.space.handover import input_windows, output_windows, straight_in, straight_out

Cycles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PortTimes:
    """The graph's ports, were each option its first or last layer.

    Attributes:
        busy_in, busy_out: cycles the busiest port is busy for one batch.
        ports_in, ports_out: how many there are.
    """

    busy_in: Cycles
    busy_out: Cycles
    ports_in: npt.NDArray[np.int64]
    ports_out: npt.NDArray[np.int64]


def port_times(table: Table, work: Work, device: Device) -> PortTimes:
    """What the PLIOs carry for one batch, and how long it takes at their rate."""
    rate = device.plio_bytes_per_cycle
    inward, outward = input_windows(table, work, device), output_windows(table, work, device)
    return PortTimes(inward["bytes"] / rate, outward["bytes"] / rate, inward["ports"], outward["ports"])


def straight_ports(table: Table, device: Device) -> tuple[Mask, Mask]:
    """Which options PLIOs feed with no memory tile between, and which feed PLIOs so."""
    if device.generation.memory_tile is None:
        every = np.ones(len(table), np.bool_)
        return every, every
    return straight_in(table), straight_out(table)


def end_latencies(busy_in: Cycles, busy_out: Cycles, tile: tuple[Cycles, Cycles], straight: tuple[Mask, Mask],
                  device: Device, constants: Constants) -> tuple[Cycles, Cycles, Cycles]:
    """Latencies at the ends of the graph, to be added to those of the layers.

    At the side of the programmable logic a leg has neither descriptors nor locks: it counts half. Without memory tiles
    between, a PLIO feeds the tiles themselves: the words travel once, at the slower of both rates, and the first output
    beat leaves before the tile's buffer is drained, which its layer's latency counts.

    Args:
        busy_in, busy_out: of the busiest PLIO.
        tile: cycles to fill and to drain the buffer of a tile.
        straight: `straight_ports`.
        device: the rate of its PLIOs counts.
        constants: of the model.

    Returns:
        From the first input beat until the first layer may read; from the last layer's results in the memory tile to
        their first beat on a PLIO; and to their last.
    """
    beat = device.plio_bits / 8 / device.plio_bytes_per_cycle
    (fill, drain), (into, out), half = tile, straight, constants.hand_over_cycles / 2
    return (np.where(into, np.maximum(busy_in - fill, 0), busy_in + half), np.where(out, -drain, half),
            np.where(out, np.maximum(busy_out - beat - drain, 0), half + np.maximum(busy_out - beat, 0)))


def tile_dma(table: Table, device: Device) -> tuple[Cycles, Cycles]:
    """Cycles to fill and to drain the buffer of a tile."""
    rate = device.generation.dma.bytes_per_cycle
    return table["in_bytes"] / rate, table["out_bytes"] / rate


def route_cycles(table: Table, device: Device) -> Cycles:
    """What the stream switches add for the cascade furthest from the memory tiles, there and back.

    Cascades are stacked, so the last of `cas_num` lies as many rows further; data pass a switch a row, at
    `hop_cycles` each (AM020 ch. 2: 4 cycles between two outer ports). No row lies beyond the array.
    """
    stacked = table["cas_num"]
    if device.has_geometry:
        stacked = np.minimum(stacked, device.rows)
    further: Cycles = 2.0 * device.generation.hop_cycles * (stacked - 1)
    return further


def hand_over(constants: Constants) -> float:
    """The two legs of a layer beyond their words: into its tiles and out of them."""
    return 2 * constants.hand_over_cycles
