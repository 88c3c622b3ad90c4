"""Inputs of the network that a layer reads beside another layer.

Slices stand side by side in one buffer, so such an input has as many rows as the layer beside it makes, those included
that fill up the batch: how long the input takes, and how much of a memory tile, depends on that layer's option.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import Constants
from aie_explorer.ir import storage_bytes
from aie_explorer.search.space import DesignSpace
from aie_explorer.space.handover import made_rows
from aie_explorer.space.usage import COPIES


@dataclass(frozen=True, eq=False)
class Filled:
    """What the rows of an input take, an entry for each count of rows.

    Attributes:
        plio_in_cycles: of the input's PLIO.
        entry_cycles: until the layer can begin.
        more_bytes: of memory tiles, beyond those of the input's own rows.
    """

    plio_in_cycles: npt.NDArray[np.float64]
    entry_cycles: npt.NDArray[np.float64]
    more_bytes: npt.NDArray[np.int64]


def filled_by(space: DesignSpace, i: int) -> int | None:
    """The layer whose rows an input has that layer i reads beside it; None where layer i reads no such input."""
    sources = space.sources[i]
    # those of all the layers that it reads are the same
    return next(source for source in sources if source >= 0) if min(sources) < 0 <= max(sources) else None


def rows_of_sides(space: DesignSpace, i: int) -> npt.NDArray[np.int64]:
    """[unique writers] rows that layer i makes."""
    layer = space.layers[i]
    return made_rows(layer.table[np.unique(layer.writers[1], return_index=True)[1]])


def filled(space: DesignSpace, i: int, rows: npt.NDArray[np.int64], constants: Constants) -> Filled:
    """Cost the input that layer i reads beside a layer which makes so many rows."""
    work = space.layers[i].work
    inputs, element = work.network_inputs or (0,), storage_bytes(work.input.storage)
    port = rows * max(inputs) * element / space.device.plio_bytes_per_cycle
    return Filled(port, port + constants.hand_over_cycles / 2, COPIES * sum(inputs) * (rows - work.rows) * element)
