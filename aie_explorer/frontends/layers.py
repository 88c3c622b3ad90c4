"""Each layer of the model to operations on integers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.graph import Layer
from aie_explorer.frontends.quantizers import (
    activation_type,
    exact_array,
    parse_quantizer,
    quantize_weights,
)
from aie_explorer.frontends.raw import FloatArray, as_integer, as_list, class_of, shorten
from aie_explorer.ir import FixedPoint, QuantizedArray

SUPPORTED = "QDense, Dense, QActivation, Activation, ReLU, Flatten, Reshape and Dropout"

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """An operation before it has a name and tensors.

    Attributes:
        kind: which operation.
        source: the layer it comes from, as the model spells it.
        shape: dimensions of one sample of the result.
        type: what a "quantize" rounds to.
        weights: integers [k, n] of a "dense".
        bias: integers [n] of a "dense", or None.
    """

    kind: Literal["quantize", "relu", "reshape", "dense"]
    source: str
    shape: Shape
    type: FixedPoint | None = None
    weights: QuantizedArray | None = None
    bias: QuantizedArray | None = None


def layer_steps(layer: Layer, weights: Sequence[FloatArray], shape: Shape) -> tuple[Step, ...]:
    """The operations of one layer on an input of `shape` (one sample).

    Raises:
        ModelError: when the layer is not supported or has no exact integer meaning.
    """
    if layer.kind in ("QDense", "Dense"):
        return _dense(layer, weights, shape)
    if layer.kind in ("QActivation", "Activation"):
        return _activation(layer, layer.config.get("activation"), shape)
    if layer.kind == "ReLU":
        return _relu(layer, shape)
    if layer.kind == "Flatten":
        return (Step("reshape", layer.name, (math.prod(shape),)),)
    if layer.kind == "Reshape":
        return (Step("reshape", layer.name, _target_shape(layer, shape)),)
    if layer.kind == "Dropout":
        if layer.trains:
            raise ModelError("the Dropout is called with training=True, so it drops at random at inference too",
                             where=layer.where, remedy="Call it without training")
        return (Step("reshape", layer.name, shape),)
    raise ModelError(f"the layer {layer.kind} is not supported", where=layer.where, rule=f"supported are {SUPPORTED}",
                     remedy=_remedy(layer.kind))


def _remedy(kind: str) -> str:
    if kind == "Softmax":
        return "Cut the model before it: Model(model.input, model.layers[-2].output)"
    if "Prune" in kind:
        return "Remove the pruning wrapper with strip_pruning first"
    if "BatchNormalization" in kind:
        return "Fold it into the layer before and train again without it"
    return "Replace it by supported layers, or cut the model before it"


def _target_shape(layer: Layer, shape: Shape) -> Shape:
    target = [as_integer(size, "target_shape", layer.where)
              for size in as_list(layer.config.get("target_shape"), "target_shape", layer.where)]
    if target not in ([math.prod(shape)], [-1]):
        raise ModelError(f"reshapes to {tuple(target)}", where=layer.where, rule="only vectors are supported so far",
                         remedy=f"Reshape to ({math.prod(shape)},) or use Flatten")
    return (math.prod(shape),)


def _relu(layer: Layer, shape: Shape) -> tuple[Step, ...]:
    allowed: Mapping[str, tuple[object, ...]] = {
        "max_value": (None,), "negative_slope": (None, 0), "threshold": (None, 0)}
    for key, values in allowed.items():
        value = layer.config.get(key)
        if isinstance(value, (list, dict)) or value not in values:
            raise ModelError(f"the ReLU has {key}={shorten(value)}", where=layer.where,
                             remedy="Use a plain ReLU, or quantized_relu whose range gives the maximum")
    return (Step("relu", layer.name, shape),)


def _activation(layer: Layer, spec: object, shape: Shape) -> tuple[Step, ...]:
    """The steps of an activation: none, a function by name, or a quantizer."""
    if isinstance(spec, dict) and class_of(spec, layer.where) == "function":
        spec = spec.get("config")
    if spec is None or spec == "linear":
        return (Step("reshape", layer.name, shape),) if "Activation" in layer.kind else ()
    if spec == "relu":
        return (Step("relu", layer.name, shape),)
    name = spec.partition("(")[0] if isinstance(spec, str) else str(dict(_pairs(spec)).get("class_name"))
    if not name.rpartition(">")[2].startswith("quantized_"):
        remedy = ("Cut the model before it; the largest score is the largest before a softmax too"
                  if name == "softmax" else "Use relu, linear, quantized_relu or quantized_bits")
        raise ModelError(f"the activation {shorten(name)} has no exact integer meaning", where=layer.where,
                         remedy=remedy)
    quantizer = parse_quantizer(spec, layer.where)
    assert quantizer is not None
    return (Step("quantize", layer.name, shape, activation_type(quantizer, layer.where)),)


def _pairs(spec: object) -> Mapping[str, object]:
    return spec if isinstance(spec, dict) else {}


def _dense(layer: Layer, arrays: Sequence[FloatArray], shape: Shape) -> tuple[Step, ...]:
    config, where = layer.config, layer.where
    if len(shape) != 1:
        raise ModelError(f"the Dense layer reads a tensor of shape {shape}", where=where,
                         rule="only vectors are supported so far", remedy="Put a Flatten before it")
    units = as_integer(config.get("units"), "units", where)
    with_bias = bool(config.get("use_bias", True))
    expected: list[Shape] = [(shape[0], units), (units,)][: 1 + with_bias]
    if units < 1 or [array.shape for array in arrays] != expected:
        found = ", ".join(str(array.shape) for array in arrays) or "none"
        raise ModelError(f"its configuration asks for weights of shape {', '.join(map(str, expected))} but the file "
                         f"holds {found}", where=where, remedy="Save the model again from Keras")
    if not all(np.all(np.isfinite(array)) for array in arrays):
        raise ModelError("its weights hold NaN or infinite values", where=where, remedy="Train the model again")
    if config.get("lora_rank") is not None or config.get("quantization_config") is not None:
        raise ModelError("the layer uses Keras's own LoRA or quantization", where=where, remedy="Use QDense instead")
    kernel = _kernel(layer, arrays[0])
    bias = _bias(layer, arrays[1]) if with_bias else None
    return (Step("dense", layer.name, (units,), weights=kernel, bias=bias),
            *_activation(layer, config.get("activation"), (units,)))


def _kernel(layer: Layer, values: FloatArray) -> QuantizedArray:
    quantizer = parse_quantizer(layer.config.get("kernel_quantizer"), layer.where)
    if quantizer is not None:
        found: QuantizedArray | None = quantize_weights(quantizer, values, "kernel", layer.where)
    else:
        found = exact_array(values, 16)
    if found is None or found.type.width > 16:
        raise ModelError("its weights are not quantized, and not all of them are integers of 16 bits times one power "
                         "of two" if quantizer is None else "its weights need more than 16 signed bits",
                         where=layer.where, rule="the matrix unit multiplies integers of 8 or 16 bits",
                         remedy='Use QDense with kernel_quantizer="quantized_bits(8,0,alpha=1)"')
    return found


def _bias(layer: Layer, values: FloatArray) -> QuantizedArray:
    quantizer = parse_quantizer(layer.config.get("bias_quantizer"), layer.where)
    if quantizer is not None:
        return quantize_weights(quantizer, values, "bias", layer.where)
    found = exact_array(values, 32)
    if found is None:
        raise ModelError("its bias is not quantized, and not all of it are integers of 32 bits times one power of two",
                         where=layer.where, remedy='Use bias_quantizer="quantized_bits(8,0,alpha=1)"')
    return found
