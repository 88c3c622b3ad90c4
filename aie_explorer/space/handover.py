"""How data cross the array's edge and the memory tiles: PLIO windows and the ports of an edge.

Between two layers stands one memory-tile stage: the producer's cascades write their slices, the consumer's
read theirs, re-tiled. A memory tile has six channels each way (AM020 ch5), so an edge with more ports is divided
over several memory-tile buffers, along columns where slices of both sides begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device
from aie_explorer.ir import storage_bytes
from aie_explorer.space.choice import INTO, OUT_OF
from aie_explorer.space.options import ROWS, Table, Work

FEW = 2048  # rows of a table, of which finding the distinct ones takes longer than it saves
CHANNELS = 6  # of a memory tile, each way: the same for every generation of the catalogue that has them


@dataclass(frozen=True)
class Window:
    """What one PLIO carries per call: `rows` x `columns` elements, row by row.

    It may hold more than the true rows and columns: a whole number of PLIO beats.
    """

    rows: int
    columns: int


@lru_cache(maxsize=65536)
def window(rows: int, columns: int, *, element_bytes: int, beat_bytes: int, max_rows: int, max_columns: int) -> Window:
    """The smallest window of at least rows x columns that is a whole number of beats and of 32-bit words.

    Args:
        rows, columns: true sizes.
        element_bytes: bytes of an element.
        beat_bytes: bytes of a PLIO transfer.
        max_rows, max_columns: what exists on the array's side; that much is a whole number of beats.
    """
    best: Window | None = None
    for r in range(rows, min(max_rows, rows + beat_bytes) + 1):
        step = beat_bytes // gcd(beat_bytes, r * element_bytes)
        step = int(np.lcm(step, 4 // gcd(4, element_bytes)))
        c = -(-columns // step) * step
        if c <= max_columns and (best is None or r * c < best.rows * best.columns):
            best = Window(r, c)
    return best or Window(max_rows, max_columns)


def input_width(k: int, K: int) -> int:
    """Columns of the network's input on the array: padded to whole microtiles by the host."""
    return -(-k // K) * K


def input_window_rows(k: int, slice_k: int, K: int, rows: int, element_bytes: int, beat_bytes: int) -> int:
    """Rows that every input PLIO carries, so that each slice is a whole number of beats."""
    width = input_width(k, K)
    last = width - (width - 1) // slice_k * slice_k
    need = 1
    for columns in (min(slice_k, width), last):
        need = int(np.lcm(need, beat_bytes // gcd(beat_bytes, columns * element_bytes)))
    return -(-rows // need) * need


def whole_input_rows(columns: int, rows: int, element_bytes: int, beat_bytes: int) -> int:
    """Rows that a PLIO carries which sends an input of the network whole: whole beats."""
    need = beat_bytes // gcd(beat_bytes, columns * element_bytes)
    return -(-rows // need) * need


def _unique(table: Table, fields: tuple[str, ...]) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.intp]]:
    """The distinct values of some fields together, a column a field, and which one each row has."""
    columns = [table[field].astype(np.int64) for field in fields]
    if len(table) < FEW:
        return columns, np.arange(len(table))
    code = np.zeros(len(table), np.int64)  # the fields side by side in one number: one sort of integers finds them
    for column in columns:
        code = code * (int(column.max(initial=0)) + 1) + column
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return [column[first] for column in columns], inverse.ravel()


def input_windows(table: Table, work: Work, device: Device) -> dict[str, npt.NDArray[np.int64]]:
    """Ports and bytes of the busiest port, were each option the first layer.

    One PLIO a slice of the reduction, whole and once for each part of the rows where it goes straight into tiles; where
    tensors stand side by side, one PLIO an input of the network.
    """
    element, beat = storage_bytes(work.input.storage), device.plio_bits // 8
    if work.network_inputs is not None:
        moved = max((whole_input_rows(width, work.rows, element, beat) * width * element
                     for width in work.network_inputs), default=0)
        return {"ports": np.full(len(table), len(work.network_inputs)), "bytes": np.full(len(table), moved)}
    k, K = table["k"].astype(np.int64), table["K"].astype(np.int64)
    widest = np.minimum(k, -(-work.k // K) * K)
    direct, length = straight_in(table), table["cas_length"].astype(np.int64)
    return {"ports": length * np.where(direct & (table["split"] == ROWS), table["cas_num"], 1),
            "bytes": np.where(direct, table["in_bytes"], input_windows_rows(work, k, K, device) * widest * element)}


def straight_in(table: Table) -> npt.NDArray[np.bool_]:
    """[options] whether PLIOs feed the tiles themselves."""
    found: npt.NDArray[np.bool_] = (table["ports"] & INTO) != 0
    return found


def straight_out(table: Table) -> npt.NDArray[np.bool_]:
    """[options] whether the tiles themselves feed PLIOs."""
    found: npt.NDArray[np.bool_] = (table["ports"] & OUT_OF) != 0
    return found


def input_windows_rows(work: Work, k: npt.NDArray[np.int64], K: npt.NDArray[np.int64], device: Device
                       ) -> npt.NDArray[np.int64]:
    """`input_window_rows` of many options."""
    element, beat = storage_bytes(work.input.storage), device.plio_bits // 8
    width = -(-work.k // K) * K
    last = width - (width - 1) // k * k
    # both slices are whole beats (a power of two, so the larger of two divisors is a multiple)
    need = np.maximum(*(beat // np.gcd(beat, columns * element) for columns in (np.minimum(k, width), last)))
    rows: npt.NDArray[np.int64] = -(-work.rows // need) * need
    return rows


def output_windows(table: Table, work: Work, device: Device) -> dict[str, npt.NDArray[np.int64]]:
    """Ports and bytes of the busiest port, were each option the last layer: one PLIO a cascade, which straight out of
    its tile carries the whole buffer."""
    element = storage_bytes(work.output.storage)
    unique, inverse = _unique(table, ("rows", "n", "cas_num", "split"))
    rows, n, num, split = unique
    by_rows = split == ROWS
    moved = np.zeros(len(rows), np.int64)
    for chain in (np.zeros_like(num), num - 1):  # all but the last carry the same
        real_rows = np.where(by_rows, np.minimum(rows, work.rows - chain * rows), work.rows)
        real_n = np.where(by_rows, work.n, np.minimum(n, work.n - chain * n))
        moved = np.maximum(moved, _window_elements(real_rows, real_n, element, device.plio_bits // 8, rows, n))
    moved = np.where(straight_out(table), table["out_bytes"], (moved * element)[inverse])
    return {"ports": num[inverse], "bytes": moved}


def _window_elements(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], element: int, beat: int,
                     max_rows: npt.NDArray[np.int64], max_columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Elements of the windows that `window` finds."""
    best = max_rows * max_columns
    least = 4 // gcd(4, element)
    open_ = np.arange(len(rows))
    for more in range(beat + 1):
        r = rows[open_] + more
        step = np.lcm(beat // np.gcd(beat, r * element), least)
        c = -(-columns[open_] // step) * step
        fits = (r <= max_rows[open_]) & (c <= max_columns[open_])
        best[open_] = np.where(fits, np.minimum(best[open_], r * c), best[open_])
        # done where no larger window can be smaller
        open_ = open_[best[open_] > (r + 1) * columns[open_]]
        if len(open_) == 0:
            break
    return best


@lru_cache(maxsize=4096)
def _output_windows(total_rows: int, total_n: int, rows: int, n: int, num: int, split: int, element: int,
                    beat: int) -> tuple[Window, ...]:
    windows = []
    for chain in range(num):
        real_rows = min(rows, total_rows - chain * rows) if split == ROWS else total_rows
        real_n = total_n if split == ROWS else min(n, total_n - chain * n)
        windows.append(window(real_rows, real_n, element_bytes=element, beat_bytes=beat, max_rows=rows,
                              max_columns=n))
    return tuple(windows)


def output_windows_of(row: np.void, work: Work, device: Device) -> tuple[Window, ...]:
    """The window of every output PLIO of one option."""
    return _output_windows(work.rows, work.n, int(row["rows"]), int(row["n"]), int(row["cas_num"]), int(row["split"]),
                           storage_bytes(work.output.storage), device.plio_bits // 8)


@dataclass(frozen=True)
class Group:
    """A part of an edge that one memory-tile buffer holds.

    Attributes:
        columns: [begin, end) of the edge's columns.
        writers, readers: indices of the writers (`writer_spans`) and of the consumer's reduction slices.
    """

    columns: tuple[int, int]
    writers: tuple[int, ...]
    readers: tuple[int, ...]


Spans = tuple[tuple[int, int], ...]
"""[begin, end) columns that each writer of an edge writes; writers of different rows may have the same."""

WriterKey = tuple[int, int, int, int]
"""What an edge needs to know of a producer: n, cas_num, split, and, where tensors stand side by side, the rows it
makes. NETWORK_INPUT is an input of the network."""

NETWORK_INPUT: WriterKey = (0, 0, 0, 0)


@lru_cache(maxsize=1 << 16)
def writer_spans(writers: tuple[WriterKey, ...], widths: tuple[int, ...]) -> Spans:
    """The columns that each writer of an edge writes.

    Args:
        writers: the producers whose tensors stand side by side, or the only one.
        widths: columns of each tensor. Side by side, they are whole slices of their producers.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for (n, cas_num, split, _), width in zip(writers, widths, strict=True):
        if cas_num == 0:
            spans.append((offset, offset + width))
        elif split == ROWS:
            spans += [(offset, offset + n)] * cas_num
        else:
            spans += [(offset + chain * n, offset + (chain + 1) * n) for chain in range(cas_num)]
        offset += width
    return tuple(spans)


@lru_cache(maxsize=1 << 18)
def edge_groups(spans: Spans, k: int, cas_length: int, readers: int, *, most_parts: bool = False) -> tuple[Group, ...]:
    """Divide an edge over memory-tile buffers of at most six writers and six readers; empty if impossible.

    Args:
        spans: columns of each writer.
        k: columns of a slice of the consumer's reduction.
        cas_length: number of those slices.
        readers: streams per slice (more than one where the consumer splits the rows).
        most_parts: as many buffers as slices allow, instead of as few as ports do.
    """
    width = max(end for _, end in spans)
    starts = [begin for begin in range(0, k * cas_length, k)
              if begin < width and not any(first < begin < end for first, end in spans)]
    ends = [*starts[1:], width]
    groups: list[Group] = []
    for begin, end in zip(starts, ends, strict=True):
        last = end == width
        writers = tuple(i for i, (first, _) in enumerate(spans) if begin <= first < end)
        slices = tuple(p for p in range(cas_length) if p * k >= begin and (p * k < end or last))
        if len(writers) > CHANNELS or len(slices) * readers > CHANNELS:
            return ()
        previous = groups[-1] if groups else None
        if previous and not most_parts and len(previous.writers) + len(writers) <= CHANNELS \
                and (len(previous.readers) + len(slices)) * readers <= CHANNELS:
            groups[-1] = Group((previous.columns[0], end), previous.writers + writers, previous.readers + slices)
        else:
            groups.append(Group((begin, end), writers, slices))
    return tuple(groups)


@lru_cache(maxsize=1 << 18)
def joinable(writers: tuple[WriterKey, ...], widths: tuple[int, ...], reader: tuple[int, int, int]) -> bool:
    """Whether producers can feed a consumer through memory tiles.

    Args:
        writers: keys of the producers (`writer_key`), in the order of the consumer's inputs.
        widths: columns of each of those tensors.
        reader: key of the consumer (`reader_key`).
    """
    k, length, per = reader
    if len({rows for _, cas_num, _, rows in writers if cas_num}) > 1:
        return False  # rows that one writes and another does not would be undefined
    return bool(edge_groups(writer_spans(writers, widths), k, length, per))


def writer_key(table: Table, work: Work) -> npt.NDArray[np.int64]:
    """[options, 4] what an edge needs to know of its producer (`WriterKey`)."""
    rows = made_rows(table) if work.beside else np.zeros(len(table), np.int64)
    keys: npt.NDArray[np.int64] = np.stack([table["n"], table["cas_num"], table["split"], rows], axis=1)
    return keys.astype(np.int64)


def made_rows(table: Table) -> npt.NDArray[np.int64]:
    """[options] rows that a layer computes, those that fill up the batch included."""
    rows: npt.NDArray[np.int64] = table["rows"].astype(np.int64) * np.where(table["split"] == ROWS, table["cas_num"], 1)
    return rows


def reader_key(table: Table) -> npt.NDArray[np.int64]:
    """[options, 3] what an edge needs to know of its consumer: k, cas_length, streams per slice."""
    readers = np.where(table["split"] == ROWS, table["cas_num"], 1)
    keys: npt.NDArray[np.int64] = np.stack([table["k"], table["cas_length"], readers], axis=1).astype(np.int64)
    return keys
