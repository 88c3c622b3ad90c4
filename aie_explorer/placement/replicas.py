"""Copies of one network, placed as a repeated pattern rather than as hundreds of free blocks.

The blocks of one copy are placed once, inside a rectangle; the rectangle is then repeated, side by side and stacked.
Every copy so has the same distances, and one copy's timing holds for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError
from aie_explorer.placement.cost import DEFAULT, Weights, as_edge
from aie_explorer.placement.feasible import fits
from aie_explorer.placement.geometry import Array, Block, Edge, Placement, Tile, array_of
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.rules import FREE, Rules
from aie_explorer.placement.solve import solve

_WIDEST = 4  # how many times the least possible width of a pattern is tried


@dataclass(frozen=True)
class Pattern:
    """A rectangle that holds one copy of a network.

    Attributes:
        width, height: its size in tiles, the keepout at its west included.
        copies: how many of it the array holds.
    """

    width: int
    height: int
    copies: int


@dataclass(frozen=True)
class Replicas:
    """Copies of a network on the array.

    Attributes:
        pattern: the rectangle of one copy.
        copy: the placement of the first copy, with the cost and bound of one copy inside the pattern.
        origins: lower left tile of every copy's rectangle.
    """

    pattern: Pattern
    copy: Placement
    origins: tuple[Tile, ...]

    def placement(self, index: int) -> Placement:
        """Where the blocks of one copy lie."""
        column, row = (a - b for a, b in zip(self.origins[index], self.origins[0], strict=True))
        return Placement({name: (x + column, y + row) for name, (x, y) in self.copy.items()},
                         cost=self.copy.cost, bound=self.copy.bound)

    def all(self) -> Placement:
        """Every block of every copy, named "<block>#<copy>"."""
        return Placement({f"{name}#{i}": tile for i in range(len(self.origins))
                          for name, tile in self.placement(i).items()})


def most_copies(
    blocks: Sequence[Block], device: str | Device | Array, rules: Rules = FREE, *, inputs: int = 0, outputs: int = 0
) -> int:
    """How many copies of a network fit at most as a repeated pattern; a few milliseconds, remembered.

    Args:
        blocks: of one copy.
        device: the device, its name, or an array.
        rules: forbidden columns, reserved regions, keepout; no pins.
        inputs, outputs: PLIOs one copy needs each way; with a Device, its PLIOs limit the copies too.

    Returns:
        0 when not even one fits.
    """
    array, found = _array(device), 0 if isinstance(device, Array) else find(device)
    most = max((pattern.copies for pattern in patterns(blocks, array, rules)), default=0)
    if isinstance(found, Device) and array.pl_columns:
        for used, per_column in ((inputs, found.plio_in_per_column), (outputs, found.plio_out_per_column)):
            if used:
                most = min(most, per_column * len(array.pl_columns) // used)
    return most


def patterns(blocks: Sequence[Block], device: str | Device | Array, rules: Rules = FREE) -> tuple[Pattern, ...]:
    """The rectangles that can hold one copy, those of which most fit first; of equal ones the flattest."""
    shapes = tuple(sorted((block.width, block.height) for block in blocks))
    return _patterns(shapes, _array(device), replace(rules, pins=()))


@lru_cache(maxsize=4096)
def _patterns(shapes: tuple[tuple[int, int], ...], array: Array, rules: Rules) -> tuple[Pattern, ...]:
    blocks = tuple(Block(str(i), *shape) for i, shape in enumerate(shapes))
    keepout = Rules(rules.keepout_columns, rules.keepout_shared)
    found = []
    if not blocks:
        return ()
    least_width = max(b.width for b in blocks) + rules.keepout_columns
    area = sum((b.width + rules.keepout_columns) * b.height for b in blocks)
    for height in range(max(b.height for b in blocks), array.rows + 1):
        narrow = max(least_width, -(-area // height))
        for width in range(narrow, min(array.columns + rules.keepout_columns, _WIDEST * narrow) + 1):
            # the rectangle has its keepout inside; where it begins at column 0 that column hangs over the edge
            inner = Array(width - rules.keepout_columns, height)
            if fits(blocks, inner, keepout):
                copies = len(_origins(width, height, array, rules))
                if copies:
                    found.append(Pattern(width, height, copies))
                break
    return tuple(sorted(found, key=lambda p: (-p.copies, p.height, p.width)))


def place_replicas(
    blocks: Sequence[Block], edges: Iterable[tuple[str, str] | Edge], device: str | Device | Array, copies: int,
    weights: Weights = DEFAULT, *, rules: Rules = FREE, seconds: float = 0.0,
) -> Replicas:
    """Place several copies of a network as a repeated pattern.

    Of all rectangles of which enough fit, the one in which a single copy costs least is repeated.

    Args:
        blocks: of one copy.
        edges: between them.
        device: the device, its name, or an array.
        copies: how many are wanted.
        weights: what each term of the objective counts; the row of a copy counts within its rectangle.
        rules: forbidden columns, reserved regions, keepout. Pins of one copy have no meaning here.
        seconds: see `place`; spent on the chosen rectangle.

    Raises:
        PlacementError: when so many do not fit, with the number that does.
    """
    array = _array(device)
    if copies < 1:
        raise PlacementError(f"{copies} copies are asked for", where="copies", remedy="Use 1 or more")
    if rules.pins:
        raise PlacementError("a pin holds one block, not every copy of it", where=rules.pins[0][0],
                             remedy="Leave pins out, or reserve regions")
    known = patterns(blocks, array, rules)
    enough = [pattern for pattern in known if pattern.copies >= copies]
    if not enough:
        most = max((pattern.copies for pattern in known), default=0)
        raise PlacementError(f"{copies} copies of {sum(b.tiles for b in blocks)} tiles do not fit; at most {most} do",
                             where=str(array), remedy=f"Use {most} copies or less" if most else
                             "Give the layers fewer tiles")
    joined = tuple(map(as_edge, edges))
    tried = []
    for pattern in enough:
        inner = Array(pattern.width - rules.keepout_columns, pattern.height, str(array))
        problem = Problem(tuple(blocks), joined, inner, weights, Rules(rules.keepout_columns, rules.keepout_shared))
        tried.append((solve(problem), pattern, problem))
    found, pattern, problem = min(tried, key=lambda one: (one[0].cost, one[1].width * one[1].height, one[1].height))
    if seconds:
        found = solve(problem, seconds)
    origins = _origins(pattern.width, pattern.height, array, rules)[:copies]
    column, row = origins[0][0] + rules.keepout_columns, origins[0][1]
    first = Placement({name: (x + column, y + row) for name, (x, y) in found.placement.items()},
                      cost=found.cost, bound=found.bound)
    return Replicas(pattern, first, origins)


def place_copies(one: Problem, every: Problem) -> Placement:
    """A problem that is several copies of another, placed as a repeated pattern.

    Where a pattern wastes too much of the array for all copies, every block is placed on its own.

    Args:
        one: the problem of one copy.
        every: of all of them: its blocks are those of the first copy, then those of the second, each in the order of
            `one`.

    Raises:
        PlacementError: when they do not fit.
    """
    copies, rest = divmod(len(every.blocks), len(one.blocks))
    if rest or any(every.blocks[i].shape != one.blocks[i % len(one.blocks)].shape for i in range(len(every.blocks))):
        raise PlacementError("the blocks are not those of whole copies", where=every.name)
    if max((pattern.copies for pattern in patterns(one.blocks, one.array, one.rules)), default=0) < copies:
        return solve(every).placement
    found = place_replicas(one.blocks, one.edges, one.array, copies, one.weights, rules=one.rules)
    tiles = {block.name: found.placement(i // len(one.blocks))[one.blocks[i % len(one.blocks)].name]
             for i, block in enumerate(every.blocks)}
    # no copy can cost less than one that has the whole array to itself
    cost = every.cost(tiles)
    return Placement(tiles, cost=cost, bound=min(cost, copies * solve(one).bound))


def _origins(width: int, height: int, array: Array, rules: Rules) -> tuple[Tile, ...]:
    """Where rectangles of one size lie side by side: row by row from the bottom, from the west, around what is taken.

    With a keepout, the west column of a rectangle is its keepout: at the west edge it lies outside the array.
    """
    taken = set(rules.taken(array))
    best: list[Tile] = []
    for offset in range(array.rows % height + 1 if taken else 1):
        origins = []
        for row in range(offset, array.rows - height + 1, height):
            column = -rules.keepout_columns
            while column + width <= array.columns:
                tiles = {(x, y) for x in range(column, column + width) for y in range(row, row + height)}
                if taken & tiles:
                    column += 1
                else:
                    origins.append((column, row))
                    column += width
        best = max(best, origins, key=len)
    return tuple(best)


def _array(device: str | Device | Array) -> Array:
    return device if isinstance(device, Array) else array_of(find(device))
