"""The integers QKeras computes with when it quantizes a kernel or a bias.

Each function repeats QKeras's float32 operations in their order. What comes out is integers times a scale only if
every number it gives is exactly such a product; the one general check of that is `_checked`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras import po2, signs, uniform
from aie_explorer.frontends.qkeras.activations import activation, float32_values
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.frontends.qkeras.rounded import ONE, Role, Rounded, no_subnormals, through
from aie_explorer.frontends.qkeras.scales import Exact
from aie_explorer.frontends.raw import FloatArray
from aie_explorer.ir import IntArray

__all__ = ["REFUSED", "Role", "ScaledIntegers", "weight_integers", "weight_values"]

_WIDEST = 32
_CLIP = "Clip the weights to the quantizer's range"


@dataclass(frozen=True, eq=False)
class ScaledIntegers:
    """Quantized numbers: `integers * scale` are exactly the float32 numbers that QKeras computes with.

    Attributes:
        integers: int64, in the shape of the numbers.
        scale: float64, each a float32 or its product with a power of two; shape () or (n,) along the last axis.
        bits: width of the true integer type, the sign included.
        signed: whether that type has a sign.
    """

    integers: IntArray
    scale: Exact
    bits: int
    signed: bool


def weight_integers(quantizer: Quantizer, values: FloatArray, role: Role, where: str) -> ScaledIntegers:
    """The integers and scales QKeras computes with.

    Args:
        quantizer: of a kernel or a bias.
        values: trained float32 numbers, outputs on the last axis.
        role: a layer gives a kernel quantizer without alpha alpha="auto_po2", a bias quantizer keeps a scale of 1.
        where: file and layer, for messages.

    Raises:
        ModelError: when the numbers are not integers times one scale for each output, or depend on the order in
            which a processor sums floats.

    >>> from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
    >>> found = weight_integers(parse_quantizer("quantized_bits(4)", "here"),
    ...                         np.array([[0.7, 0.1], [-0.3, 0.02]], np.float32), "kernel", "here")
    >>> found.integers.tolist(), found.scale.tolist()
    ([[6, 6], [-2, 1]], [0.125, 0.015625])
    """
    found = _quantized(quantizer, values, role, where)
    steps, scale = found.steps, found.scale
    if quantizer.kind in ("quantized_po2", "quantized_relu_po2"):
        steps, scale = _on_one_grid(quantizer, steps, where)
    integers = steps.astype(np.int64)
    low, high = int(integers.min()), int(integers.max())
    signed = found.signed or low < 0
    needed = max(high.bit_length(), (~low if low < 0 else low).bit_length()) + signed
    return ScaledIntegers(integers, scale, max(found.bits, needed, 1), signed)


def weight_values(quantizer: Quantizer, values: FloatArray, role: Role, where: str) -> FloatArray:
    """The float32 numbers QKeras computes with, also where they are no integers of one scale (powers of two).

    Raises:
        ModelError: as `weight_integers`.
    """
    return _quantized(quantizer, values, role, where).numbers


def _quantized(quantizer: Quantizer, values: FloatArray, role: Role, where: str) -> Rounded:
    x = np.asarray(values, np.float32)
    if not np.all(np.isfinite(x)):
        raise ModelError(f"the {role} holds NaN or infinite numbers", where=where, remedy="Train again")
    if x.ndim == 0 or x.size == 0:
        raise ModelError(f"the {role} has the shape {x.shape}", where=where, remedy="Give it a number for each output")
    work = _KINDS.get(quantizer.kind)
    if work is None:
        reason, remedy = REFUSED.get(quantizer.kind, ("is an activation that does not quantize", _USE))
        raise ModelError(f"{quantizer.text} {reason}", where=where, remedy=remedy)
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        return _checked(quantizer, x, work(quantizer, x, role, where), role, where)


def _checked(quantizer: Quantizer, x: FloatArray, found: Rounded, role: Role, where: str) -> Rounded:
    """`found` if its numbers are exactly steps times scale, and ordinary float32 numbers."""
    exact = found.steps * found.scale
    tiny = (exact != 0) & (np.abs(exact) < np.finfo(np.float32).tiny)
    if np.any(tiny) or not np.all(np.isfinite(exact)):
        raise ModelError(f"{quantizer.text} makes numbers of the {role} that float32 cannot hold", where=where,
                         rule="they are below 2**-126 or infinite", remedy="Use another range")
    if np.any(exact.astype(np.float32) != exact):
        scale = np.atleast_1d(found.scale)
        odd = next((number for number in scale.tolist() if np.frexp(number)[0] != 0.5), scale.tolist()[0])
        raise ModelError(f"{quantizer.text} has a scale that is no power of two, {odd:.9g}", where=where,
                         rule="its multiples are rounded in float32, so that they are integers of no scale",
                         remedy="Use alpha='auto_po2' or powers of two")
    if np.any(found.numbers != exact):
        lost = float(x[found.numbers != exact][0])
        raise ModelError(f"the {role} holds numbers far beyond the range of {quantizer.text}, such as {lost:.3g}",
                         where=where, rule="QKeras's float32 sum x + (q(x) - x) is then no longer q(x)", remedy=_CLIP)
    return found


def _powers(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Rounded:
    no_subnormals(quantizer, x, role, where)
    kept, xq = po2.powers(quantizer, x, where)
    return Rounded(xq.astype(np.float64), ONE, through(quantizer, kept, xq), 1, bool(np.any(xq < 0)))


def _on_one_grid(quantizer: Quantizer, values: Exact, where: str) -> tuple[Exact, Exact]:
    """Powers of two as whole multiples of the smallest."""
    exponents = np.frexp(values)[1] - 1
    low, high = int(exponents.min()), int(exponents.max())
    if high - low + 2 > _WIDEST:
        raise ModelError(f"{quantizer.text} makes weights from 2**{low} to 2**{high}", where=where,
                         rule=f"as integers they need more than {_WIDEST} bits; a weight of 0 becomes the smallest",
                         remedy="Use quantized_po2 with at most 5 bits, or quantized_bits")
    scale = np.asarray(2.0**low)
    return values / scale, scale


def _as_activation(quantizer: Quantizer, x: FloatArray, _role: Role, where: str) -> Rounded:
    """A quantizer that is an activation by its nature, used on weights."""
    found = activation(quantizer, where)
    if found.function in ("tanh", "sigmoid"):
        raise ModelError(f"{quantizer.text} makes weights of a float32 {found.function}", where=where,
                         rule="its last bits differ between processors", remedy=_USE)
    scale = np.asarray(found.type.scale)
    steps = float32_values(replace(found, straight_through=False), x) / scale
    return Rounded(steps, scale, float32_values(found, x), found.type.width, found.type.signed)


_USE = "Use quantized_bits(bits, integer, alpha='auto_po2')"

REFUSED: Mapping[str, tuple[str, str]] = {
    "bernoulli": ("draws at random, at inference too", "Use binary or stochastic_binary"),
    "quantized_ulaw": ("takes a logarithm, so its numbers are integers of no scale", _USE),
    "quantized_hswish": ("is an activation, not a quantizer of weights", _USE),
}

_KINDS: Mapping[str, Callable[[Quantizer, FloatArray, Role, str], Rounded]] = {
    "quantized_bits": uniform.quantized_bits, "quantized_linear": uniform.quantized_linear, "binary": signs.binary,
    "stochastic_binary": signs.binary, "ternary": signs.ternary, "stochastic_ternary": signs.ternary,
    "quantized_po2": _powers, "quantized_relu_po2": _powers,
    "quantized_relu": _as_activation, "quantized_tanh": _as_activation, "quantized_sigmoid": _as_activation,
}
