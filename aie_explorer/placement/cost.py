"""What makes one placement better than another.

The objective is the one AIE4ML places by (arXiv 2512.15946):

    J = sum over edges (dx + vertical * dy) + row * sum over blocks (row of the block)

A block sends from its east column and receives at its west column, on all its rows. dx is the distance between the
producer's east column and the consumer's west column, dy the rows between the two blocks, 0 where they share a row. The
last term, small, keeps blocks near the interface at the bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device
from aie_explorer.placement.geometry import Block, Tile

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Weights of the objective, in columns.

    Attributes:
        vertical: a row of distance between producer and consumer (lambda in AIE4ML).
        row: a row of height of one block above the bottom of the array (mu).
    """

    vertical: float = 1.0
    row: float = 0.05


DEFAULT = Weights()


def edge_gap(producer: Block, source: Tile, consumer: Block, target: Tile) -> tuple[int, int]:
    """(dx, dy) of an edge between a producer placed at `source` and a consumer placed at `target`.

    >>> edge_gap(Block("a", 2, 2), (0, 0), Block("b", 1, 4), (2, 1))
    (1, 0)
    """
    dx = abs(target[0] - (source[0] + producer.width - 1))
    dy = max(0, target[1] - (source[1] + producer.height - 1), source[1] - (target[1] + consumer.height - 1))
    return dx, dy


def placement_cost(
    placement: Mapping[str, Tile], blocks: Sequence[Block], edges: Iterable[tuple[str, str]],
    weights: Weights = DEFAULT,
) -> float:
    """The objective J of a placement; lower is better.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks.
        edges: (producer, consumer) names.
        weights: what a row counts.
    """
    by_name = {block.name: block for block in blocks}
    cost = weights.row * sum(placement[block.name][1] for block in blocks)
    for producer, consumer in edges:
        dx, dy = edge_gap(by_name[producer], placement[producer], by_name[consumer], placement[consumer])
        cost += dx + weights.vertical * dy
    return cost


def anchor_costs(
    block: Block, producers: Iterable[tuple[Block, Tile]], consumers: Iterable[tuple[Block, Tile]],
    device: Device, weights: Weights,
) -> Floats:
    """What a block adds to the objective at every tile, given the placed blocks it has edges with.

    Args:
        block: the block to place.
        producers: placed blocks it receives from, with their lower left tile, one an edge.
        consumers: placed blocks it sends to, likewise.
        device: the array.
        weights: what a row counts.

    Returns:
        An array [columns, rows] over its lower left tile.
    """
    x = np.arange(device.columns, dtype=np.float64)
    y = np.arange(device.rows, dtype=np.float64)
    along, up = np.zeros_like(x), weights.row * y
    for other, (column, row) in producers:
        along += np.abs(x - (column + other.width - 1))
        up += weights.vertical * _row_gap(y, block.height, row, other.height)
    for other, (column, row) in consumers:
        along += np.abs(column - (x + block.width - 1))
        up += weights.vertical * _row_gap(y, block.height, row, other.height)
    total: Floats = along[:, None] + up[None, :]
    return total


def _row_gap(y: Floats, height: int, row: int, other_height: int) -> Floats:
    """Rows between a block of `height` at each of `y` and a block at `row`; 0 where they share one."""
    gap: Floats = np.maximum(0.0, np.maximum(y - (row + other_height - 1), row - (y + height - 1)))
    return gap
