"""Where one copy of a buffer is enough, so that memory, banks and descriptors are free for something else.

A copy is taken from when the first of its writers begins until the last of its readers is done. Where that is no longer
than the interval, filling and draining can take turns. How long it is, the first iteration says: every activity begins
as early as its data are there, and may do so again every interval, since nothing then waits for a copy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from aie_explorer.design.estimate import estimate
from aie_explorer.errors import DesignError
from aie_explorer.placement import Placement
from aie_explorer.search.space import DesignSpace
from aie_explorer.timeline.build import build, memory_buffer_name, tile_buffers
from aie_explorer.timeline.pace import ROUNDING, busy_cycles, pace
from aie_explorer.timeline.simulate import FREE, simulate
from aie_explorer.timeline.system import System
from aie_explorer.transport import Plan, PlioEnd, Way, located
from aie_explorer.transport.divide import cut_to_fit, divided_to_fit, parted
from aie_explorer.transport.locate import fits_alone

Tiles = frozenset[tuple[str, Way]]


def placed_in_memory(space: DesignSpace, plan: Plan, placement: Placement, *, single: bool = False) -> Plan:
    """A plan with its buffers in memory tiles.

    What no memory tile can hold is cut where no walk crosses; where that is not enough it has one copy, if the interval
    allows it, or is divided among its readers. Where buffers do not fit together, all have one copy that can. On
    request so have those of tiles, and all that can, at once.

    Args:
        space: of one design.
        plan: its buffers with the copies they need at most.
        placement: of its layers.
        single: one copy wherever it is enough.

    Raises:
        DesignError: when the memory tiles do not suffice.
    """
    device = space.device
    plan = parted(plan, device, cut_to_fit)
    every = [held.name for held in plan.buffers]
    large = [held.name for held in plan.buffers if not fits_alone(held, device)]
    found = parted(with_single(space, plan, every if single else large, tiles=single), device, divided_to_fit)
    try:
        return located(found, placement, device)
    except DesignError as error:
        fewer = parted(with_single(space, plan, every), device, divided_to_fit)
        if single or fewer == found:
            raise
        try:
            return located(fewer, placement, device)
        except DesignError:
            raise error from None


def with_single(space: DesignSpace, plan: Plan, names: Collection[str], *, tiles: bool = False) -> Plan:
    """A plan in which buffers have one copy where it is enough, whatever the cycle model may be off by.

    Buffers that a PLIO fills or drains keep two: what happens beyond it, no model knows. The buffers of a layer's tiles
    are alike.

    Args:
        space: of one design.
        plan: its plan.
        names: of the memory-tile buffers that may have one.
        tiles: whether the input and output buffers of tiles may.
    """
    if not names and not tiles:
        return plan
    system = build(space, plan)
    taken, interval = _taken_cycles(system), max(busy_cycles(system))
    most = interval * (1 - estimate(space).interval_error_pct / 100)
    index = {name: i for i, name in enumerate(system.buffers)}
    inner = {held.name for held in plan.buffers if held.copies > 1 and not any(
        isinstance(end, PlioEnd) for port in (*held.writers, *held.readers) for end in port.ends)}
    memory = {name for name in inner & set(names) if taken[index[memory_buffer_name(name)]] <= most}
    ends = tile_buffers(space, plan) if tiles else {}
    at_plios = {(end.layer, "input" if edge.into else "output") for edge in plan.plio_edges for end in edge.tiles}
    of_tiles = {key for key, found in ends.items() if key not in at_plios and all(taken[i] <= most for i in found)}
    found = _having(plan, memory, frozenset(of_tiles))
    if all(cycles <= count * interval for cycles, count in zip(taken, build(space, found).copies, strict=True)):
        return found  # every activity may begin again an interval later
    before = pace(system)[0]
    while memory or of_tiles:
        after, circle = pace(build(space, found))
        if after <= before * (1 + ROUNDING):
            return found
        waited = {wait.index for wait in circle if wait.why == FREE}
        worse = {name for name in memory if index[memory_buffer_name(name)] in waited}
        worse_tiles = {key for key in of_tiles if waited & set(ends[key])}
        if not worse and not worse_tiles:
            return plan
        memory, of_tiles = memory - worse, of_tiles - worse_tiles
        found = _having(plan, memory, frozenset(of_tiles))
    return plan


def _having(plan: Plan, memory: Collection[str], tiles: Tiles) -> Plan:
    return replace(plan, single=plan.single | tiles, buffers=tuple(
        replace(held, copies=1) if held.name in memory else held for held in plan.buffers))


def _taken_cycles(system: System) -> list[float]:
    """How long one copy of each buffer is taken in the first iteration."""
    starts = simulate(system, 1).start_cycles[:, 0].tolist()
    begin, end = [float("inf")] * len(system.buffers), [0.0] * len(system.buffers)
    for start, activity in zip(starts, system.activities, strict=True):
        for access in activity.writes:
            begin[access.index] = min(begin[access.index], start + access.begin_cycles)
        for access in activity.reads:
            end[access.index] = max(end[access.index], start + access.end_cycles)
    return [max(last - first, 0.0) for first, last in zip(begin, end, strict=True)]
