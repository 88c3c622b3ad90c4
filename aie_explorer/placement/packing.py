"""Whether blocks fit on the array at all, whatever the distance between them.

The array is walked column by column; the first free tile is either the lower left tile of a block or stays unused. That
choice covers every arrangement, so a search that runs to its end without success proves that none exists. A block that
keeps the column to its west free is packed as one that is a column wider, on an array with one more column at the west.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aie_explorer.placement.geometry import Block, Tile
from aie_explorer.placement.occupancy import full_mask, shape_mask

_TRY = 3_000  # nodes for each of the quick orders
_LAST = 15_000  # nodes for the final attempt, about 0.1 s


@dataclass(frozen=True)
class Packing:
    """The answer to "do they fit?".

    Attributes:
        positions: the lower left tile of every block; None if no arrangement was found.
        proven: whether the search was complete, so that None means there is none.
        left_over: the largest block that found no place in the best attempt, "" on success.
    """

    positions: dict[str, Tile] | None
    proven: bool
    left_over: str = ""


def pack(blocks: Sequence[Block], columns: int, rows: int, taken: Iterable[Tile] = ()) -> Packing:
    """Arrange blocks on the free tiles of an array of columns x rows, filled from the west.

    The same blocks in the same order always give the same arrangement.
    """
    taken = list(taken)
    walks = [(upright, by_area, _TRY) for by_area in (False, True) for upright in (True, False)]
    attempts = []
    for upright, by_area, limit in [*walks, (True, False, _LAST)]:
        fill = _Fill(blocks, (columns, rows), taken, upright=upright, by_area=by_area, limit=limit)
        if fill.search(fill.free, fill.spare):
            return Packing(fill.positions(), proven=True)
        attempts.append(fill)
        if fill.nodes <= fill.limit:
            break
    best = max(attempts, key=lambda fill: len(fill.deepest))
    return Packing(None, proven=attempts[-1].nodes <= attempts[-1].limit, left_over=best.left_over())


class _Fill:
    """One walk over the array; upright walks columns, otherwise rows, by exchanging the two."""

    def __init__(
        self, blocks: Sequence[Block], array: tuple[int, int], taken: Iterable[Tile], *, upright: bool, by_area: bool,
        limit: int
    ) -> None:
        self.blocks, self.upright, self.limit = blocks, upright, limit
        self.columns, self.rows = self._turned(array)
        self.free = full_mask(self.columns, self.rows)
        for tile in taken:
            column, row = self._turned(tile)
            self.free &= ~(1 << (column * self.rows + row))
        self.spare = self.free.bit_count() - sum(block.tiles for block in blocks)
        turned = [self._turned(block.shape) for block in blocks]
        # Tall shapes first: they have the fewest places in a column.
        self.shapes = sorted(set(turned), key=lambda s: (s[0] * s[1] if by_area else 0, s[1], s[0]), reverse=True)
        self.left = [turned.count(shape) for shape in self.shapes]
        self.masks = [shape_mask(width, height, self.rows) for width, height in self.shapes]
        self.chosen: list[tuple[int, int]] = []
        self.deepest: list[tuple[int, int]] = []
        self.nodes = 0

    def search(self, free: int, spare: int) -> bool:
        """Fill the free tiles with the blocks left, leaving at most `spare` unused; True when all are placed."""
        if not any(self.left):
            return True
        self.nodes += 1
        while self.nodes <= self.limit and spare >= 0 and free:
            corner = free & -free
            bit = corner.bit_length() - 1
            for index, (width, height) in enumerate(self.shapes):
                if not self.left[index] or not self._fits(bit, width, height, self.masks[index] << bit, free):
                    continue
                self.left[index] -= 1
                self.chosen.append((index, bit))
                if len(self.chosen) > len(self.deepest):
                    self.deepest = list(self.chosen)
                if self.search(free & ~(self.masks[index] << bit), spare):
                    return True
                self.chosen.pop()
                self.left[index] += 1
            free ^= corner
            spare -= 1
        return False

    def _fits(self, bit: int, width: int, height: int, mask: int, free: int) -> bool:
        column, row = divmod(bit, self.rows)
        return column + width <= self.columns and row + height <= self.rows and mask & free == mask

    def _turned(self, pair: tuple[int, int]) -> tuple[int, int]:
        return pair if self.upright else (pair[1], pair[0])

    def positions(self) -> dict[str, Tile]:
        """The arrangement found: of equal shapes, the first block gets the westmost place."""
        places: dict[tuple[int, int], list[Tile]] = {}
        for index, bit in self.chosen:
            column, row = divmod(bit, self.rows)
            places.setdefault(self._turned(self.shapes[index]), []).append(self._turned((column, row)))
        queues = {shape: iter(sorted(tiles)) for shape, tiles in places.items()}
        return {block.name: next(queues[block.shape]) for block in self.blocks}

    def left_over(self) -> str:
        """The largest block that the deepest attempt left unplaced."""
        left = list(self.blocks)
        for index, _ in self.deepest:
            shape = self._turned(self.shapes[index])
            left.remove(next(block for block in left if block.shape == shape))
        return max(left, key=lambda block: block.tiles).name
