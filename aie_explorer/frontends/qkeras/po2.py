"""Weights that QKeras rounds to powers of two: quantized_po2 and quantized_relu_po2."""

from __future__ import annotations

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.frontends.qkeras.scales import EPSILON, log2_bounds
from aie_explorer.frontends.raw import FloatArray, shorten


def powers(quantizer: Quantizer, x: FloatArray, where: str) -> tuple[FloatArray, FloatArray]:
    """What the straight-through estimator passes on, and the powers of two themselves.

    A number below keras.backend.epsilon(), 0 included, becomes the smallest power, never 0.

    Raises:
        ModelError: when the exponents of the kind make no sense, or float32 leaves the exponent of a weight open.
    """
    if not quantizer.kind.startswith("quantized_relu"):
        sign = np.where(x < 0, np.float32(-1), np.float32(1))
        return x, sign * _power(quantizer, np.abs(x), where)
    slope = np.float32(_slope(quantizer, where))
    kept = np.where(x < 0, slope * x, x)
    if quantizer.settings["max_value"] is not None:
        kept = np.minimum(kept, np.float32(quantizer.number("max_value")))
    positive = _power(quantizer, np.maximum(x, np.float32(0)), where)
    if slope == 0:
        return kept, positive
    return kept, np.where(x >= 0, positive, -_power(quantizer, np.maximum(-x, np.float32(0)) * slope, where))


def _slope(quantizer: Quantizer, where: str) -> float:
    slope = quantizer.number("negative_slope")
    if slope < 0 or (slope and np.frexp(slope)[0] != 0.5):
        raise ModelError(f"{quantizer.text} has a negative slope that is no power of two", where=where,
                         remedy="Use 0 or a power of two such as 0.125")
    return slope


def _range(quantizer: Quantizer, where: str) -> tuple[int, int]:
    """Smallest and largest exponent; an exponent has a sign bit unless nothing above 1 is asked for."""
    largest = quantizer.settings["max_value"]
    if largest is not None and quantizer.number("max_value") <= 0:
        raise ModelError(f"{quantizer.text} has no positive max_value", where=where, remedy="Use a positive max_value")
    bits = quantizer.whole("bits") - (largest is None or quantizer.number("max_value") > 1)
    bits -= quantizer.kind == "quantized_po2"  # its own sign
    if bits < 0:
        raise ModelError(f"{quantizer.text} has too few bits for an exponent", where=where, remedy="Use 2 bits more")
    most = 2**bits - 1
    return -(2**bits), most // 2 * 2 if quantizer.flag("quadratic_approximation") else most


def _power(quantizer: Quantizer, size: FloatArray, where: str) -> FloatArray:
    """The power of two for each size, which is at least 0."""
    low, high = _range(quantizer, where)
    if quantizer.settings["log2_rounding"] not in ("rnd", "floor"):
        raise ModelError(f"{quantizer.text} rounds by {shorten(quantizer.settings['log2_rounding'])}", where=where,
                         remedy="Use log2_rounding='rnd' or 'floor'")
    bounded = np.maximum(size, EPSILON)
    if quantizer.settings["max_value"] is not None:
        bounded = np.minimum(bounded, np.float32(quantizer.number("max_value")))
    root = quantizer.flag("quadratic_approximation")
    value = (np.sqrt(bounded) if root else bounded).astype(np.float64)
    whole = np.floor if quantizer.settings["log2_rounding"] == "floor" else np.rint
    ends = [np.clip(whole(bound), low, high) * (2 if root else 1) for bound in log2_bounds(value, value)]
    small = size < EPSILON
    undecided = (ends[0] != ends[1]) & ~small
    if np.any(undecided):
        raise ModelError(f"{quantizer.text} leaves the exponent of {float(size[undecided][0]):.9g} open", where=where,
                         rule="the last bit of a float32 logarithm decides it, which differs between processors",
                         remedy="Change that weight in its last digit")
    exponents = np.where(small, low, ends[0])
    result: FloatArray = np.exp2(exponents).astype(np.float32)
    if np.any(exponents < np.finfo(np.float32).minexp):
        raise ModelError(f"{quantizer.text} makes numbers below 2**-126", where=where, remedy="Use at most 8 bits")
    return result
