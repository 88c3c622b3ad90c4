"""Copies of a whole network side by side, to fill the array: how many could fit, and what stops more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.devices import Device
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import ROWS

IntColumn = npt.NDArray[np.int64]


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

    In, each PLIO of an input and each cascade, once for every reader of its layer. Out, each slice of a reduction, once
    for every part of the rows, and each PLIO of an output.
    """
    into, out = np.zeros(len(picks), np.int64), np.zeros(len(picks), np.int64)
    for i, layer in enumerate(space.layers):
        pick = picks[:, i]
        row = layer.table[pick]
        leaves = space.output_layers.count(i)
        readers = leaves + sum(edge.producers.count(i) for edge in space.edges)
        into += row["cas_num"].astype(np.int64) * readers
        out += row["cas_length"].astype(np.int64) * np.where(row["split"] == ROWS, row["cas_num"], 1)
        out += layer.cycles["plio_out"][pick].astype(np.int64) * leaves
        if i in space.input_layers:
            into += layer.cycles["plio_in"][pick]
    return {"memory_tile_ports_in": into, "memory_tile_ports_out": out}


def most_copies(used: Mapping[str, npt.ArrayLike] | pd.DataFrame, device: Device) -> tuple[IntColumn, list[str]]:
    """How many copies of each design the array's totals allow, and which resource stops more.

    Args:
        used: for the resources of `resources`, what one copy of each design uses; those left out are not looked at.
        device: the array.
    """
    allowed = {name: limit // np.maximum(np.asarray(used[name], np.int64), 1)
               for name, limit in resources(device).items() if name in used}
    names = list(allowed)
    stacked = np.stack([allowed[name] for name in names])
    return stacked.min(axis=0), [names[index] for index in stacked.argmin(axis=0)]
