"""Each layer of the model to operations on integers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.activate import activation_steps
from aie_explorer.frontends.dense import dense_steps
from aie_explorer.frontends.graph import Layer
from aie_explorer.frontends.normalise import KINDS as NORMALISATIONS
from aie_explorer.frontends.normalise import folded_steps, normalise_steps
from aie_explorer.frontends.raw import FloatArray, as_integer, as_list, shorten
from aie_explorer.frontends.steps import Shape, Step

SUPPORTED = ("QDense, Dense, QActivation, Activation, ReLU, BatchNormalization, QBatchNormalization, "
             "QDenseBatchnorm, Add, Concatenate, Flatten, Reshape, Permute, Dropout, and a Softmax at the end")

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
        steps = dense_steps(layer, weights, shape, last=last)
    elif layer.kind in ("QActivation", "Activation", "Softmax"):
        spec = "softmax" if layer.kind == "Softmax" else layer.config.get("activation")
        steps = activation_steps(layer, spec, shape, last=last)
    elif layer.kind == "QDenseBatchnorm":
        steps = folded_steps(layer, weights, shape, last=last)
    elif layer.kind in NORMALISATIONS:
        steps = normalise_steps(layer, weights, shape)
    elif layer.kind == "ReLU":
        steps = _relu(layer, shape)
    elif layer.kind in ("Flatten", "Reshape"):
        steps = (Step("reshape", layer.name, _target_shape(layer, shape)),)
    elif layer.kind == "Permute":
        steps = (_permuted(layer, shape),)
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


def _permuted(layer: Layer, shape: Shape) -> Step:
    """A Permute: a transpose of the dimensions of a sample, which Keras counts from 1."""
    dims = [as_integer(dim, "dims", layer.where) for dim in as_list(layer.config.get("dims"), "dims", layer.where)]
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise ModelError(f"permutes the dimensions of {shape} by {tuple(dims)}", where=layer.where,
                         rule=f"each of 1 to {len(shape)} stands once", remedy="Give every dimension a place")
    axes = [dim - 1 for dim in dims]
    order = np.arange(math.prod(shape), dtype=np.int64).reshape(shape).transpose(axes).ravel()
    return Step("permute", layer.name, tuple(shape[axis] for axis in axes), order=order)


def _relu(layer: Layer, shape: Shape) -> tuple[Step, ...]:
    allowed: Mapping[str, tuple[object, ...]] = {
        "max_value": (None,), "negative_slope": (None, 0), "threshold": (None, 0)}
    for key, values in allowed.items():
        value = layer.config.get(key)
        if isinstance(value, (list, dict)) or value not in values:
            raise ModelError(f"the ReLU has {key}={shorten(value)}", where=layer.where,
                             remedy="Use a plain ReLU, or quantized_relu whose range gives the maximum")
    return (Step("relu", layer.name, shape),)
