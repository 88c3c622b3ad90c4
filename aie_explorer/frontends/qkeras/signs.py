"""Weights of one sign or of three values: binary and ternary."""

from __future__ import annotations

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras import scales
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.frontends.qkeras.rounded import (
    ONE,
    Role,
    Rounded,
    asked,
    limit,
    matrix,
    no_subnormals,
    settled,
    through,
)
from aie_explorer.frontends.qkeras.scales import Exponents
from aie_explorer.frontends.raw import FloatArray


def binary(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Rounded:
    """-1 below zero and 1 from zero on, times a scale; with use_01 it is 0 and 1."""
    alpha = asked(quantizer, x, role, where)
    no_subnormals(quantizer, x, role, where)
    if quantizer.flag("use_stochastic_rounding"):
        raise ModelError(f"{quantizer.text} rounds at random", where=where,
                         rule="QKeras itself fails on it at inference", remedy="Leave use_stochastic_rounding out")
    sign = np.where(x < 0, np.float32(-1), np.float32(1))
    steps = (sign + np.float32(1)) / np.float32(2) if quantizer.flag("use_01") else sign
    signed = not quantizer.flag("use_01")
    if alpha is None:  # through tanh(x), which is closer to q(x) than 1, so that nothing is lost
        return Rounded(steps.astype(np.float64), ONE, steps, 1 + signed, signed)
    if isinstance(alpha, str):
        _no_mean(quantizer, alpha, where)
        columns = matrix(quantizer, x, where)
        nothing = np.zeros(x.shape[-1], np.int64)
        clip = (None, None) if "min_po2_exponent" not in quantizer.settings else (
            limit(quantizer, "min_po2_exponent"), limit(quantizer, "max_po2_exponent"))
        fixed = steps.reshape(columns.shape)
        fit = scales.iterate(columns, Exponents(nothing, nothing, nothing > 0), lambda _x, _s: fixed, 1, clip)
        scale = settled(quantizer, fit, where)
    else:
        scale = alpha
    return Rounded(steps.astype(np.float64), scale.astype(np.float64), through(quantizer, x, scale * steps),
                   1 + signed, signed)


def _no_mean(quantizer: Quantizer, alpha: str, where: str) -> None:
    if alpha == "auto":
        raise ModelError(f"{quantizer.text} has a mean of the weights as its scale", where=where,
                         rule="the last bit of a float32 mean depends on the order a processor sums in",
                         remedy="Use alpha='auto_po2'")


def ternary(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Rounded:
    """The sign of numbers from a threshold on, else 0, times a scale."""
    alpha = asked(quantizer, x, role, where)
    threshold = quantizer.settings["threshold"]
    no_subnormals(quantizer, x, role, where)
    if isinstance(alpha, str):
        _no_mean(quantizer, alpha, where)
        if threshold is not None:
            raise ModelError(f"{quantizer.text} has a threshold", where=where,
                             rule="QKeras takes none where the scale comes from the data, as in every kernel "
                             "without alpha", remedy="Leave threshold out or give alpha as a number")
        steps, scale = _fitted_ternary(quantizer, x, where)
        numbers = through(quantizer, x, scale * steps)
        return Rounded(steps.astype(np.float64), scale.astype(np.float64), numbers, 2, True)
    if quantizer.flag("use_stochastic_rounding"):
        raise ModelError(f"{quantizer.text} rounds at random", where=where,
                         rule="QKeras allows it only with alpha='auto' or 'auto_po2'",
                         remedy="Leave use_stochastic_rounding out")
    bound = np.float32(0.33 if threshold is None else quantizer.number("threshold"))
    steps = np.where(np.abs(x) >= bound, np.sign(x), np.float32(0))
    if alpha is None:  # through tanh(x), as in binary
        return Rounded(steps.astype(np.float64), ONE, steps, 2, True)
    scale = alpha
    return Rounded(steps.astype(np.float64), scale.astype(np.float64), through(quantizer, x, scale * steps), 2,
                      True)


def _fitted_ternary(quantizer: Quantizer, x: FloatArray, where: str) -> tuple[FloatArray, FloatArray]:
    """Signs and scales fitted in turns; the signs belong to the scale before the last."""
    def signs(weights: FloatArray, scale: FloatArray) -> FloatArray:
        result: FloatArray = np.where(np.rint(weights / scale) != 0, np.sign(weights), np.float32(0))
        return result

    columns = x.reshape(-1, x.shape[-1])
    largest = np.abs(columns).max(axis=0 if x.ndim > 1 else None, keepdims=True).reshape(-1)
    first = np.broadcast_to(np.float32(2) * largest / np.float32(3), x.shape[-1:]).astype(np.float64)
    start = scales.nearest_exponents(first, first)
    rounds = quantizer.whole("number_of_unrolls")
    before = scales.iterate(columns, start, signs, rounds - 1, (None, None))
    scale = settled(quantizer, scales.iterate(columns, before, signs, 1, (None, None)), where)
    return signs(x, settled(quantizer, before, where)), scale
