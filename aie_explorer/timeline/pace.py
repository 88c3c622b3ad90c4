"""The steady pace of a system: exactly, from the waits that the event loop follows.

Where nothing is shared, an activity starts a fixed time after others that happen the same iteration (they fill its
inputs) or as many before as a buffer has copies (they drain its outputs), or the one before (itself). In the long run
an iteration then takes the largest ratio, over all circles of such waits, of their length to the iterations they span
(Baccelli, Cohen, Olsder, Quadrat: Synchronization and Linearity, 1992, ch. 2). A simulation approaches it slowly where
two paces are close, since the buffers between them have to fill first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.timeline.simulate import BUSY, FREE, FULL
from aie_explorer.timeline.system import System

ROUNDING = 1e-9  # relative, of sums of cycles


@dataclass(frozen=True)
class Wait:
    """An activity starts no earlier than `cycles` after another, `iterations` before.

    Attributes:
        activity, after: indices of activities.
        cycles: from start to start; below 0 where the other lets go before this one needs it.
        iterations: how many earlier.
        why: FULL, FREE or BUSY.
        index: of the buffer or resource.
    """

    activity: int
    after: int
    cycles: float
    iterations: int
    why: int
    index: int


def waits(system: System) -> list[Wait]:
    """Every wait of a system, but those of activities that share a resource for each other."""
    filling: list[list[tuple[int, float]]] = [[] for _ in system.buffers]
    draining: list[list[tuple[int, float]]] = [[] for _ in system.buffers]
    for i, activity in enumerate(system.activities):
        for access in activity.writes:
            filling[access.index].append((i, access.end_cycles))
        for access in activity.reads:
            draining[access.index].append((i, access.end_cycles))
    found = []
    for i, activity in enumerate(system.activities):
        for access in activity.reads:
            found += [Wait(i, other, end - access.begin_cycles, 0, FULL, access.index)
                      for other, end in filling[access.index]]
        for access in activity.writes:
            found += [Wait(i, other, end - access.begin_cycles, system.copies[access.index], FREE, access.index)
                      for other, end in draining[access.index]]
        found += [Wait(i, i, access.end_cycles - access.begin_cycles, 1, BUSY, access.index)
                  for access in activity.uses]
    return found


def busy_cycles(system: System) -> list[float]:
    """Of every resource, an iteration."""
    busy = [0.0] * len(system.resources)
    for activity in system.activities:
        for access in activity.uses:
            busy[access.index] += access.end_cycles - access.begin_cycles
    return busy


def pace(system: System) -> tuple[float, tuple[Wait, ...]]:
    """Cycles of an iteration in the steady state, and the circle of waits that sets them.

    Each wait of the circle is of the activity that the one before waits for. Of a resource that several activities
    share, what they need together is counted, not their turns.
    """
    every = sorted(waits(system), key=lambda wait: wait.activity)
    activity, after, iterations = (np.array([getattr(wait, name) for wait in every])
                                   for name in ("activity", "after", "iterations"))
    cycles = np.array([wait.cycles for wait in every])
    first = np.flatnonzero(np.diff(activity, prepend=-1))
    longest = max(busy_cycles(system))
    circle: tuple[Wait, ...] = ()
    while True:
        better = _circle(len(system.activities), activity, after, cycles - longest * iterations, first,
                         ROUNDING * longest)
        if not better:
            break
        circle = tuple(every[i] for i in better)
        longest = sum(wait.cycles for wait in circle) / sum(wait.iterations for wait in circle)
    return longest, circle or _busiest(system, every, longest)


def _busiest(system: System, every: list[Wait], longest: float) -> tuple[Wait, ...]:
    """The waits of the activities on the resource that is always busy."""
    resource = busy_cycles(system).index(longest)
    return tuple(wait for wait in every if wait.why == BUSY and wait.index == resource)


def _circle(count: int, activity: npt.NDArray[np.int64], after: npt.NDArray[np.int64],
            length: npt.NDArray[np.float64], first: npt.NDArray[np.intp], least: float) -> list[int]:
    """Waits that form a circle of a length above 0; none if there is no such circle (Bellman and Ford)."""
    distance, by = np.zeros(count), np.full(count, -1)
    for turn in range(count + 1):
        reached = distance[after] + length
        most = np.maximum.reduceat(reached, first)  # every activity waits for itself, so each is there
        further = most > distance + least
        if not further.any():
            return []
        chosen = np.flatnonzero((reached >= most[activity]) & further[activity])
        by[activity[chosen]] = chosen
        distance = np.where(further, most, distance)
        if turn % 8 == 7 or turn == count:
            found = _followed(by, after)
            if found:
                return found
    return []


def _followed(by: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> list[int]:
    """A circle among the waits that were chosen, one an activity; -1 where none was."""
    state = [0] * len(by)  # 0 not seen, else the walk that saw it
    for start in range(len(by)):
        walk: list[int] = []
        at = start
        while state[at] == 0 and by[at] >= 0:
            state[at] = start + 1
            walk.append(at)
            at = int(after[by[at]])
        if state[at] == start + 1 and at in walk:
            return [int(by[i]) for i in walk[walk.index(at):]]
        state[at] = state[at] or start + 1
    return []
