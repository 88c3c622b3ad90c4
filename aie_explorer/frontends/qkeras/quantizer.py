"""Reading a QKeras quantizer: its kind and every setting, as plain numbers."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from aie_explorer.errors import ModelError, nearest
from aie_explorer.frontends.raw import as_integer, as_object, class_of, shorten

_STOCHASTIC = {"use_stochastic_rounding": False}
_NOISE: Mapping[str, object] = {"qnoise_factor": 1.0, "var_name": None, "use_ste": True, "use_variables": False}
_PO2: Mapping[str, object] = {**_STOCHASTIC, "quadratic_approximation": False, "log2_rounding": "rnd", **_NOISE}
_RANDOM: Mapping[str, object] = {"alpha": None, "temperature": 6.0, "use_real_sigmoid": True}

# Arguments in their positional order with QKeras's defaults, the same in QKeras 0.9.0 and qkeras-v3 1.2.
SIGNATURES: Mapping[str, Mapping[str, object]] = {
    "quantized_bits": {
        "bits": 8, "integer": 0, "symmetric": False, "keep_negative": True, "alpha": None, **_STOCHASTIC,
        "scale_axis": None, **_NOISE, "elements_per_scale": None, "min_po2_exponent": None, "max_po2_exponent": None,
        "post_training_scale": None},
    "quantized_linear": {
        "bits": 8, "integer": 0, "symmetric": True, "keep_negative": True, "alpha": None, **_STOCHASTIC,
        "scale_axis": None, "qnoise_factor": 1.0, "var_name": None, "use_variables": False},
    "binary": {
        "use_01": False, "alpha": None, "training": False, **_STOCHASTIC, "scale_axis": None,
        "elements_per_scale": None, "min_po2_exponent": None, "max_po2_exponent": None},
    "ternary": {"alpha": None, "threshold": None, **_STOCHASTIC, "number_of_unrolls": 5},
    "stochastic_binary": _RANDOM,
    "stochastic_ternary": {
        "alpha": None, "threshold": None, "temperature": 8.0, "use_real_sigmoid": True, "number_of_unrolls": 5},
    "bernoulli": _RANDOM,
    "quantized_relu": {
        "bits": 8, "integer": 0, "use_sigmoid": False, "negative_slope": 0.0, **_STOCHASTIC, "relu_upper_bound": None,
        "is_quantized_clip": True, **_NOISE},
    "quantized_ulaw": {"bits": 8, "integer": 0, "symmetric": False, "u": 255.0},
    "quantized_tanh": {"bits": 8, **_STOCHASTIC, "symmetric": False, "use_real_tanh": False},
    "quantized_sigmoid": {"bits": 8, "symmetric": False, "use_real_sigmoid": False, **_STOCHASTIC},
    "quantized_po2": {"bits": 8, "max_value": None, **_PO2},
    "quantized_relu_po2": {"bits": 8, "max_value": None, "negative_slope": 0.0, **_PO2},
    # QKeras 0.9.0 has use_ste before use_variables, qkeras-v3 has none: only the first seven may go without a name.
    "quantized_hswish": {
        "bits": 8, "integer": 0, "symmetric": False, "alpha": None, **_STOCHASTIC, "scale_axis": None,
        "qnoise_factor": 1.0, "var_name": None, "use_ste": True, "use_variables": False, "relu_shift": 3,
        "relu_upper_bound": 6},
    # Functions of QKeras that a QActivation names without arguments.
    "binary_tanh": {}, "binary_sigmoid": {}, "hard_tanh": {}, "hard_sigmoid": {}, "smooth_tanh": {},
    "smooth_sigmoid": {},
}
_LONGEST_TEXT = 4000
_LARGEST_BITS = 16
_LARGEST_EXPONENT = 60
"""Of a range or a scale: beyond 2**60 float32 itself runs out in the products."""
_FLAGS = frozenset({"symmetric", "keep_negative", "use_stochastic_rounding", "use_ste", "use_01", "use_sigmoid",
                    "use_real_tanh", "use_real_sigmoid", "quadratic_approximation", "training", "use_variables"})
_WHOLE: Mapping[str, tuple[int, int]] = {
    "bits": (1, _LARGEST_BITS), "number_of_unrolls": (1, 100),
    **dict.fromkeys(("integer", "min_po2_exponent", "max_po2_exponent"), (-_LARGEST_EXPONENT, _LARGEST_EXPONENT))}
_AS_IT_IS = ("scale_axis", "elements_per_scale", "var_name", "log2_rounding")
_NEEDED = frozenset({"bits", "integer", "number_of_unrolls", "negative_slope", "u", "relu_shift", "temperature",
                     "qnoise_factor"})
_USE = "Use quantized_bits(bits, integer, alpha='auto_po2') or quantized_relu(bits, integer)"


@dataclass(frozen=True)
class Quantizer:
    """A quantizer as QKeras would build it; whether it has an integer meaning is asked where it is used.

    Attributes:
        kind: QKeras's class or function, "quantized_bits".
        settings: every argument, with QKeras's defaults filled in. Flags are bool, counts int, `alpha` and
            `post_training_scale` None, a string, a float or a tuple of floats, one for each output.
            `is_quantized_clip` is None where QKeras did not save it and it may matter.
        text: as a user would write it, for messages.
    """

    kind: str
    settings: Mapping[str, object]
    text: str

    def flag(self, name: str) -> bool:
        """A setting that is true or false; False where the kind has none of the name."""
        return bool(self.settings.get(name, False))

    def whole(self, name: str) -> int:
        """A setting that is a whole number."""
        value = self.settings[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        """A setting that is a number."""
        value = self.settings[name]
        assert isinstance(value, (int, float))
        return float(value)


def parse_quantizer(spec: object, where: str) -> Quantizer | None:
    """The quantizer of a configuration: a string, a nested object, a function's name, or None where there is none.

    Raises:
        ModelError: when it is not QKeras's or an argument is not one of its own.

    >>> found = parse_quantizer("quantized_bits(6, 0, alpha=1)", "here")
    >>> found and (found.kind, found.settings["keep_negative"], found.text)
    ('quantized_bits', True, 'quantized_bits(bits=6, alpha=1.0)')
    """
    if spec is None:
        return None
    if isinstance(spec, str):
        return _build(*_parse_call(spec, where), where)
    found = as_object(spec, "the quantizer", where)
    kind = class_of(found, where)
    if kind == "function":
        return _build(*_parse_call(str(found.get("config")), where), where)
    given = dict(as_object(found.get("config") or {}, "the quantizer's config", where))
    if given.get("relu_upper_bound") is not None and "is_quantized_clip" not in given and kind == "quantized_relu":
        given["is_quantized_clip"] = None  # QKeras does not save it, although it decides whether the bound acts
    return _build(kind, given, where)


def _parse_call(text: str, where: str) -> tuple[str, Mapping[str, object]]:
    """Name and arguments of "quantized_bits(8, 0, alpha=1)"; only literals are accepted, nothing is evaluated."""
    refuse = ModelError(f"cannot read the quantizer {shorten(text)}", where=where, remedy=_USE)
    # QKeras prints an array with blanks between its numbers, alpha=[0.5 0.25], and reads it back so.
    spaced = re.sub(r"(?<=[\d.\]])[ \n]+(?=[-\d.\[])", ",", text.strip())
    try:
        node = ast.parse(spaced, mode="eval").body if len(text) <= _LONGEST_TEXT else None
        if isinstance(node, ast.Name):
            return node.id, {}
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise refuse
        positional = [ast.literal_eval(argument) for argument in node.args]
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise refuse from error
    names = list(SIGNATURES.get(node.func.id, {}))
    most = 7 if node.func.id == "quantized_hswish" else len(names)
    if node.func.id in SIGNATURES and (len(positional) > most or set(names[: len(positional)]) & set(keywords)):
        raise refuse
    return node.func.id, {**dict(zip(names, positional, strict=False)), **keywords}


def _build(kind: str, given: Mapping[str, object], where: str) -> Quantizer:
    if kind not in SIGNATURES:
        raise ModelError(f"{shorten(kind)} is not a quantizer of QKeras", where=where,
                         remedy=f"Near it are {nearest(kind[:60], SIGNATURES)}")
    defaults = SIGNATURES[kind]
    if unknown := set(given) - set(defaults):
        raise ModelError(f"{kind} has no argument {shorten(sorted(map(str, unknown))[0])}", where=where,
                         remedy=f"Its arguments are {', '.join(defaults) or 'none'}")
    settings = {key: _setting(key, kind, _unwrapped(given.get(key, value)), where) for key, value in defaults.items()}
    told = ", ".join(f"{key}={value!r}" for key, value in settings.items()
                     if value != defaults[key] and key != "is_quantized_clip")
    text = f"{kind}({told})"
    quantizer = Quantizer(kind, MappingProxyType(settings), text if len(text) <= 120 else f"{text[:117]}...")
    if settings.get("qnoise_factor", 1.0) != 1.0:
        raise ModelError(f"{quantizer.text} mixes in the unquantized value", where=where, remedy="Set qnoise_factor=1")
    return quantizer


def _unwrapped(value: object) -> object:
    """A number Keras 3 saved as a tensor or array, as it does where a quantizer holds a variable."""
    if isinstance(value, dict) and value.get("class_name") in ("__tensor__", "__numpy__"):
        config = value.get("config")
        return config.get("value") if isinstance(config, dict) else value
    return value


def _setting(name: str, kind: str, value: object, where: str) -> object:
    """One argument as the type it is said to have."""
    what = f"{name} of {kind}"
    if name in _FLAGS:
        return _flag(value, what, where)
    if name in _AS_IT_IS or (value is None and name not in _NEEDED):
        return value
    if name in _WHOLE:
        return _whole(value, what, where, *_WHOLE[name])
    if name in ("alpha", "post_training_scale"):
        return _scale(value, what, where)
    return _flag(value, what, where) if name == "is_quantized_clip" else _number(value, what, where)


def _flag(value: object, what: str, where: str) -> bool:
    if isinstance(value, (bool, int, float, np.bool_)) and value in (0, 1):
        return bool(value)
    raise ModelError(f"{what} is {shorten(value)}", where=where, remedy="Use True or False")


def _whole(value: object, what: str, where: str, least: int, most: int) -> int:
    if isinstance(value, (list, tuple)) and len(value) == 1:  # an adaptive activation keeps it as an array of one
        value = value[0]
    number = as_integer(value, what, where)
    if not least <= number <= most:
        raise ModelError(f"{what} is {shorten(number)}", where=where, rule=f"{least} to {most} are supported",
                         remedy=f"Use at most {most}" if number > most else f"Use at least {least}")
    return number


def _number(value: object, what: str, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e38:  # NaN fails too
        return float(value)
    raise ModelError(f"{what} is {shorten(value)}", where=where, remedy="Use a number")


def _scale(value: object, what: str, where: str) -> object:
    """A scale: "auto", "auto_po2", one number, or one for each output."""
    if isinstance(value, str) and value in ("auto", "auto_po2"):
        return value
    try:
        numbers = np.asarray(value, np.float64) if not isinstance(value, (str, bytes, Mapping, bool)) else None
    except (ValueError, TypeError, OverflowError, RecursionError):
        numbers = None
    limit = 2.0**_LARGEST_EXPONENT
    if numbers is None or numbers.size == 0 or not np.all((numbers >= 1 / limit) & (numbers <= limit)):
        raise ModelError(f"{what} is {shorten(value)}", where=where,
                         remedy="Use 'auto_po2', a positive number, or one for each output")
    if numbers.size != math.prod(numbers.shape[-1:]):
        raise ModelError(f"{what} has the shape {numbers.shape}", where=where,
                         rule="the outputs of a layer may have scales of their own, its inputs may not",
                         remedy="Use one scale for each output")
    flat: Sequence[float] = numbers.ravel().tolist()
    return flat[0] if len(flat) == 1 else tuple(flat)
