"""What a simulation says in words: what an activity waited for, what sets the interval, why the closed form differs."""

from __future__ import annotations

from aie_explorer.timeline.pace import Wait
from aie_explorer.timeline.simulate import BUSY, FREE, FULL, START, Run
from aie_explorer.timeline.system import System

SAME = 0.005  # relative; less is not worth a word


def waiting(system: System, why: int, index: int, activity: int) -> str:
    """What an activity waits for: another one, and what it does with the buffer or resource of that index."""
    if why == START:
        return ""
    other = system.activities[activity].name
    if why == BUSY:
        return f"{system.resources[index]}, used by {other}"
    return f"{other}, which {'fills' if why == FULL else 'drains'} the {system.buffers[index]}"


def explain_interval(system: System, circle: tuple[Wait, ...], interval: float, closed: float, bottleneck: str) -> str:
    """What sets the interval; where it is not what the closed form says, who waits for whom."""
    names = [system.activities[wait.activity].name for wait in circle]
    if all(wait.why == BUSY for wait in circle):
        busy = names[0] if len(circle) == 1 else f"{system.resources[circle[0].index]}, which {', '.join(names)} share,"
        text = f"{busy} is always busy and sets the interval of {interval:.0f} cycles."
    else:
        held_up = "; ".join(_held_up(system, circle))
        text = (f"No resource is always busy, but activities wait for each other: {held_up}. This circle of "
                f"{len(circle)} activities sets the interval of {interval:.0f} cycles.")
    if interval < closed * (1 - SAME):
        text += (f" The closed form counts {bottleneck}, {closed:.0f} cycles, which has nothing to move: "
                 f"{_in_place(system)}.")
    elif interval > closed * (1 + SAME):
        text += f" The closed form counts the slowest resource alone, {bottleneck}: {closed:.0f} cycles."
    return text


def _in_place(system: System) -> str:
    """Which kernels read in the memory of another tile, in words."""
    makers = {access.index: activity.layer for activity in system.activities if activity.kind == "kernel"
              for access in activity.writes}
    pairs = dict.fromkeys((activity.layer, makers[access.index]) for activity in system.activities
                          if activity.kind == "kernel" for access in activity.reads if access.index in makers)
    return "; ".join(_read_in_place(*pair) for pair in pairs)


def _read_in_place(reader: str, maker: str) -> str:
    return f"{reader} reads what {maker} makes in the memory of its tile, without DMA"


def _held_up(system: System, circle: tuple[Wait, ...]) -> list[str]:
    """The waits of a circle that are not for data."""
    return [f"{system.activities[wait.activity].name} waits for {waiting(system, wait.why, wait.index, wait.after)}"
            for wait in circle if wait.why in (FREE, BUSY)]


def explain_latency(system: System, run: Run, last: int, latency: float, closed: float) -> str:
    """Why the latency is not that of the closed form, if so.

    Args:
        system: what was simulated.
        run: what happened.
        last: the output PLIO that ends last in the first iteration.
        latency, closed: cycles of the simulation and of the closed form.
    """
    if abs(latency / closed - 1) <= SAME:
        return ""
    text = f" The latency is not the {closed:.0f} cycles of the closed form: "
    path = _first_path(run, last)
    waits = [f"{system.activities[i].name} waits for {waiting(system, cause.why, cause.index, cause.activity)}"
             for i in path if (cause := run.causes[i][0]).why in (FREE, BUSY)]
    hidden = [f"{system.activities[i].name} has all of its inputs {cycles:.0f} cycles after it starts, which its "
              "cascade hides" for i in path if (cycles := _late_cycles(system, run, i)) > 0]
    kernels = [(system.activities[i], system.activities[cause.activity]) for i in path
               if (cause := run.causes[i][0]).why == FULL]
    shared = [f"{_read_in_place(reader.layer, maker.layer)}, which saves the hand-over too" for reader, maker in kernels
              if reader.kind == maker.kind == "kernel"]
    found = waits + shared + hidden
    return text + (f"{'; '.join(found[:4])}." if found else "it counts the longest of parallel transfers at every "
                   "layer, though no result takes them all.")


def _first_path(run: Run, last: int) -> list[int]:
    """The activities behind the last output of the first iteration, in order."""
    path = [last]
    while run.causes[path[-1]][0].why != START:
        path.append(run.causes[path[-1]][0].activity)
    return path[::-1]


def _late_cycles(system: System, run: Run, i: int) -> float:
    """How long after the start of a first call the last of its inputs is there: later tiles of a cascade wait less."""
    inputs = {access.index for access in system.activities[i].reads}
    arrivals = [run.start_cycles[j, 0] + access.end_cycles for j, other in enumerate(system.activities)
                for access in other.writes if access.index in inputs]
    return float(max(arrivals, default=0.0) - run.start_cycles[i, 0]) if system.activities[i].kind == "kernel" else 0.0


def critical_name(system: System, circle: tuple[Wait, ...]) -> str:
    """What sets the pace, in short."""
    groups = dict.fromkeys(system.activities[wait.activity].group for wait in circle)
    if len(groups) == 1:
        return next(iter(groups))
    waits = [f"{system.activities[wait.activity].group} waiting for {system.activities[wait.after].group}"
             for wait in circle if wait.why in (FREE, BUSY) and wait.activity != wait.after]
    return " and ".join(dict.fromkeys(waits or groups))
