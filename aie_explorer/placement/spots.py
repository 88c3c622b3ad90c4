"""Where a block cannot be put, and why: for a user who drags it."""

from __future__ import annotations

from collections.abc import Mapping

from aie_explorer.placement.geometry import Tile
from aie_explorer.placement.problem import Problem


def illegal_spots(problem: Problem, name: str, put: Mapping[str, Tile]) -> dict[Tile, str]:
    """Lower left tiles inside the array at which a block clashes with what may not move, each with the reason.

    Blocks that are free move out of the way, so they forbid nothing here.

    Args:
        problem: the blocks and the rules.
        name: the block.
        put: where other blocks lie for good; an entry of the block itself is passed over.

    >>> from aie_explorer.placement import Array, Block
    >>> two = Problem((Block("a", 2, 1), Block("b", 1, 1)), (), Array(4, 1))
    >>> illegal_spots(two, "a", {"b": (2, 0)})
    {(1, 0): 'it overlaps b, which was put there', (2, 0): 'it overlaps b, which was put there'}
    """
    blocks = {block.name: block for block in problem.blocks}
    block, array, keepout = blocks[name], problem.array, problem.rules.keepout_columns
    owner = {tile: f"it overlaps {whose}" for tile, whose in problem.rules.taken(array).items()}
    fixed = {**dict(problem.rules.pins), **put}
    for other, tile in fixed.items():
        if other != name and other in blocks:
            owner.update(dict.fromkeys(blocks[other].tiles_at(tile), f"it overlaps {other}, which was put there"))
            if keepout:
                column, row = tile
                for y in range(row, row + blocks[other].height):
                    owner.setdefault((column - 1, y), f"it lies in the column west of {other}, which that keeps free")
    found: dict[Tile, str] = {}
    for row in range(array.rows - block.height + 1):
        for column in range(array.columns - block.width + 1):
            why = next((owner[tile] for tile in block.tiles_at((column, row)) if tile in owner), None)
            if why:
                found[column, row] = why
    return found
