"""The timeline of a design: what the simulation says, as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.arguments import whole
from aie_explorer.cycles import Constants
from aie_explorer.design import Design
from aie_explorer.design.estimate import recosted
from aie_explorer.timeline.build import build
from aie_explorer.timeline.explain import critical_name, explain_interval, explain_latency, waiting
from aie_explorer.timeline.pace import busy_cycles, pace
from aie_explorer.timeline.simulate import BUSY, FREE, FULL, START, Run, simulate
from aie_explorer.timeline.system import System

WAITS = {FULL: "data", FREE: "space", BUSY: "resource"}
SHARED_ITERATIONS, WINDOW = 48, 12
"""Iterations, and of these the last, over which the pace is taken where activities share a resource."""


@dataclass(frozen=True)
class Event:
    """One activity in one iteration.

    Attributes:
        name: the activity, such as "dense0 kernel 1".
        group: the resource as `Estimate.bottleneck` names it.
        kind: "input PLIO", "input DMA", "kernel", "output DMA" or "output PLIO".
        layer: whose; the tensor of a PLIO.
        iteration: from 0.
        start_cycles, end_cycles: its resources are busy in between.
        waited_cycles: that its resources were idle before, since its last iteration.
        wait: what it waited for: "data" in its inputs, "space" in its outputs, or a "resource" that others use; empty
            where it did not wait.
        waited_for: what ended the wait, in words.
    """

    name: str
    group: str
    kind: str
    layer: str
    iteration: int
    start_cycles: float
    end_cycles: float
    waited_cycles: float
    wait: str
    waited_for: str


@dataclass(frozen=True)
class Occupancy:
    """How busy a resource is in the steady state.

    Attributes:
        resource: such as "dense0 kernel 1", "dense0 S2MM", "memory-tile buffer x_0 MM2S 0" or "PLIO x_0".
        group: the activities that use it, as `Estimate.bottleneck` names them.
        busy_cycles: an iteration.
        occupancy: of the interval, 0 to 1.
    """

    resource: str
    group: str
    busy_cycles: float
    occupancy: float


@dataclass(frozen=True)
class Timeline:
    """A design over time; cycles of the array clock. Of a design with copies one copy is simulated.

    Attributes:
        iterations: calls of the graph that `events` hold.
        events: by activity, then iteration.
        interval_cycles: between two results in the steady state.
        first_out_cycles, latency_cycles: from the first input beat to the first and the last output beat of the first
            iteration, which finds the array empty.
        resources: the busiest first.
        critical: what sets the interval: the resource that is always busy, as `Estimate.bottleneck` names it, or the
            activities that wait for each other in a circle.
        closed_form_interval_cycles, closed_form_latency_cycles: what `Design.estimate` says.
        explanation: what sets the interval, and why the figures differ from the closed form where they do.
    """

    iterations: int
    events: tuple[Event, ...] = field(repr=False)
    interval_cycles: float
    first_out_cycles: float
    latency_cycles: float
    resources: tuple[Occupancy, ...] = field(repr=False)
    critical: str
    closed_form_interval_cycles: float
    closed_form_latency_cycles: float
    explanation: str

    def to_frame(self) -> pd.DataFrame:
        """One event a row."""
        return pd.DataFrame([dataclasses.asdict(event) for event in self.events],
                            columns=[f.name for f in dataclasses.fields(Event)])

    def resource_frame(self) -> pd.DataFrame:
        """One resource a row, the busiest first."""
        return pd.DataFrame([dataclasses.asdict(one) for one in self.resources]).set_index("resource")

    def __str__(self) -> str:
        return (f"interval {self.interval_cycles:.0f} cycles (closed form {self.closed_form_interval_cycles:.0f}), "
                f"latency {self.latency_cycles:.0f} cycles (closed form {self.closed_form_latency_cycles:.0f}). "
                f"{self.explanation}")


def timeline(design: Design, iterations: int = 4, constants: Constants | None = None) -> Timeline:
    """Simulate a design; `Design.timeline` calls this.

    Args:
        design: what to simulate; of several copies, one.
        iterations: calls of the graph to keep the events of.
        constants: of the cycle model; the package's when None.

    Raises:
        DesignError: for iterations below 1, or when the memory tiles do not suffice.
        PlacementError: when the blocks do not fit the array.
    """
    iterations = whole(iterations, "iterations", least=1)
    one = design if design.copies == 1 else dataclasses.replace(design, copies=1)
    space = one.space if constants is None else recosted(one.space, constants)
    system = build(space, one.plan(), constants)
    shared = len({access.index for activity in system.activities for access in activity.uses}) < sum(
        len(activity.uses) for activity in system.activities)
    run = simulate(system, max(iterations, SHARED_ITERATIONS if shared else 1))
    ends = [i for i, activity in enumerate(system.activities) if activity.kind == "output PLIO"]
    beats = _beats(system, run, ends, "last_beat_cycles")
    interval, circle = pace(system)
    if shared:  # their turns are those of the simulation
        interval = max(interval, float((beats[:, -1] - beats[:, -1 - WINDOW]).max()) / WINDOW)
    latency = float(beats[:, 0].max())
    first = float(_beats(system, run, ends, "first_beat_cycles")[:, 0].max())
    estimate = one.estimate(constants)
    words = explain_interval(system, circle, interval, estimate.interval_cycles, estimate.bottleneck)
    words += explain_latency(system, run, ends[int(beats[:, 0].argmax())], latency, estimate.latency_cycles)
    return Timeline(iterations, _events(system, run, iterations), interval, first, latency,
                    _resources(system, interval), critical_name(system, circle), estimate.interval_cycles,
                    estimate.latency_cycles, words)


def _beats(system: System, run: Run, ends: list[int], which: str) -> npt.NDArray[np.float64]:
    """[output PLIOs, iterations] when their first or last beat leaves."""
    after = np.array([getattr(system.activities[i], which) for i in ends])
    beats: npt.NDArray[np.float64] = run.start_cycles[ends] + after[:, None]
    return beats


def _resources(system: System, interval: float) -> tuple[Occupancy, ...]:
    busy = busy_cycles(system)
    groups: list[dict[str, None]] = [{} for _ in system.resources]
    for activity in system.activities:
        for access in activity.uses:
            groups[access.index][activity.group] = None
    found = [Occupancy(name, " and ".join(group), cycles, cycles / interval)
             for name, group, cycles in zip(system.resources, groups, busy, strict=True)]
    return tuple(sorted(found, key=lambda one: -one.busy_cycles))


def _events(system: System, run: Run, iterations: int) -> tuple[Event, ...]:
    found = []
    for i, activity in enumerate(system.activities):
        free = 0.0
        for iteration in range(iterations):
            start = float(run.start_cycles[i, iteration])
            waited, cause = start - free, run.causes[i][iteration]
            waits = waited > 0 and cause.why != START
            found.append(Event(activity.name, activity.group, activity.kind, activity.layer, iteration, start,
                               start + activity.busy_cycles, waited, WAITS[cause.why] if waits else "",
                               waiting(system, cause.why, cause.index, cause.activity) if waits else ""))
            free = start + activity.busy_cycles
    return tuple(found)
