"""Place blocks on the array of a device: the functions that designs, widgets and the search call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError
from aie_explorer.placement.cost import DEFAULT, Weights, as_edge
from aie_explorer.placement.geometry import Array, Block, Edge, Placement, Tile, array_of
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.rules import FREE, Rules
from aie_explorer.placement.solve import solve


def place(
    blocks: Sequence[Block], edges: Iterable[tuple[str, str] | Edge], device: str | Device | Array,
    weights: Weights = DEFAULT, *, rules: Rules = FREE, inputs: Iterable[str] = (), outputs: Iterable[str] = (),
    seconds: float = 0.0,
) -> Placement:
    """A legal, compact placement of blocks that exchange data along edges.

    Args:
        blocks: the rectangles, in the order of the network.
        edges: (producer, consumer) names, or Edge; one pair may occur more than once.
        device: the device, its name, or an array.
        weights: what each term of the objective counts.
        rules: pins, forbidden columns, reserved regions, keepout.
        inputs, outputs: blocks that receive from, or send to, a PLIO.
        seconds: what may be spent, with OR-Tools, on a better placement and a proof; 0 for the quick answer, which is
            the same on every machine.

    Returns:
        The placement, with its `cost`, a `bound` below which none can be, and whether it is `optimal`.

    Raises:
        PlacementError: when nothing fits, naming the block and the reason.
        DeviceError: when the shape of the array is unknown.
        MissingExtraError: when seconds are given and OR-Tools is not installed.

    >>> dict(place([Block("a", 2, 2), Block("b", 1, 2)], [("a", "b")], "vek280"))
    {'a': (0, 0), 'b': (2, 0)}
    """
    array = device if isinstance(device, Array) else array_of(find(device))
    problem = Problem(tuple(blocks), tuple(map(as_edge, edges)), array, weights, rules, tuple(inputs), tuple(outputs))
    return solve(problem, seconds).placement


@dataclass(frozen=True)
class Legalised:
    """A placement around blocks that the user put somewhere.

    Attributes:
        placement: every block; those that were put lie where they were put.
        moved: blocks that the user had put but that had to give way; empty unless asked for.
        free_cost: the objective of the placement found when nothing is put anywhere.
        free_bound: no placement costs less than this, put or not.
    """

    placement: Placement
    moved: tuple[str, ...]
    free_cost: float
    free_bound: float

    @property
    def cost(self) -> float:
        """Its objective."""
        assert self.placement.cost is not None
        return self.placement.cost

    @property
    def cost_of_choice(self) -> float:
        """By how much the user's choice raises the objective over the best placement known without it."""
        return self.cost - self.free_cost


def legalise(problem: Problem, put: Mapping[str, Tile], *, give_way: bool = False, seconds: float = 0.0) -> Legalised:
    """Place all blocks around those that a user put somewhere, and say what that choice costs.

    Args:
        problem: the blocks and rules, as if nothing were put.
        put: lower left tiles of some blocks, in the order in which they were put.
        give_way: where two blocks were put in each other's way, or the rest cannot be placed around them, let the one
            put earlier give way; otherwise that is an error.
        seconds: see `place`.

    Raises:
        PlacementError: when a block cannot lie where it was put, or the others do not fit around it.

    >>> problem = Problem((Block("a", 2, 2), Block("b", 1, 2)), (Edge("a", "b"),), Array(8, 4))
    >>> found = legalise(problem, {"b": (5, 0)})
    >>> found.placement["a"], found.cost_of_choice
    ((3, 0), 0.0)
    """
    kept = dict(put)
    moved: list[str] = []
    while True:
        pins = {**dict(problem.rules.pins), **kept}
        try:
            asked = replace(problem, rules=replace(problem.rules, pins=tuple(pins.items())))
            placement = solve(asked, seconds).placement
            break
        except PlacementError:
            if not (give_way and kept):
                raise
            first = next(iter(kept))
            moved.append(first)
            del kept[first]
    free = solve(problem, seconds)
    assert placement.cost is not None
    # what is found with pins may be better than what was found without
    return Legalised(placement, tuple(moved), min(free.cost, placement.cost), free.bound)
