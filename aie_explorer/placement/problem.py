"""A placement problem: what is placed on what, under which rules, and by which objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aie_explorer.errors import PlacementError, nearest
from aie_explorer.placement.cost import DEFAULT, Weights, placement_cost
from aie_explorer.placement.geometry import Array, Block, Edge, Tile
from aie_explorer.placement.rules import FREE, Rules, problems


@dataclass(frozen=True)
class Problem:
    """Blocks to place on an array.

    Attributes:
        blocks: the rectangles, each with a name of its own.
        edges: what they exchange; one pair may occur more than once.
        array: the grid of tiles.
        weights: the objective.
        rules: keepout, pins, what is forbidden or reserved.
        inputs, outputs: blocks that receive from, or send to, a PLIO.
        name: for messages.
    """

    blocks: tuple[Block, ...]
    edges: tuple[Edge, ...]
    array: Array
    weights: Weights = DEFAULT
    rules: Rules = FREE
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    name: str = "placement"

    def __post_init__(self) -> None:
        names = [block.name for block in self.blocks]
        for name in names:
            if names.count(name) > 1:
                raise PlacementError("two blocks have this name", where=name)
        known = set(names)
        for edge in self.edges:
            for name in (edge.producer, edge.consumer):
                if name not in known:
                    raise PlacementError(f"the edge {edge.producer} -> {edge.consumer} names no block", where=name)
        for what, listed in (("a pin", [name for name, _ in self.rules.pins]), ("an input", self.inputs),
                             ("an output", self.outputs)):
            for name in listed:
                if name not in known:
                    raise PlacementError(f"{what} names no block", where=name,
                                         remedy=f"Blocks of a like name: {nearest(name, names)}" if names else None)

    def cost(self, placement: Mapping[str, Tile]) -> float:
        """The objective of a placement."""
        return placement_cost(placement, self.blocks, self.edges, self.weights, self.array, inputs=self.inputs,
                              outputs=self.outputs)

    def broken(self, placement: Mapping[str, Tile]) -> list[str]:
        """What is illegal about a placement, in words; empty when it is legal."""
        return problems(placement, self.blocks, self.array, self.rules, self.edges)
