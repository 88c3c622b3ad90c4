"""How many copies the memory-tile buffers of networks with joins need.

A result that several layers read is sent to all of them at once. Where their ways meet again, the buffer in front of the
join holds what came the short way until the long way has brought its part. It needs a copy for every call of the graph
that is on its way meanwhile; with fewer the sender waits, and the whole network with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from aie_explorer.design.estimate import estimate
from aie_explorer.errors import DesignError
from aie_explorer.placement import Placement
from aie_explorer.search.space import DesignSpace
from aie_explorer.timeline.build import build, memory_buffer_name
from aie_explorer.timeline.pace import Wait, busy_cycles, pace
from aie_explorer.timeline.simulate import FREE
from aie_explorer.timeline.system import System
from aie_explorer.transport import KernelEnd, MemoryBuffer, Plan, located, staged
from aie_explorer.transport.plan import COPIES

SLACK = 1.005  # of the interval of the closed form: a difference that is not worth a copy


def plan_with_joins(space: DesignSpace, placement: Placement, known: Mapping[str, int] | None = None) -> Plan:
    """The plan of a single-design space whose memory-tile buffers have the copies that its interval needs.

    Args:
        space: of one design.
        placement: of its layers.
        known: copies of buffers, by name, to begin with.

    Raises:
        DesignError: when the memory tiles do not suffice.
    """
    plan = staged(space, placement)
    copies = {held.name: (known or {}).get(held.name, COPIES) for held in plan.buffers}
    system = build(space, plan)
    interval = estimate(space).interval_cycles
    target = SLACK * max(interval, *busy_cycles(system))
    index = {name: i for i, name in enumerate(system.buffers)}
    buffers = {index[memory_buffer_name(held)]: held for held in plan.buffers}
    while True:
        system = replace(system, copies=tuple(
            copies[buffers[i].name] if i in buffers else count for i, count in enumerate(system.copies)))
        cycles, circle = pace(system)
        if cycles <= target:
            break
        held = _to_deepen(system, circle, buffers)
        iterations = sum(wait.iterations for wait in circle)
        copies[held.name] += max(1, ceil(sum(wait.cycles for wait in circle) / target - iterations))
    plan = replace(plan, buffers=tuple(replace(held, copies=copies[held.name]) for held in plan.buffers))
    try:
        return located(plan, placement, space.device)
    except DesignError as error:
        deep = max(plan.buffers, key=lambda held: held.copies)
        if deep.copies <= COPIES:
            raise
        raise DesignError(
            f"joins a short way with a long one: for the interval of {interval:.0f} cycles {deep.copies} copies of "
            f"{deep.bytes} bytes of {deep.tensor} must wait in a memory tile, and {error.problem}",
            where=reader(deep), rule=error.rule,
            remedy="Use fewer tiles for the slowest layer, as a larger interval needs fewer copies, or a smaller batch",
        ) from None


def _to_deepen(system: System, circle: tuple[Wait, ...], buffers: Mapping[int, MemoryBuffer]) -> MemoryBuffer:
    """The smallest memory-tile buffer that something waits for to be drained."""
    waited = [buffers[wait.index] for wait in circle if wait.why == FREE and wait.index in buffers]
    if not waited:
        names = ", ".join(dict.fromkeys(system.activities[wait.activity].name for wait in circle))
        raise DesignError(f"the buffers of tiles are too few for what waits in a circle: {names}",
                          remedy="Use other cuts for these layers")
    return min(waited, key=lambda held: held.bytes)


def reader(held: MemoryBuffer) -> str:
    """The layer that reads a buffer; the tensor where it leaves the array."""
    return next((end.layer for port in held.readers for end in port.ends if isinstance(end, KernelEnd)), held.tensor)
