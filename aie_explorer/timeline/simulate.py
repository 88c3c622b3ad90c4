"""The event loop: when every activity of a system happens, iteration by iteration, and what it waited for."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import DesignError
from aie_explorer.timeline.system import System

START, FULL, FREE, BUSY = range(4)
"""What fixed the start of a firing: the beginning; a buffer to be filled; a copy of a buffer to be free; a resource."""


@dataclass(frozen=True)
class Cause:
    """Why a firing did not start earlier.

    Attributes:
        why: START, FULL, FREE or BUSY.
        index: of the buffer or resource.
        activity, iteration: the firing that ended the wait.
    """

    why: int
    index: int = -1
    activity: int = -1
    iteration: int = -1


@dataclass(frozen=True, eq=False)
class Run:
    """What happened.

    Attributes:
        start_cycles: [activities, iterations].
        causes: the same shape.
    """

    start_cycles: npt.NDArray[np.float64]
    causes: list[list[Cause]]


def simulate(system: System, iterations: int) -> Run:
    """Let every activity happen `iterations` times, each as early as buffers and resources allow.

    The programmable logic always has data and always takes them. A resource that several activities want serves the one
    that was ready first.

    Raises:
        DesignError: when activities wait for each other in a circle, or for a buffer that nothing fills or drains.
    """
    loop = _Loop(system, iterations)
    loop.run()
    short = [activity.name for activity, done in zip(system.activities, loop.done, strict=True) if done < iterations]
    if short:
        raise DesignError(f"{len(short)} activities wait for each other, or for data that nobody sends, and none can "
                          "start", where=short[0])
    return Run(np.array(loop.start).reshape(len(system.activities), iterations), loop.causes)


class _Side:
    """For each buffer and iteration: how many have filled (or drained) it, when the last had, and who that was."""

    def __init__(self, members: list[list[int]], iterations: int) -> None:
        self.members = members
        self.count = [[0] * iterations for _ in members]
        self.at = [[0.0] * iterations for _ in members]
        self.by = [[-1] * iterations for _ in members]

    def whole(self, buffer: int, iteration: int) -> bool:
        """Whether all are done; never, where nobody is there to do it."""
        return self.count[buffer][iteration] == len(self.members[buffer]) > 0

    def add(self, buffer: int, iteration: int, time: float, activity: int) -> bool:
        """One more is done; whether it was the last to be counted."""
        self.count[buffer][iteration] += 1
        if self.by[buffer][iteration] < 0 or time > self.at[buffer][iteration]:
            self.at[buffer][iteration], self.by[buffer][iteration] = time, activity
        return self.whole(buffer, iteration)


class _Loop:
    """The state of a simulation."""

    def __init__(self, system: System, iterations: int) -> None:
        self.system, self.iterations = system, iterations
        sides: dict[str, list[list[int]]] = {}
        for side in ("writes", "reads"):
            sides[side] = [[] for _ in system.buffers]
            for i, activity in enumerate(system.activities):
                for access in getattr(activity, side):
                    sides[side][access.index].append(i)
        self.filled, self.drained = _Side(sides["writes"], iterations), _Side(sides["reads"], iterations)
        self.free_at = [0.0] * len(system.resources)
        self.user = [(-1, -1)] * len(system.resources)
        self.done = [0] * len(system.activities)
        self.queued = [False] * len(system.activities)
        self.start = [[0.0] * iterations for _ in system.activities]
        self.causes: list[list[Cause]] = [[] for _ in system.activities]
        self.heap: list[tuple[float, int, Cause]] = []

    def run(self) -> None:
        for i in range(len(self.system.activities)):
            self.offer(i)
        while self.heap:
            ready, i, cause = heapq.heappop(self.heap)
            self.fire(i, ready, cause)

    def offer(self, i: int) -> None:
        """Queue the next firing of an activity if it is known when its buffers are ready."""
        iteration = self.done[i]
        if self.queued[i] or iteration >= self.iterations:
            return
        activity, ready, cause = self.system.activities[i], 0.0, _AT_START
        for access in activity.reads:
            if not self.filled.whole(access.index, iteration):
                return
            time = self.filled.at[access.index][iteration] - access.begin_cycles
            if time > ready:
                ready, cause = time, Cause(FULL, access.index, self.filled.by[access.index][iteration], iteration)
        for access in activity.writes:
            before = iteration - self.system.copies[access.index]
            if before < 0:
                continue
            if not self.drained.whole(access.index, before):
                return
            time = self.drained.at[access.index][before] - access.begin_cycles
            if time > ready:
                ready, cause = time, Cause(FREE, access.index, self.drained.by[access.index][before], before)
        self.queued[i] = True
        heapq.heappush(self.heap, (ready, i, cause))

    def fire(self, i: int, ready: float, cause: Cause) -> None:
        activity, iteration, start = self.system.activities[i], self.done[i], ready
        for access in activity.uses:
            time = self.free_at[access.index] - access.begin_cycles
            if time > start:
                start, cause = time, Cause(BUSY, access.index, *self.user[access.index])
        self.start[i][iteration] = start
        self.causes[i].append(cause)
        self.done[i] += 1
        self.queued[i] = False
        for access in activity.uses:
            self.free_at[access.index] = start + access.end_cycles
            self.user[access.index] = (i, iteration)
        follow = [i]
        for access in activity.reads:
            if self.drained.add(access.index, iteration, start + access.end_cycles, i):
                follow += self.filled.members[access.index]
        for access in activity.writes:
            if self.filled.add(access.index, iteration, start + access.end_cycles, i):
                follow += self.drained.members[access.index]
        for other in follow:
            self.offer(other)


_AT_START = Cause(START)
