"""What makes a placement legal, with the reasons in words.

* Every block lies inside the array, because its cascades run from west to east along whole rows of it.
* No tile belongs to two blocks, nor to a block and a reserved region or a forbidden column.
* A block may keep the column to its west free, because a kernel reads its input from its own memory or from its west
  neighbour's: this column is its keepout. Column 0 has no west neighbour, so a block there keeps nothing. No block may
  lie in the keepout of another, except a producer that sends to this block alone, directly, abuts it and stands on the
  same rows: the input then lies where the producer left it.
* A pinned block lies where it was pinned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aie_explorer.arguments import shown, whole
from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError
from aie_explorer.placement.cost import as_edge
from aie_explorer.placement.geometry import Array, Block, Edge, Region, Tile, array_of


@dataclass(frozen=True)
class Rules:
    """What a placement must respect besides the array itself.

    Attributes:
        keepout_columns: columns to the west of a block that stay free, 0 or 1.
        keepout_shared: whether a direct exclusive producer that abuts on the same rows may lie there.
        forbidden_columns: columns no block may use.
        reserved: regions no block may use.
        pins: blocks and where their lower left tile must be; a mapping is accepted.
    """

    keepout_columns: int = 0
    keepout_shared: bool = True
    forbidden_columns: tuple[int, ...] = ()
    reserved: tuple[Region, ...] = ()
    pins: tuple[tuple[str, Tile], ...] = ()

    def __post_init__(self) -> None:
        pins = self.pins.items() if isinstance(self.pins, Mapping) else self.pins
        try:
            tiles = [(str(name), column, row) for name, (column, row) in pins]
            columns, reserved = list(self.forbidden_columns), tuple(self.reserved)
        except (TypeError, ValueError):
            raise PlacementError(f"are pins {shown(self.pins)}, forbidden columns {shown(self.forbidden_columns)} and "
                                 f"reserved regions {shown(self.reserved)}", where="rules",
                                 remedy='Use {"name": (column, row)}, columns and regions') from None
        object.__setattr__(self, "pins", tuple(
            (name, (whole(column, f"pins.{name}"), whole(row, f"pins.{name}"))) for name, column, row in tiles))
        object.__setattr__(self, "forbidden_columns",
                           tuple(sorted({whole(column, "forbidden_columns") for column in columns})))
        object.__setattr__(self, "reserved", reserved)
        names = [name for name, _ in self.pins]
        for name in names:
            if names.count(name) > 1:
                raise PlacementError("is pinned twice", where=name)
        if self.keepout_columns not in (0, 1):
            raise PlacementError(f"a keepout of {self.keepout_columns} columns", where="keepout_columns",
                                 rule="a kernel reaches the memory of its west neighbour and none beyond",
                                 remedy="Use 0 or 1")

    def pin_of(self, name: str) -> Tile | None:
        """Where a block is pinned."""
        return dict(self.pins).get(name)

    def taken(self, array: Array) -> dict[Tile, str]:
        """The tiles of the array that no block may use, and whose they are."""
        owners = {(x, y): f"column {x}, which is forbidden" for x in self.forbidden_columns if 0 <= x < array.columns
                  for y in range(array.rows)}
        for region in self.reserved:
            owners.update({tile: region.owner for tile in region.tiles()
                           if 0 <= tile[0] < array.columns and 0 <= tile[1] < array.rows})
        return owners


FREE = Rules()


def problems(
    placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device | Array, rules: Rules = FREE,
    edges: Iterable[tuple[str, str] | Edge] = (),
) -> list[str]:
    """What is illegal about a placement, one sentence each; empty when it is legal.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks, each with its own name.
        device: the device, its name, or an array.
        rules: pins, reserved regions, keepout.
        edges: what the blocks exchange; with a keepout, a direct producer may lie in that of its consumer.
    """
    array = device if isinstance(device, Array) else array_of(find(device))
    found = [f"{name} is placed but is no block" for name in placement if name not in {b.name for b in blocks}]
    owner = rules.taken(array)
    inside: list[Block] = []
    for block in blocks:
        if block.name not in placement:
            found.append(f"{block.name} is not placed")
            continue
        column, row = placement[block.name]
        if not (0 <= column <= array.columns - block.width and 0 <= row <= array.rows - block.height):
            found.append(f"{block.name} ({block.width} x {block.height}) at column {column}, row {row} leaves the "
                         f"array of {array.columns} x {array.rows}")
            continue
        clashes = sorted({owner[tile] for tile in block.tiles_at((column, row)) if tile in owner})
        found += [f"{block.name} overlaps {other}" for other in clashes]
        owner.update(dict.fromkeys(block.tiles_at((column, row)), block.name))
        inside.append(block)
    found += [f"{name} is pinned to column {tile[0]}, row {tile[1]} but placed at column {placement[name][0]}, row "
              f"{placement[name][1]}" for name, tile in rules.pins if name in placement and placement[name] != tile]
    if rules.keepout_columns:
        found += _in_keepouts(placement, inside, rules, array, map(as_edge, edges))
    return found


def _in_keepouts(placement: Mapping[str, Tile], blocks: Sequence[Block], rules: Rules, array: Array,
                 edges: Iterable[Edge]) -> list[str]:
    """Blocks, or tiles that are taken, in the keepout of a block."""
    abutting = {(edge.producer, edge.consumer) for edge in edges if edge.may_abut and rules.keepout_shared}
    taken = rules.taken(array)
    found = []
    for block in blocks:
        column, row = placement[block.name]
        keepout = {(x, y) for x in range(max(0, column - rules.keepout_columns), column)
                   for y in range(row, row + block.height)}
        words = f"the column west of {block.name}, which it keeps free"
        found += [f"{owner} lies in {words}" for owner in sorted({taken[tile] for tile in keepout & set(taken)})]
        for other in blocks:
            shares = (other.name, block.name) in abutting and other.height == block.height and (
                placement[other.name] == (column - other.width, row))
            if other.name != block.name and not shares and keepout & set(other.tiles_at(placement[other.name])):
                found.append(f"{other.name} lies in {words}")
    return found


def check(placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device | Array, rules: Rules = FREE,
          edges: Iterable[tuple[str, str] | Edge] = ()) -> None:
    """Refuse a placement that is not legal.

    Raises:
        PlacementError: with the first rule it breaks.
    """
    found = problems(placement, blocks, device, rules, edges)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PlacementError(found[0] + more, where="placement",
                             remedy="Blocks lie inside the array and share no tile")
