"""Which layers may hand over from tile to tile, with no memory tile between.

A cascade leaves its results in one tile as microtiles of M x N; a slice of a reduction is read as microtiles of M x K.
Where both are the same part of the tensor in the same order, the buffer is handed over as it is: to one reader, or, as
every cascade of a layer split by features reads the same slices, to several at once. So a layer that reads one tensor
may be fed directly when its slices are just what the cascades of its producer make: as many, as many rows and columns,
the same M, and N equal to its K, or each row after row anyway. Columns that fill up the last slice hold whatever the
producer makes of zero weights; the reader multiplies them by rows of weights that are zero (`firmware.pack`).

Sides of an edge are compared by one number each, a layout.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aie_explorer.space.options import ROWS, Table

Layouts = npt.NDArray[np.int64]

NOT_MADE, NOT_READ = -1, -2
"""Layouts of options that do not write, or do not read, from tile to tile; they equal no other."""
AUTO, MEMORY_TILE, DIRECT = range(3)
"""Places in `space.ROUTES`."""


def made_layout(table: Table) -> Layouts:
    """[options] how each leaves its results; NOT_MADE where they must go through a memory tile."""
    made = _layout(table, "N", "n", table["cas_num"], table["split"] == ROWS)
    return np.where(table["route"] == MEMORY_TILE, NOT_MADE, made)


def read_layout(table: Table) -> Layouts:
    """[options] how each wants its input; NOT_READ where no cascade could make a slice of it.

    Cascades that split the rows read slices of both axes, unless each is a single tile.
    """
    by_rows = table["split"] == ROWS
    read = _layout(table, "K", "k", np.where(by_rows, table["cas_num"], table["cas_length"]), by_rows)
    return np.where(by_rows & (table["cas_length"] > 1), NOT_READ, read)


def _layout(table: Table, microtile: str, columns: str, parts: npt.NDArray[np.int64], by_rows: npt.NDArray[np.bool_]
            ) -> Layouts:
    """Rows and columns of a microtile (below 256) and of a slice (below 2^21 and 2^18), the slices, and their axis.

    Microtiles of one row, or as wide as the slice, leave it row after row whatever their other side.
    """
    by_microtile = ((table["M"] > 1) & (table[microtile] < table[columns])).astype(np.int64)
    code: Layouts = by_microtile * table["M"]
    for field, below in ((by_microtile * table[microtile], 256), (table["rows"], 1 << 21), (table[columns], 1 << 18),
                         (parts, 64), (by_rows & (parts > 1), 2)):
        code = code * below + field
    return code


def why_not_direct(made: Table, read: Table, reader: str, *, several: bool) -> str:
    """Why no option of a producer hands over directly to one of a reader, in words; tables of one row say most."""
    if several:
        return f"{reader} reads several tensors side by side, which only memory tiles put together"
    if len(made) > 1 or len(read) > 1:
        return f"no option of {reader} reads just the slices that an option of this layer makes"
    if read["split"][0] == ROWS and read["cas_length"][0] > 1:
        return f"{reader} cuts rows and columns, which only memory tiles do"
    parts = read["cas_num"] if read["split"][0] == ROWS else read["cas_length"]
    return (f"it makes {_slices(made[0], 'n', 'N', int(made['cas_num'][0]))}, and {reader} reads "
            f"{_slices(read[0], 'k', 'K', int(parts[0]))}")


def _slices(row: np.void, columns: str, microtile: str, parts: int) -> str:
    axis = "rows" if row["split"] == ROWS else "columns"
    return (f"{parts} slice{'s' * (parts != 1)} of {row['rows']} x {row[columns]} ({axis} are divided) in microtiles "
            f"of {row['M']} x {row[microtile]}")
