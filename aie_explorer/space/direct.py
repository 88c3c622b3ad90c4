"""Which layers may hand over from tile to tile, with no memory tile between.

A cascade leaves its results in one tile as microtiles of M x N; a slice of a reduction is read as microtiles of M x K.
Where both are the same part of the tensor in the same order, the buffer is handed over as it is: to one reader, or, as
every cascade of a layer split by features reads the same slices, to several at once. So a layer that reads one tensor
may be fed directly when its slices are just what the cascades of its producer make: as many, as many rows and columns,
the same M, and N equal to its K, or each row after row anyway. Columns that fill up the last slice hold whatever the
producer makes of zero weights; the reader multiplies them by rows of weights that are zero (`firmware.pack`).

Where only the order differs, because the microtiles do, the DMA of each tile that reads writes what arrives where its
kernel wants it, as long as the tile has descriptors for that (`space.walks`). Nothing fills what does not arrive: the
slices must have as many rows and columns on both sides.

Sides of an edge are compared by one number each, a layout.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aie_explorer.devices.hardware import Dma
from aie_explorer.space.choice import ROUTES
from aie_explorer.space.options import ROWS, Table
from aie_explorer.space.usage import COPIES
from aie_explorer.space.walks import Microtile, fits, walk

Layouts = npt.NDArray[np.int64]

NOT_MADE, NOT_READ = -1, -2
"""Layouts of options that do not write, or do not read, from tile to tile; they equal no other."""
MOST_ROWS, MOST_COLUMNS, MOST_PARTS = 1 << 21, 1 << 18, 64
"""Above those of any slice."""
MEMORY_TILE, DIRECT = ROUTES.index("memory_tile"), ROUTES.index("direct")


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
    """Rows and columns of a microtile (below 256) and of a slice, the number of slices, and their axis.

    Microtiles of one row, or as wide as the slice, leave it row after row whatever their other side.
    """
    by_microtile = ((table["M"] > 1) & (table[microtile] < table[columns])).astype(np.int64)
    code: Layouts = by_microtile * table["M"]
    for field, below in ((by_microtile * table[microtile], 256), (table["rows"], MOST_ROWS),
                         (table[columns], MOST_COLUMNS), (parts, MOST_PARTS), (by_rows & (parts > 1), 2)):
        code = code * below + field
    return code


def microtile_of(row: np.void, microtile: str, columns: str) -> Microtile:
    """(rows, columns) of the blocks that a buffer holds one after the other; (1, columns) where it is row after row."""
    width = int(row[columns])
    if row["M"] == 1 or row[microtile] >= width:
        return 1, width
    return int(row["M"]), int(row[microtile])


def retiled(made: Layouts, read: Layouts, dma: Dma, element_bytes: int) -> npt.NDArray[np.bool_]:
    """[made, read] where the slices are the same, and the reader's DMA can put what arrives into its order."""
    slices = MOST_ROWS * MOST_COLUMNS * MOST_PARTS * 2
    found: npt.NDArray[np.bool_] = (made % slices)[:, None] == (read % slices)[None]
    found &= (made >= 0)[:, None] & (read >= 0)[None] & (made[:, None] != read[None])
    for i, j in np.argwhere(found).tolist():
        rows, columns = _size(int(made[i]))
        loops = walk(rows, columns, _blocks(int(made[i]), columns), _blocks(int(read[j]), columns))
        found[i, j] = fits(loops, dma, element_bytes, COPIES)
    return found


def _size(layout: int) -> tuple[int, int]:
    rest = layout // (MOST_PARTS * 2)
    return rest // MOST_COLUMNS % MOST_ROWS, rest % MOST_COLUMNS


def _blocks(layout: int, columns: int) -> Microtile:
    blocks = layout // (MOST_ROWS * MOST_COLUMNS * MOST_PARTS * 2)
    return (blocks // 256, blocks % 256) if blocks else (1, columns)


def why_not_direct(made: Table, read: Table, reader: str, *, several: bool) -> str:
    """Why no option of a producer hands over directly to one of a reader, in words; tables of one row say most."""
    if several:
        return f"{reader} reads several tensors side by side, which only memory tiles put together"
    if len(made) > 1 or len(read) > 1:
        return f"no option of {reader} reads just the slices that an option of this layer makes"
    if read["split"][0] == ROWS and read["cas_length"][0] > 1:
        return f"{reader} cuts rows and columns, which only memory tiles do"
    parts = read["cas_num"] if read["split"][0] == ROWS else read["cas_length"]
    same = made["rows"][0] == read["rows"][0] and made["n"][0] == read["k"][0] and made["cas_num"][0] == parts
    if same and (parts == 1 or made["split"][0] == read["split"][0]):
        return ("the DMA of a tile has too few descriptors to put microtiles of "
                f"{made['M'][0]} x {made['N'][0]} into those of {read['M'][0]} x {read['K'][0]} that {reader} reads")
    return (f"it makes {_slices(made[0], 'n', 'N', int(made['cas_num'][0]))}, and {reader} reads "
            f"{_slices(read[0], 'k', 'K', int(parts[0]))}")


def _slices(row: np.void, columns: str, microtile: str, parts: int) -> str:
    axis = "rows" if row["split"] == ROWS else "columns"
    return (f"{parts} slice{'s' * (parts != 1)} of {row['rows']} x {row[columns]} ({axis} are divided) in microtiles "
            f"of {row['M']} x {row[microtile]}")
