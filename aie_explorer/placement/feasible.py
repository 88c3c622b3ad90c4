"""Whether a problem has a legal placement at all, and if not, which block is in the way and why."""

from __future__ import annotations

from collections.abc import Sequence

from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError
from aie_explorer.placement.geometry import Array, Block, Tile, array_of
from aie_explorer.placement.packing import Packing, pack
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.rules import FREE, Rules, problems


def fits(blocks: Sequence[Block], device: str | Device | Array, rules: Rules = FREE) -> bool:
    """Whether blocks have a legal placement, whatever it costs; a few milliseconds.

    False where it is proven that they have none, and in the rare case in which none was found.

    >>> fits([Block("a", 38, 4), Block("b", 38, 4)], "vek280")
    True
    >>> fits([Block("a", 38, 4), Block("b", 38, 5)], "vek280")
    False
    """
    array = device if isinstance(device, Array) else array_of(find(device))
    problem = Problem(tuple(blocks), (), array, rules=rules)
    try:
        check_problem(problem)
    except PlacementError:
        return False
    return packed(problem).positions is not None


def check_problem(problem: Problem) -> None:
    """Refuse what can never be placed, whatever the arrangement.

    Raises:
        PlacementError: for a block larger than the array, a pin that cannot be kept, a block with no place beside what
            is pinned and reserved, or too many tiles.
    """
    array = problem.array
    for block in problem.blocks:
        if block.width > array.columns:
            raise PlacementError(f"the block is {block.width} columns wide and {array} has {array.columns}",
                                 where=block.name, remedy=f"Use a cas_length of {array.columns} or less")
        if block.height > array.rows:
            raise PlacementError(f"the block is {block.height} rows high and {array} has {array.rows}",
                                 where=block.name, remedy=f"Use a cas_num of {array.rows} or less")
    _check_pins(problem)
    _check_room(problem)
    _check_halves(problem)


def packed(problem: Problem) -> Packing:
    """A legal arrangement that ignores distance, or that there is none, or that none was found."""
    strict = _pack(problem, shared=False)
    if strict.positions is not None or not _sharing(problem):
        return strict
    # a consumer that abuts its producer needs no keepout: only if they do not fit even so, nothing does
    loose = _pack(problem, shared=True)
    return Packing(None, loose.positions is None and loose.proven, strict.left_over)


def refusal(problem: Problem, packing: Packing) -> PlacementError:
    """What to say where nothing fits, or nothing was found."""
    block = next(b for b in problem.blocks if b.name == packing.left_over)
    verdict = "no arrangement leaves" if packing.proven else "no arrangement was found that leaves"
    kept = " and the column west of it" if problem.rules.keepout_columns else ""
    total, free = sum(b.tiles for b in problem.blocks), problem.array.tiles - len(problem.rules.taken(problem.array))
    return PlacementError(
        f"{verdict} {block.width} x {block.height} free tiles together for it{kept}, although the blocks need only "
        f"{total} of {free} tiles", where=block.name,
        remedy=f"Use values of cas_num that add up to the {problem.array.rows} rows, or fewer tiles for some layers")


def _pack(problem: Problem, *, shared: bool) -> Packing:
    """Pack the blocks that are not pinned; those that may abut go without their keepout when `shared`."""
    kept = problem.rules.keepout_columns
    pins = dict(problem.rules.pins)
    loose = _sharing(problem) if shared else set()
    widths = {block.name: 0 if block.name in loose else kept for block in problem.blocks}
    taken = {(x + kept, y) for x, y in problem.rules.taken(problem.array)}
    for block in problem.blocks:
        if block.name in pins:
            x, y = pins[block.name]
            wide = Block(block.name, block.width + widths[block.name], block.height)
            taken |= set(wide.tiles_at((x + kept - widths[block.name], y)))
    free = [Block(b.name, b.width + widths[b.name], b.height) for b in problem.blocks if b.name not in pins]
    found = pack(free, problem.array.columns + kept, problem.array.rows, taken)
    if found.positions is None:
        return found
    moved = {name: (x + widths[name] - kept, y) for name, (x, y) in found.positions.items()}
    return Packing({block.name: {**moved, **pins}[block.name] for block in problem.blocks}, True)


def _sharing(problem: Problem) -> set[str]:
    """Blocks whose keepout may lie on their producer."""
    heights = {block.name: block.height for block in problem.blocks}
    if not (problem.rules.keepout_columns and problem.rules.keepout_shared):
        return set()
    return {edge.consumer for edge in problem.edges
            if edge.may_abut and heights[edge.producer] == heights[edge.consumer] and edge.producer != edge.consumer}


def _check_pins(problem: Problem) -> None:
    """Pins must respect the array, what is taken, and each other."""
    pins = dict(problem.rules.pins)
    blocks = [block for block in problem.blocks if block.name in pins]
    found = problems(pins, blocks, problem.array, problem.rules, problem.edges)
    if found:
        name = next((name for name in pins if found[0].startswith(f"{name} ")), next(iter(pins)))
        raise PlacementError(f"it is pinned to column {pins[name][0]}, row {pins[name][1]}, but {found[0]}", where=name,
                             remedy="Pin it elsewhere, or leave its place open")


def _check_room(problem: Problem) -> None:
    """Each block alone must have a place beside what is taken and pinned; all together must have tiles enough."""
    array, rules = problem.array, problem.rules
    taken, pins = rules.taken(array), dict(rules.pins)
    total = sum(block.tiles for block in problem.blocks)
    free = array.tiles - len(taken)
    if total > free:
        largest = max(problem.blocks, key=lambda block: block.tiles)
        reserved = f", {len(taken)} of which are forbidden or reserved" if taken else ""
        raise PlacementError(
            f"the {len(problem.blocks)} blocks need {total} tiles and {array} has {array.tiles}{reserved}",
            where=largest.name,
            remedy=f"Give the layers fewer tiles, starting with the largest, {largest.name} ({largest.tiles} tiles)")
    if not taken and not pins:
        return
    for block in problem.blocks:
        if block.name in pins:
            continue
        for used, what in ((set(taken), "what is forbidden and reserved"), (_pinned(problem), "the pinned blocks")):
            if used and not _has_place(block, array, set(taken) | used):
                raise PlacementError(
                    f"beside {what} the array has no free {block.width} x {block.height} tiles for it",
                    where=block.name, remedy="Forbid less, pin elsewhere, or use a smaller cas_length or cas_num")


def _pinned(problem: Problem) -> set[Tile]:
    pins = dict(problem.rules.pins)
    return {tile for block in problem.blocks if block.name in pins for tile in block.tiles_at(pins[block.name])}


def _has_place(block: Block, array: Array, used: set[Tile]) -> bool:
    return any(not used.intersection(block.tiles_at((x, y))) for x in range(array.columns - block.width + 1)
               for y in range(array.rows - block.height + 1))


def _check_halves(problem: Problem) -> None:
    """Blocks of more than half the rows cannot be stacked, so their widths add up; likewise for the columns."""
    blocks, array = problem.blocks, problem.array
    tall = [block for block in blocks if 2 * block.height > array.rows]
    columns = sum(block.width for block in tall)
    if columns > array.columns:
        raise PlacementError(
            f"the {len(tall)} blocks higher than {array.rows // 2} rows cannot be stacked and need {columns} columns "
            f"side by side, and {array} has {array.columns}", where=max(tall, key=lambda b: b.width).name,
            remedy=f"Use a cas_num of {array.rows // 2} or less, or a smaller cas_length, for some of them")
    wide = [block for block in blocks if 2 * block.width > array.columns]
    rows = sum(block.height for block in wide)
    if rows > array.rows:
        raise PlacementError(
            f"the {len(wide)} blocks wider than {array.columns // 2} columns cannot share a row and need {rows} rows, "
            f"and {array} has {array.rows}", where=max(wide, key=lambda b: b.height).name,
            remedy=f"Use a cas_length of {array.columns // 2} or less, or a smaller cas_num, for some of them")
