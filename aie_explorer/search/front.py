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

from aie_explorer.search.extend import State, Step, extended, start, step_of, worthwhile_options
from aie_explorer.search.figures import Picks
from aie_explorer.search.objectives import ADDED, PATH
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.segments import Ints, Rows, Segment, cut_into_segments
from aie_explorer.search.space import DesignSpace
from aie_explorer.search.worthwhile import worthwhile


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


def exact_front(space: DesignSpace, objectives: Sequence[str] = PATH, *, most_tiles: int | None = None) -> Front:
    """The front of some objectives, each to be made small.

    Args:
        space: the design space.
        objectives: of `objectives.PATH` (tiles, interval_cycles, latency_cycles) and `objectives.ADDED`.
        most_tiles: of a design; those of the device when None.
    """
    added = [name for name in objectives if name in ADDED]
    few, rows = worthwhile(space, added)
    limit = space.device.tiles if most_tiles is None else min(most_tiles, space.device.tiles)
    segments = cut_into_segments(few, added)
    chosen = front_of_segments(segments, objectives, limit)
    picks = np.stack([kept[pick] for kept, pick in zip(rows, chosen.T, strict=True)], axis=1)
    return Front(picks, float(np.prod([1 + s.lost for s in segments]) - 1) if len(picks) else 0.0)


def front_of_segments(segments: list[Segment], objectives: Sequence[str], limit: int) -> Picks:
    """The front of segments in a row.

    Args:
        segments: in order; equal ones are one and the same.
        objectives: as of `exact_front`, those that add up as the segments have them.
        limit: the most tiles of a design.

    Returns:
        [designs, layers] rows of the tables that the segments' `picks` name.
    """
    nothing = np.empty((0, sum(segment.picks.shape[1] for segment in segments)), np.intp)
    if not all(len(segment.tiles) for segment in segments):
        return nothing  # no way to build one of them
    segments = _pruned(_counted(segments, objectives, limit))
    values = np.unique(np.concatenate([segment.interval for segment in segments]))
    needed = _needed(segments, values, limit)
    if needed[0][-1] > limit:
        return nothing
    steps: dict[tuple[int, int], Step] = {}
    state = start(segments[0].added.shape[1])
    states: list[State] = []
    for i, (segment, after) in enumerate(zip(segments, [*segments[1:], None], strict=True)):
        key = (id(segment), id(after))
        if key not in steps:
            steps[key] = step_of(segment, values, after)
        state = extended(state, steps[key], limit - needed[i + 1])
        states.append(state)
    points = np.concatenate([np.stack([state.tiles * ("tiles" in objectives), state.rank, state.latency], axis=1),
                             state.added], axis=1)
    chosen = nondominated(points)
    parts: list[Rows] = []
    for step, segment in zip(states[::-1], segments[::-1], strict=True):
        parts.append(segment.picks[step.option[chosen]])
        chosen = step.parent[chosen]
    return np.concatenate(parts[::-1], axis=1)


def _counted(segments: list[Segment], objectives: Sequence[str], most_tiles: int) -> list[Segment]:
    """The segments with figures as they count: none where it is no objective.

    No design is faster than the least interval at which the segments' fewest tiles together fit: what is faster counts
    as that fast, which leaves far fewer partial designs to tell apart.
    """
    values = np.unique(np.concatenate([segment.interval for segment in segments]))
    fits = _needed(segments, values, most_tiles)[0] <= most_tiles
    least = values[np.argmax(fits)] if fits.any() and "interval_cycles" in objectives else values[-1]
    timed = "latency_cycles" in objectives
    counted = {id(one): replace(one, interval=np.maximum(one.interval, least), latency=one.latency * timed,
                                saves=one.saves * timed) for one in segments}
    return [counted[id(one)] for one in segments]


def _pruned(segments: list[Segment]) -> list[Segment]:
    """The segments with options that no other beats."""
    known: dict[tuple[int, int], Segment] = {}
    found = []
    for segment, after in zip(segments, [*segments[1:], None], strict=True):
        key = (id(segment), id(after))
        if key not in known:
            known[key] = segment.taken(worthwhile_options(segment, after))
        found.append(known[key])
    return found


def _needed(segments: list[Segment], values: npt.NDArray[np.float64], limit: int) -> list[Ints]:
    """For every segment, and behind the last: by interval the fewest tiles of it and all after it that keep to it."""
    sums = [np.zeros(len(values), np.int64)]
    known: dict[int, Ints] = {}
    for segment in segments[::-1]:
        if id(segment) not in known:
            fewest = np.full(len(values), limit + 1, np.int64)
            np.minimum.at(fewest, np.searchsorted(values, segment.interval), segment.tiles)
            known[id(segment)] = np.minimum.accumulate(fewest)
        sums.append(sums[-1] + known[id(segment)])
    return sums[::-1]
