"""QKeras quantizers to exact integer types, and weights to integers.

The semantics are those of `quantized_bits` and `quantized_relu` of QKeras 0.9 and of its fork qkeras-v3 1.2, read
from their sources: with m = 2**(bits - sign) and m_i = 2**integer, the value is
m_i * clip(round(x * m / m_i), low, m - 1) / m, rounded half to even.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import FloatArray, as_integer, as_object, class_of, shorten
from aie_explorer.ir import FixedPoint, QuantizedArray

Role = Literal["kernel", "bias", "activation"]

# The positional order of the arguments, the same in QKeras 0.9 and qkeras-v3, with QKeras's defaults.
_BITS_DEFAULTS: Mapping[str, object] = {
    "bits": 8, "integer": 0, "symmetric": 0, "keep_negative": True, "alpha": None, "use_stochastic_rounding": False,
    "scale_axis": None, "qnoise_factor": 1.0, "var_name": None, "use_ste": True, "use_variables": False,
    "elements_per_scale": None, "min_po2_exponent": None, "max_po2_exponent": None, "post_training_scale": None,
}
_RELU_DEFAULTS: Mapping[str, object] = {
    "bits": 8, "integer": 0, "use_sigmoid": 0, "negative_slope": 0.0, "use_stochastic_rounding": False,
    "relu_upper_bound": None, "is_quantized_clip": True, "qnoise_factor": 1.0, "var_name": None, "use_ste": True,
    "use_variables": False,
}
_SIGNATURES = {"quantized_bits": _BITS_DEFAULTS, "quantized_relu": _RELU_DEFAULTS}
_LARGEST_EXPONENT = 100
_USE = 'Use quantized_bits(bits, integer, alpha=1) or quantized_relu(bits, integer)'


@dataclass(frozen=True)
class Quantizer:
    """A quantizer that has an exact integer meaning.

    Attributes:
        text: as a user would write it, for messages.
        type: the integers it rounds to, alpha not included.
        alpha: the power of two its result is multiplied by; None when the model leaves it open.
        binary: one signed bit, which QKeras makes the sign function with values -1 and 1.
    """

    text: str
    type: FixedPoint
    alpha: float | None = 1.0
    binary: bool = False


def parse_quantizer(spec: object, where: str) -> Quantizer | None:
    """The quantizer of a configuration: a string, a nested object, or None where there is none.

    Raises:
        ModelError: when it has no exact integer meaning, with the reason and what to use instead.
    """
    if spec is None:
        return None
    if isinstance(spec, str):
        return _build(*_parse_call(spec, where), where)
    found = as_object(spec, "the quantizer", where)
    return _build(class_of(found, where), as_object(found.get("config") or {}, "the quantizer's config", where), where)


def _parse_call(text: str, where: str) -> tuple[str, Mapping[str, object]]:
    """Name and arguments of "quantized_bits(8, 0, alpha=1)"; only literals are accepted, nothing is evaluated."""
    refuse = ModelError(f"cannot read the quantizer {shorten(text)}", where=where, remedy=_USE)
    try:
        node = ast.parse(text.strip(), mode="eval").body if len(text) <= 1000 else None
        if isinstance(node, ast.Name):
            return node.id, {}
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise refuse
        positional = [ast.literal_eval(argument) for argument in node.args]
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise refuse from error
    names = list(_SIGNATURES.get(node.func.id, {}))
    if node.func.id in _SIGNATURES and (len(positional) > len(names) or set(names[: len(positional)]) & set(keywords)):
        raise refuse
    return node.func.id, {**dict(zip(names, positional, strict=False)), **keywords}


def _build(kind: str, given: Mapping[str, object], where: str) -> Quantizer:
    if kind not in _SIGNATURES:
        raise ModelError(f"the quantizer {kind} is not supported", where=where, remedy=_USE)
    defaults = _SIGNATURES[kind]
    if unknown := set(given) - set(defaults):
        raise ModelError(f"{kind} has no argument {sorted(unknown)[0]!r}", where=where,
                         remedy=f"Its arguments are {', '.join(list(defaults)[:6])}, ...")
    settings = {**defaults, **{key: _unwrapped(value) for key, value in given.items()}}
    text = f"{kind}({', '.join(f'{key}={value!r}' for key, value in settings.items() if value != defaults[key])})"
    text = text if len(text) <= 120 else f"{text[:117]}..."
    _refuse_inexact(settings, text, where)
    bits = as_integer(settings["bits"], f"the bits of {kind}", where)
    integer = as_integer(settings["integer"], f"the integer bits of {kind}", where)
    if not 1 <= bits <= 16:
        raise ModelError(f"{text} has {bits} bits", where=where, rule="1 to 16 bits are supported",
                         remedy="Use 16 bits or fewer")
    if abs(integer) > _LARGEST_EXPONENT:
        raise ModelError(f"{text} has {integer} integer bits", where=where, remedy="Use a reasonable range")
    if kind == "quantized_relu":
        return _build_relu(text, bits, integer, settings, where)
    signed = _flag(settings["keep_negative"], "keep_negative", where)
    symmetric = _flag(settings["symmetric"], "symmetric", where) and signed
    if signed and bits == 1:  # the sign function: -1 or 1 whatever `integer` is
        return Quantizer(text, FixedPoint(2, 0, saturation="symmetric"), _alpha(settings["alpha"], text, where), True)
    fixed = FixedPoint(bits, bits - signed - integer, signed, saturation="symmetric" if symmetric else "saturate")
    return Quantizer(text, fixed, _alpha(settings["alpha"], text, where))


def _unwrapped(value: object) -> object:
    """A number Keras 3 saved as a tensor or array, as it does where a quantizer holds a variable."""
    if isinstance(value, dict) and value.get("class_name") in ("__tensor__", "__numpy__"):
        config = value.get("config")
        return config.get("value") if isinstance(config, dict) else value
    return value


def _build_relu(text: str, bits: int, integer: int, settings: Mapping[str, object], where: str) -> Quantizer:
    fixed = FixedPoint(bits, bits - integer, signed=False)
    if integer < 0:
        raise ModelError(f"{text} has negative integer bits, which QKeras itself cannot compute", where=where,
                         remedy="Use 0 integer bits, or quantized_bits after a relu")
    if settings["negative_slope"] != 0:
        raise ModelError(f"{text} has a negative slope", where=where, rule="the clamp of the output is one interval",
                         remedy="Use negative_slope=0")
    bound = settings["relu_upper_bound"]
    # Whether the bound acts depends on is_quantized_clip, which QKeras does not save; it cannot act above the range.
    if bound is not None and not (isinstance(bound, (int, float)) and bound >= fixed.max_int * fixed.scale):
        raise ModelError(f"{text} has an upper bound below its range, and QKeras does not save whether it acts",
                         where=where, remedy="Use relu_upper_bound=None and choose bits and integer for the range")
    return Quantizer(text, fixed)


def _refuse_inexact(settings: Mapping[str, object], text: str, where: str) -> None:
    """Refuse the options of either quantizer that make its result depend on more than the value."""
    harmless = {"use_stochastic_rounding": "rounds at random", "use_sigmoid": "applies a sigmoid",
                "elements_per_scale": "scales by groups", "post_training_scale": "scales by trained numbers"}
    for key, reason in harmless.items():
        if key in settings and settings[key] not in (None, False, 0):
            raise ModelError(f"{text} {reason}", where=where, rule=f"{key} has no exact integer meaning",
                             remedy=f"Leave {key} out")
    if settings["qnoise_factor"] != 1.0:
        raise ModelError(f"{text} mixes in the unquantized value", where=where, remedy="Set qnoise_factor=1")


def _flag(value: object, name: str, where: str) -> bool:
    if value in (0, 1):  # True and False too
        return bool(value)
    raise ModelError(f"{name} is {shorten(value)}", where=where, remedy="Use True or False")


def _alpha(value: object, text: str, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        raise ModelError(f"{text} computes its scale from the data (alpha={value!r})", where=where,
                         rule="the scale of a tensor must be one power of two, known beforehand",
                         remedy="Write alpha=1 in the quantizer and train again")
    if isinstance(value, (int, float)) and 0 < value < 2**_LARGEST_EXPONENT:
        mantissa, exponent = math.frexp(value)
        if mantissa == 0.5 and abs(exponent) <= _LARGEST_EXPONENT:
            return float(value)
    raise ModelError(f"{text} has the scale alpha={shorten(value)}", where=where,
                     rule="the scale of a tensor must be one power of two", remedy="Use alpha=1")


def activation_type(quantizer: Quantizer, where: str) -> FixedPoint:
    """The exact type an activation quantizer rounds to.

    Raises:
        ModelError: for one signed bit (the sign function) and a scale other than 1.
    """
    if quantizer.binary:
        raise ModelError(f"{quantizer.text} is the sign function", where=where,
                         rule="an output is rounded and clamped, not compared", remedy="Use 2 bits or more")
    if quantizer.alpha not in (None, 1.0):
        raise ModelError(f"{quantizer.text} scales what it has rounded", where=where,
                         remedy="Use alpha=1 and express the scale with the integer bits")
    return quantizer.type


def quantize_weights(quantizer: Quantizer, values: FloatArray, role: Role, where: str) -> QuantizedArray:
    """The integers QKeras computes with, in a signed type.

    Args:
        quantizer: of a kernel or a bias.
        values: the trained numbers, any shape.
        role: a kernel quantizer without alpha means "auto_po2" to QKeras, a bias quantizer without one alpha=1.
        where: file and layer, for messages.

    Raises:
        ModelError: when the scale is left to the data, or a weight is so large that QKeras's float32
            straight-through sum x + (q(x) - x) is no longer q(x).
    """
    alpha = quantizer.alpha
    if alpha is None and role == "kernel":
        raise ModelError(f"{quantizer.text} leaves out alpha, which QKeras takes as alpha='auto_po2' for a kernel",
                         where=where, remedy="Write alpha=1 in the quantizer and train again")
    shift = 0 if alpha is None else round(math.log2(alpha))
    fixed = quantizer.type
    if quantizer.binary:
        integers = np.where(values < 0, -1, 1)
    else:
        scaled = np.rint(values.astype(np.float64) * 2.0**fixed.frac)
        integers = np.clip(scaled, fixed.min_int, fixed.max_int).astype(np.int64)
    exact = (integers * 2.0 ** (shift - fixed.frac)).astype(np.float32)
    if np.any(values + (exact - values) != exact):
        raise ModelError(f"the {role} holds numbers far beyond the range of {quantizer.text}", where=where,
                         remedy="Clip the weights to the quantizer's range")
    return signed_array(integers.astype(np.int64), fixed, fixed.frac - shift)


def signed_array(integers: np.typing.NDArray[np.int64], fixed: FixedPoint, frac: int) -> QuantizedArray:
    """Integers as a signed array at `frac`; those of an unsigned type get a sign bit only where they need it."""
    width = fixed.width if fixed.signed else max(fixed.width, bits_of(integers))
    return QuantizedArray(integers, FixedPoint(width, frac, saturation=fixed.saturation))


def bits_of(integers: np.typing.NDArray[np.int64]) -> int:
    """Signed bits that hold every integer of an array.

    >>> bits_of(np.array([-8, 7])), bits_of(np.array([8])), bits_of(np.array([], dtype=np.int64))
    (4, 5, 1)
    """
    if integers.size == 0:
        return 1
    return max((~int(integers.min()) if integers.min() < 0 else 0).bit_length(),
               max(int(integers.max()), 0).bit_length()) + 1


def exact_array(values: FloatArray, most_bits: int) -> QuantizedArray | None:
    """Unquantized numbers as integers times one power of two, None when they need more than `most_bits`.

    >>> found = exact_array(np.array([0.5, -0.75], np.float32), 16)
    >>> found and (found.values.tolist(), str(found.type))
    ([2, -3], 'fixed<3,1>')
    """
    used = values[values != 0].astype(np.float64)
    if used.size == 0:
        return QuantizedArray(np.zeros(values.shape, np.int64), FixedPoint(2, 0))
    mantissas, exponents = np.frexp(used)
    whole = (mantissas * 2.0**24).astype(np.int64)  # float32 has 24 bits of mantissa
    low = whole & -whole
    frac = int((24 - exponents - np.round(np.log2(low)).astype(np.int64)).max())
    span = int(exponents.max()) + frac
    if span >= most_bits:
        return None
    integers = (values.astype(np.float64) * 2.0**frac).astype(np.int64)
    return QuantizedArray(integers, FixedPoint(max(bits_of(integers), 2), frac))
