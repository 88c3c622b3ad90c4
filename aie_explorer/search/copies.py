"""Copies of a whole network side by side, to fill the array: how many could fit, and what stops more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device
from aie_explorer.search.figures import direct_edges
from aie_explorer.search.objectives import MOST
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import straight_in, straight_out

IntColumn = npt.NDArray[np.int64]
LARGEST = 10_000  # copies; no array is near it


def resources(device: Device) -> dict[str, int]:
    """What the copies of a network share, by the column of a sweep's table that says how much a design uses."""
    found = {"tiles": device.tiles}
    geometry, memory = device.geometry, device.generation.memory_tile
    if geometry is not None and geometry.pl_columns is not None:
        found["plio_in"] = device.plio_in_per_column * geometry.pl_columns
        found["plio_out"] = device.plio_out_per_column * geometry.pl_columns
    if memory is not None and geometry is not None and geometry.memory_tile_rows is not None:
        found["memory_tile_bytes"] = device.memory_tiles * memory.size_bytes
        found["memory_tile_ports_in"] = device.memory_tiles * memory.dma.channels_in
        found["memory_tile_ports_out"] = device.memory_tiles * memory.dma.channels_out
    return found


def memory_tile_ports(space: DesignSpace, picks: npt.NDArray[np.intp]) -> dict[str, IntColumn]:
    """[designs] channels that a design takes into and out of memory tiles.

    In, each PLIO of an input and each cascade, once for every reader of its layer that it does not feed directly.
    Out, each slice of a reduction, once for every part of the rows, and each PLIO of an output.
    """
    into, out = np.zeros(len(picks), np.int64), np.zeros(len(picks), np.int64)
    for i, layer in enumerate(space.layers):
        pick = picks[:, i]
        row = layer.table[pick]
        leaves = space.output_layers.count(i) * ~straight_out(row)
        readers = leaves + sum(edge.producers.count(i) for edge in space.edges)
        into += row["cas_num"].astype(np.int64) * readers
        staged = ~straight_in(row)
        out += row["cas_length"].astype(np.int64) * np.where(row["split"] == ROWS, row["cas_num"], 1) * staged
        out += layer.cycles["plio_out"][pick].astype(np.int64) * leaves
        if i in space.input_layers:
            into += layer.cycles["plio_in"][pick] * staged
    for producer, consumer, direct in direct_edges(space, picks):
        writes, reads = (space.layers[i].table[picks[:, i]] for i in (producer, consumer))
        into -= direct * writes["cas_num"].astype(np.int64)
        out -= direct * reads["cas_length"].astype(np.int64) * np.where(reads["split"] == ROWS, reads["cas_num"], 1)
    return {"memory_tile_ports_in": into, "memory_tile_ports_out": out}


def most_copies(used: Mapping[str, npt.NDArray[Any]], device: Device, limits: Mapping[str, float]) -> IntColumn:
    """How many copies of each design the array's totals and a user's limits on what adds up allow.

    Args:
        used: what one copy of each design uses, by the names of `resources` and of a sweep's columns.
        device: the array.
        limits: of all copies together, such as max_tiles; others than those on `used` are passed over.
    """
    most = [(name, float(limit)) for name, limit in resources(device).items()]
    most += [(MOST[name], limit) for name, limit in limits.items() if name in MOST]
    allowed = [np.floor_divide(limit, np.maximum(used[name], 1)) for name, limit in most
               if name in used and not name.endswith("_cycles")]
    most_whole: IntColumn = np.clip(np.min(allowed, axis=0), 0, LARGEST).astype(np.int64)
    return most_whole
