"""A sum and the type it is rounded to, as one Dense: how its weights become one matrix of integers.

Outputs may have scales of their own (a QKeras kernel with `alpha="auto_po2"` has one power of two a channel). In
order of cost: one common scale where the weights then still fit 8 bits; outputs ordered so that each block of
CHANNEL_BLOCK shares a shift; one common scale with 16-bit weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import CHANNEL_BLOCK, Dense, FixedPoint, IntArray, QuantizedArray, Tensor
from aie_explorer.passes.sums import Sum, raised, shifted, signed_bits, trailing_zeros

MOST_SHIFT = 62
"""The shift of the SRS instruction is a 6-bit register; 62 also keeps the int64 reference exact."""

MOST_WEIGHT_BITS = 16
MACS_PER_CYCLE = {(8, 8): 256, (8, 16): 64, (16, 8): 128, (16, 16): 64}
"""Of a tile by bits of activations and weights (AM020 table of the AIE-ML vector unit; int8 x int16 runs as 16 x 16).
They only weigh padding against wider weights, so one generation stands for all."""


@dataclass(frozen=True, eq=False)
class _Matrix:
    """Weights of a Dense and where its columns come from: for each the output it computes, -1 for padding."""

    weights: IntArray
    frac: IntArray
    columns: IntArray
    bits: int


def realize(total: Sum, tensor: Tensor, target: int | None, clamp: tuple[int, int] | None, name: str,
            input_frac: int, input_bits: int) -> tuple[Dense, Tensor, list[str]]:
    """The Dense that computes a sum and rounds it to the type of `tensor`.

    Args:
        total: the sum.
        tensor: its output; without a type the exact sum is given out as int32.
        target: fraction bits to which it is rounded; None where it is the exact sum.
        clamp: bounds of the output's integers; None where it is the exact sum.
        name: of the operation.
        input_frac: fraction bits of the first input.
        input_bits: storage bits of its inputs, to weigh padding against wide weights.

    Returns:
        The operation, its tensor with type and order of features, and notes on what was rewritten.

    Raises:
        ModelError: when the weights need more than 16 bits or the bias more than 32.
    """
    given, needed = _fracs(total, target)
    stacked = [raised(term.weights, given - term.frac, total.source) for term in total.terms]
    weights = np.concatenate(stacked)
    found, notes = _matrix(weights, given, needed, input_bits, total, name, allow_blocks=tensor.type is not None)
    bias = _bias(total, found)
    common = int(found.frac.min())
    finer = found.frac - common
    fixed = FixedPoint(max(found.bits, 2), common - input_frac)
    features = None if np.array_equal(found.columns, np.arange(total.n)) else tuple(found.columns.tolist())
    kind = tensor.type if tensor.type is not None else FixedPoint(32, common)
    to = kind.frac if target is None else target
    if int(found.frac.max()) - to > MOST_SHIFT:
        raise ModelError(f"its output is {int(found.frac.max()) - to} bits coarser than its products",
                         where=total.source, rule=f"the shift is at most {MOST_SHIFT}",
                         remedy="Use fewer integer bits in its activation")
    dense = Dense(name, total.source, tuple(term.tensor for term in total.terms), tensor.name,
                  QuantizedArray(found.weights, fixed), bias, clamp, 0, finer if finer.any() else None,
                  None if total.macs == found.weights.size else total.macs)
    return dense, Tensor(tensor.name, (len(found.columns),), kind, tensor.source, features), notes


def _fracs(total: Sum, target: int | None) -> tuple[IntArray, IntArray]:
    """[n] fraction bits of each output's sum as the model gives them, and the fewest that lose nothing.

    Both are at least those of the bias and of the output, so that every shift is one to the right.
    """
    used = [np.any(term.weights, axis=0) for term in total.terms]
    lowest = np.full(total.n, -(1 << 20), np.int64)
    given = np.maximum.reduce([np.where(use, term.frac, lowest) for use, term in zip(used, total.terms, strict=True)])
    least = np.maximum.reduce([np.where(use, term.frac - trailing_zeros(term.weights), lowest)
                               for use, term in zip(used, total.terms, strict=True)])
    bias = np.where(total.bias != 0, total.bias_frac - trailing_zeros(total.bias[None]), lowest)
    floor = bias if target is None else np.maximum(bias, target)
    given, least = np.maximum(given, floor), np.maximum(least, floor)
    empty = given == lowest  # no weight, no bias: any scale will do
    other = int(given[~empty].max()) if not empty.all() else 0
    return np.where(empty, other, given), np.where(empty, other, least)


def _matrix(weights: IntArray, given: IntArray, needed: IntArray, input_bits: int, total: Sum, name: str, *,
            allow_blocks: bool) -> tuple[_Matrix, list[str]]:
    """The cheapest way to hold the weights as one matrix; `weights` are at `given` fraction bits."""
    notes = []
    reduced = shifted(weights, np.maximum(needed, given - 63) - given)
    bits = signed_bits(reduced)
    everywhere = np.arange(len(given))
    common = [_common(weights, given), _common(reduced, needed)]
    widths = [_width(matrix.bits) for matrix in common]
    uniform = common[0] if widths[0] <= widths[1] else common[1]
    if uniform.bits <= MOST_WEIGHT_BITS and not np.array_equal(uniform.weights, weights_as_given(total)):
        notes.append(f"{name}: weights brought to one scale with its bias and output, {uniform.bits} bits")
    cost = _cost(len(given), uniform.bits, input_bits)
    best: tuple[_Matrix, list[str]] | None = (
        (_Matrix(uniform.weights, uniform.frac, everywhere, uniform.bits), notes)
        if uniform.bits <= MOST_WEIGHT_BITS else None)
    for limit in (8, MOST_WEIGHT_BITS) if allow_blocks else ():
        if bits.max() > limit:
            continue
        columns, frac = blocks(bits, needed, limit)
        if best is None or _cost(len(columns), limit, input_bits) < cost:
            cost = _cost(len(columns), limit, input_bits)
            blocked = np.zeros((len(weights), len(columns)), np.int64)
            real = columns >= 0
            blocked[:, real] = shifted(reduced[:, columns[real]], np.minimum(frac[real] - needed[columns[real]], 63))
            held = int(signed_bits(blocked).max())
            best = (_Matrix(blocked, frac, columns, held),
                    [f"{name}: its outputs have scales of their own; ordered so that each block of {CHANNEL_BLOCK} "
                     f"shares a shift, {len(columns) - len(given)} columns of zeros filling up blocks"])
    if best is None:
        raise ModelError(f"its weights, brought to one scale with its bias and output, need {uniform.bits} bits of "
                         f"{MOST_WEIGHT_BITS}", where=total.source,
                         rule="the matrix unit multiplies integers of 8 or 16 bits",
                         remedy='Use fewer fraction bits in bias_quantizer (such as "quantized_bits(8,0,alpha=1)") and '
                                "activation, or fewer bits in the weights")
    return best


def weights_as_given(total: Sum) -> IntArray:
    """The weights as the model has them, every column at its own scale."""
    return np.concatenate([term.weights for term in total.terms])


def _common(weights: IntArray, frac: IntArray) -> _Matrix:
    """All columns at the largest fraction bits."""
    top = int(frac.max())
    up = top - frac
    bits = int((signed_bits(weights) + np.where(np.any(weights, axis=0), up, 0)).max())
    if bits > MOST_WEIGHT_BITS:
        return _Matrix(weights, frac, np.arange(len(frac)), bits)
    return _Matrix(shifted(weights, np.minimum(up, 62)), np.full_like(frac, top), np.arange(len(frac)), bits)


def _width(bits: int) -> int:
    return 8 if bits <= 8 else 16 if bits <= MOST_WEIGHT_BITS else 64


def _cost(n: int, weight_bits: int, input_bits: int) -> float:
    """Cycles a row of weights takes, up to a factor."""
    return n / MACS_PER_CYCLE[(8 if input_bits <= 8 else 16, 8 if weight_bits <= 8 else 16)]


def blocks(bits: IntArray, frac: IntArray, limit: int) -> tuple[IntArray, IntArray]:
    """Outputs in an order in which every block shares its fraction bits.

    From the finest scale on, a group takes every output that still fits `limit` bits at it, which makes the fewest
    groups.

    Args:
        bits: [n] signed bits of each output's weights at `frac`.
        frac: [n] fewest fraction bits of each output.
        limit: bits a weight may have.

    Returns:
        ([columns] output or -1, [columns] fraction bits), whole blocks of CHANNEL_BLOCK.
    """
    left = np.arange(len(frac))
    columns: list[int] = []
    fracs: list[int] = []
    while len(left):
        top = int(frac[left].max())
        fits = bits[left] + (top - frac[left]) <= limit
        group = left[fits]
        left = left[~fits]
        filled = -(-len(group) // CHANNEL_BLOCK) * CHANNEL_BLOCK
        columns += [*group.tolist(), *[-1] * (filled - len(group))]
        fracs += [top] * filled
    return np.array(columns), np.array(fracs)


def _bias(total: Sum, found: _Matrix) -> QuantizedArray | None:
    """The bias as 32-bit integers, each at the fraction bits of its column."""
    if not np.any(total.bias):
        return None
    real = found.columns >= 0
    order = found.columns[real]
    up = found.frac[real] - total.bias_frac[order]
    values = np.zeros(len(found.columns), np.int64)
    values[real] = shifted(total.bias[order], np.minimum(up, 31))
    if np.any((up > 31) & (total.bias[order] != 0)) or np.any(np.abs(values) > 2**31 - 1):
        raise ModelError(f"its bias needs more than 32 bits at {int(found.frac.max())} fraction bits",
                         where=total.source, remedy="Use fewer fraction bits in its input and weights")
    return QuantizedArray(values, FixedPoint(32, int(found.frac.min())))
