"""How a good placement is found.

Several beam searches place the blocks in the order of the data flow, each spreading them over the columns to another
degree. If all of them dead-end on a crowded array, a packing that ignores distance takes over. What was found is then
improved by moving single blocks and exchanging equal ones, and the cheapest result is kept. Nothing is random: the same
blocks always give the same placement.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError
from aie_explorer.placement.beam import beam, costs_at, to_bools
from aie_explorer.placement.cost import DEFAULT, Weights
from aie_explorer.placement.geometry import Block, Placement, Tile, check_blocks
from aie_explorer.placement.occupancy import full_mask
from aie_explorer.placement.packing import pack
from aie_explorer.placement.problem import Problem, Tiles, named, numbered, problem_of

_BEAM, _BRANCH = 16, 6
# Columns of cost per column in use. On chains of random blocks many spreads gain more than a wider beam of one.
_SPREADS = (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
_KEEP = 2  # results of each beam that are improved
_ROUNDS = 8  # passes of the improvement over all blocks


def place(
    blocks: Sequence[Block], edges: Sequence[tuple[str, str]], device: str | Device, weights: Weights = DEFAULT
) -> Placement:
    """A legal, compact placement of blocks that exchange data along edges.

    It is not proven to be the best one; `cost.placement_cost` says what it costs.

    Args:
        blocks: the rectangles, in the order of the network.
        edges: (producer, consumer) names; one pair may occur more than once.
        device: the array, or its name.
        weights: what a row counts against a column.

    Raises:
        PlacementError: when a block is larger than the array, the tiles do not suffice, or no arrangement fits.
        DeviceError: when the shape of the array is unknown.

    >>> dict(place([Block("a", 2, 2), Block("b", 1, 2)], [("a", "b")], "vek280"))
    {'a': (0, 0), 'b': (2, 0)}
    """
    device = find(device)
    check_blocks(blocks, edges, device)
    problem = problem_of(blocks, edges, device, weights)
    found = [tiles for spread in _SPREADS for tiles in beam(problem, _BEAM, _BRANCH, spread)[:_KEEP]]
    improved = [_improved(problem, tiles) for tiles in dict.fromkeys(found or [_packed(problem)])]
    best = min(improved, key=lambda tiles: (round(problem.cost(tiles), 6), tiles))
    positions = named(problem, best)
    return Placement({block.name: positions[block.name] for block in blocks})


def _packed(problem: Problem) -> Tiles:
    """A packing that ignores distance.

    Raises:
        PlacementError: when there is none, or none was found.
    """
    device = problem.device
    packing = pack(problem.blocks, device.columns, device.rows)
    if packing.positions is not None:
        return numbered(problem, packing.positions)
    block = next(b for b in problem.blocks if b.name == packing.left_over)
    total = sum(b.tiles for b in problem.blocks)
    verdict = "no arrangement leaves" if packing.proven else "no arrangement was found that leaves"
    raise PlacementError(
        f"{verdict} {block.width} x {block.height} free tiles together for it, although the blocks need only {total} "
        f"of {device.tiles} tiles", where=block.name,
        remedy=f"Use values of cas_num that add up to the {device.rows} rows, or fewer tiles for some layers")


def _improved(problem: Problem, tiles: Tiles) -> Tiles:
    """Move single blocks to cheaper tiles and exchange blocks of one shape until neither helps."""
    placed = list(tiles)
    for _ in range(_ROUNDS):
        before = problem.cost(placed)
        _move_blocks(problem, placed)
        _exchange_blocks(problem, placed)
        if problem.cost(placed) > before - 1e-9:
            break
    return tuple(placed)


def _move_blocks(problem: Problem, placed: list[Tile]) -> None:
    """Put each block in turn at its cheapest tile."""
    free = full_mask(problem.device.columns, problem.device.rows)
    for index, tile in enumerate(placed):
        free &= ~problem.mask(index, tile)
    for index, tile in enumerate(placed):
        free |= problem.mask(index, tile)
        costs = costs_at(problem, index, placed)
        legal = to_bools(problem.legal(index, free), costs.size)
        best = int(np.argmin(np.where(legal, costs, np.inf)))
        if costs[best] < costs[tile[0] * problem.device.rows + tile[1]] - 1e-9:
            placed[index] = divmod(best, problem.device.rows)
        free &= ~problem.mask(index, placed[index])


def _exchange_blocks(problem: Problem, placed: list[Tile]) -> None:
    """Exchange pairs of blocks of one shape where that is cheaper."""
    for a, b in itertools.combinations(range(len(placed)), 2):
        if problem.blocks[a].shape != problem.blocks[b].shape:
            continue
        before = problem.pair_cost(a, b, placed)  # the rows they occupy stay the same together
        placed[a], placed[b] = placed[b], placed[a]
        if problem.pair_cost(a, b, placed) > before - 1e-9:
            placed[a], placed[b] = placed[b], placed[a]
