"""What each activation quantizer of QKeras does at inference: its function, range and type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.functions import Activation, Function, Table, apply, float32_values, table
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.ir import FixedPoint

__all__ = ["Activation", "Table", "activation", "apply", "float32_values", "table"]

InternalSigmoid = Literal["hard", "smooth", "real"]

_INTERNAL: Mapping[InternalSigmoid, float] = {"hard": 0.5, "smooth": 0.1875}
"""Slope of QKeras's straight-line sigmoids, clip(slope * x + 0.5, 0, 1)."""

_USE = "Use quantized_bits(bits, integer, alpha=1) or quantized_relu(bits, integer)"
_WIDEST_ALPHA_BITS = 15


def activation(quantizer: Quantizer, where: str, internal_sigmoid: InternalSigmoid = "hard") -> Activation:
    """The exact function of an activation quantizer at inference.

    Args:
        quantizer: which.
        where: file and layer, for messages.
        internal_sigmoid: what qkeras.set_internal_sigmoid was given; no model says.

    Raises:
        ModelError: when the result is not on one power-of-two grid, depends on the other data, or is random.

    >>> from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
    >>> found = activation(parse_quantizer("quantized_relu(6, 2)", "here"), "here")
    >>> found.function, found.low, found.high, str(found.type)
    ('identity', 0, 63, 'ufixed<6,2>')
    """
    work = _KINDS.get(quantizer.kind)
    if work is None:
        reason, remedy = _REFUSED[quantizer.kind]
        raise ModelError(f"{quantizer.text} {reason}", where=where, remedy=remedy)
    return work(quantizer, where, internal_sigmoid)


def _fixed(quantizer: Quantizer, fixed: FixedPoint, function: Function = "identity", *, straight_through: bool = True,
           gain: float = 1.0) -> Activation:
    return Activation(quantizer.text, quantizer.kind, fixed, fixed.min_int, fixed.max_int, function, gain=gain,
                      straight_through=straight_through)


def _number(quantizer: Quantizer, where: str) -> float | None:
    """The scale of the result as the float32 it is, None where none is asked for."""
    alpha = quantizer.settings["alpha"]
    if isinstance(alpha, str):
        raise ModelError(f"{quantizer.text} takes its scale from the data it is given", where=where,
                         rule="the scale of an activation must be the same for every sample",
                         remedy="Write alpha=1 and choose the range by bits and integer")
    if isinstance(alpha, tuple):
        raise ModelError(f"{quantizer.text} scales each channel of an activation differently", where=where,
                         rule="a tensor has one scale", remedy="Use one alpha")
    return None if alpha is None else float(np.float32(quantizer.number("alpha")))


def _power(quantizer: Quantizer, where: str) -> int:
    """The exponent of a scale that is a power of two."""
    mantissa, exponent = np.frexp(1.0 if (alpha := _number(quantizer, where)) is None else alpha)
    if mantissa != 0.5:
        raise ModelError(f"{quantizer.text} has a scale that is no power of two", where=where,
                         rule="the values of a tensor are integers times a power of two",
                         remedy="Use alpha=1 and choose the range by bits and integer")
    return int(exponent) - 1


def _levels(quantizer: Quantizer, where: str, *, lowest: int = -1) -> tuple[FixedPoint, int, int]:
    """Type, lowest and highest integer of a result that is alpha times -1, 0 or 1: any alpha of few bits will do."""
    mantissa, exponent = np.frexp(1.0 if (alpha := _number(quantizer, where)) is None else alpha)
    numerator, denominator = float(mantissa).as_integer_ratio()
    if numerator.bit_length() > _WIDEST_ALPHA_BITS:
        raise ModelError(f"{quantizer.text} has a scale of more than {_WIDEST_ALPHA_BITS} bits", where=where,
                         rule="the values of a tensor are integers of at most 16 bits times a power of two",
                         remedy="Use a power of two, or a number such as 0.75")
    fixed = FixedPoint(numerator.bit_length() - lowest, denominator.bit_length() - 1 - int(exponent), lowest < 0,
                       saturation="symmetric" if lowest < 0 else "saturate")
    return fixed, numerator * lowest, numerator


def _bits(quantizer: Quantizer, where: str, _internal: InternalSigmoid) -> Activation:
    bits, signed = quantizer.whole("bits"), quantizer.flag("keep_negative")
    through = quantizer.flag("use_ste")
    if bits == signed:  # one bit and a sign is the sign function, whatever `integer` is
        fixed, low, high = _levels(quantizer, where)
        return Activation(quantizer.text, quantizer.kind, fixed, low, high, "sign", straight_through=through)
    power = _power(quantizer, where)
    symmetric = quantizer.flag("symmetric") and signed
    fixed = FixedPoint(bits, bits - signed - quantizer.whole("integer") - power, signed,
                       saturation="symmetric" if symmetric else "saturate")
    return _fixed(quantizer, fixed, "affine" if power else "identity", straight_through=through, gain=2.0**power)


def _linear(quantizer: Quantizer, where: str, _internal: InternalSigmoid) -> Activation:
    """quantized_linear: unlike in quantized_bits its alpha is part of the step that it rounds to."""
    bits, signed = quantizer.whole("bits"), quantizer.flag("keep_negative")
    frac = bits - signed - quantizer.whole("integer") - _power(quantizer, where)
    if bits == signed:  # half a step either way
        fixed = FixedPoint(2, frac + 1, saturation="symmetric")
        return Activation(quantizer.text, quantizer.kind, fixed, -1, 1, "sign", straight_through=True)
    symmetric = quantizer.flag("symmetric") and signed
    return _fixed(quantizer, FixedPoint(bits, frac, signed, saturation="symmetric" if symmetric else "saturate"))


def _binary(quantizer: Quantizer, where: str, _internal: InternalSigmoid) -> Activation:
    _no_stochastic(quantizer, where)
    fixed, low, high = _levels(quantizer, where, lowest=0 if quantizer.flag("use_01") else -1)
    through = quantizer.settings["alpha"] is not None  # else through tanh(x), which loses nothing
    return Activation(quantizer.text, quantizer.kind, fixed, low, high, "sign", straight_through=through)


def _ternary(quantizer: Quantizer, where: str, _internal: InternalSigmoid) -> Activation:
    _no_stochastic(quantizer, where)
    fixed, low, high = _levels(quantizer, where)
    threshold = 0.33 if quantizer.settings["threshold"] is None else quantizer.number("threshold")
    return Activation(quantizer.text, quantizer.kind, fixed, low, high, "ternary",
                      threshold=float(np.float32(threshold)), straight_through=quantizer.settings["alpha"] is not None)


def _no_stochastic(quantizer: Quantizer, where: str) -> None:
    if quantizer.flag("use_stochastic_rounding"):
        raise ModelError(f"{quantizer.text} rounds at random", where=where,
                         rule="QKeras itself refuses it on activations", remedy="Leave use_stochastic_rounding out")


def _relu(quantizer: Quantizer, where: str, internal: InternalSigmoid) -> Activation:
    bits, integer, slope = quantizer.whole("bits"), quantizer.whole("integer"), quantizer.number("negative_slope")
    if integer < 0:
        raise ModelError(f"{quantizer.text} has negative integer bits, which QKeras itself cannot compute", where=where,
                         remedy="Use 0 integer bits, or quantized_bits after a relu")
    frac = bits - (slope != 0) - integer
    most = (1 << (bits - (slope != 0))) - 1
    high = _bounded(quantizer, most, frac, where)
    bound = quantizer.settings["relu_upper_bound"]
    clip = quantizer.settings["is_quantized_clip"] is not False
    limit = most * 2.0**-frac if clip else math.inf if bound is None else quantizer.number("relu_upper_bound")
    through = quantizer.flag("use_ste")
    if slope:
        return replace(_leaky(quantizer, high, where), straight_through=through, through_limit=limit)
    fixed = FixedPoint(bits, frac, signed=False)
    if not quantizer.flag("use_sigmoid"):
        return Activation(quantizer.text, quantizer.kind, fixed, 0, high, straight_through=through,
                          through_limit=limit)
    if internal == "real":
        raise ModelError(f"{quantizer.text} applies a real sigmoid", where=where,
                         remedy="Use quantized_sigmoid, or use_sigmoid=0")
    # 2 * round(sigmoid(x / 2**integer) * 2**bits) / 2**bits - 1, in steps of the result
    return Activation(quantizer.text, quantizer.kind, fixed, 0, high, "affine", gain=_INTERNAL[internal],
                      offset=2.0 ** (integer - 1), multiplier=2, constant=-(1 << bits), straight_through=through,
                      through_limit=limit)


def _leaky(quantizer: Quantizer, high: int, where: str) -> Activation:
    """quantized_relu with a slope: the negative part is clipped at -slope * 2**integer."""
    bits, slope = quantizer.whole("bits"), quantizer.number("negative_slope")
    mantissa, exponent = np.frexp(slope)
    shift = 1 - int(exponent)
    if slope < 0 or mantissa != 0.5 or not 0 <= bits - 1 - shift <= 15:
        raise ModelError(f"{quantizer.text} has a negative slope of {slope:g}", where=where,
                         rule="it must be a power of two, at least the size of one step",
                         remedy=f"Use 0 or a power of two from 2**-{bits - 1} to 1")
    if quantizer.flag("use_sigmoid"):
        raise ModelError(f"{quantizer.text} has a negative slope and a sigmoid", where=where,
                         remedy="Use one of the two")
    fixed = FixedPoint(bits + max(-shift, 0), bits - 1 - quantizer.whole("integer"))
    return Activation(quantizer.text, quantizer.kind, fixed, -(1 << (bits - 1 - shift)), high, "leaky", shift)


def _bounded(quantizer: Quantizer, high: int, frac: int, where: str) -> int:
    """The largest integer of a quantized_relu: relu_upper_bound acts only if is_quantized_clip is off."""
    bound = quantizer.settings["relu_upper_bound"]
    clip = quantizer.settings["is_quantized_clip"]
    if bound is None or bound == 0 or clip is True:
        return high
    steps = float(np.float32(quantizer.number("relu_upper_bound"))) * 2.0**frac
    if steps >= high:
        return high
    if clip is None:
        raise ModelError(f"{quantizer.text} has an upper bound below its range, and QKeras does not save whether it "
                         "acts (is_quantized_clip)", where=where,
                         remedy="Use relu_upper_bound=None and choose bits and integer for the range")
    if steps < 0 or not steps.is_integer():
        raise ModelError(f"{quantizer.text} has an upper bound that is no multiple of its step", where=where,
                         rule="the values of a tensor are integers times a power of two",
                         remedy=f"Use a multiple of {2.0**-frac:g}")
    return int(steps)


def _tanh(quantizer: Quantizer, _where: str, internal: InternalSigmoid) -> Activation:
    bits = quantizer.whole("bits")
    symmetric = quantizer.flag("symmetric")
    fixed = FixedPoint(bits, bits - 1, saturation="symmetric" if symmetric else "saturate")
    low, high = -(1 << (bits - 1)) + symmetric, (1 << (bits - 1)) - 1
    if quantizer.flag("use_real_tanh") or internal == "real":
        gain = 1.0 if quantizer.flag("use_real_tanh") else 0.5
        return Activation(quantizer.text, quantizer.kind, fixed, low, high, "tanh", gain=gain)
    # 2 * clip(slope * x + 0.5, 0, 1) - 1, clipped beyond the range anyway
    return Activation(quantizer.text, quantizer.kind, fixed, low, high, "affine", gain=2 * _INTERNAL[internal])


def _sigmoid(quantizer: Quantizer, _where: str, internal: InternalSigmoid) -> Activation:
    bits = quantizer.whole("bits")
    fixed = FixedPoint(bits, bits, signed=False)
    low, high = int(quantizer.flag("symmetric")), fixed.max_int
    if quantizer.flag("use_real_sigmoid") or internal == "real":
        return Activation(quantizer.text, quantizer.kind, fixed, low, high, "sigmoid")
    return Activation(quantizer.text, quantizer.kind, fixed, low, high, "affine", gain=_INTERNAL[internal], offset=0.5)


def _hswish(quantizer: Quantizer, where: str, _internal: InternalSigmoid) -> Activation:
    shift, bound = quantizer.number("relu_shift"), quantizer.number("relu_upper_bound")
    if shift <= 0 or bound <= 0 or quantizer.whole("bits") == 1 or _power(quantizer, where):
        raise ModelError(f"{quantizer.text} is no hard swish of 2 bits or more", where=where,
                         rule="QKeras wants relu_shift and relu_upper_bound above 0; alpha must be 1",
                         remedy="Use quantized_hswish(bits, integer)")
    bits, symmetric = quantizer.whole("bits"), quantizer.flag("symmetric")
    fixed = FixedPoint(bits, bits - 1 - quantizer.whole("integer"), saturation="symmetric" if symmetric else "saturate")
    return Activation(quantizer.text, quantizer.kind, fixed, fixed.min_int, fixed.max_int, "hswish",
                      offset=shift, threshold=bound)


def _step(quantizer: Quantizer, _where: str, _internal: InternalSigmoid) -> Activation:
    """The functions binary_sigmoid and binary_tanh: round(0.5 * x + 0.5), clipped to 0 .. 1, which is 0 at x = 0."""
    tanh = quantizer.kind == "binary_tanh"
    fixed = FixedPoint(2, 0, saturation="symmetric") if tanh else FixedPoint(1, 0, signed=False)
    return Activation(quantizer.text, quantizer.kind, fixed, fixed.min_int, 1, "affine", gain=0.5, offset=0.5,
                      multiplier=1 + tanh, constant=-tanh)


_UNQUANTIZED = ("does not quantize", "Use quantized_tanh(bits) or quantized_sigmoid(bits)")
_POWERS = ("gives powers of two over a range wider than any integer type; 0 becomes the smallest of them", _USE)
_REFUSED: Mapping[str, tuple[str, str]] = {
    "bernoulli": ("draws at random, at inference too", "Use binary, or quantized_sigmoid(bits)"),
    "quantized_ulaw": ("takes a float32 logarithm of what it has rounded, so its values are on no grid", _USE),
    "quantized_po2": _POWERS, "quantized_relu_po2": _POWERS,
    **dict.fromkeys(("hard_tanh", "hard_sigmoid", "smooth_tanh", "smooth_sigmoid"), _UNQUANTIZED),
}
_KINDS: Mapping[str, Callable[[Quantizer, str, InternalSigmoid], Activation]] = {
    "quantized_bits": _bits, "quantized_linear": _linear, "binary": _binary, "stochastic_binary": _binary,
    "ternary": _ternary, "stochastic_ternary": _ternary, "quantized_relu": _relu, "quantized_tanh": _tanh,
    "quantized_sigmoid": _sigmoid, "quantized_hswish": _hswish, "binary_tanh": _step, "binary_sigmoid": _step,
}
