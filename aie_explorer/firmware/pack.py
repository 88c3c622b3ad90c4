"""Numbers in the order the array wants them: weights per tile, samples per PLIO, and back."""

from __future__ import annotations

import numpy as np

from aie_explorer.ir import Dense, IntArray
from aie_explorer.search.space import LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.transport import Plio


def pack_weights(layer: LayerSpace, op: Dense) -> IntArray:
    """[tiles, k * n] weights of every tile, cascade by cascade: column after column of K x N microtiles.

    Cascades that split the rows hold the same weights.
    """
    o = layer.table[0]
    K, N, k, n = (int(o[name]) for name in ("K", "N", "k", "n"))
    length, num = int(o["cas_length"]), int(o["cas_num"])
    wide = num if o["split"] != ROWS else 1
    padded = np.zeros((length * k, wide * n), np.int64)
    padded[:op.k, :op.n] = op.weights.values
    # [length, k/K, K, wide, n/N, N] -> [wide, length, n/N, k/K, K, N]
    tiles = padded.reshape(length, k // K, K, wide, n // N, N).transpose(3, 0, 4, 1, 2, 5).reshape(wide, length, k * n)
    return np.broadcast_to(tiles, (num, length, k * n)).reshape(num * length, k * n)


def pack_bias(layer: LayerSpace, op: Dense) -> IntArray:
    """[cas_num, n] biases of every cascade; zero where the layer has none."""
    return _per_output(layer, np.zeros(op.n, np.int64) if op.bias is None else op.bias.values)


def pack_shifts(layer: LayerSpace, op: Dense, shift: int) -> IntArray:
    """[cas_num, n / N] the shift of every column of microtiles, where outputs differ; `shift` is the common part."""
    assert op.finer is not None
    o = layer.table[0]
    n, N, num = int(o["n"]), int(o["N"]), int(o["cas_num"])
    wide = num if o["split"] != ROWS else 1
    padded = np.zeros(wide * n, np.int64)
    padded[:op.n] = op.finer
    blocks = padded.reshape(wide, n // N, N)
    assert (blocks == blocks[:, :, :1]).all()  # CHANNEL_BLOCK is a multiple of every N
    return np.broadcast_to(shift + blocks[:, :, 0], (num, n // N))


def pack_affine(layer: LayerSpace, op: Dense) -> IntArray:
    """[cas_num, 3 * n] gains, high parts and low parts of the offsets: offset = high * 2**30 + low."""
    assert op.affine is not None
    parts = (op.affine.gain, np.right_shift(op.affine.offset, 30), op.affine.offset & 0x3FFFFFFF)
    return np.concatenate([_per_output(layer, values) for values in parts], axis=1)


def _per_output(layer: LayerSpace, values: IntArray) -> IntArray:
    """[cas_num, n] a number an output, zeros beyond the true ones."""
    o = layer.table[0]
    n, num = int(o["n"]), int(o["cas_num"])
    wide = num if o["split"] != ROWS else 1
    padded = np.zeros(wide * n, np.int64)
    padded[:len(values)] = values
    return np.broadcast_to(padded.reshape(wide, n), (num, n))


def iterations_of(samples: int, batch: int) -> int:
    """Calls of the graph that `samples` need; the last is filled up with zeros."""
    return max(1, -(-samples // batch))


def in_microtiles(plio: Plio, values: IntArray) -> IntArray:
    """[iterations, rows, columns] in the order that a PLIO carries them, of values that are row by row."""
    if plio.microtile is None:
        return values
    M, K = plio.microtile
    blocks = values.reshape(len(values), plio.rows // M, M, plio.columns // K, K)
    return blocks.swapaxes(2, 3).reshape(values.shape)


def in_rows(values: IntArray, microtile: tuple[int, int]) -> IntArray:
    """[iterations, rows, columns] row by row, of values that are in the order of microtiles."""
    calls, rows, columns = values.shape
    M, K = microtile
    return values.reshape(calls, rows // M, columns // K, M, K).swapaxes(2, 3).reshape(values.shape)


def pack_input(plio: Plio, ints: IntArray, batch: int) -> IntArray:
    """[iterations, rows, columns] what a PLIO sends for `ints` [samples, features], in the order of `Plio.order`; zeros
    beyond the true tensor."""
    calls = iterations_of(len(ints), batch)
    samples = np.zeros((calls * batch, ints.shape[1]), np.int64)
    samples[:len(ints)] = ints
    return _window(plio, samples.reshape(calls, batch, -1))


def pack_output(plio: Plio, results: IntArray) -> IntArray:
    """[iterations, rows, columns] what a PLIO receives of `results` [iterations, rows, features], in its order.

    The rows are all that the array computes, those that pad the batch included; columns beyond the true ones are zero.
    """
    return _window(plio, results)


def _window(plio: Plio, values: IntArray) -> IntArray:
    out = np.zeros((len(values), plio.rows, plio.columns), np.int64)
    part = values[:, plio.first_row:plio.first_row + plio.rows, plio.first_column:plio.first_column + plio.columns]
    out[:, :part.shape[1], :part.shape[2]] = part
    return in_microtiles(plio, out)


def to_text(values: IntArray, per_line: int) -> str:
    """A simulator's data file: `per_line` numbers a line."""
    rows = values.reshape(-1, per_line).tolist()
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)
