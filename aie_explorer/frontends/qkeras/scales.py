"""The scales that QKeras computes from the weights themselves (alpha "auto_po2"): no model stores them.

QKeras starts from the largest weight of an output, rounds to a power of two, and then five times quantizes with the
scale and takes the power of two nearest to the least-squares scale mean(x * q) / mean(q * q). All of it is float32, and
two of its steps are not the same number everywhere: the order in which a mean is summed (Eigen adds in four interleaved
accumulators and takes leftover columns one by one, XLA and other processors do otherwise), and the last bits of a
logarithm. Their result is rounded to a whole exponent, so a last bit matters only at an edge, about one output in
10**5. Here every step keeps the lowest and the highest value that any of these orders gives; where the exponent is
not the same for both, that output is said to be open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.frontends.raw import FloatArray
from aie_explorer.ir import IntArray

Exact = npt.NDArray[np.float64]
Quantize = Callable[[FloatArray, FloatArray], FloatArray]
"""Float32 weights [k, n] and scales [n] to the multiples of the scale that stand for them."""

EPSILON = np.float32(1e-7)
"""keras.backend.epsilon() by default, a global setting that no model holds."""

_ULP = 2.0**-24
"""Half a unit in the last place of float32, relative: the error of one rounding."""


@dataclass(frozen=True, eq=False)
class Exponents:
    """Exponents of two, one for each output: the lowest and highest that float32 in any order can give."""

    low: IntArray
    high: IntArray
    open: npt.NDArray[np.bool_]

    @property
    def scale(self) -> FloatArray:
        """The scales by the low exponents, which are all where nothing is open."""
        return np.exp2(self.low).astype(np.float32)


def log2_bounds(low: Exact, high: Exact) -> tuple[Exact, Exact]:
    """Lowest and highest float32 quotient log(x) / log(2) that TensorFlow may find for x in [low, high].

    Its vectorised logarithm was measured on 2**-60 .. 2**60 to be off by at most 1.2 units in the last place, and 2.7
    where the logarithm is below 1.4; XLA's and numpy's by less. The logarithm of 1 is exact.
    """
    bounds = []
    for value, sign in ((low, -1.0), (high, 1.0)):
        logarithm = np.log(value)
        units = np.where(np.abs(logarithm) < 1.5, 3.0, 1.5) * _unit(logarithm)
        quotient = logarithm / np.log(2.0)
        error = units / np.log(2.0) + 0.5 * _unit(quotient) + 2.0**-27 * np.abs(quotient)
        bounds.append(quotient + np.where(value == 1, 0, sign * error))
    return bounds[0], bounds[1]


def _unit(values: Exact) -> Exact:
    """One unit in the last place of the float32 nearest to each value."""
    return np.spacing(np.abs(values).astype(np.float32)).astype(np.float64)


def nearest_exponents(low: Exact, high: Exact) -> Exponents:
    """round(log2(x + epsilon)), half to even, for x in [low, high]."""
    epsilon = float(EPSILON)
    below, above = log2_bounds((low + epsilon) * (1 - _ULP), (high + epsilon) * (1 + _ULP))
    first, last = np.rint(below).astype(np.int64), np.rint(above).astype(np.int64)
    return Exponents(first, last, last - first > 1)


def least_squares(x: FloatArray, q: FloatArray) -> tuple[Exact, Exact]:
    """Lowest and highest mean(x * q) / (mean(q * q) + epsilon) of each column, x and q of shape [k, n]."""
    count = x.shape[0]
    low, high = (total / count for total in sum_bounds(x * q))
    squares_low, squares_high = (total / count for total in sum_bounds(q * q))
    # Products and sums are in the bounds; the two means, the epsilon and the quotient round once each.
    epsilon = float(EPSILON)
    return low / (squares_high + epsilon) * (1 - 6 * _ULP), high / (squares_low + epsilon) * (1 + 6 * _ULP)


def sum_bounds(terms: FloatArray) -> tuple[Exact, Exact]:
    """Lowest and highest sum of each column over the orders in use: one by one, four interleaved, and exact."""
    sums = [np.add.reduce(terms, axis=0).astype(np.float64), terms.sum(axis=0, dtype=np.float64)]
    if len(terms) >= 16:
        whole = len(terms) // 4 * 4
        total = np.add.reduce(terms[0:whole:4], axis=0)
        for lane in (1, 2, 3):
            total = total + np.add.reduce(terms[lane:whole:4], axis=0)
        for rest in terms[whole:]:
            total = total + rest
        sums.append(total.astype(np.float64))
    return np.minimum.reduce(sums), np.maximum.reduce(sums)


def iterate(x: FloatArray, start: Exponents, quantize: Quantize, rounds: int, clip: tuple[int | None, int | None]
            ) -> Exponents:
    """Least-squares powers of two: `rounds` times quantize with the scale, then fit the scale.

    Args:
        x: weights [k, n].
        start: exponents of the first scale.
        quantize: as QKeras does with a scale.
        rounds: how often.
        clip: least and largest exponent allowed, where given.
    """
    found = start
    for _ in range(rounds):
        found = _refit(x, found, quantize, clip)
    return found


def _refit(x: FloatArray, start: Exponents, quantize: Quantize, clip: tuple[int | None, int | None]) -> Exponents:
    """One round, from both ends of what `start` leaves open."""
    ends = []
    for exponents in (start.low, start.high) if np.any(start.low != start.high) else (start.low,):
        scale = np.exp2(exponents).astype(np.float32)
        fit = nearest_exponents(*least_squares(x, quantize(x, scale)))
        if clip != (None, None):
            fit = Exponents(np.clip(fit.low, *clip), np.clip(fit.high, *clip), fit.open)
        ends.append(fit)
    low = np.minimum.reduce([end.low for end in ends])
    high = np.maximum.reduce([end.high for end in ends])
    # More than two candidates are not all followed up: such an output stays open.
    return Exponents(low, high, start.open | (high - low > 1))
