"""Beam search: place block after block, keeping the most promising partial placements."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.placement.cost import Floats, anchor_costs
from aie_explorer.placement.occupancy import anchors, full_mask
from aie_explorer.placement.problem import Problem, Tiles


@dataclass(frozen=True)
class _State:
    """The first blocks of the order at these tiles, what that costs, and the tiles still free."""

    score: float
    cost: float
    tiles: Tiles
    free: int
    east: int  # columns in use, counted from the west


def beam(problem: Problem, width: int, branch: int, spread: float) -> list[Tiles]:
    """Complete placements, most promising first; empty when every partial one dead-ends.

    Args:
        problem: what to place.
        width: partial placements kept after each block.
        branch: tiles tried for the next block of each.
        spread: what one more column in use counts while searching. A chain that runs straight east is cheap until it
            meets the edge of the array; this makes it turn earlier.
    """
    device = problem.device
    states = [_State(0.0, 0.0, (), full_mask(device.columns, device.rows), 0)]
    for index in range(len(problem.blocks)):
        ahead = sorted({later.shape for later in problem.blocks[index + 1:]}, reverse=True)
        grown = sorted(_grown(problem, states, branch, spread), key=lambda state: (state.score, state.tiles))
        kept = _viable(problem, _distinct(problem, grown, index + 1), ahead)
        states = list(itertools.islice(kept, width))
    return [state.tiles for state in states]


def _grown(problem: Problem, states: Sequence[_State], branch: int, spread: float) -> Iterator[_State]:
    """Every state with the next block at each of its most promising tiles."""
    device = problem.device
    for state in states:
        index = len(state.tiles)
        legal = problem.legal(index, state.free)
        if not legal:
            continue
        block = problem.blocks[index]
        east = np.maximum(state.east, np.arange(device.columns) + block.width)
        cost = state.cost + costs_at(problem, index, state.tiles)
        score = np.where(to_bools(legal, cost.size), cost + np.repeat(spread * east, device.rows), np.inf)
        # Stable, so that of equal tiles the westmost and then the lowest comes first.
        for bit in np.argsort(score, kind="stable")[:branch].tolist():
            if score[bit] < np.inf:
                tile = divmod(bit, device.rows)
                free = state.free & ~problem.mask(index, tile)
                yield _State(round(float(score[bit]), 6), round(float(cost[bit]), 6), (*state.tiles, tile), free,
                             int(east[tile[0]]))


def _distinct(problem: Problem, states: Iterable[_State], count: int) -> Iterator[_State]:
    """Of states with the same free tiles and the same open ends, the first; `count` blocks are placed."""
    ends = [
        index for index in range(count)
        if any(other >= count for other in (*problem.consumers[index], *problem.producers[index]))
    ]
    seen = set()
    for state in states:
        key = state.free, tuple(state.tiles[index] for index in ends)
        if key not in seen:
            seen.add(key)
            yield state


def _viable(problem: Problem, states: Iterable[_State], ahead: Sequence[tuple[int, int]]) -> Iterator[_State]:
    """The states in which every shape still to come has a place of its own."""
    columns, rows = problem.device.columns, problem.device.rows
    for state in states:
        if all(anchors(state.free, width, height, columns, rows) for width, height in ahead):
            yield state


def costs_at(problem: Problem, index: int, tiles: Sequence[tuple[int, int]]) -> Floats:
    """What a block adds to the objective at every tile [columns * rows], given the blocks that have tiles."""
    blocks = problem.blocks
    sources = [(blocks[i], tiles[i]) for i in problem.producers[index] if i < len(tiles)]
    targets = [(blocks[i], tiles[i]) for i in problem.consumers[index] if i < len(tiles)]
    return anchor_costs(blocks[index], sources, targets, problem.device, problem.weights).ravel()


def to_bools(mask: int, length: int) -> npt.NDArray[np.bool_]:
    """The lowest `length` bits as an array."""
    raw = np.frombuffer(mask.to_bytes((length + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=length, bitorder="little").astype(np.bool_)
