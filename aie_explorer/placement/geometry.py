"""Where blocks sit on the array, and what makes that legal.

A layer occupies a block of tiles: `cas_length` columns, because its cascade runs along a row, and `cas_num` rows. A
tile is named by (column, row): columns count from 0 at the west, core rows from 0 at the bottom. A placement gives the
lower left tile of every block. It is legal when every block lies inside the array and no tile belongs to two blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aie_explorer.devices import Device, find
from aie_explorer.errors import PlacementError

Tile = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """A rectangle of tiles.

    Attributes:
        name: the layer it belongs to.
        width: columns, the cas_length of the layer.
        height: rows, the cas_num of the layer.
    """

    name: str
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise PlacementError(f"a block of {self.width} x {self.height} tiles has no tile", where=self.name,
                                 remedy="Use a cas_length and a cas_num of 1 or more")

    @property
    def tiles(self) -> int:
        """Tiles of the block."""
        return self.width * self.height

    @property
    def shape(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    def tiles_at(self, tile: Tile) -> Iterator[Tile]:
        """The tiles it covers with its lower left tile at `tile`, row by row."""
        column, row = tile
        for y in range(row, row + self.height):
            for x in range(column, column + self.width):
                yield x, y


class Placement(Mapping[str, Tile]):
    """The lower left (column, row) of every block by name; does not change once made.

    >>> placement = Placement({"dense0": (0, 0), "dense1": (2, 0)})
    >>> placement["dense1"]
    (2, 0)
    """

    __slots__ = ("_positions",)

    def __init__(self, positions: Mapping[str, Tile]) -> None:
        self._positions = {name: (int(column), int(row)) for name, (column, row) in positions.items()}

    def __getitem__(self, name: str) -> Tile:
        return self._positions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def __hash__(self) -> int:
        return hash(frozenset(self._positions.items()))

    def __repr__(self) -> str:
        return f"Placement({self._positions})"


def problems(placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device) -> list[str]:
    """What is illegal about a placement, one sentence each; empty when it is legal.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks, each with its own name.
        device: the device or its name.
    """
    device = find(device)
    found = [f"{name} is placed but is no block" for name in placement if name not in {b.name for b in blocks}]
    owner: dict[Tile, str] = {}
    for block in blocks:
        if block.name not in placement:
            found.append(f"{block.name} is not placed")
            continue
        column, row = placement[block.name]
        if not (0 <= column <= device.columns - block.width and 0 <= row <= device.rows - block.height):
            found.append(f"{block.name} ({block.width} x {block.height}) at column {column}, row {row} leaves the "
                         f"array of {device.columns} x {device.rows}")
            continue
        clashes = sorted({owner[tile] for tile in block.tiles_at((column, row)) if tile in owner})
        found += [f"{block.name} overlaps {other}" for other in clashes]
        owner.update(dict.fromkeys(block.tiles_at((column, row)), block.name))
    return found


def check(placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device) -> None:
    """Refuse a placement that is not legal.

    Raises:
        PlacementError: with the first rule it breaks.
    """
    found = problems(placement, blocks, device)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PlacementError(found[0] + more, where="placement",
                             remedy="Blocks lie inside the array and share no tile")


def check_blocks(blocks: Sequence[Block], edges: Sequence[tuple[str, str]], device: Device) -> None:
    """Refuse blocks that can never be placed, whatever their arrangement.

    Raises:
        PlacementError: for a name used twice, an edge to nothing, a block larger than the array, or too many tiles.
    """
    names = [block.name for block in blocks]
    for name in names:
        if names.count(name) > 1:
            raise PlacementError("two blocks have this name", where=name)
    for edge in edges:
        for name in edge:
            if name not in names:
                raise PlacementError(f"the edge {edge[0]} -> {edge[1]} names no block", where=name)
    for block in blocks:
        if block.width > device.columns:
            raise PlacementError(f"the block is {block.width} columns wide and {device} has {device.columns}",
                                 where=block.name, remedy=f"Use a cas_length of {device.columns} or less")
        if block.height > device.rows:
            raise PlacementError(f"the block is {block.height} rows high and {device} has {device.rows}",
                                 where=block.name, remedy=f"Use a cas_num of {device.rows} or less")
    total = sum(block.tiles for block in blocks)
    if total > device.tiles:
        largest = max(blocks, key=lambda block: block.tiles)
        raise PlacementError(f"the {len(blocks)} blocks need {total} tiles and {device} has {device.tiles}",
                             where=largest.name,
                             remedy=f"Give the layers fewer tiles, starting with the largest, {largest.name} "
                                    f"({largest.tiles} tiles)")
    _check_halves(blocks, device)


def _check_halves(blocks: Sequence[Block], device: Device) -> None:
    """Blocks of more than half the rows cannot be stacked, so their widths add up; likewise for the columns."""
    tall = [block for block in blocks if 2 * block.height > device.rows]
    columns = sum(block.width for block in tall)
    if columns > device.columns:
        raise PlacementError(
            f"the {len(tall)} blocks higher than {device.rows // 2} rows cannot be stacked and need {columns} columns "
            f"side by side, and {device} has {device.columns}", where=max(tall, key=lambda b: b.width).name,
            remedy=f"Use a cas_num of {device.rows // 2} or less, or a smaller cas_length, for some of them")
    wide = [block for block in blocks if 2 * block.width > device.columns]
    rows = sum(block.height for block in wide)
    if rows > device.rows:
        raise PlacementError(
            f"the {len(wide)} blocks wider than {device.columns // 2} columns cannot share a row and need {rows} rows, "
            f"and {device} has {device.rows}", where=max(wide, key=lambda b: b.height).name,
            remedy=f"Use a cas_length of {device.columns // 2} or less, or a smaller cas_num, for some of them")
