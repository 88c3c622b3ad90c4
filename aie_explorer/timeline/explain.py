"""What a simulation says in words: what an activity waited for, what sets the interval, why the closed form differs."""

from __future__ import annotations

from dataclasses import dataclass

from aie_explorer.timeline.simulate import BUSY, FREE, FULL, START, Cause, Run
from aie_explorer.timeline.system import System

SAME = 0.005  # relative; less is not worth a word


@dataclass(frozen=True)
class Step:
    """An activity on the circle of waits that sets the pace, and what it waits for."""

    activity: int
    cause: Cause


def waiting(system: System, cause: Cause) -> str:
    """What ended a wait."""
    if cause.why == START:
        return ""
    other = system.activities[cause.activity].name
    if cause.why == BUSY:
        return f"{system.resources[cause.index]}, used by {other}"
    verb = "fills" if cause.why == FULL else "drains"
    return f"{other}, which {verb} the {system.buffers[cause.index]}"


def critical_cycle(system: System, run: Run, last: int, interval: float) -> tuple[Step, ...]:
    """The circle of waits behind the last output, from its last iteration backwards; empty if there is none.

    Each firing starts when its cause ends, so along the circle there is no slack: its length over the iterations it
    spans is the interval. Where copies of a buffer let results come in bursts, shorter circles inside a burst are not it.
    """
    path: list[Step] = []
    seen: dict[int, list[tuple[int, int, float]]] = {}  # of an activity: place on the path, iteration, start
    activity, iteration = last, run.start_cycles.shape[1] - 1
    while True:
        start = float(run.start_cycles[activity, iteration])
        for place, later, then in seen.get(activity, ()):
            if abs((then - start) - (later - iteration) * interval) <= SAME * interval:
                return tuple(path[place:])
        seen.setdefault(activity, []).append((len(path), iteration, start))
        cause = run.causes[activity][iteration]
        if cause.why == START:
            return ()
        path.append(Step(activity, cause))
        activity, iteration = cause.activity, cause.iteration


def explain_interval(system: System, cycle: tuple[Step, ...], interval: float, closed: float, bottleneck: str) -> str:
    """What sets the interval; where it is not what the closed form says, who waits for whom."""
    names = [system.activities[step.activity].name for step in cycle]
    if len(cycle) == 1 and cycle[0].cause.why == BUSY:
        text = f"{names[0]} is always busy and sets the interval of {interval:.0f} cycles."
    elif all(step.cause.why == BUSY for step in cycle) and cycle:
        shared = system.resources[cycle[0].cause.index]
        text = f"{shared} is always busy, shared by {', '.join(names)}, and sets the interval of {interval:.0f} cycles."
    else:
        waits = [f"{system.activities[step.activity].name} waits for {waiting(system, step.cause)}" for step in cycle
                 if step.cause.why in (FREE, BUSY)]
        spans = sum(step.cause.why == FREE for step in cycle)
        text = (f"No resource is always busy: {'; '.join(waits)}. Around this circle of {len(cycle)} activities a result "
                f"takes {interval:.0f} cycles" + (f", with two copies of each of {spans} buffers." if spans else "."))
    if abs(interval / closed - 1) > SAME:
        text += f" The closed form counts the slowest resource alone, {bottleneck}: {closed:.0f} cycles."
    return text


def explain_latency(system: System, run: Run, latency: float, closed: float) -> str:
    """Why the latency is not that of the closed form, if so."""
    if abs(latency / closed - 1) <= SAME:
        return ""
    waits = [f"{activity.name} waits for {waiting(system, causes[0])}"
             for activity, causes in zip(system.activities, run.causes, strict=True) if causes[0].why in (FREE, BUSY)]
    if waits:
        return f" The latency differs from the {closed:.0f} cycles of the closed form: {'; '.join(waits[:3])}."
    return (f" The latency differs from the {closed:.0f} cycles of the closed form, which counts the way of the cascade "
            "furthest from the memory tiles and the longest transfer at every layer, though not every result takes both.")
