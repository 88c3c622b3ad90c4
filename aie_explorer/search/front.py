"""The exact Pareto front of a network's designs, by dynamic programming over its segments.

Tiles, ports, bytes and multiply-accumulates add, latencies of segments add and the interval is a maximum: each is
monotone, so a partial design that another one beats, with an interface to the next segment that accepts no less, can
never be part of a design on the front. What the next segment sees of a partial design is the producer side of its last
layer (`segments.producer_sides`): fronts are kept apart by it, so the rules of the edges are honoured exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.search.figures import Picks
from aie_explorer.search.joints import MOST_COMPARED, NO_FACES, beaten, lost
from aie_explorer.search.objectives import ADDED, PATH
from aie_explorer.search.pareto import Points, Staircase, nondominated, staircases
from aie_explorer.search.segments import Ints, Rows, Segment, cut_into_segments, groups
from aie_explorer.search.space import DesignSpace
from aie_explorer.search.worthwhile import worthwhile

FEW = 300
"""Points that are compared with one another sooner than a grid is filled."""


@dataclass(frozen=True, eq=False)
class Front:
    """The designs nothing else beats.

    Attributes:
        picks: [designs, layers] rows of the layers' tables; of designs with equal figures one.
        lost: 0 where the front is exact; else the part by which interval and latency may exceed those of a design left
            out, because the partial designs did not fit in memory.
    """

    picks: Picks
    lost: float


@dataclass(frozen=True, eq=False)
class _State:
    """Partial designs up to a segment; each interval by its place among all that occur."""

    tiles: Ints
    rank: Ints
    latency: npt.NDArray[np.float64]
    added: Points
    side: Rows
    option: Rows
    parent: Rows


@dataclass(frozen=True, eq=False)
class _Step:
    """A segment that is joined to what is before it, and what of that does not depend on the partial designs.

    Attributes:
        segment: which.
        rank: by option its interval.
        groups_of: the options that count, by their faces.
        above: its producer sides, each with those before it that every reader takes who takes it, and as early.
        margins: [sides, others] what one side may save behind this segment and another not; None behind the last.
    """

    segment: Segment
    rank: Ints
    groups_of: list[Rows]
    above: list[tuple[int, list[int]]]
    margins: npt.NDArray[np.float64] | None


def exact_front(space: DesignSpace, objectives: Sequence[str] = PATH, *, most_tiles: int | None = None) -> Front:
    """The front of some objectives, each to be made small.

    Args:
        space: the design space.
        objectives: of `objectives.PATH` (tiles, interval_cycles, latency_cycles) and `objectives.ADDED`.
        most_tiles: of a design; those of the device when None.
    """
    added = [name for name in objectives if name in ADDED]
    few, rows = worthwhile(space, added)
    segments = cut_into_segments(few, added)
    if "latency_cycles" not in objectives:
        timeless = {id(segment): replace(segment, latency=0 * segment.latency, saves=0 * segment.saves)
                    for segment in segments}
        segments = [timeless[id(segment)] for segment in segments]
    limit = space.device.tiles if most_tiles is None else min(most_tiles, space.device.tiles)
    values, ranks = _ranks(segments, limit, "interval_cycles" in objectives)
    needed = _needed(segments, ranks, len(values), limit)
    if needed[0][-1] > limit:
        return Front(np.empty((0, len(space.layers)), np.intp), 0.0)
    steps: dict[tuple[int, int], _Step] = {}  # equal segments are one and the same
    state = _State(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), np.zeros((1, len(added))),
                   np.zeros(1, np.intp), np.zeros(1, np.intp), np.zeros(1, np.intp))
    states: list[_State] = []
    for i, segment in enumerate(segments):
        after = segments[i + 1] if i + 1 < len(segments) else None
        key = (id(segment), id(after))
        if key not in steps:
            steps[key] = _step(segment, ranks[i], after)
        state = _joined(state, steps[key], limit - needed[i + 1])
        states.append(state)
    points = np.concatenate([np.stack([state.tiles * ("tiles" in objectives), state.rank, state.latency], axis=1),
                             state.added], axis=1)
    chosen = nondominated(points)
    parts: list[Rows] = []
    for step, segment in zip(states[::-1], segments[::-1], strict=True):
        parts.append(segment.picks[step.option[chosen]])
        chosen = step.parent[chosen]
    chosen_rows = np.concatenate(parts[::-1], axis=1)
    picks = np.stack([kept[pick] for kept, pick in zip(rows, chosen_rows.T, strict=True)], axis=1)
    return Front(picks, float(np.prod([1 + s.lost for s in segments]) - 1))


def _ranks(segments: list[Segment], most_tiles: int, matters: bool) -> tuple[npt.NDArray[np.float64], list[Ints]]:
    """All intervals that occur, and for each segment the places of its own among them.

    No design is faster than the least interval at which the segments' fewest tiles together fit: what is faster counts
    as that fast, which leaves far fewer partial designs to tell apart.
    """
    if not matters:
        return np.zeros(1), [np.zeros(len(segment.interval), np.int64) for segment in segments]
    values = np.unique(np.concatenate([segment.interval for segment in segments]))
    tiles = np.zeros(len(values), np.int64)
    ranks = [np.searchsorted(values, segment.interval) for segment in segments]
    for segment, rank in zip(segments, ranks, strict=True):
        fewest = np.full(len(values), most_tiles + 1, np.int64)
        np.minimum.at(fewest, rank, segment.tiles)
        tiles += np.minimum.accumulate(fewest)
    feasible = tiles <= most_tiles
    least = int(np.argmax(feasible)) if feasible.any() else 0
    return values[least:], [np.maximum(rank - least, 0).astype(np.int64) for rank in ranks]


def _needed(segments: list[Segment], ranks: list[Ints], count: int, limit: int) -> list[Ints]:
    """For every segment, and behind the last: by interval the fewest tiles of it and all after it that keep to it."""
    sums = [np.zeros(count, np.int64)]
    known: dict[int, Ints] = {}
    for segment, rank in zip(segments[::-1], ranks[::-1], strict=True):
        if id(segment) not in known:
            fewest = np.full(count, limit + 1, np.int64)
            np.minimum.at(fewest, rank, segment.tiles)
            known[id(segment)] = np.minimum.accumulate(fewest)
        sums.append(sums[-1] + known[id(segment)])
    return sums[::-1]


def _step(segment: Segment, rank: Ints, after: Segment | None) -> _Step:
    groups_of = _worthwhile(segment, rank, after)
    sides = list(dict.fromkeys(int(segment.side[options[0]]) for options in groups_of))
    margins = None
    if after is not None:
        margins = lost(after.accepts.T, after.saves.T, np.zeros((*after.saves.T.shape, 0)))[:, :, 0]
    return _Step(segment, rank, groups_of, _by_acceptance(sides, after), margins)


def _joined(state: _State, step: _Step, tiles_by_rank: Ints) -> _State:
    """Join every partial design with every option of the next segment, and prune.

    Args:
        state: the partial designs.
        step: the next segment.
        tiles_by_rank: by interval the most tiles of a partial design that can keep to it.
    """
    segment, most_tiles, ranks = step.segment, int(tiles_by_rank[-1]), len(tiles_by_rank)
    parts: dict[int, list[tuple[_State, Rows]]] = {}
    candidates: dict[int, _State] = {}
    seen = _Seen(state, segment, ranks, most_tiles)
    for options in step.groups_of:
        reader, side = int(segment.reader[options[0]]), int(segment.side[options[0]])
        if reader not in candidates:
            candidates[reader] = seen.by(reader)
        parts.setdefault(side, []).append((candidates[reader], options))
    found: list[_State] = []
    least = int(state.tiles.min(initial=most_tiles)) + int(segment.tiles.min(initial=0))  # no joined design has fewer
    stairs = dict(zip(parts, staircases(len(parts), ranks, max(most_tiles - least, 0)), strict=True))
    for side, above in step.above:
        product = _Product(parts[side], segment, step.rank, tiles_by_rank)
        if segment.added.shape[1]:
            kept = _front(product.tiles, product.rank, product.latency, product.added())
        else:
            stairs[side].add([stairs[other] for other in above])
            kept = stairs[side].front(product.tiles - least, product.rank, product.latency)
        found.append(product.taken(kept))
    if step.margins is not None and not segment.added.shape[1]:
        found = [_taken(one, _unbeaten(one, step.margins, stairs, least)) for one in found if len(one.tiles)]
    if not found:
        return _taken(state, np.empty(0, np.intp))
    return _State(*(np.concatenate([getattr(part, name) for part in found]) for name in _State.__dataclass_fields__))


class _Seen:
    """The partial designs as the readers of a segment see them: those it accepts that no other beats.

    Most readers accept the same, and save something behind few sides. What they accept is pruned once without savings;
    behind the sides that save, what that leaves and does not beat is added.
    """

    def __init__(self, state: _State, segment: Segment, ranks: int, most_tiles: int) -> None:
        self.state, self.segment = state, segment
        self.ranks, self.most_tiles = ranks, most_tiles
        self.plain: dict[bytes, tuple[Rows, Staircase]] = {}

    def by(self, reader: int) -> _State:
        """The partial designs; `parent` says which they are."""
        state, segment = self.state, self.segment
        accepts, saves, spares = segment.accepts[reader], segment.saves[reader], segment.spares[reader]
        if spares.shape[1]:
            rows = np.flatnonzero(accepts[state.side])
            seen = self._state(rows, reader)
            return _taken(seen, _front(seen.tiles, seen.rank, seen.latency, seen.added))
        key = accepts.tobytes()
        if key not in self.plain:
            accepted = np.flatnonzero(accepts[state.side])
            stair = Staircase(self.ranks, self.most_tiles)
            kept = stair.front(state.tiles[accepted], state.rank[accepted], state.latency[accepted])
            self.plain[key] = accepted[kept], stair
        rows, stair = self.plain[key]
        early = np.flatnonzero((accepts & (saves > 0))[state.side])
        best = stair.least_of([stair], state.tiles[early], state.rank[early])[0]
        early = early[state.latency[early] - saves[state.side[early]] < best]
        return self._state(np.concatenate([rows[~np.isin(rows, early)], early]), reader)

    def _state(self, rows: Rows, reader: int) -> _State:
        state, side = self.state, self.state.side[rows]
        return _State(state.tiles[rows], state.rank[rows], state.latency[rows] - self.segment.saves[reader, side],
                      state.added[rows] - self.segment.spares[reader, side], side, side, rows)


def _worthwhile(segment: Segment, rank: Ints, after: Segment | None) -> list[Rows]:
    """Options with the same interfaces, without those that another option beats.

    One with other interfaces beats an option if these are accepted wherever the option's are, and it is better even by
    what the option may save there and it may not.
    """
    points = np.concatenate([np.stack([segment.tiles, rank, segment.latency], axis=1), segment.added], axis=1)
    faces = np.stack([segment.reader, segment.side], axis=1)
    if len(points) > MOST_COMPARED:
        return [same[nondominated(points[same])] for same in groups(faces)]
    before = lost(segment.accepts, segment.saves, segment.spares)
    later = lost(after.accepts.T, after.saves.T, after.spares.transpose(1, 0, 2)) if after else NO_FACES
    kept = np.flatnonzero(~beaten(points, 2, faces, (before, later)))
    return [kept[same] for same in groups(faces[kept])]


def _unbeaten(state: _State, margins: npt.NDArray[np.float64], stairs: dict[int, Staircase], least: int) -> Rows:
    """The partial designs of one side that none of another beats, even by what this side may save and that may not."""
    own = int(state.side[0])
    others = [other for other in stairs if other != own and np.isfinite(margins[own, other])]
    if not others:
        return np.arange(len(state.tiles))
    best = stairs[own].least_of([stairs[other] for other in others], state.tiles - least, state.rank)
    return np.flatnonzero((best + margins[own, others][:, None] >= state.latency).all(axis=0))


def _by_acceptance(sides: list[int], after: Segment | None) -> list[tuple[int, list[int]]]:
    """`_Step.above`."""
    if after is None:
        return [(side, []) for side in sides]
    accepts, saves = after.accepts, after.saves
    order = sorted(sides, key=lambda side: (-int(accepts[:, side].sum()), -float(saves[:, side].sum()), side))
    return [(side, [other for other in order[:position]
                    if np.all((accepts[:, other] >= accepts[:, side]) & (saves[:, other] >= saves[:, side]))])
            for position, side in enumerate(order)]


class _Product:
    """Every partial design of each part with every option of it; what few need is gathered for those that are kept.

    A design that takes so many tiles that what follows cannot keep to its interval counts as slow as the fastest that
    can: that is what it will be at least, and more of them compare.
    """

    def __init__(self, parts: list[tuple[_State, Rows]], segment: Segment, rank: Ints, tiles_by_rank: Ints) -> None:
        seen = [state for state, _ in parts]
        sizes = [len(state.tiles) for state in seen]
        begins = np.cumsum([0, *sizes])
        self.segment, self.seen = segment, seen
        each = [options for _, options in parts]
        self.before = np.concatenate([np.tile(np.arange(begin, begin + size), len(options))
                                      for begin, size, options in zip(begins, sizes, each, strict=False)])
        self.option = np.concatenate([np.repeat(options, size) for size, options in zip(sizes, each, strict=True)])
        self.tiles = self._seen("tiles")[self.before] + segment.tiles[self.option]
        fits = np.flatnonzero(self.tiles <= tiles_by_rank[-1])
        self.before, self.option, self.tiles = self.before[fits], self.option[fits], self.tiles[fits]
        self.rank: Ints = np.maximum(np.maximum(self._seen("rank")[self.before], rank[self.option]),
                                     np.searchsorted(tiles_by_rank, self.tiles))
        self.latency = self._seen("latency")[self.before] + segment.latency[self.option]

    def _seen(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(state, name) for state in self.seen])

    def added(self) -> Points:
        """What adds up."""
        found: Points = self._seen("added")[self.before] + self.segment.added[self.option]
        return found

    def taken(self, rows: Rows) -> _State:
        """Some of them."""
        option, before = self.option[rows], self.before[rows]
        return _State(self.tiles[rows], self.rank[rows], self.latency[rows],
                      self._seen("added")[before] + self.segment.added[option], self.segment.side[option], option,
                      self._seen("parent")[before])


def _front(tiles: Ints, rank: Ints, latency: npt.NDArray[np.float64], added: Points) -> Rows:
    if len(tiles) == 0:
        return np.empty(0, np.intp)
    if added.shape[1] or len(tiles) < FEW:
        return nondominated(np.concatenate([np.stack([tiles, rank, latency], axis=1), added], axis=1))
    # a grid of what occurs alone
    place = np.cumsum(np.bincount(rank) > 0) - 1
    least = int(tiles.min())
    return Staircase(int(place[-1]) + 1, int(tiles.max()) - least).front(tiles - least, place[rank], latency)


def _taken(state: _State, rows: Rows) -> _State:
    return _State(*(getattr(state, name)[rows] for name in _State.__dataclass_fields__))
