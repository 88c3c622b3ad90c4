"""The integer functions of activation quantizers, computed exactly, and as QKeras's float32 computes them.

A quantized network carries numbers that are whole multiples of a power of two, and on those every function here but
tanh and sigmoid is exact arithmetic. QKeras computes it in float32; where that rounds, `float32_values` gives what
QKeras gives and `table` says which entries it concerns. Ours is the exact result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import FloatArray
from aie_explorer.ir import FixedPoint, IntArray

Function = Literal["identity", "leaky", "affine", "sign", "ternary", "tanh", "sigmoid", "hswish"]
_TABLE_BITS = 8


@dataclass(frozen=True)
class Activation:
    """What a quantizer does to a number x, as integers of `type`; e is even rounding, f is 2**type.frac.

    * identity: e(x * f)
    * leaky: e(x * f) for x >= 0, else e(x * f * 2**-slope_shift)
    * affine: multiplier * e((gain * x + offset) * f) + constant
    * sign: `low` below zero, `high` from zero on; ternary: `low` for x <= -threshold, `high` for x >= threshold, else 0
      (and 0 at x = 0)
    * tanh, sigmoid: e(tanh(gain * x) * f), e(sigmoid(gain * x) * f)
    * hswish: e(x * clip(x + offset, 0, threshold) / threshold * f)

    each then clipped to `low` .. `high`.

    Attributes:
        text: the quantizer as a user would write it.
        kind: QKeras's name of it.
        type: of the result; `low` and `high` lie within it.
        low: smallest integer of the result.
        high: largest integer of the result.
        function: which of the above.
        slope_shift: of leaky; negative for a slope above 1.
        gain: of affine, tanh and sigmoid; of affine a dyadic number.
        offset: of affine and hswish, a dyadic number.
        multiplier: of affine.
        constant: of affine.
        threshold: of ternary and hswish, a float32 number.
        straight_through: whether QKeras returns x + (q(x) - x), which is q(x) only if x is not too large.
        through_limit: the largest x it does so with.
    """

    text: str
    kind: str
    type: FixedPoint
    low: int
    high: int
    function: Function = "identity"
    slope_shift: int = 0
    gain: float = 1.0
    offset: float = 0.0
    multiplier: int = 1
    constant: int = 0
    threshold: float = 0.0
    straight_through: bool = False
    through_limit: float = math.inf


@dataclass(frozen=True, eq=False)
class Table:
    """A function of few bits, entry by entry.

    Attributes:
        first: the input integer of the first entry.
        outputs: int64, the output integer of each input integer in ascending order.
        uncertain: bool, where QKeras's float32 may give or gives another integer.
    """

    first: int
    outputs: IntArray
    uncertain: npt.NDArray[np.bool_]


def apply(function: Activation, x: npt.NDArray[np.float64]) -> IntArray:
    """The integers of `function.type` for exact dyadic inputs of at most 40 significant bits; exact.

    Of tanh and sigmoid it is the rounding of the float64 value, whose error of about 2**-53 decides nothing in tables
    of 8-bit inputs.
    """
    with np.errstate(over="ignore"):
        result = _steps(function, np.asarray(x, np.float64))
    clipped: IntArray = np.clip(result, function.low, function.high).astype(np.int64)
    return clipped


def _steps(function: Activation, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    steps = 2.0**function.type.frac
    kind = function.function
    if kind == "sign":
        result = np.where(x < 0, float(function.low), float(function.high))
    elif kind == "ternary":
        result = np.where(np.abs(x) >= function.threshold, np.sign(x), 0.0) * function.high
    elif kind == "affine":
        result = function.multiplier * np.rint((function.gain * x + function.offset) * steps) + function.constant
    else:
        result = np.rint(_smooth(function, x) * steps)
    return result


def _smooth(function: Activation, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The value before it is rounded to the grid."""
    kind = function.function
    if kind == "leaky":
        result = np.where(x < 0, x * 2.0**-function.slope_shift, x)
    elif kind == "tanh":
        result = np.tanh(function.gain * x)
    elif kind == "sigmoid":
        result = 0.5 + 0.5 * np.tanh(0.5 * function.gain * x)
    elif kind == "hswish":
        result = x * np.clip(x + function.offset, 0, function.threshold) / function.threshold
    else:
        result = x
    return result


def float32_values(function: Activation, x: FloatArray) -> FloatArray:
    """The float32 numbers QKeras gives for `x`, operation by operation; not for tanh and sigmoid.

    >>> half = Activation("quantized_sigmoid(4)", "quantized_sigmoid", FixedPoint(4, 4, False), 0, 15, "affine",
    ...                   gain=0.5, offset=0.5)
    >>> float32_values(half, np.array([0.3], np.float32)).tolist()
    [0.625]
    """
    x = np.asarray(x, np.float32)
    step = np.float32(function.type.scale)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = _float32_steps(function, x, step)
        value = np.clip(steps, np.float32(function.low), np.float32(function.high)) * step
        if function.straight_through:
            kept = x
            if function.kind == "quantized_relu":
                slope = np.float32(2.0**-function.slope_shift if function.function == "leaky" else 0)
                kept = np.minimum(np.where(x < 0, slope * x, x), np.float32(function.through_limit))
            value = kept + (value - kept)
    found: FloatArray = value.astype(np.float32)
    return found


def _float32_steps(function: Activation, x: FloatArray, step: np.float32) -> FloatArray:
    """Where QKeras's float32 rounds before it rounds to the grid: adding 0.5, dividing by 6."""
    half = np.float32(0.5)
    if function.kind == "quantized_tanh":
        line = np.clip(np.float32(function.gain / 2) * x + half, np.float32(0), np.float32(1))
        result = np.rint((np.float32(2) * line - np.float32(1)) / step)
    elif function.function == "affine":
        line = np.float32(function.gain) * x + np.float32(function.offset)
        result = np.float32(function.multiplier) * np.rint(line / step) + np.float32(function.constant)
    elif function.function == "hswish":
        part = np.clip(x + np.float32(function.offset), np.float32(0), np.float32(function.threshold))
        result = np.rint(x * part / np.float32(function.threshold) / step)
    elif function.kind == "quantized_linear" and function.function == "sign":
        result = np.where(x / (np.float32(2) * step) - half < -half, np.float32(-1), np.float32(1))
    else:
        result = _steps(function, x.astype(np.float64)).astype(np.float32)
    found: FloatArray = result
    return found


def table(function: Activation, input_type: FixedPoint) -> Table:
    """Every input integer to its output integer.

    An entry is uncertain where QKeras's own float32 differs from the exact result, and for tanh and sigmoid where the
    value is so near to a tie that TensorFlow's may lie on its other side: its vectorised tanh and sigmoid were measured
    to be off by up to 6 units in the last place on 2**-20 .. 2**5; 8 are allowed for.

    Raises:
        ModelError: for more than 8 input bits.
    """
    if input_type.width > _TABLE_BITS:
        raise ModelError(f"{function.text} of {input_type} has 2**{input_type.width} entries",
                         rule=f"a table is kept for at most {_TABLE_BITS} input bits",
                         remedy=f"Quantize its input to {_TABLE_BITS} bits or fewer")
    integers = np.arange(input_type.min_int, input_type.max_int + 1)
    x = integers.astype(np.float64) * input_type.scale
    outputs = apply(function, x)
    if function.function in ("tanh", "sigmoid"):
        uncertain = _near_tie(function, x)
    else:
        with np.errstate(over="ignore"):
            narrow = x.astype(np.float32)
        uncertain = (float32_values(function, narrow) != outputs * function.type.scale) | (narrow != x)
    return Table(int(integers[0]), outputs, uncertain)


def _near_tie(function: Activation, x: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    value = _smooth(function, x)
    size = np.abs(value)
    if function.function == "tanh" and function.gain != 1:  # QKeras takes 2 * sigmoid(x) - 1
        size = 1 + size
    error = 8 * np.spacing(size.astype(np.float32)).astype(np.float64)
    steps = 2.0**function.type.frac
    ends = [np.clip(np.rint((value + sign * error) * steps), function.low, function.high) for sign in (-1, 1)]
    different: npt.NDArray[np.bool_] = ends[0] != ends[1]
    return different
