"""What makes an option of one layer illegal, each rule with its source.

A rule compares a figure of every option (a column of a table) with a limit of the device. The same rules filter
the design space and explain a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device
from aie_explorer.ir import storage_bytes
from aie_explorer.space.options import ROWS, Table, Work

IntColumn = npt.NDArray[np.int64]
WEIGHT_BANKS = 2  # of a tile's four; the others hold the two halves of its buffers
MEMORY_TILE_READERS = 6  # AM020 ch5: MM2S channels of a memory tile


@dataclass(frozen=True)
class Rule:
    """`used` must not exceed `limit`.

    Attributes:
        id: stable name.
        text: what `used` is, with its unit, as it reads in "<text> is <used>, at most <limit>".
        source: the document it comes from.
        remedy: the change that relieves it.
    """

    id: str
    text: str
    source: str
    remedy: str
    used: Callable[[Table, Work, Device], IntColumn]
    limit: Callable[[Device], int]

    def broken(self, table: Table, work: Work, device: Device) -> npt.NDArray[np.bool_]:
        """Which options break the rule."""
        return self.used(table, work, device) > self.limit(device)


@dataclass(frozen=True)
class Refusal:
    """One broken rule, in numbers."""

    rule: Rule
    used: int
    limit: int

    def __str__(self) -> str:
        return f"{self.rule.text} is {self.used}, at most {self.limit} ({self.rule.source})"


def _column(table: Table, name: str) -> IntColumn:
    return table[name].astype(np.int64)


def _granularity(table: Table, work: Work, _: Device) -> IntColumn:
    """1 where a contiguous run of a transfer is not whole 32-bit words."""
    run_in = _column(table, "K") * storage_bytes(work.input.storage)
    run_out = _column(table, "N") * storage_bytes(work.output.storage)
    broken: IntColumn = ((run_in % 4 != 0) | (run_out % 4 != 0)).astype(np.int64)
    return broken


def _narrow_beat(table: Table, _work: Work, _device: Device) -> IntColumn:
    """1 where a cascade would carry accumulators of a microtile that fill no beat of 512 bits."""
    bits = _column(table, "M") * table["N"] * table["acc_bits"]
    narrow: IntColumn = ((table["cas_length"] > 1) & (bits < 512)).astype(np.int64)
    return narrow


def _ignored_shift(table: Table, work: Work, _: Device) -> IntColumn:
    """1 where 32-bit results would be shifted out of 32-bit accumulators, which the API does not do."""
    shift = work.input.frac + work.weights.frac - work.output.frac
    ignored: IntColumn = ((table["acc_bits"] == 32) & (work.output.storage == "int32") & (shift != 0)).astype(np.int64)
    return ignored


def _filled_up(table: Table, work: Work, _: Device) -> IntColumn:
    """Columns beyond the true ones, of an output that must end where its neighbour begins."""
    wide = np.where(table["split"] == ROWS, 1, table["cas_num"]) * _column(table, "n")
    beyond: IntColumn = (wide - work.n) * work.beside
    return beyond


def _narrow_store(table: Table, work: Work, _: Device) -> IntColumn:
    """1 where a microtile of results or a column of biases is narrower than the 128-bit vectors of the AIE API."""
    stored = _column(table, "M") * table["N"] * storage_bytes(work.output.storage) * 8
    # a gain makes sums 64 bits wide, which are handled 16 at a time; what a table reads has 8 bits
    sixteen = bool(work.affine or work.table_bytes) & (_column(table, "M") * table["N"] < 16)
    narrow: IntColumn = ((stored < 128) | (table["N"] < 4) | sixteen).astype(np.int64)
    return narrow


def _own_bytes(table: Table, device: Device) -> IntColumn:
    """Bytes of bias, gains and tables, of the stack, the heap and what the tools reserve."""
    generation = device.generation
    own: IntColumn = _column(table, "bias_bytes") + (generation.stack_bytes + generation.heap_bytes
                                                     + generation.sync_bytes)
    return own


def spans_banks(weight_bytes: npt.NDArray[np.int64], device: Device) -> npt.NDArray[np.bool_]:
    """Whether the weights of a tile take two banks; bias and stack then share the bank of the first buffers."""
    spans: npt.NDArray[np.bool_] = weight_bytes > device.generation.bank_bytes
    return spans


RULES: tuple[Rule, ...] = (
    Rule("accumulator_width", "missing accumulator bits of the microtile",
         "AIE API mmul accumulators", "Use a microtile with 64-bit accumulators, or narrower weights or activations",
         lambda t, w, d: np.maximum(w.accumulator_bits - _column(t, "acc_bits"), 0), lambda d: 0),
    Rule("accumulator_registers", "bits of the accumulators of a register block",
         "UG1603: nine 1024-bit accumulator registers on AIE-ML", "Use a smaller microtile or blocking",
         lambda t, w, d: _column(t, "block_rows") * t["block_columns"] * t["M"] * t["N"] * t["acc_bits"],
         lambda d: d.generation.accumulator_registers * d.generation.accumulator_register_bits),
    Rule("result_vector", "results narrower than a 128-bit vector", "AIE API: vectors hold at least 128 bits",
         "Use a larger microtile", _narrow_store, lambda d: 0),
    Rule("cascade_beat", "cascades of microtiles narrower than a beat", "AM020 ch4: the cascade moves 512 bits a beat",
         "Use a larger microtile, or a cas_length of 1", _narrow_beat, lambda d: 0),
    Rule("exact_int32", "shifts from 32-bit accumulators to 32-bit results",
         "AIE API: acc32 to int32 ignores the shift", "Quantize the output to at most 16 bits",
         _ignored_shift, lambda d: 0),
    Rule("word_granularity", "runs that are not whole 32-bit words", "AM020: DMA transfers are 32-bit words",
         "Use a microtile with a larger K or N", _granularity, lambda d: 0),
    Rule("side_by_side", "columns that fill up an output read side by side with another",
         "the neighbour's columns begin there", "Use a cas_num that divides the outputs", _filled_up, lambda d: 0),
    Rule("weights_banks", "bytes of weights of one tile", "AM020: two memory banks of the tile's four",
         "Use more tiles for the layer (cas_length or cas_num)",
         lambda t, w, d: _column(t, "weight_bytes"), lambda d: WEIGHT_BANKS * d.generation.bank_bytes),
    Rule("activation_bank", "bytes of one input and one output buffer of a tile (with bias, stack and heap where the "
         "weights take the bank of these)", "AM020: a memory bank of the tile",
         "Use more tiles for the layer, a split by rows, or a smaller batch",
         lambda t, w, d: _column(t, "in_bytes") + _column(t, "out_bytes")
         + _own_bytes(t, d) * spans_banks(t["weight_bytes"], d), lambda d: d.generation.bank_bytes),
    Rule("bias_bank", "bytes of bias, gains, tables, stack, heap and synchronisation of a tile",
         "AM020; UG1603: stack and heap", "Use a larger cas_num", lambda t, w, d: _own_bytes(t, d),
         lambda d: d.generation.bank_bytes),
    Rule("row_readers", "streams out of the memory tile to cascades that split the rows",
         "AM020 ch5: a memory tile has six MM2S channels", "Use a smaller cas_num or a split by features",
         lambda t, w, d: np.where(t["split"] == ROWS, _column(t, "cas_num"), 0), lambda d: MEMORY_TILE_READERS),
)


def legal(table: Table, work: Work, device: Device) -> npt.NDArray[np.bool_]:
    """Which options break no rule."""
    allowed = np.ones(len(table), np.bool_)
    for rule in RULES:
        allowed &= ~rule.broken(table, work, device)
    return allowed


def refusals(row: Table, work: Work, device: Device) -> list[Refusal]:
    """The rules that one option (a table of one row) breaks."""
    return [Refusal(rule, int(rule.used(row, work, device)[0]), rule.limit(device))
            for rule in RULES if rule.broken(row, work, device)[0]]
