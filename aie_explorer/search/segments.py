"""A network cut into segments at the layers through which everything passes.

After such a layer the rest of the network sees of a partial design only the producer side of that layer's edges and
when its result is ready, and adds to that time whatever came before. So a segment is costed by itself, from the moment
at which the layer before it is ready, and its front stands for it: in a chain every layer is a segment of its own; a
residual block is one.

Inside a segment a layer is open while another still has to read it. Partial designs of the segment compete only with
those that have the same producer sides of the open layers, and every ready time is an objective.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import load_constants
from aie_explorer.search.filled import filled, filled_by, rows_of_sides
from aie_explorer.search.joints import DIRECTLY, EXACT, distinct, joints, producer_sides, savings
from aie_explorer.search.objectives import ADDED, FILLED
from aie_explorer.search.pareto import Points, fronts_on_grid, nondominated
from aie_explorer.search.space import DesignSpace

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]

MOST_JOINED = 2_000_000
"""Partial designs joined at a time; 100 bytes each."""
MOST_KEPT = 100_000
"""Partial designs kept after a layer; beyond, those that differ little stand for each other."""
MOST_CELLS = 1_000_000
"""Cells of grids that are filled at a time; 8 bytes each."""
LITTLE = 1e-3
"""How little, as a part of their cycles."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Every way to build some layers that is worth looking at, seen from before and after.

    Attributes:
        tiles: [count].
        interval: [count] cycles.
        latency: [count] from the moment the layer before is ready, in cycles / EXACT.
        added: [count, objectives] what else adds up (`objectives.ADDED`).
        reader: [count] what it demands of the layer before: a row of `accepts`.
        side: [count] its producer side: a column of the next segment's `accepts`.
        accepts: [readers, sides of the layer before] which go together.
        saves: the same, how much earlier that layer is ready, in cycles / EXACT: for it hands over from tile to tile.
        spares: [readers, sides, objectives] what that saves of `added`.
        picks: [count, layers of the segment] rows of the layers' tables.
        lost: by what part interval and latency may exceed those of designs left out; 0 where exact.
    """

    tiles: Ints
    interval: npt.NDArray[np.float64]
    latency: npt.NDArray[np.float64]
    added: Points
    reader: Rows
    side: Rows
    accepts: npt.NDArray[np.bool_]
    saves: npt.NDArray[np.float64]
    spares: Points
    picks: Rows
    lost: float = 0.0

    def taken(self, rows: Rows) -> Segment:
        """Some of its ways."""
        return Segment(self.tiles[rows], self.interval[rows], self.latency[rows], self.added[rows], self.reader[rows],
                       self.side[rows], self.accepts, self.saves, self.spares, self.picks[rows], self.lost)


def cut_into_segments(space: DesignSpace, added: Sequence[str]) -> list[Segment]:
    """The segments of a network in order, costed.

    Args:
        space: the design space.
        added: names of `objectives.ADDED` that count beside tiles, interval and latency.
    """
    made: dict[object, Segment] = {}
    found: list[Segment] = []
    for layers in _cuts(space):
        key = _alike(space, layers)
        if key not in made:
            alone = len(layers) == 1 and len(space.sources[layers[0]]) == 1
            made[key] = _one(space, layers[0], added) if alone else _Inside(space, layers, added).segment()
        found.append(made[key])
    return found


def _cuts(space: DesignSpace) -> list[range]:
    """The layers of every segment."""
    last_reader = {source: i for i, sources in enumerate(space.sources) for source in sources if source >= 0}
    begin, furthest, found = 0, -1, list[range]()
    count = len(space.layers)
    for i in range(count):
        if i + 1 < count:
            if furthest > i or max(space.input_layers) > i or min(space.output_layers) <= i:
                furthest = max(furthest, last_reader.get(i, -1))
                continue
            furthest = max(furthest, last_reader.get(i, -1))
        found.append(range(begin, i + 1))
        begin = i + 1
    return found


def _alike(space: DesignSpace, layers: range) -> object:
    """Equal for segments of equal layers, joined in the same way to each other and to an equal layer before."""
    begin = layers[0]
    legal = {edge.consumer: id(edge.legal) for edge in space.edges}  # equal edges share the array
    inside = tuple((id(space.layers[i].table), id(space.layers[i].cycles), space.layers[i].work, legal.get(i),
                    tuple(source - begin for source in space.sources[i]),
                    i in space.input_layers, space.output_layers.count(i)) for i in layers)
    after = tuple((id(edge.legal), edge.producers.index(layers[-1])) for edge in space.edges
                  if layers[-1] in edge.producers)
    return inside, after


@dataclass(frozen=True, eq=False)
class Costs:
    """The options of one layer as a segment counts them, its ports included where it has any."""

    tiles: Ints
    interval: npt.NDArray[np.float64]
    entry: npt.NDArray[np.float64]
    latency: npt.NDArray[np.float64]
    leave: npt.NDArray[np.float64]
    added: Points


@dataclass(frozen=True, eq=False)
class Entry:
    """Of an input that is read beside another layer: what its rows cost, an entry for each partial design."""

    ready: npt.NDArray[np.float64]
    interval: npt.NDArray[np.float64]
    added: Points


def layer_costs(space: DesignSpace, i: int, added: Sequence[str]) -> Costs:
    """What the options of a layer contribute to a design."""
    layer = space.layers[i]
    cycles = layer.cycles
    first, last = i in space.input_layers, i in space.output_layers
    interval = cycles["interval_cycles"]
    for is_end, port in ((first, "plio_in_cycles"), (last, "plio_out_cycles")):
        if is_end:
            interval = np.maximum(interval, cycles[port])
    entry, latency, leave = (np.round(cycles[name] * EXACT)
                             for name in ("entry_cycles", "latency_cycles", "last_out_cycles"))
    columns = [ADDED[name](space, i) for name in added]
    return Costs(layer.table["tiles"].astype(np.int64), interval, entry, latency, leave,
                  np.stack(columns, axis=1) if columns else np.zeros((len(interval), 0)))


def _one(space: DesignSpace, i: int, added: Sequence[str]) -> Segment:
    """A segment of one layer: all its options."""
    layer, costs = space.layers[i], layer_costs(space, i, added)
    latency = costs.latency + (costs.entry if i in space.input_layers else 0.0)
    latency = latency + (costs.leave if i in space.output_layers else 0.0)
    side = producer_sides(space, i)[1]
    accepts, reader = np.ones((1, 1), np.bool_), np.zeros(len(side), np.intp)
    saves, spares = np.zeros((1, 1)), np.zeros((1, 1, len(added)))
    if i not in space.input_layers:
        (edge,) = (edge for edge in space.edges if edge.consumer == i)
        by_reader = joints(edge)[producer_sides(space, i - 1)[0]].T
        saved, spared = savings(space, i, added)
        alone = np.concatenate([saved[:, None], spared], axis=1) * (by_reader == DIRECTLY).any(axis=1)[:, None]
        first, inverse = distinct(np.concatenate([by_reader, alone], axis=1))
        reader = inverse[layer.readers[1]]
        accepts, direct = by_reader[first] > 0, by_reader[first] == DIRECTLY
        saves, spares = direct * saved[first][:, None], direct[:, :, None] * spared[first][:, None]
    return Segment(costs.tiles, costs.interval, latency, costs.added, reader, side, accepts, saves, spares,
                   np.arange(len(side))[:, None])


@dataclass(frozen=True, eq=False)
class _Partial:
    """Partial designs of a segment up to a layer.

    Attributes:
        tiles: [count].
        interval: [count].
        out: [count] latency of the outputs reached.
        added: [count, objectives].
        ready: [count, open layers] when the result of each is ready.
        side: [count, open layers] their producer sides.
        enters: [count] producer side of the layer before the segment.
        option: [count] row of the last layer's table.
        parent: [count] index into the step before.
    """

    tiles: Ints
    interval: npt.NDArray[np.float64]
    out: npt.NDArray[np.float64]
    added: Points
    ready: Points
    side: Rows
    enters: Rows
    option: Rows
    parent: Rows

    def taken(self, rows: Rows) -> _Partial:
        return _Partial(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


class _Inside:
    """The dynamic programme over the layers of one segment."""

    def __init__(self, space: DesignSpace, layers: range, added: Sequence[str]) -> None:
        self.space, self.layers, self.added = space, layers, added
        self.before = layers[0] - 1
        self.edges = {edge.consumer: edge for edge in space.edges}
        self.joints = {i: joints(self.edges[i]) for i in layers if i in self.edges}
        self.sides = {i: producer_sides(space, i) for i in (self.before, *layers) if i >= 0}
        last_reader = {source: i for i, sources in enumerate(space.sources) for source in sources if source >= 0}
        self.last_reader = {i: last_reader.get(i, -1) for i in self.sides}
        self.ends = layers[-1] == len(space.layers) - 1
        self.lost = 1.0

    def segment(self) -> Segment:
        """The front of the segment."""
        state, open_layers = self._begin()
        steps: list[_Partial] = []
        for i in self.layers:
            columns = [*open_layers, i]
            # what the last layer makes is read by the next segment alone
            kept = [c for c, layer in enumerate(columns) if self.last_reader[layer] > i]
            state = self._extended(state, i, open_layers, kept)
            open_layers = [columns[c] for c in kept]
            steps.append(state)
        picks = np.empty((len(state.tiles), len(steps)), np.intp)
        chosen = np.arange(len(state.tiles))
        for position in range(len(steps) - 1, -1, -1):
            picks[:, position] = steps[position].option[chosen]
            chosen = steps[position].parent[chosen]
        count = len(self.sides[self.before][0]) if self.before >= 0 else 1
        latency, side = (state.out, np.zeros(len(picks), np.intp)) if self.ends else (state.ready[:, 0],
                                                                                      state.side[:, 0])
        return Segment(state.tiles, state.interval, latency, state.added, state.enters, side, np.eye(count, dtype=bool),
                       np.zeros((count, count)), np.zeros((count, count, len(self.added))), picks, self.lost - 1)

    def _begin(self) -> tuple[_Partial, list[int]]:
        """Before the first layer: ready at 0, whatever the producer side of the layer before."""
        count = len(self.sides[self.before][0]) if self.before >= 0 else 1
        zero, sides = np.zeros(count), np.arange(count)
        open_layers = [self.before] if self.before >= 0 else []
        state = _Partial(np.zeros(count, np.int64), zero, zero, np.zeros((count, len(self.added))),
                         np.zeros((count, len(open_layers))), sides[:, None][:, :len(open_layers)],
                         sides, sides, sides)
        return state, open_layers

    def _extended(self, state: _Partial, i: int, open_layers: list[int], kept: list[int]) -> _Partial:
        """Every partial design with every option of layer i that it can feed, pruned as they come."""
        costs, edge = layer_costs(self.space, i, self.added), self.edges.get(i)
        latency_saved, spared = savings(self.space, i, self.added)
        sources = [open_layers.index(source) for source in self.space.sources[i] if source >= 0]
        made = [self.sides[source][0][state.side[:, open_layers.index(source)]]
                for source in (edge.producers if edge else ())]
        beside = filled_by(self.space, i) is not None
        parts: list[_Partial] = []
        waiting, pruned = 0, 0
        for options in self._options(i, costs):
            reader = self.space.layers[i].readers[1][options[0]]
            sides = (*made, reader)
            joint = self.joints[i][sides] if edge else np.ones(len(state.tiles), np.int8)
            fed = np.flatnonzero(joint)
            for part in np.array_split(fed, -(-len(fed) * len(options) // MOST_JOINED) or 1):
                direct = joint[part] == DIRECTLY
                earlier, less = direct * latency_saved[reader], direct[:, None] * spared[reader]
                entry = self._filled(i, made[0][part]) if beside else None
                parts.append(self._product(state, part, options, i, costs, sources, kept, earlier, less, entry))
                waiting += len(parts[-1].tiles)
                if waiting > MOST_JOINED + 2 * pruned:
                    parts = [self._pruned(_stacked(parts))]
                    waiting = pruned = len(parts[0].tiles)
        found = self._pruned(_stacked(parts))
        return found.taken(self._thinned(found)) if len(found.tiles) > MOST_KEPT else found

    def _filled(self, i: int, sides: Rows) -> Entry:
        """What an input costs that layer i reads beside the layer that makes these sides."""
        producer = self.edges[i].producers[0]
        entry = filled(self.space, i, rows_of_sides(self.space, producer)[sides], load_constants())
        columns = [FILLED[name](entry) if name in FILLED else np.zeros(len(sides)) for name in self.added]
        return Entry(np.round(entry.entry_cycles * EXACT), entry.plio_in_cycles,
                     np.stack(columns, axis=1).astype(np.float64) if columns else np.zeros((len(sides), 0)))

    def _options(self, i: int, costs: Costs) -> list[Rows]:
        """Options that the rest of the network cannot tell apart, those left out that another of them beats."""
        points = [costs.tiles, costs.interval, costs.latency]
        points += [costs.entry] * (i in self.space.input_layers) + [costs.leave] * (i in self.space.output_layers)
        stacked = np.concatenate([np.stack(points, axis=1).astype(np.float64), costs.added], axis=1)
        alike = np.stack([self.space.layers[i].readers[1], self.sides[i][1]], axis=1)
        return [group[nondominated(stacked[group])] for group in groups(alike)]

    def _product(self, state: _Partial, group: Rows, options: Rows, i: int, costs: Costs, sources: list[int],
                 kept: list[int], earlier: npt.NDArray[np.float64], spared: Points, entry: Entry | None) -> _Partial:
        """Partial designs of a group with each of some options, as far as the device has tiles for both.

        `earlier` [group] and `spared` [group, objectives] are what a direct edge from the only source saves; `entry`
        is of an input that is read beside another layer.
        """
        place, which = np.nonzero(np.add.outer(state.tiles[group], costs.tiles[options]) <= self.space.device.tiles)
        parent, option = group[place], options[which]
        starts = [state.ready[parent, column] - earlier[place] for column in sources]
        interval = np.maximum(state.interval[parent], costs.interval[option])
        added = state.added[parent] + costs.added[option] - spared[place]
        if entry is not None:
            starts.append(entry.ready[place])
            interval, added = np.maximum(interval, entry.interval[place]), added + entry.added[place]
        elif i in self.space.input_layers:
            starts.append(costs.entry[option])
        ready = np.maximum.reduce(starts) + costs.latency[option]
        out = state.out[parent]
        if i in self.space.output_layers:
            out = np.maximum(out, ready + costs.leave[option])
        return _Partial(state.tiles[parent] + costs.tiles[option], interval, out, added,
                        np.concatenate([state.ready[parent], ready[:, None]], axis=1)[:, kept],
                        np.concatenate([state.side[parent], self.sides[i][1][option][:, None]], axis=1)[:, kept],
                        state.enters[parent], option, parent)

    def _pruned(self, joined: _Partial) -> _Partial:
        """Only what nothing beats with the same producer sides of the layers still open."""
        key = np.concatenate([joined.side, joined.enters[:, None]], axis=1)
        times = np.concatenate([joined.out[:, None], joined.ready, joined.added], axis=1)
        varying = times[:, times.min(axis=0, initial=np.inf) < times.max(axis=0, initial=-np.inf)]
        if varying.shape[1] <= 1:
            cost = varying[:, 0] if varying.shape[1] else np.zeros(len(times))
            return joined.taken(_front_by_key(key, joined.tiles, joined.interval, cost))
        points = np.concatenate([np.stack([joined.tiles, joined.interval], axis=1), varying], axis=1)
        return joined.taken(np.concatenate([group[nondominated(points[group])] for group in groups(key)]))

    def _thinned(self, state: _Partial) -> Rows:
        """One of those whose cycles differ by little, until few enough are left."""
        little = LITTLE
        times = np.concatenate([state.interval[:, None], state.out[:, None], state.ready, state.added], axis=1)
        same = np.concatenate([state.side, state.enters[:, None], state.tiles[:, None]], axis=1)
        while True:
            steps = np.floor(np.log(np.maximum(times, 1.0)) / np.log1p(little)).astype(np.int64)
            _, first = np.unique(np.concatenate([same, steps], axis=1), axis=0, return_index=True)
            if len(first) <= MOST_KEPT or little > 1:
                self.lost *= 1 + little
                return np.sort(first)
            little *= 2


def _front_by_key(key: Rows, tiles: Ints, interval: npt.NDArray[np.float64], cost: npt.NDArray[np.float64]) -> Rows:
    rank = np.unique(interval, return_inverse=True)[1].ravel()
    of_each = groups(key)
    if not len(rank):
        return np.empty(0, np.intp)
    cells = (int(rank.max()) + 2) * (int(tiles.max()) - int(tiles.min()) + 2)
    at_once = max(1, MOST_CELLS // cells)
    found = []
    for begin in range(0, len(of_each), at_once):
        some = of_each[begin:begin + at_once]
        rows = np.concatenate(some)
        sets = np.repeat(np.arange(len(some)), [len(group) for group in some])
        found.append(rows[fronts_on_grid(sets, tiles[rows], rank[rows], cost[rows], len(some))])
    return np.concatenate(found)


def _stacked(parts: list[_Partial]) -> _Partial:
    if len(parts) == 1:
        return parts[0]
    return _Partial(*(np.concatenate([getattr(part, name) for part in parts])
                      for name in _Partial.__dataclass_fields__))


def groups(keys: Rows) -> list[Rows]:
    """Indices of each distinct row."""
    if keys.shape[1] == 0 or len(keys) == 0:
        return [np.arange(len(keys))]
    code = np.zeros(len(keys), np.int64)
    for column in keys.T:  # side by side in one number: one sort of integers finds the distinct
        code = code * (int(column.max()) + 1) + column
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
