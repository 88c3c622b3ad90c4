"""Weights on a uniform grid: quantized_bits and quantized_linear."""

from __future__ import annotations

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras import scales
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.frontends.qkeras.rounded import (
    Role,
    Rounded,
    asked,
    limit,
    matrix,
    no_subnormals,
    settled,
    through,
)
from aie_explorer.frontends.raw import FloatArray


def quantized_bits(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Rounded:
    """clip(round(x * m / m_i), low, m - 1) * m_i / m * alpha, m = 2**(bits - sign), m_i = 2**integer, or by `_auto`."""
    alpha = asked(quantizer, x, role, where)
    limits = (quantizer.settings["min_po2_exponent"], quantizer.settings["max_po2_exponent"])
    if quantizer.settings["post_training_scale"] is not None and not isinstance(quantizer.settings["alpha"], str):
        raise ModelError(f"{quantizer.text} has a post_training_scale", where=where,
                         rule="QKeras takes one only with alpha='auto' or 'auto_po2'", remedy="Set alpha='auto_po2'")
    if limits != (None, None) and not (isinstance(alpha, str) and alpha == "auto_po2"):
        raise ModelError(f"{quantizer.text} limits the exponent of its scale", where=where,
                         rule="QKeras does so only with alpha='auto_po2'", remedy="Leave the limits out")
    if isinstance(alpha, str):
        return _auto(quantizer, x, alpha, where)
    bits, signed = quantizer.whole("bits"), quantizer.flag("keep_negative")
    factor: FloatArray = np.ones((), np.float32) if alpha is None else alpha
    if bits == signed:  # one bit and a sign is the sign function, whatever `integer` is
        unit = np.float32(1)
        steps: FloatArray = np.where(x < 0, np.float32(-1), np.float32(1))
        no_subnormals(quantizer, x, role, where)
        bits = 2
    else:
        m, m_i = np.float32(2.0**(bits - signed)), np.float32(2.0**quantizer.whole("integer"))
        low = -m + np.float32(quantizer.flag("symmetric")) if signed else np.float32(0)
        unit = m_i / m
        steps = np.clip(np.rint(x * m / m_i), low, m - np.float32(1))
    numbers = through(quantizer, x, factor * (steps * unit))
    return Rounded(steps.astype(np.float64), factor.astype(np.float64) * float(unit), numbers, bits, signed)


def _auto(quantizer: Quantizer, x: FloatArray, alpha: str, where: str) -> Rounded:
    """Scales from the data: of the signed symmetric integers, although QKeras counts m without a sign bit if told."""
    bits = quantizer.whole("bits")
    if bits == 1:
        raise ModelError(f"{quantizer.text} has one bit and a scale from the data", where=where,
                         rule="QKeras then divides by no levels and makes every weight 0 or NaN",
                         remedy="Use binary(alpha='auto_po2'), or alpha=1")
    m_i = np.float32(2.0**quantizer.whole("integer"))
    top = np.float32(2 ** (bits - 1) - 1)
    part = x / m_i

    def levels(weights: FloatArray, scale: FloatArray) -> FloatArray:
        up = np.floor(np.abs(weights) / scale + np.float32(0.5))
        result: FloatArray = np.sign(weights) * np.where(up < top, up, top)
        return result

    columns = matrix(quantizer, part, where)
    m = np.float32(2.0 ** (bits - quantizer.flag("keep_negative")))
    given = quantizer.settings["post_training_scale"]
    if given is not None:
        fixed = np.asarray(given, np.float32)
        if fixed.size not in (1, x.shape[-1]):
            raise ModelError(f"{quantizer.text} has {fixed.size} post-training scales", where=where,
                             remedy=f"Give {x.shape[-1]}, one for each output")
        scale = np.broadcast_to(fixed, x.shape[-1:]) / m
    else:
        largest = np.abs(columns).max(axis=0 if x.ndim > 1 else None, keepdims=True).reshape(-1)
        scale = np.broadcast_to(largest * np.float32(2) / (np.float32(2) * top), x.shape[-1:])
        if alpha == "auto_po2":
            start = scales.nearest_exponents(scale.astype(np.float64), scale.astype(np.float64))
            clip = (limit(quantizer, "min_po2_exponent"), limit(quantizer, "max_po2_exponent"))
            scale = settled(quantizer, scales.iterate(columns, start, levels, 5, clip), where)
        scale = np.where(scale == 0, np.float32(1), scale)  # "auto" of nothing but zeros, which stay 0
    steps = levels(part, scale)
    numbers = through(quantizer, m_i * part, (scale * m) * (m_i * steps / m))
    return Rounded(steps.astype(np.float64), scale.astype(np.float64) * float(m_i), numbers, bits, True)


def quantized_linear(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Rounded:
    """round(clip(x / s, low, high)) * s with the step s = alpha * 2**(integer - bits + sign), or s from the data.

    One bit and a sign is clip(x / s, -1/2, 1/2), rounded half a step off the grid.
    """
    alpha = asked(quantizer, x, role, where)
    bits, signed = quantizer.whole("bits"), quantizer.flag("keep_negative")
    symmetric = quantizer.flag("symmetric") or (role == "kernel" and quantizer.settings["alpha"] is None)
    sign = bits == 1 and signed
    shift = np.float32(0.5 * sign)
    m = np.float32(2.0 ** (bits - signed))
    top = shift if sign else m - np.float32(1)
    low = -shift if sign else (np.float32(symmetric) - m if signed else np.float32(0))

    def levels(weights: FloatArray, scale: FloatArray) -> FloatArray:
        result: FloatArray = np.rint(np.clip(weights / scale, low, top) - shift) + shift
        return result

    if isinstance(alpha, str):
        columns = matrix(quantizer, x, where)
        reach = np.float32(2) * np.abs(columns).max(axis=0) if signed else columns.max(axis=0)
        scale = np.maximum(reach / (top - low), scales.EPSILON)
        if alpha == "auto_po2":
            start = scales.nearest_exponents(scale.astype(np.float64), scale.astype(np.float64))
            rounds = 1 if sign else 5
            scale = settled(quantizer, scales.iterate(columns, start, levels, rounds, (None, None)), where)
    else:
        unit = np.float32(2.0 ** (quantizer.whole("integer") - bits + signed))
        scale = unit if alpha is None else alpha * unit
    steps = levels(x, scale)
    half = 2.0 if sign else 1.0
    return Rounded(half * steps.astype(np.float64), scale.astype(np.float64) / half,
                   through(quantizer, x, steps * scale), 2 if sign else bits, signed)
