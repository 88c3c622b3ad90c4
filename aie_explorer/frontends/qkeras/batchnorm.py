"""Batch normalization at inference as one scale and one offset for each channel.

Keras and QKeras compute x * s + o in float32, with s = gamma / sqrt(variance + epsilon) and o = beta - mean * s, in
this order: v = variance + epsilon; i = 1 / sqrt(v); i = i * gamma; o = beta - mean * i; y = x * i + o. All are single
float32 operations with one exception: i. Keras 3's BatchNormalization and QKeras 0.9.0 take TensorFlow's rsqrt, whose
vectorised form is an approximation of the processor's, refined, and not correctly rounded; qkeras-v3 writes 1 / sqrt,
which is rounded correctly when called, but TensorFlow's graph optimiser turns it into rsqrt under `predict`. Measured,
rsqrt is within 3 units in the last place of 1 / sqrt. So s and o are known to a few units only, and what is given here
is 1 / sqrt rounded twice, with bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import Quantizer, parse_quantizer
from aie_explorer.frontends.qkeras.weights import Role, weight_values
from aie_explorer.frontends.raw import FloatArray, JsonObject, shorten

Arrays = Mapping[str, FloatArray]

RSQRT_UNITS = 4
"""Units in the last place by which TensorFlow's 1 / sqrt may differ; 3 were measured on 10**5 numbers."""

_PARTS = ("gamma", "beta", "mean", "variance")
_QUANTIZERS: Mapping[str, str] = {
    "gamma": "quantized_relu_po2(6, 2048)", "beta": "quantized_po2(5)", "mean": "quantized_po2(5)",
    "variance": "quantized_relu_po2(6, quadratic_approximation=True)"}
"""QKeras's own where the configuration does not say; a saved configuration always does."""

_SWITCHES = {"gamma": "scale", "beta": "center"}
_MOVING = {"mean": "moving_mean", "variance": "moving_variance"}


@dataclass(frozen=True, eq=False)
class Normalization:
    """y = x * scale + offset, two float32 roundings for each number.

    Attributes:
        scale: float32 [n].
        offset: float32 [n].
        scale_bounds: lowest and highest scale that TensorFlow's rsqrt can lead to, float32 [n] each.
        offset_bounds: the same for the offset.
        exact: bool [n], where the bounds meet: the numbers are QKeras's on any processor.
    """

    scale: FloatArray
    offset: FloatArray
    scale_bounds: tuple[FloatArray, FloatArray]
    offset_bounds: tuple[FloatArray, FloatArray]
    exact: npt.NDArray[np.bool_]


def normalization(config: JsonObject, arrays: Arrays, where: str, *, quantized: bool, rank: int = 2
                  ) -> Normalization:
    """The scale and offset of a BatchNormalization (or QBatchNormalization) layer at inference.

    Args:
        config: of the layer: epsilon, scale, center and, of QBatchNormalization, the quantizers.
        arrays: by Keras's names: gamma, beta, moving_mean, moving_variance, those that the layer has.
        where: file and layer, for messages.
        quantized: whether it is a QBatchNormalization, whose statistics go through quantizers.
        rank: dimensions of the input, the batch included.

    Raises:
        ModelError: when an array is missing or of another shape, a variance is negative, the axis is not the last, or
            a quantizer refuses.
    """
    _last_axis(config, rank, where)
    parts = _parts(config, arrays, where)
    inverse_quantizer = None
    if quantized:
        inverse_quantizer = parse_quantizer(config.get("inverse_quantizer"), where)
        for name, values in parts.items():
            quantizer = _quantizer_of(config, name, inverse_quantizer, where)
            if quantizer is not None:
                role: Role = "kernel" if name in ("gamma", "variance") else "bias"
                parts[name] = weight_values(quantizer, values, role, f"{where}, {name}")
    center = _inverse(config, parts, 0, where)
    ends = [_inverse(config, parts, units, where) for units in (-RSQRT_UNITS, RSQRT_UNITS)]
    if inverse_quantizer is not None:
        center, *ends = [weight_values(inverse_quantizer, values, "bias", f"{where}, inverse")
                         for values in (center, *ends)]
    offsets = [parts["beta"] - parts["mean"] * inverse if "beta" in parts else -parts["mean"] * inverse
               for inverse in (center, *ends)]
    exact = (ends[0] == ends[1]) & (offsets[1] == offsets[2])
    return Normalization(center, offsets[0], (np.minimum(*ends), np.maximum(*ends)),
                         (np.minimum(*offsets[1:]), np.maximum(*offsets[1:])), exact)


def folded_dense(config: JsonObject, arrays: Arrays, where: str, *, rsqrt_units: int = 0, rank: int = 2
                 ) -> tuple[FloatArray, FloatArray]:
    """Kernel and bias of a QDenseBatchnorm at inference, before their quantizers.

    Both folding modes take the moving statistics at inference: kernel * i and i * (bias - mean) + beta with
    i = gamma / sqrt(variance + epsilon). qkeras-v3 and QKeras 0.9.0 differ in 1 / sqrt against rsqrt alone.

    Args:
        config: of the layer.
        arrays: by Keras's names: kernel, bias (if any), gamma, beta, moving_mean, moving_variance.
        where: file and layer, for messages.
        rsqrt_units: take 1 / sqrt this many units in the last place off, to see what depends on it (`RSQRT_UNITS`).
        rank: dimensions of the input, the batch included.

    Raises:
        ModelError: as `normalization`, and without scale or center, on which QKeras itself fails.
    """
    _last_axis(config, rank, where)
    if config.get("folding_mode", "ema_stats_folding") not in ("ema_stats_folding", "batch_stats_folding"):
        raise ModelError(f"the folding mode is {shorten(config.get('folding_mode'))}", where=where,
                         remedy="Use 'ema_stats_folding' or 'batch_stats_folding'")
    for name in ("scale", "center"):
        if not config.get(name, True):
            raise ModelError(f"the QDenseBatchnorm has {name}=False", where=where, rule="QKeras itself fails on it",
                             remedy=f"Use {name}=True")
    parts = _parts(config, arrays, where)
    kernel = np.asarray(arrays.get("kernel", np.empty(0)), np.float32)
    bias = np.asarray(arrays.get("bias", np.zeros(1)), np.float32)
    if kernel.shape[-1:] != parts["mean"].shape or bias.shape not in ((1,), parts["mean"].shape):
        raise ModelError(f"the kernel {kernel.shape} and bias {bias.shape} do not fit {parts['mean'].size} channels",
                         where=where, remedy="Save the model again")
    inverse = _inverse(config, parts, rsqrt_units, where)
    folded: FloatArray = inverse * kernel
    return folded, inverse * (bias - parts["mean"]) + parts["beta"]


def _quantizer_of(config: JsonObject, name: str, inverse: Quantizer | None, where: str) -> Quantizer | None:
    default = None if inverse is not None and name in ("gamma", "variance") else _QUANTIZERS[name]
    found = parse_quantizer(config.get(f"{name}_quantizer", default), where)
    if found is not None and inverse is not None and name in ("gamma", "variance"):
        raise ModelError(f"both {name} and the inverse have a quantizer", where=where, rule="QKeras allows one of them",
                         remedy=f"Set {name}_quantizer=None")
    return found


def _last_axis(config: JsonObject, rank: int, where: str) -> None:
    axis = config.get("axis", -1)
    if isinstance(axis, (list, tuple)):
        axis = axis[0] if len(axis) == 1 else axis  # as Keras 2 saves it
    if axis not in (-1, rank - 1):
        raise ModelError(f"normalizes along axis {shorten(axis)}", where=where, rule="channels are the last axis",
                         remedy="Use axis=-1")


def _parts(config: JsonObject, arrays: Arrays, where: str) -> dict[str, FloatArray]:
    """The vectors of the layer: gamma only if it scales, beta only if it centers."""
    parts: dict[str, FloatArray] = {}
    for name in _PARTS:
        if name in _SWITCHES and not config.get(_SWITCHES[name], True):
            continue
        values = arrays.get(_MOVING.get(name, name))
        if values is None or values.ndim != 1 or values.size == 0:
            raise ModelError(f"the layer has no {name} of one dimension", where=where, remedy="Save the model again")
        parts[name] = np.asarray(values, np.float32)
    sizes = {name: values.size for name, values in parts.items()}
    if len(set(sizes.values())) != 1:
        raise ModelError(f"the layer's arrays have different sizes, {sizes}", where=where,
                         remedy="Save the model again")
    if not all(np.all(np.isfinite(values)) for values in parts.values()):
        raise ModelError("the layer holds NaN or infinite numbers", where=where, remedy="Train again")
    return parts


def _inverse(config: JsonObject, parts: Arrays, units: int, where: str) -> FloatArray:
    """gamma / sqrt(variance + epsilon), the root `units` in the last place off."""
    epsilon = config.get("epsilon", 1e-3)
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 <= epsilon < 1e30:
        raise ModelError(f"epsilon is {shorten(epsilon)}", where=where, remedy="Use a small positive number")
    variance = parts["variance"] + np.float32(epsilon)
    if not np.all(variance > 0):
        raise ModelError("a variance and epsilon sum to no positive number", where=where, remedy="Train again")
    inverse: FloatArray = np.float32(1) / np.sqrt(variance)
    if units:
        inverse = (inverse.view(np.int32) + np.int32(units)).view(np.float32)
    return inverse * parts["gamma"] if "gamma" in parts else inverse
