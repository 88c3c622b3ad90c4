"""What makes one placement better than another.

The objective is the one AIE4ML places by (arXiv 2512.15946), with terms for the ways in and out of the array:

    J = sum over edges (dx + vertical * dy)                 columns and rows between the two faces
      + row * sum over blocks (row of the block)            a pull towards the interface at the bottom
      + plio * sum over PLIO ends (columns to the nearest column with a PL interface)
      + memory_tile * sum over edges through a memory tile (row of the producer + row of the consumer)

A block sends from its east column and receives at its west column, on all its rows. dx is the distance between the
producer's east column and the consumer's west column, dy the rows between the two blocks, 0 where they share a row. An
edge through a memory tile walks the same columns, as the buffer lies below the two, and besides the rows down to it and
up again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aie_explorer.errors import PlacementError
from aie_explorer.placement.geometry import MEMORY_TILE, Array, Block, Edge, Tile

_LARGEST = 1e4
_DECIMALS = 6


@dataclass(frozen=True)
class Weights:
    """Weights of the objective, in columns. Six decimals count.

    Attributes:
        vertical: a row of distance between producer and consumer (lambda in AIE4ML).
        row: a row of height of one block above the bottom of the array (mu).
        plio: a column between a block with PLIO and the nearest column with a PL interface.
        memory_tile: a row between a block and the memory tiles, for every edge that passes through one.
    """

    vertical: float = 1.0
    row: float = 0.05
    plio: float = 0.0
    memory_tile: float = 0.0

    def __post_init__(self) -> None:
        for name, value in self.values().items():
            if not (isinstance(value, (int, float)) and math.isfinite(value) and 0 <= value <= _LARGEST):
                raise PlacementError(f"the weight is {value!r}", where=name,
                                     remedy=f"Use a number from 0 to {_LARGEST:g}")

    def values(self) -> dict[str, float]:
        """The weights by name."""
        return {"vertical": self.vertical, "row": self.row, "plio": self.plio, "memory_tile": self.memory_tile}

    def scaled(self) -> tuple[dict[str, int], int]:
        """The weights as whole numbers, that of a column ("column") too, and the factor they were multiplied by.

        Sums of whole numbers are exact, and equal on every machine.
        """
        factor = 10 ** _DECIMALS
        numbers = {name: round(value * factor) for name, value in {**self.values(), "column": 1}.items()}
        common = math.gcd(factor, *numbers.values())
        return {name: number // common for name, number in numbers.items()}, factor // common


DEFAULT = Weights()


def edge_gap(producer: Block, source: Tile, consumer: Block, target: Tile) -> tuple[int, int]:
    """(dx, dy) of an edge between a producer placed at `source` and a consumer placed at `target`.

    >>> edge_gap(Block("a", 2, 2), (0, 0), Block("b", 1, 4), (2, 1))
    (1, 0)
    """
    dx = abs(target[0] - (source[0] + producer.width - 1))
    dy = max(0, target[1] - (source[1] + producer.height - 1), source[1] - (target[1] + consumer.height - 1))
    return dx, dy


def plio_gap(column: int, array: Array) -> int:
    """Columns from a column to the nearest one with a PL interface; 0 where those are unknown."""
    return min((abs(column - pl) for pl in array.pl_columns), default=0)


def placement_cost(
    placement: Mapping[str, Tile], blocks: Sequence[Block], edges: Iterable[tuple[str, str] | Edge],
    weights: Weights = DEFAULT, array: Array | None = None, *, inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
) -> float:
    """The objective J of a placement; lower is better.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks.
        edges: (producer, consumer) names, through memory tiles, or Edge.
        weights: what each term counts.
        array: where the PL columns are; without it PLIO counts nothing.
        inputs, outputs: blocks that receive from, or send to, a PLIO.
    """
    whole, factor = weights.scaled()
    by_name = {block.name: block for block in blocks}
    cost = whole["row"] * sum(placement[block.name][1] for block in blocks)
    for edge in map(as_edge, edges):
        ends = placement[edge.producer], placement[edge.consumer]
        dx, dy = edge_gap(by_name[edge.producer], ends[0], by_name[edge.consumer], ends[1])
        cost += whole["column"] * dx + whole["vertical"] * dy
        if edge.kind == MEMORY_TILE:
            cost += whole["memory_tile"] * (ends[0][1] + ends[1][1])
    if array is not None:
        gaps = [plio_gap(placement[name][0], array) for name in inputs]
        gaps += [plio_gap(placement[name][0] + by_name[name].width - 1, array) for name in outputs]
        cost += whole["plio"] * sum(gaps)
    return cost / factor


def as_edge(edge: tuple[str, str] | Edge) -> Edge:
    """An edge given as a pair of names passes through a memory tile."""
    return edge if isinstance(edge, Edge) else Edge(*edge)
