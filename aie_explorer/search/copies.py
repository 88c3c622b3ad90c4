"""Copies of a whole network side by side, to fill the array: how many could fit, and what stops more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.arguments import shown, whole
from aie_explorer.devices import Device
from aie_explorer.errors import DesignError
from aie_explorer.search.figures import Picks, direct_edges
from aie_explorer.search.frame import to_frame
from aie_explorer.search.front import Front, exact_front
from aie_explorer.search.objectives import MOST
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import straight_in, straight_out

IntColumn = npt.NDArray[np.int64]
LARGEST = 10_000  # copies; no array is near it


def check_copies(copies: object, device: Device) -> int:
    """A number of copies of a network, no more than an array has tiles.

    Raises:
        DesignError: in words.
    """
    count = whole(copies, "copies", least=1)
    if count > device.tiles:
        raise DesignError(f"is {shown(copies)}, and {device.name} has {device.tiles} tiles", where="copies",
                          rule="a copy of a network takes a tile at least", remedy=f"Use 1 to {device.tiles}")
    return count


def resources(device: Device) -> dict[str, int]:
    """What the copies of a network share, by the column of a sweep's table that says how much a design uses."""
    found = {"tiles": device.tiles}
    geometry, memory = device.geometry, device.generation.memory_tile
    if geometry is not None and geometry.pl_columns is not None:
        found["plio_in"] = device.plio_in_per_column * geometry.pl_columns
        found["plio_out"] = device.plio_out_per_column * geometry.pl_columns
    if memory is not None and geometry is not None:
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


FILLING = ("tiles", "interval_cycles", "plio_in", "plio_out")
"""What decides how many copies of a design fill the array, and how fast they are together."""


def fronts_of_copies(space: DesignSpace, objectives: tuple[str, ...], copies: int | None) -> list[Front]:
    """Designs of which some are best when the network is there several times.

    Args:
        space: of one copy.
        objectives: what counts, as of `exact_front`; latencies, for one, of which `FILLING` knows nothing.
        copies: how many; every count that might fit when None.

    Returns:
        For each share of the array's tiles and PLIOs that a copy can have, the front of the designs that do with it.
    """
    limits = resources(space.device)
    counts = [copies] if copies is not None else range(space.device.tiles // fewest_tiles(space), 0, -1)
    shares = [tuple(limits.get(name, LARGEST) // count for name in ("tiles", "plio_in", "plio_out"))
              for count in counts]
    found = []
    for tiles, *ports in dict.fromkeys(shares):
        few, rows = _with_ports(space, *ports)
        if all(map(len, rows)):
            # where several layers share the ports they add up
            more = [name for name, ends in (("plio_in", space.input_layers), ("plio_out", space.output_layers))
                    if len(ends) > 1 and name not in objectives]
            front = exact_front(few, (*objectives, *more), most_tiles=tiles)
            found.append(Front(np.stack([kept[pick] for kept, pick in zip(rows, front.picks.T, strict=True)], axis=1),
                               front.lost))
    return found


def fewest_tiles(space: DesignSpace) -> int:
    """Of a design, if any options went together."""
    return sum(int(layer.table["tiles"].min()) for layer in space.layers)


def _with_ports(space: DesignSpace, most_in: int, most_out: int) -> tuple[DesignSpace, list[npt.NDArray[np.intp]]]:
    """The space without options that take more PLIOs, and the rows of each table that are left."""
    layers, rows = [], []
    known: dict[object, LayerSpace] = {}  # equal layers go on sharing their table
    for i, layer in enumerate(space.layers):
        kept = np.ones(len(layer.table), np.bool_)
        if i in space.input_layers:
            kept &= layer.cycles["plio_in"] <= most_in
        if i in space.output_layers:
            kept &= layer.cycles["plio_out"] * space.output_layers.count(i) <= most_out
        rows.append(np.flatnonzero(kept))
        key = id(layer.table), i in space.input_layers, space.output_layers.count(i)
        if key not in known:
            known[key] = layer if kept.all() else replace(layer, table=layer.table[kept], cycles=layer.cycles[kept])
        layers.append(known[key].named(layer.name))
    return replace(space, layers=tuple(layers)), rows


def copies_that_fit(space: DesignSpace, fronts: Sequence[Picks], limits: Mapping[str, float], copies: int | None
                    ) -> tuple[Picks, IntColumn]:
    """Designs with how often each is there: as often as it fits, or the copies asked for.

    Raises:
        DesignError: when no design has room for so many.
    """
    picks = np.unique(np.concatenate([np.empty((0, len(space.layers)), np.intp), *fronts]), axis=0)
    most = _most_of(space, picks, limits)
    least = 1 if copies is None else copies
    kept = np.flatnonzero(most >= least)
    if len(kept) == 0:
        fit = most.max() if len(most) else space.device.tiles // fewest_tiles(space)
        raise DesignError(f"no design has room for {least} copies", where="copies", remedy=f"At most {fit} fit")
    return picks[kept], most[kept] if copies is None else np.full(len(kept), copies)


def have_room(space: DesignSpace, picks: Picks, copies: int) -> npt.NDArray[np.bool_]:
    """[designs] whether the array's totals allow so many copies of each."""
    room: npt.NDArray[np.bool_] = _most_of(space, picks, {}) >= copies
    return room


def _most_of(space: DesignSpace, picks: Picks, limits: Mapping[str, float]) -> IntColumn:
    frame = to_frame(space, picks)
    names = ("tiles", "plio_in", "plio_out", "plio", "memory_tile_bytes", "macs_issued")
    return most_copies({name: frame[name].to_numpy() for name in names} | memory_tile_ports(space, picks),
                       space.device, limits)


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
