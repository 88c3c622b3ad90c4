"""Batch normalisation to a gain and an offset of every feature, and QDenseBatchnorm to a Dense with folded weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.activate import activation_steps
from aie_explorer.frontends.dense import bias_integers, kernel_integers, product_steps
from aie_explorer.frontends.graph import Layer
from aie_explorer.frontends.qkeras.batchnorm import RSQRT_UNITS, folded_dense, normalization
from aie_explorer.frontends.raw import FloatArray
from aie_explorer.frontends.steps import Shape, Step

KINDS = ("BatchNormalization", "QBatchNormalization")


def normalise_steps(layer: Layer, arrays: Sequence[FloatArray], shape: Shape) -> tuple[Step, ...]:
    """The gain and offset of a batch normalisation over the last axis.

    Raises:
        ModelError: for another axis, arrays that do not fit, or a call with training=True.
    """
    _refuse_training(layer)
    found = normalization(layer.config, _by_name(layer, arrays, ()), layer.where,
                          quantized=layer.kind == "QBatchNormalization", rank=len(shape) + 1)
    if found.scale.shape != shape[-1:]:
        raise ModelError(f"normalises {found.scale.size} features of {shape[-1]}", where=layer.where,
                         remedy="Save the model again from Keras")
    positions = math.prod(shape[:-1])
    return (Step("scale", layer.name, shape, gain=np.tile(found.scale.astype(np.float64), positions),
                 offset=np.tile(found.offset.astype(np.float64), positions)),)


def folded_steps(layer: Layer, arrays: Sequence[FloatArray], shape: Shape, *, last: bool) -> tuple[Step, ...]:
    """A QDenseBatchnorm: its normalisation is folded into kernel and bias before they are quantized.

    Raises:
        ModelError: as `normalise_steps`, and as a Dense.
    """
    _refuse_training(layer)
    names = ("kernel", "bias") if layer.config.get("use_bias", True) else ("kernel",)
    given = _by_name(layer, arrays, names)
    made = []
    for units in (0, -RSQRT_UNITS, RSQRT_UNITS):
        kernel, bias = folded_dense(layer.config, given, layer.where, rsqrt_units=units, rank=len(shape) + 1)
        if kernel.ndim != 2 or len(kernel) != shape[-1]:
            raise ModelError(f"its kernel has the shape {kernel.shape}, its input {shape[-1]} features",
                             where=layer.where, remedy="Save the model again from Keras")
        made.append((kernel_integers(layer, kernel), bias_integers(layer, bias)))
    doubtful = sum(int(np.sum(end.integers * end.scale != center.integers * center.scale))
                   for ends in made[1:] for end, center in zip(ends, made[0], strict=True))
    steps = product_steps(layer, *made[0], shape)
    if doubtful:
        steps = (*steps, Step("reshape", layer.name, steps[-1].shape,
                              note=f"{layer.name}: {doubtful} folded weights lie so near a tie that TensorFlow's "
                                   "1 / sqrt may round them otherwise"))
    return (*steps, *activation_steps(layer, layer.config.get("activation"), steps[-1].shape, last=last))


def _refuse_training(layer: Layer) -> None:
    if layer.trains:
        raise ModelError("the normalisation is called with training=True, so it depends on the other samples",
                         where=layer.where, remedy="Call it without training")


def _by_name(layer: Layer, arrays: Sequence[FloatArray], first: tuple[str, ...]) -> Mapping[str, FloatArray]:
    """The arrays by Keras's names, which no file tells in the same way; their order is always this."""
    names = [*first, *(name for name, flag in (("gamma", "scale"), ("beta", "center"))
                       if layer.config.get(flag, True)), "moving_mean", "moving_variance"]
    if len(arrays) != len(names):
        raise ModelError(f"its configuration asks for {', '.join(names)} but the file holds {len(arrays)} arrays",
                         where=layer.where, remedy="Save the model again from Keras")
    return dict(zip(names, arrays, strict=True))
