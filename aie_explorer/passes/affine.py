"""A sum with a gain and an offset an output, as one Dense: batch normalisation, and scales that are no powers of two.

Gains and offsets are float32 numbers, so each is an integer times a power of two and the whole is exact in integers:
the sums of 32 bits times gains of 31 bits, plus the offset, in accumulators of 64 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir import Affine, Dense, FixedPoint, IntArray, QuantizedArray, Tensor
from aie_explorer.passes.realize import MOST_SHIFT, MOST_WEIGHT_BITS, blocks
from aie_explorer.passes.sums import Sum, raised, shifted, signed_bits, summed, trailing_zeros

MOST_GAIN_BITS = 32
MOST_OFFSET_BITS = 62
"""The offset reaches the accumulator as two integers, of 32 bits at 2**30 and of 30 bits."""
ADVICE = "Quantize the layer before, or use scales that differ less"


@dataclass(frozen=True, eq=False)
class Scaling:
    """gain * sum + offset for every output, exact numbers."""

    gain: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]


def composed(first: Scaling, gain: npt.NDArray[np.float64], offset: npt.NDArray[np.float64]) -> Scaling | None:
    """gain * first + offset as one scaling, where float64 holds it exactly; else None."""
    gains, offsets = gain * first.gain, gain * first.offset + offset
    for g, o, g1, o1, g2, o2 in zip(gains, offsets, first.gain, first.offset, np.broadcast_to(gain, gains.shape),
                                    np.broadcast_to(offset, gains.shape), strict=True):
        factor = Fraction(float(g2))
        if Fraction(float(g)) != factor * Fraction(float(g1)) or \
                Fraction(float(o)) != factor * Fraction(float(o1)) + Fraction(float(o2)):
            return None
    return Scaling(gains, offsets)


def fold(total: Sum, scaling: Scaling) -> Sum | None:
    """The scaled sum as a plain one if gains are powers of two and offsets no finer than the products, else None."""
    signs, gain_frac = dyadic(scaling.gain)
    offsets, offset_frac = dyadic(scaling.offset)
    if np.any(np.abs(signs) != 1):
        return None
    finest = np.maximum.reduce([term.frac for term in total.terms]) + gain_frac
    if np.any((offsets != 0) & (offset_frac > finest)) or signed_bits(offsets[None]).max() > 32:
        return None
    zero = np.zeros(total.n, np.int64)
    scaled = replace(total, bias=total.bias * signs, bias_frac=total.bias_frac + gain_frac, terms=tuple(
        replace(term, weights=term.weights * signs, frac=term.frac + gain_frac) for term in total.terms))
    return summed(total.name, total.source, (scaled, Sum("", "", (), offsets, np.where(offsets == 0, zero, offset_frac),
                                                         0)))


def realize_scaled(total: Sum, scaling: Scaling, tensor: Tensor, target_frac: int, clamp: tuple[int, int], name: str,
                   input_frac: int) -> tuple[Dense, Tensor, list[str]]:
    """The Dense that computes a scaled sum and rounds it.

    Args:
        total: the sum.
        scaling: what is done to it.
        tensor: its output, typed.
        target_frac: fraction bits to which it is rounded.
        clamp: bounds of the rounded integers.
        name: of the operation.
        input_frac: fraction bits of the first input.

    Raises:
        ModelError: when weights, gains or offsets need more bits than there are.
    """
    weights, frac = _weights(total)
    mantissas, gain_frac = dyadic(scaling.gain)
    whole = frac + gain_frac
    # the last bit is kept for what an offset has below the products (`_sticky`); it must lie below half a step too
    columns, out_frac = _order(mantissas, np.maximum(whole + 1, target_frac + 2), whole, total)
    real = columns >= 0
    order = columns[real]
    placed = np.zeros((len(weights), len(columns)), np.int64)
    placed[:, real] = weights[:, order]
    gain, offset = np.zeros(len(columns), np.int64), np.zeros(len(columns), np.int64)
    gain[real] = shifted(mantissas[order], out_frac[real] - whole[order])
    exact = _offsets(total, scaling)
    offsets = [_sticky(exact[j], int(f)) for j, f in zip(order, out_frac[real], strict=True)]
    if any(abs(value) >= 2 ** (MOST_OFFSET_BITS - 1) for value in offsets):
        raise ModelError(f"its offsets need more than {MOST_OFFSET_BITS} bits at the scale of its gains",
                         where=total.source, remedy=ADVICE)
    offset[real] = offsets
    common, least = int(frac.min()), int(out_frac.min())
    if int(out_frac.max()) - target_frac > MOST_SHIFT:
        raise ModelError("its output is too coarse for its scale", where=total.source, remedy=ADVICE)
    finer = out_frac - least
    features = None if np.array_equal(columns, np.arange(total.n)) else tuple(columns.tolist())
    bits = int(signed_bits(placed).max())
    dense = Dense(name, total.source, tuple(term.tensor for term in total.terms), tensor.name,
                  QuantizedArray(placed, FixedPoint(max(bits, 2), common - input_frac)), None, clamp, 0,
                  finer if finer.any() else None, None if total.macs == placed.size else total.macs,
                  Affine(gain, offset, least - common))
    note = f"{name}: a gain and an offset an output, computed exactly in 64 bits"
    return dense, Tensor(tensor.name, (len(columns),), tensor.type, tensor.source, features), [note]


def _weights(total: Sum) -> tuple[IntArray, IntArray]:
    """All weights, each column at the fewest fraction bits of its own."""
    lowest = np.full(total.n, -(1 << 20), np.int64)
    used = [np.any(term.weights, axis=0) for term in total.terms]
    frac = np.maximum.reduce([np.where(use, term.frac - trailing_zeros(term.weights), lowest)
                              for use, term in zip(used, total.terms, strict=True)])
    empty = frac == lowest
    frac = np.where(empty, int(frac[~empty].max()) if not empty.all() else 0, frac)
    weights = np.concatenate([raised(term.weights, frac - term.frac, total.source) for term in total.terms])
    bits = int(signed_bits(weights).max())
    if bits > MOST_WEIGHT_BITS:
        raise ModelError(f"its weights need {bits} bits of {MOST_WEIGHT_BITS}", where=total.source,
                         rule="the matrix unit multiplies integers of 8 or 16 bits", remedy="Use fewer bits")
    return weights, frac


def dyadic(values: npt.NDArray[np.float64]) -> tuple[IntArray, IntArray]:
    """Numbers as odd integers times 2**-frac.

    >>> [part.tolist() for part in dyadic(np.array([0.75, -2.0, 0.0]))]
    [[3, -1, 0], [2, -1, 0]]
    """
    fraction, exponent = np.frexp(values)
    whole = (fraction * 2.0**53).astype(np.int64)
    zeros = np.where(whole == 0, 0, trailing_zeros(whole.reshape(1, -1)).reshape(whole.shape))
    mantissas: IntArray = np.right_shift(whole, zeros)
    return mantissas, np.where(whole == 0, 0, 53 - exponent - zeros)


def _order(mantissas: IntArray, frac: IntArray, whole: IntArray, total: Sum) -> tuple[IntArray, IntArray]:
    """Columns and their fraction bits: as they are where the gains then fit, else ordered by blocks.

    Args:
        mantissas: [n] gains as odd integers.
        frac: [n] fewest fraction bits of each output.
        whole: [n] fraction bits at which the gains are the mantissas.
        total: the sum, for messages.
    """
    bits = signed_bits(mantissas[None]) + (frac - whole)
    used = mantissas != 0
    if not used.any():
        return np.arange(len(frac)), np.full_like(frac, int(frac.max()))
    frac, bits = np.where(used, frac, int(frac[used].min())), np.where(used, bits, 1)
    top = int(frac.max())
    if np.all(bits + (top - frac) <= MOST_GAIN_BITS):
        return np.arange(len(frac)), np.full_like(frac, top)
    if bits.max() > MOST_GAIN_BITS:
        raise ModelError("its gains need more than 31 bits", where=total.source, remedy=ADVICE)
    return blocks(bits, frac, MOST_GAIN_BITS)


def _offsets(total: Sum, scaling: Scaling) -> list[Fraction]:
    """[n] gain * bias + offset."""
    return [Fraction(float(gain)) * int(bias) * Fraction(2) ** -int(frac) + Fraction(float(offset))
            for gain, offset, bias, frac in zip(scaling.gain, scaling.offset, total.bias, total.bias_frac, strict=True)]


def _sticky(value: Fraction, frac: int) -> int:
    """An integer at `frac` fraction bits that rounds as `value` does.

    Products have no bit at the last place; so where `value` has more below it, that bit is set to say "not nothing",
    which is all that rounding asks.
    """
    scaled = value * Fraction(2) ** frac
    whole = math.floor(scaled)
    return whole if whole == scaled else whole | 1
