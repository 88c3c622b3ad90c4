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
from aie_explorer.frontends.raw import WEIGHT_LIMIT, FloatArray, as_integer, as_list, class_of, shorten
from aie_explorer.ir import FixedPoint, IntArray, QuantizedArray

SUPPORTED = ("QDense, Dense, QActivation, Activation, ReLU, Add, Concatenate, Flatten, Reshape, Dropout, and a Softmax "
             "at the end")

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
        finer: fraction bits that each output's weights have beyond the common ones, where outputs differ.
        macs: multiply-accumulates of a sample of a "dense".
        note: what was changed without loss, in words; empty if nothing.
    """

    kind: Literal["quantize", "relu", "reshape", "dense", "add", "concat"]
    source: str
    shape: Shape
    type: FixedPoint | None = None
    weights: QuantizedArray | None = None
    bias: QuantizedArray | None = None
    finer: IntArray | None = None
    macs: int | None = None
    note: str = ""


def layer_steps(layer: Layer, weights: Sequence[FloatArray], shapes: Sequence[Shape], *, last: bool = False
                ) -> tuple[Step, ...]:
    """The operations of one call of a layer on inputs of `shapes` (one sample); at least one.

    Args:
        layer: which.
        weights: its arrays.
        shapes: of its inputs.
        last: whether the model gives its output out and nothing else reads it: a softmax is then left to the host.

    Raises:
        ModelError: when the layer is not supported or has no exact integer meaning.
    """
    if layer.kind in ("Add", "Concatenate"):
        return (_joined(layer, shapes),)
    if len(shapes) != 1:
        raise ModelError(f"the {layer.kind} reads {len(shapes)} tensors", where=layer.where,
                         remedy="Join them by Add or Concatenate")
    shape = shapes[0]
    if layer.kind in ("QDense", "Dense"):
        steps = _dense(layer, weights, shape, last=last)
    elif layer.kind in ("QActivation", "Activation", "Softmax"):
        spec = "softmax" if layer.kind == "Softmax" else layer.config.get("activation")
        steps = _activation(layer, spec, shape, last=last)
    elif layer.kind == "ReLU":
        steps = _relu(layer, shape)
    elif layer.kind in ("Flatten", "Reshape"):
        steps = (Step("reshape", layer.name, _target_shape(layer, shape)),)
    elif layer.kind == "Dropout":
        if layer.trains:
            raise ModelError("the Dropout is called with training=True, so it drops at random at inference too",
                             where=layer.where, remedy="Call it without training")
        steps = (Step("reshape", layer.name, shape),)
    else:
        raise ModelError(f"the layer {layer.kind} is not supported", where=layer.where,
                         rule=f"supported are {SUPPORTED}", remedy=_remedy(layer.kind))
    return steps or (Step("reshape", layer.name, shape),)


def _joined(layer: Layer, shapes: Sequence[Shape]) -> Step:
    """An Add or Concatenate."""
    if len(shapes) < 2:
        raise ModelError(f"the {layer.kind} reads {len(shapes)} tensor", where=layer.where, remedy="Leave it out")
    if layer.kind == "Add":
        if len(set(shapes)) != 1:
            raise ModelError(f"adds tensors of shapes {' and '.join(map(str, shapes))}", where=layer.where,
                             rule="nothing is repeated to fit", remedy="Give all the same shape")
        return Step("add", layer.name, shapes[0])
    axis = as_integer(layer.config.get("axis", -1), "axis", layer.where)
    if any(len(shape) != 1 for shape in shapes) or axis not in (-1, 1):
        raise ModelError(f"joins tensors of shapes {' and '.join(map(str, shapes))} along axis {axis}",
                         where=layer.where, rule="only vectors can be joined", remedy="Put a Flatten before it")
    return Step("concat", layer.name, (sum(shape[0] for shape in shapes),))


def _remedy(kind: str) -> str:
    if "Prune" in kind:
        return "Remove the pruning wrapper with strip_pruning first"
    if "BatchNormalization" in kind:
        return "Fold it into the layer before and train again without it"
    return "Replace it by supported layers, or cut the model before it"


def _target_shape(layer: Layer, shape: Shape) -> Shape:
    """The shape of a Flatten or Reshape; numbers keep their order, so only the sizes matter."""
    if layer.kind == "Flatten":
        return (math.prod(shape),)
    target = [as_integer(size, "target_shape", layer.where)
              for size in as_list(layer.config.get("target_shape"), "target_shape", layer.where)]
    known = math.prod(size for size in target if size != -1)
    if target.count(-1) > 1 or min(target, default=0) < -1 or known < 1 or math.prod(shape) % known or (
            -1 not in target and known != math.prod(shape)):
        raise ModelError(f"reshapes {shape} to {tuple(target)}", where=layer.where,
                         remedy="Reshape to as many numbers as there are")
    return tuple(math.prod(shape) // known if size == -1 else size for size in target)


def _relu(layer: Layer, shape: Shape) -> tuple[Step, ...]:
    allowed: Mapping[str, tuple[object, ...]] = {
        "max_value": (None,), "negative_slope": (None, 0), "threshold": (None, 0)}
    for key, values in allowed.items():
        value = layer.config.get(key)
        if isinstance(value, (list, dict)) or value not in values:
            raise ModelError(f"the ReLU has {key}={shorten(value)}", where=layer.where,
                             remedy="Use a plain ReLU, or quantized_relu whose range gives the maximum")
    return (Step("relu", layer.name, shape),)


def _activation(layer: Layer, spec: object, shape: Shape, *, last: bool) -> tuple[Step, ...]:
    """The steps of an activation: none, a function by name, or a quantizer."""
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
    if not name.rpartition(">")[2].startswith("quantized_"):
        remedy = ("Only a softmax at the very end is left to the host" if name == "softmax"
                  else "Use relu, linear, quantized_relu or quantized_bits")
        raise ModelError(f"the activation {shorten(name)} has no exact integer meaning", where=layer.where,
                         remedy=remedy)
    quantizer = parse_quantizer(spec, layer.where)
    assert quantizer is not None
    return (Step("quantize", layer.name, shape, activation_type(quantizer, layer.where)),)


def _pairs(spec: object) -> Mapping[str, object]:
    return spec if isinstance(spec, dict) else {}


def _dense(layer: Layer, arrays: Sequence[FloatArray], shape: Shape, *, last: bool) -> tuple[Step, ...]:
    """A Dense on the last axis; on the positions of the other axes it is one matrix of blocks on the diagonal."""
    config, where = layer.config, layer.where
    units = as_integer(config.get("units"), "units", where)
    with_bias = bool(config.get("use_bias", True))
    positions = math.prod(shape[:-1])
    expected: list[Shape] = [(shape[-1], units), (units,)][: 1 + with_bias]
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
    out = (*shape[:-1], units)
    macs = positions * kernel.values.size
    note = ""
    if positions > 1:
        if positions**2 * kernel.values.size > WEIGHT_LIMIT:
            raise ModelError(f"{positions} positions of a {shape[-1]} x {units} layer make too large a matrix",
                             where=where, remedy="Use fewer positions")
        kernel = QuantizedArray(np.kron(np.eye(positions, dtype=np.int64), kernel.values), kernel.type)
        bias = bias and QuantizedArray(np.tile(bias.values, positions), bias.type)
        note = f"{layer.name}: its {positions} positions made one matrix of blocks on the diagonal"
    return (Step("dense", layer.name, out, weights=kernel, bias=bias, macs=macs, note=note),
            *_activation(layer, config.get("activation"), out, last=last))


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
