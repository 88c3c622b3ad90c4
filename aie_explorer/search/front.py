"""The exact Pareto front of a network's designs, by dynamic programming over its segments.

Tiles, ports, bytes and multiply-accumulates add, latencies of segments add and the interval is a maximum: each is
monotone, so a partial design that another one beats, with an interface to the next segment that accepts no less, can
never be part of a design on the front. What the next segment sees of a partial design is the producer side of its last
layer (`segments.producer_sides`): fronts are kept apart by it, so the rules of the edges are honoured exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aie_explorer.search.figures import Picks
from aie_explorer.search.joints import MOST_COMPARED, NO_FACES, beaten, lost
from aie_explorer.search.objectives import ADDED, PATH
from aie_explorer.search.pareto import Points, Staircase, nondominated
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
    needed = np.cumsum([segment.tiles.min(initial=limit + 1) for segment in segments[::-1]])[::-1]
    if needed[0] > limit:
        return Front(np.empty((0, len(space.layers)), np.intp), 0.0)
    options: dict[tuple[int, int], list[Rows]] = {}  # equal segments are one and the same
    state = _State(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), np.zeros((1, len(added))),
                   np.zeros(1, np.intp), np.zeros(1, np.intp), np.zeros(1, np.intp))
    states: list[_State] = []
    for i, segment in enumerate(segments):
        later = int(needed[i + 1]) if i + 1 < len(segments) else 0
        after = segments[i + 1] if i + 1 < len(segments) else None
        key = (id(segment), id(after))
        if key not in options:
            options[key] = _worthwhile(segment, ranks[i], after)
        state = _joined(state, segment, ranks[i], options[key], after, limit - later, len(values))
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


def _joined(state: _State, segment: Segment, rank: Ints, groups_of: list[Rows], after: Segment | None,
            most_tiles: int, ranks: int) -> _State:
    """Join every partial design with every option of the next segment, and prune."""
    parts: dict[int, list[tuple[_State, Rows]]] = {}
    candidates: dict[int, _State] = {}
    for options in groups_of:
        reader, side = int(segment.reader[options[0]]), int(segment.side[options[0]])
        if reader not in candidates:
            candidates[reader] = _seen(state, segment, reader, most_tiles)
        parts.setdefault(side, []).append((candidates[reader], options))
    found: list[_State] = []
    stairs = {side: Staircase(ranks, most_tiles) for side in parts}
    for side, above in _by_acceptance(parts, after):
        made = [_product(*part, segment, rank, most_tiles) for part in parts[side]]
        whole = _State(*(np.concatenate([getattr(part, name) for part in made])
                         for name in _State.__dataclass_fields__))
        if segment.added.shape[1]:
            kept = _front(whole.tiles, whole.rank, whole.latency, whole.added, most_tiles)
        else:
            stairs[side].add([stairs[other] for other in above])
            kept = stairs[side].front(whole.tiles, whole.rank, whole.latency)
        found.append(_taken(whole, kept))
    if after is not None and not segment.added.shape[1]:
        margins = lost(after.accepts.T, after.saves.T, np.zeros((*after.saves.T.shape, 0)))[:, :, 0]
        found = [_taken(one, _unbeaten(one, margins, stairs)) for one in found if len(one.tiles)]
    if not found:
        return _taken(state, np.empty(0, np.intp))
    return _State(*(np.concatenate([getattr(part, name) for part in found]) for name in _State.__dataclass_fields__))


def _seen(state: _State, segment: Segment, reader: int, most_tiles: int) -> _State:
    """The partial designs that a reader accepts and no other beats, as it sees them; `parent` says which they are."""
    accepted = np.flatnonzero(segment.accepts[reader, state.side])
    side = state.side[accepted]
    seen = _State(state.tiles[accepted], state.rank[accepted], state.latency[accepted] - segment.saves[reader, side],
                  state.added[accepted] - segment.spares[reader, side], side, side, accepted)
    return _taken(seen, _front(seen.tiles, seen.rank, seen.latency, seen.added, most_tiles))


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


def _unbeaten(state: _State, margins: npt.NDArray[np.float64], stairs: dict[int, Staircase]) -> Rows:
    """The partial designs of one side that none of another beats, even by what this side may save and that may not."""
    left = np.ones(len(state.tiles), np.bool_)
    for other, stair in stairs.items():
        margin = margins[state.side[0], other]
        if other != state.side[0] and np.isfinite(margin):
            left &= stair.least[state.rank + 1, state.tiles + 1] + margin >= state.latency
    return np.flatnonzero(left)


def _by_acceptance(parts: dict[int, list[tuple[_State, Rows]]], after: Segment | None) -> list[tuple[int, list[int]]]:
    """The producer sides, those before it that every reader takes who takes it, and as early."""
    if after is None:
        return [(side, []) for side in parts]
    accepts, saves = after.accepts, after.saves
    order = sorted(parts, key=lambda side: (-int(accepts[:, side].sum()), -float(saves[:, side].sum()), side))
    return [(side, [other for other in order[:position]
                    if np.all((accepts[:, other] >= accepts[:, side]) & (saves[:, other] >= saves[:, side]))])
            for position, side in enumerate(order)]


def _product(seen: _State, options: Rows, segment: Segment, rank: Ints, most_tiles: int) -> _State:
    tiles = np.add.outer(seen.tiles, segment.tiles[options])
    a, b = np.nonzero(tiles <= most_tiles)
    option = options[b]
    return _State(tiles[a, b], np.maximum(seen.rank[a], rank[option]), seen.latency[a] + segment.latency[option],
                  seen.added[a] + segment.added[option], segment.side[option], option, seen.parent[a])


def _front(tiles: Ints, rank: Ints, latency: npt.NDArray[np.float64], added: Points, most_tiles: int) -> Rows:
    if len(tiles) == 0:
        return np.empty(0, np.intp)
    if added.shape[1] or len(tiles) < FEW:
        return nondominated(np.concatenate([np.stack([tiles, rank, latency], axis=1), added], axis=1))
    occurring, place = np.unique(rank, return_inverse=True)
    return Staircase(len(occurring), most_tiles).front(tiles, place.ravel(), latency)


def _taken(state: _State, rows: Rows) -> _State:
    return _State(*(getattr(state, name)[rows] for name in _State.__dataclass_fields__))
