"""Exact fixed-point types and the integer types that store them.

A tensor's type is its true one: a 6-bit activation saturates at 6 bits although an int8 holds it. The
arithmetic that every other part must reproduce is `requantize`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError

Rounding = Literal["floor", "ceil", "positive_inf", "negative_inf", "symmetric_inf", "symmetric_zero", "conv_even",
                   "conv_odd"]
Saturation = Literal["saturate", "symmetric"]
IntArray = npt.NDArray[np.int64]

STORAGE_BITS: dict[str, int] = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32}


def storage_bytes(storage: str) -> int:
    """Bytes of one element of a storage type.

    >>> storage_bytes("uint16")
    2
    """
    return STORAGE_BITS[storage] // 8


@dataclass(frozen=True)
class FixedPoint:
    """The integers `min_int` .. `max_int`, each worth 2**-frac.

    Attributes:
        width: bits of the true type, the sign included.
        frac: fraction bits; may be negative or larger than width.
        signed: whether there is a sign bit.
        rounding: how a finer value is brought to this grid (names of aie::rounding_mode; QKeras rounds to even).
        saturation: what happens beyond the range; `symmetric` also gives up the most negative integer.

    >>> FixedPoint(6, 5).max_int, FixedPoint(6, 6, signed=False).max_int
    (31, 63)
    """

    width: int
    frac: int
    signed: bool = True
    rounding: Rounding = "conv_even"
    saturation: Saturation = "saturate"

    @property
    def min_int(self) -> int:
        """Smallest integer of the type."""
        if not self.signed:
            return 0
        return -(1 << (self.width - 1)) + (self.saturation == "symmetric")

    @property
    def max_int(self) -> int:
        """Largest integer of the type."""
        return (1 << (self.width - int(self.signed))) - 1

    @property
    def storage(self) -> str:
        """The narrowest integer type of the hardware that holds every value.

        Raises:
            ModelError: when no storage type is wide enough.
        """
        for name in ("int8", "int16", "int32") if self.signed else ("uint8", "uint16"):
            if self.width <= STORAGE_BITS[name]:
                return name
        raise ModelError(f"no AI Engine storage type holds {self}", remedy="Use at most 16 bits")

    @property
    def scale(self) -> float:
        """The value of one integer step."""
        return 2.0**-self.frac

    def __str__(self) -> str:
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.width - self.frac}>"


@dataclass(frozen=True, eq=False)
class QuantizedArray:
    """Constant integers together with their type; `values * type.scale` are the model's numbers."""

    values: IntArray
    type: FixedPoint


def shift_round(values: IntArray, shift: int, rounding: Rounding) -> IntArray:
    """Divide integers by 2**shift and round, exactly; a negative shift multiplies.

    The eight modes are those of aie::rounding_mode. Formulas on q = floor and r = remainder, derived from the
    definitions of the modes in the AIE API user guide.

    >>> shift_round(np.array([1, 3, 5, -1]), 1, "conv_even").tolist()
    [0, 2, 2, 0]
    """
    if shift <= 0:
        return np.left_shift(values, -shift)
    q: IntArray = np.right_shift(values, shift)
    r: IntArray = values - np.left_shift(q, shift)
    half = np.int64(1) << np.int64(shift - 1)
    up: npt.NDArray[np.bool_]
    if rounding == "floor":
        return q
    if rounding == "ceil":
        up = r != 0
    elif rounding == "positive_inf":
        up = r >= half
    elif rounding == "negative_inf":
        up = r > half
    elif rounding == "symmetric_inf":
        up = np.where(values >= 0, r >= half, r > half)
    elif rounding == "symmetric_zero":
        up = np.where(values >= 0, r > half, r >= half)
    elif rounding == "conv_even":
        up = (r > half) | ((r == half) & (q & 1 == 1))
    else:
        up = (r > half) | ((r == half) & (q & 1 == 0))
    step: IntArray = up.astype(np.int64)
    return np.add(q, step)


def requantize(values: IntArray, frac: int, target: FixedPoint, clamp: tuple[int, int] | None = None) -> IntArray:
    """Bring integers worth 2**-frac each to the integers of `target`: shift, round, clamp.

    Args:
        values: int64 integers.
        frac: their fraction bits.
        target: the type to reach.
        clamp: tighter bounds than the type's own, as (low, high) integers of `target` (ReLU is low = 0).
    """
    low, high = clamp or (target.min_int, target.max_int)
    return np.clip(shift_round(values, frac - target.frac, target.rounding), low, high)


def quantize(x: npt.ArrayLike, target: FixedPoint) -> IntArray:
    """Real numbers to the integers of `target`, rounded and saturated as the type says.

    Computed in float64, exact for float32 input. NaN and infinities are refused.

    >>> quantize([0.3, -2.0, 0.51], FixedPoint(4, 3)).tolist()
    [2, -8, 4]
    """
    scaled = np.asarray(x, dtype=np.float64) * 2.0**target.frac
    if not np.all(np.isfinite(scaled)):
        raise ModelError("the input holds NaN or infinite values", remedy="Clean the data before simulating")
    # Rounding in the integer domain needs the fraction; 2**-20 of a step is kept, and what lies below it
    # only matters for being exactly a tie or not, so it is folded into the lowest kept bit ("sticky").
    bounded = np.clip(scaled, -(2.0**40), 2.0**40) * 2.0**20
    whole = np.floor(bounded)
    sticky = (bounded != whole).astype(np.int64)
    return requantize(whole.astype(np.int64) | sticky, target.frac + 20, target)
