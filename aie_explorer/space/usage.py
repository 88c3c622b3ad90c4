"""What an option uses beside tiles and cycles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device
from aie_explorer.ir import storage_bytes
from aie_explorer.space.handover import input_windows_rows, made_rows, straight_in, straight_out
from aie_explorer.space.options import ROWS, Table, Work, ceil_to

IntColumn = npt.NDArray[np.int64]
COPIES = 2
"""Of a buffer: one half is filled while the other is drained. Plans give more to buffers in front of some joins, which
no option alone can know, or one where memory tiles are short."""


def macs_issued(table: Table) -> IntColumn:
    """Multiply-accumulates that the tiles of each option issue for one batch, padding included."""
    issued: IntColumn = table["rows"].astype(np.int64) * table["k"] * table["n"] * table["tiles"]
    return issued


def input_stage_bytes(table: Table, work: Work, device: Device) -> IntColumn:
    """Bytes of the memory-tile buffers between the PLIOs of an input of the network and each option, if any."""
    element = storage_bytes(work.input.storage)
    if work.network_inputs is not None:  # beside others, whose rows may be filled up: the true rows are counted
        return np.full(len(table), COPIES * sum(work.network_inputs) * work.rows * element, np.int64)
    k, K = table["k"].astype(np.int64), table["K"].astype(np.int64)
    rows = input_windows_rows(work, k, K, device)
    found: IntColumn = COPIES * ceil_to(work.k, K) * rows * element * ~straight_in(table)
    return found


def output_stage_bytes(table: Table, work: Work) -> IntColumn:
    """Bytes of the memory-tile buffers between each option and one reader of its results, or its PLIOs.

    Two copies are counted; where ways of different lengths join, a plan may need more. There are none where the option
    feeds PLIOs itself.
    """
    columns = table["n"].astype(np.int64) * np.where(table["split"] == ROWS, 1, table["cas_num"])
    found: IntColumn = COPIES * columns * made_rows(table) * storage_bytes(work.output.storage) * ~straight_out(table)
    return found


def handed_over_bytes(table: Table) -> IntColumn:
    """Bytes of the memory-tile buffers that each option does without where it is fed from tile to tile."""
    parts = np.where(table["split"] == ROWS, table["cas_num"], table["cas_length"]).astype(np.int64)
    found: IntColumn = COPIES * table["in_bytes"].astype(np.int64) * parts
    return found
