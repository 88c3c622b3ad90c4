"""How many copies the memory-tile buffers of networks with joins need.

A result that several layers read is sent to all of them at once. Where their ways meet again, the buffer in front of
the join holds what came the short way until the long way has brought its part. It needs a copy for every call of the
graph that is on its way meanwhile; with fewer the sender waits, and the whole network with it. Copies take buffer
descriptors, of which a memory tile has few: buffers that need more are divided over several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

from aie_explorer.design.estimate import estimate
from aie_explorer.errors import DesignError
from aie_explorer.placement import Placement
from aie_explorer.search.space import DesignSpace
from aie_explorer.space.usage import COPIES
from aie_explorer.timeline.build import build, memory_buffer_name
from aie_explorer.timeline.pace import Wait, busy_cycles, pace
from aie_explorer.timeline.simulate import FREE
from aie_explorer.timeline.single import placed_in_memory
from aie_explorer.timeline.system import System
from aie_explorer.transport import KernelEnd, MemoryBuffer, Plan, PlioEnd, located, staged
from aie_explorer.transport.divide import cut_to_fit, divide, divided_to_fit, parted
from aie_explorer.transport.locate import fits_alone

SLACK = 1.005  # of the interval of the closed form: a difference that is not worth a copy


def plan_with_joins(space: DesignSpace, placement: Placement, one: Plan | None = None, *, single: bool = False) -> Plan:
    """The plan of a single-design space whose memory-tile buffers have the copies that its interval needs.

    Args:
        space: of one design.
        placement: of its layers.
        one: of networks side by side, the plan of one alone, whose copies are those to begin with.
        single: as of `placed_in_memory`.

    Raises:
        DesignError: when the memory tiles do not suffice.
    """
    plan = staged(space, placement)
    plan, _ = _deepened(space, plan if one is None else _begun(plan, one))
    try:
        return placed_in_memory(space, plan, placement, single=single)
    except DesignError as error:
        raise _in_words(space, plan, error) from None


def refuse_joins(space: DesignSpace) -> None:
    """Refuse a design, before it is placed, that has a buffer which would not fit an empty memory tile.

    Results that may stay in a memory that two cores share are taken to move in no time, so that no placement needs
    fewer copies. Where there is a choice of the buffers to deepen, nothing is refused.

    Raises:
        DesignError: says which join it is.
    """
    plan, only = _deepened(space, staged(space), least=True)
    anywhere = Placement({layer.name: (0, 0) for layer in space.layers})
    for held in plan.buffers:
        if only and held.copies > COPIES and not fits_alone(held, space.device):
            alone = replace(plan, buffers=(held,))
            try:
                located(alone, anywhere, space.device)
            except DesignError as error:
                raise _in_words(space, alone, error) from None


def _begun(plan: Plan, one: Plan) -> Plan:
    """A plan of equal networks side by side, with the copies and the divided buffers that one network has.

    The buffers of all layers come before those of outputs.
    """
    ends = [isinstance(held.readers[0].ends[0], PlioEnd) for held in plan.buffers]
    count = sum(isinstance(held.readers[0].ends[0], PlioEnd) for held in one.buffers)
    parts = len(plan.outputs) // len(one.outputs)
    layers = (len(plan.buffers) - sum(ends)) // parts
    known, shapes = iter(one.buffers), []
    for held in (*plan.buffers[:layers], *plan.buffers[layers * parts:layers * parts + count]):
        shape: list[tuple[int, int]] = []  # readers and copies of each part of it
        while sum(readers for readers, _ in shape) < len(held.readers):
            part = next(known)
            shape.append((len(part.readers), max(part.copies, COPIES)))
        shapes.append(shape)
    buffers: list[MemoryBuffer] = []
    for held, shape in zip(plan.buffers, shapes[:layers] * parts + shapes[layers:] * parts, strict=True):
        divided = divide(held, [readers for readers, _ in shape], {other.name for other in (*plan.buffers, *buffers)})
        buffers += [replace(part, copies=copies) for part, (_, copies) in zip(divided, shape, strict=True)]
    return replace(plan, buffers=tuple(buffers))


def _deepened(space: DesignSpace, plan: Plan, *, least: bool = False) -> tuple[Plan, bool]:
    """A plan whose buffers have the copies they need, and whether there was no choice of the buffers to deepen.

    Buffers that no memory tile can hold so often are divided among their readers where that helps.
    """
    plan, only = _with_copies(space, plan, least)
    while True:
        more = parted(parted(plan, space.device, cut_to_fit), space.device, divided_to_fit)
        if more is plan:
            return plan, only
        plan, none = _with_copies(space, more, least)
        only = only and none


def _with_copies(space: DesignSpace, plan: Plan, least: bool) -> tuple[Plan, bool]:
    system = build(space, plan, least=least)
    target = SLACK * max(estimate(space).interval_cycles, *busy_cycles(system))
    places = {name: i for i, name in enumerate(system.buffers)}
    at = [places[memory_buffer_name(held.name)] for held in plan.buffers]
    first = [held.copies for held in plan.buffers]
    found, only = list(first), True
    while True:
        cycles, circle = pace(_having(system, at, found))
        if cycles <= target:
            break
        waited = [at.index(wait.index) for wait in circle if wait.why == FREE and wait.index in at]
        if not waited:
            raise _stuck(system, circle)
        only = only and len(set(waited)) == 1
        missing = ceil(sum(wait.cycles for wait in circle) / target) - sum(wait.iterations for wait in circle)
        found[min(waited, key=lambda i: plan.buffers[i].bytes)] += max(missing, 1)
    if not only:  # a later circle may have made up for an earlier one
        for i in range(len(found)):
            while found[i] > first[i]:
                fewer = [*found[:i], found[i] - 1, *found[i + 1:]]
                if pace(_having(system, at, fewer))[0] > target:
                    break
                found = fewer
    return replace(plan, buffers=tuple(held if held.copies == count else replace(held, copies=count)
                                       for held, count in zip(plan.buffers, found, strict=True))), only


def _having(system: System, at: Sequence[int], copies: Sequence[int]) -> System:
    """A system whose memory-tile buffers, at some places among its buffers, have other copies."""
    by_place: Mapping[int, int] = dict(zip(at, copies, strict=True))
    return replace(system, copies=tuple(by_place.get(i, count) for i, count in enumerate(system.copies)))


def _stuck(system: System, circle: tuple[Wait, ...]) -> DesignError:
    names = ", ".join(dict.fromkeys(system.activities[wait.activity].name for wait in circle))
    return DesignError(f"activities wait in a circle for buffers of tiles, which have two copies: {names}",
                       where=system.activities[circle[0].activity].layer, remedy="Use another cut of this layer")


def _in_words(space: DesignSpace, plan: Plan, error: DesignError) -> DesignError:
    """Why memory tiles do not suffice: the join that needs most, where one needs more than two copies."""
    deep = max(plan.buffers, key=lambda held: (held.copies, held.bytes))
    if deep.copies <= COPIES:
        return error
    return DesignError(
        f"joins a short way with a longer one: at an interval of {estimate(space).interval_cycles:.0f} cycles "
        f"{deep.copies} copies of {deep.bytes} bytes ({deep.tensor}) wait in front of it, and {error.problem}",
        where=_reader(deep), rule=error.rule,
        remedy="Use fewer tiles for the slowest layer, as a larger interval needs fewer copies, or a smaller batch")


def _reader(held: MemoryBuffer) -> str:
    """The layer that reads a buffer, or the tensor where it leaves the array."""
    return next((end.layer for port in held.readers for end in port.ends if isinstance(end, KernelEnd)), held.tensor)
