"""Bring bias, sum and output to fraction bits a shift to the right connects."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, FixedPoint, Network, Op, QuantizedArray, Tensor
from aie_explorer.passes.base import rebuilt

MOST_SHIFT = 62
"""The shift of the SRS instruction is a 6-bit register; 62 also keeps the int64 reference exact."""


@dataclass(frozen=True)
class AlignFractions:
    """Express every bias at the accumulator's fraction bits and make every output shift non-negative.

    Where the bias or the output is finer than the products, the weights are multiplied by a power of two, which
    changes no result; that is done only while they fit `most_bits`.
    """

    name: str = "align_fractions"
    most_bits: int = 16

    def apply(self, network: Network) -> Network:
        """The aligned network; an unquantized output becomes the exact sum as int32.

        Raises:
            ModelError: when the weights would need more than `most_bits` or the bias more than 32 bits.
        """
        known = dict(network.tensors)
        ops: list[Op] = []
        notes: list[str] = []
        for op in network.ops:
            assert isinstance(op, Dense)
            source = known[op.input].type
            assert source is not None
            aligned, note = self._aligned(op, source.frac, known[op.output].type)
            frac = source.frac + aligned.weights.type.frac
            known[op.output] = _typed(known[op.output], frac, op)
            ops.append(aligned)
            notes += note
        return rebuilt(network, ops, known.values(), notes)

    def _aligned(self, dense: Dense, input_frac: int, target: FixedPoint | None) -> tuple[Dense, list[str]]:
        products = input_frac + dense.weights.type.frac
        wanted = {"bias": _needed_frac(dense.bias), "output": None if target is None else target.frac}
        finer = {what: frac - products for what, frac in wanted.items() if frac is not None and frac > products}
        extra = max(finer.values(), default=0)
        weights = dense.weights
        notes = []
        if extra:
            why = max(finer, key=lambda what: finer[what])
            weights = self._scaled(dense, extra, why)
            notes.append(f"{dense.name}: weights multiplied by 2**{extra}, because its {why} has {extra} more fraction "
                         "bits than its products")
        bias = None if dense.bias is None else _bias_at(dense.bias, products + extra, dense.source)
        return dataclasses.replace(dense, weights=weights, bias=bias), notes

    def _scaled(self, dense: Dense, extra: int, why: str) -> QuantizedArray:
        needed = _scaled_bits(dense.weights, min(extra, 64))
        if needed > self.most_bits:
            raise ModelError(f"its {why} has {extra} more fraction bits than its products", where=dense.source,
                             rule=f"the weights scaled by 2**{extra} would need {needed} bits of {self.most_bits}",
                             remedy=_REMEDIES[why])
        old = dense.weights.type
        fixed = dataclasses.replace(old, width=max(old.width, needed), frac=old.frac + extra, saturation="saturate")
        return QuantizedArray(np.left_shift(dense.weights.values, extra), fixed)


_REMEDIES = {
    "bias": 'Use a bias_quantizer with fewer fraction bits, such as "quantized_bits(8,0,alpha=1)"',
    "output": "Use fewer fraction bits in its activation, or more in its weights or input",
}


def _scaled_bits(weights: QuantizedArray, extra: int) -> int:
    low, high = int(weights.values.min(initial=0)) << extra, int(weights.values.max(initial=0)) << extra
    return max((-low - 1 if low < 0 else 0).bit_length(), high.bit_length()) + 1


def _needed_frac(bias: QuantizedArray | None) -> int | None:
    """Fewest fraction bits that hold every bias; None where there is nothing to hold."""
    if bias is None or not np.any(bias.values):
        return None
    every = int(np.bitwise_or.reduce(bias.values))
    return bias.type.frac - ((every & -every).bit_length() - 1)


def _bias_at(bias: QuantizedArray, frac: int, where: str) -> QuantizedArray:
    """The bias as 32-bit integers at `frac`, which is at least the fraction bits it needs."""
    shift = frac - bias.type.frac
    if not np.any(bias.values):
        return QuantizedArray(bias.values, FixedPoint(32, frac))
    largest = max(int(bias.values.max()), -int(bias.values.min()))
    if shift > 0 and largest << min(shift, 64) > 2**31 - 1:
        raise ModelError(f"its bias needs more than 32 bits at {frac} fraction bits", where=where,
                         remedy="Use fewer fraction bits in its input and weights")
    moved = np.left_shift(bias.values, shift) if shift > 0 else np.right_shift(bias.values, -shift)
    return QuantizedArray(moved, FixedPoint(32, frac))


def _typed(tensor: Tensor, frac: int, dense: Dense) -> Tensor:
    if tensor.type is None:
        return dataclasses.replace(tensor, type=FixedPoint(32, frac))
    if frac - tensor.type.frac > MOST_SHIFT:
        raise ModelError(f"its output is {frac - tensor.type.frac} bits coarser than its products", where=dense.source,
                         rule=f"the shift is at most {MOST_SHIFT}", remedy="Use fewer integer bits in its activation")
    return tensor
