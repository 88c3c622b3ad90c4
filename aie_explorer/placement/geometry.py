"""What is placed, and on what: blocks, the edges between them, the array, and the placement that results.

A layer occupies a block of tiles: `cas_length` columns, because its cascade runs along a row, and `cas_num` rows. A
tile is named by (column, row): columns count from 0 at the west, core rows from 0 at the bottom. A placement gives the
lower left tile of every block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aie_explorer import html
from aie_explorer.arguments import whole
from aie_explorer.devices import Device
from aie_explorer.errors import PlacementError

Tile = tuple[int, int]

DIRECT = "direct"
MEMORY_TILE = "memory_tile"


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


@dataclass(frozen=True)
class Edge:
    """Data that one block sends to another.

    Attributes:
        producer, consumer: names of blocks.
        kind: "direct" from tile to tile, or "memory_tile" through a buffer below the array.
        exclusive: whether the producer sends to nobody else.
    """

    producer: str
    consumer: str
    kind: str = MEMORY_TILE
    exclusive: bool = True

    def __post_init__(self) -> None:
        if self.kind not in (DIRECT, MEMORY_TILE):
            raise PlacementError(f"{self.kind!r} is no kind of edge", where=f"{self.producer} -> {self.consumer}",
                                 remedy=f"Use {DIRECT!r} or {MEMORY_TILE!r}")

    @property
    def may_abut(self) -> bool:
        """Whether the consumer may read its input where the producer left it, so that it needs no keepout."""
        return self.kind == DIRECT and self.exclusive


@dataclass(frozen=True)
class Region:
    """A rectangle of tiles that no block may use.

    Attributes:
        column, row: its lower left tile.
        width, height: in tiles.
        owner: who uses it, for messages.
    """

    column: int
    row: int
    width: int
    height: int
    owner: str = "a reserved region"

    def __post_init__(self) -> None:
        for name in ("column", "row", "width", "height"):
            whole(getattr(self, name), f"{self.owner}: {name}")
        if self.width < 1 or self.height < 1:
            raise PlacementError(f"a region of {self.width} x {self.height} tiles has no tile", where=self.owner)

    def tiles(self) -> Iterator[Tile]:
        """Its tiles, column by column."""
        for x in range(self.column, self.column + self.width):
            for y in range(self.row, self.row + self.height):
                yield x, y


@dataclass(frozen=True)
class Array:
    """The grid of compute tiles.

    Attributes:
        columns, rows: its size.
        name: for messages.
        pl_columns: columns through which PLIO enters and leaves; empty where unknown.
    """

    columns: int
    rows: int
    name: str = "the array"
    pl_columns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.columns < 1 or self.rows < 1:
            raise PlacementError(f"an array of {self.columns} x {self.rows} tiles has no tile", where=self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def tiles(self) -> int:
        """Tiles of the array."""
        return self.columns * self.rows


def array_of(device: Device) -> Array:
    """The array of a device. Its PL columns are taken to lie side by side, from the first one on.

    Raises:
        DeviceError: when its shape is unknown.
    """
    geometry = device.geometry
    first, count = (geometry.first_pl_column, geometry.pl_columns) if geometry else (None, None)
    pl = () if first is None or count is None else tuple(range(first, min(first + count, device.columns)))
    return Array(device.columns, device.rows, device.name, pl)


class Placement(Mapping[str, Tile]):
    """The lower left (column, row) of every block by name; does not change once made.

    Two placements are equal when they put every block at the same tile.

    Attributes:
        cost: its objective, None when it was not computed.
        bound: no placement of the same blocks costs less; None when unknown.

    >>> placement = Placement({"dense0": (0, 0), "dense1": (2, 0)})
    >>> placement["dense1"]
    (2, 0)
    """

    __slots__ = ("_positions", "bound", "cost")

    def __init__(self, positions: Mapping[str, Tile], *, cost: float | None = None, bound: float | None = None
                 ) -> None:
        self._positions = {name: (int(column), int(row)) for name, (column, row) in positions.items()}
        self.cost = cost
        self.bound = bound

    @property
    def optimal(self) -> bool:
        """Whether it is proven that nothing costs less."""
        return self.cost is not None and self.bound is not None and self.cost <= self.bound + 1e-9

    def __getitem__(self, name: str) -> Tile:
        return self._positions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def __hash__(self) -> int:
        return hash(frozenset(self._positions.items()))

    def _repr_html_(self) -> str:
        words = repr(self).partition("}")[2].strip(", )")
        return html.table(["layer", "column", "row"], ((name, *tile) for name, tile in self.items())) + (
            html.paragraph(words) if words else "")

    def __repr__(self) -> str:
        if self.cost is None:
            return f"Placement({self._positions})"
        quality = "optimal" if self.optimal else "bound unknown" if self.bound is None else f"bound {self.bound:g}"
        return f"Placement({self._positions}, cost {self.cost:g}, {quality})"
