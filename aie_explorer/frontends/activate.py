"""Activations to operations on integers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.graph import Layer
from aie_explorer.frontends.qkeras.activations import Activation, activation
from aie_explorer.frontends.qkeras.quantizer import SIGNATURES, parse_quantizer
from aie_explorer.frontends.raw import class_of, shorten
from aie_explorer.frontends.steps import Shape, Step
from aie_explorer.ir import FixedPoint


def activation_steps(layer: Layer, spec: object, shape: Shape, *, last: bool) -> tuple[Step, ...]:
    """The steps of an activation: none, a function by name, or a quantizer.

    Args:
        layer: it belongs to.
        spec: as the configuration has it.
        shape: of one sample.
        last: whether the model gives its result out: a softmax is then left to the host.

    Raises:
        ModelError: when it has no exact integer meaning.
    """
    if isinstance(spec, dict) and class_of(spec, layer.where) == "function":
        spec = spec.get("config")
    if spec is None or spec == "linear":
        return ()
    if spec == "softmax" and last:
        return (Step("reshape", layer.name, shape, note=f"{layer.name}: the softmax is left to the host; the array "
                                                        "gives what goes into it"),)
    if spec == "relu":
        return (Step("relu", layer.name, shape),)
    name = spec.partition("(")[0] if isinstance(spec, str) else str(dict(_pairs(spec)).get("class_name"))
    if name.strip().rpartition(">")[2] not in SIGNATURES:
        remedy = ("Only a softmax at the very end is left to the host" if name == "softmax"
                  else "Use relu, linear, quantized_relu or quantized_bits")
        raise ModelError(f"the activation {shorten(name)} has no exact integer meaning", where=layer.where,
                         remedy=remedy)
    quantizer = parse_quantizer(spec, layer.where)
    assert quantizer is not None
    return function_steps(activation(quantizer, layer.where), layer, shape)


def function_steps(found: Activation, layer: Layer, shape: Shape) -> tuple[Step, ...]:
    """The steps of an activation's function."""
    last = Step("quantize", layer.name, shape, found.type, clamp=(found.low, found.high))
    if found.function == "identity" or (found.function == "leaky" and found.slope_shift == 0):
        return (last,)
    if found.function == "leaky" and found.slope_shift > 0:
        return (Step("leaky", layer.name, shape, slope_shift=found.slope_shift), last)
    if found.function == "affine" and (found.multiplier, found.constant) == (1, 0):
        gain, offset = np.array(found.gain), np.array(found.offset)
        return (Step("scale", layer.name, shape, gain=gain, offset=offset), last)
    if found.function == "sign":
        return sign_steps(found, layer, shape)
    return (Step("lookup", layer.name, shape, found.type, activation=found),)


def sign_steps(found: Activation, layer: Layer, shape: Shape) -> tuple[Step, ...]:
    """The sign of any number: rounded down and clamped it is -1 or 0, and a table of two makes that low or high."""
    below = FixedPoint(2, 0, rounding="floor")
    return (Step("quantize", layer.name, shape, below, clamp=(-1, 0)),
            Step("lookup", layer.name, shape, found.type, table=np.array([found.low, found.high])))


def _pairs(spec: object) -> Mapping[str, object]:
    return spec if isinstance(spec, dict) else {}
