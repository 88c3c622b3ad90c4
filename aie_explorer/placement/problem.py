"""A placement problem in the form the search works on: blocks by number, in placing order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aie_explorer.devices import Device
from aie_explorer.placement.cost import Weights, edge_gap
from aie_explorer.placement.geometry import Block, Tile
from aie_explorer.placement.occupancy import anchors, shape_mask

Tiles = tuple[Tile, ...]


@dataclass(frozen=True)
class Problem:
    """The blocks in placing order, and what they are placed by.

    Attributes:
        blocks: producers before consumers.
        producers: by block, the numbers of the blocks it receives from, one an edge.
        consumers: by block, the numbers of those it sends to.
        device: the array.
        weights: the objective.
    """

    blocks: tuple[Block, ...]
    producers: tuple[tuple[int, ...], ...]
    consumers: tuple[tuple[int, ...], ...]
    device: Device
    weights: Weights

    def mask(self, index: int, tile: Tile) -> int:
        """The tiles of a block placed at a tile, as bits."""
        block = self.blocks[index]
        return shape_mask(block.width, block.height, self.device.rows) << (tile[0] * self.device.rows + tile[1])

    def legal(self, index: int, free: int) -> int:
        """The tiles where a block may go, as bits."""
        block = self.blocks[index]
        return anchors(free, block.width, block.height, self.device.columns, self.device.rows)

    def pair_cost(self, a: int, b: int, tiles: Sequence[Tile]) -> float:
        """The cost of the edges at either of two blocks of a complete placement."""
        cost = 0.0
        for index, counted in ((a, -1), (b, a)):  # an edge between the two counts once
            cost += sum(self._edge(other, index, tiles) for other in self.producers[index] if other != counted)
            cost += sum(self._edge(index, other, tiles) for other in self.consumers[index] if other != counted)
        return cost

    def cost(self, tiles: Sequence[Tile]) -> float:
        """The objective of a complete placement."""
        edges = sum(self._edge(p, c, tiles) for c, sources in enumerate(self.producers) for p in sources)
        return edges + self.weights.row * sum(row for _, row in tiles)

    def _edge(self, producer: int, consumer: int, tiles: Sequence[Tile]) -> float:
        blocks = self.blocks
        dx, dy = edge_gap(blocks[producer], tiles[producer], blocks[consumer], tiles[consumer])
        return dx + self.weights.vertical * dy


def problem_of(
    blocks: Sequence[Block], edges: Sequence[tuple[str, str]], device: Device, weights: Weights
) -> Problem:
    """Number the blocks with producers before consumers, otherwise as given; on a cycle, as given."""
    edges = [edge for edge in edges if edge[0] != edge[1]]
    order = _in_order(blocks, edges)
    number = {block.name: index for index, block in enumerate(order)}
    producers: list[list[int]] = [[] for _ in order]
    consumers: list[list[int]] = [[] for _ in order]
    for producer, consumer in edges:
        producers[number[consumer]].append(number[producer])
        consumers[number[producer]].append(number[consumer])
    return Problem(order, tuple(map(tuple, producers)), tuple(map(tuple, consumers)), device, weights)


def named(problem: Problem, tiles: Sequence[Tile]) -> dict[str, Tile]:
    """The tiles by the names of the blocks."""
    return {block.name: tile for block, tile in zip(problem.blocks, tiles, strict=True)}


def numbered(problem: Problem, placed: Mapping[str, Tile]) -> Tiles:
    """The tiles by the numbers of the blocks."""
    return tuple(placed[block.name] for block in problem.blocks)


def _in_order(blocks: Sequence[Block], edges: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    sources: dict[str, set[str]] = {block.name: set() for block in blocks}
    for producer, consumer in edges:
        sources[consumer].add(producer)
    waiting, done, order = list(blocks), set[str](), list[Block]()
    while waiting:
        block = next((b for b in waiting if sources[b.name] <= done), waiting[0])
        waiting.remove(block)
        done.add(block.name)
        order.append(block)
    return tuple(order)
