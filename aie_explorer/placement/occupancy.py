"""Tiles of an array as the bits of one integer, so that a fit is tested in a few operations.

Bit column * rows + row stands for the tile at (column, row): a column is a run of bits, and counting bits upwards walks
the array column by column from the west, each from the bottom.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator


def full_mask(columns: int, rows: int) -> int:
    """Every tile of the array."""
    return (1 << (columns * rows)) - 1


@functools.cache
def shape_mask(width: int, height: int, rows: int) -> int:
    """The tiles of a width x height block at (0, 0); shifted by the bit of a tile it is the block there."""
    column = (1 << height) - 1
    return sum(column << (x * rows) for x in range(width))


@functools.cache
def _low_rows(height: int, columns: int, rows: int) -> int:
    """The tiles on which a block of this height can stand without leaving the array at the top."""
    return shape_mask(columns, rows - height + 1, rows) if height <= rows else 0


def anchors(free: int, width: int, height: int, columns: int, rows: int) -> int:
    """The tiles where the lower left of a width x height block may go, given the free ones."""
    found = _all_along(free, height, 1) & _low_rows(height, columns, rows)
    return _all_along(found, width, rows)


def bits(mask: int) -> Iterator[int]:
    """The set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _all_along(mask: int, length: int, step: int) -> int:
    """The bits from which `length` bits in a row, `step` apart, are set; doubles the reach at each turn."""
    reach = 1
    while reach < length:
        more = min(reach, length - reach)
        mask &= mask >> (more * step)
        reach += more
    return mask
