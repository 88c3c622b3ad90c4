"""The network in integer arithmetic: what the model, the emulated firmware and the array must all give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, IntArray, Network, quantize, requantize

CHUNK_ELEMENTS = 1 << 20
"""Numbers of the widest tensor handled at once: 8 MB an array, so that a chunk's temporaries stay small."""


@overload
def simulate(network: Network, x: npt.ArrayLike, *, layers: Literal[False] = False) -> npt.NDArray[np.float64]: ...
@overload
def simulate(
    network: Network, x: npt.ArrayLike, *, layers: Literal[True]
) -> tuple[npt.NDArray[np.float64], dict[str, IntArray]]: ...
@overload
def simulate(
    network: Network, x: npt.ArrayLike, *, layers: bool
) -> npt.NDArray[np.float64] | tuple[npt.NDArray[np.float64], dict[str, IntArray]]: ...
def simulate(
    network: Network, x: npt.ArrayLike, *, layers: bool = False
) -> npt.NDArray[np.float64] | tuple[npt.NDArray[np.float64], dict[str, IntArray]]:
    """Run a lowered network on real inputs, bit for bit as the model computes.

    Args:
        network: of Dense operations, as `load` gives it.
        x: inputs in the model's units, [samples, ...] with the features of one sample in any shape; any number of
            samples. They are taken as float32, as Keras does, and quantized to the input's type.
        layers: also give the integers of every tensor.

    Returns:
        The outputs in the model's units [samples, n]; with `layers`, also the integers of each tensor by name.

    Raises:
        ModelError: when the shape is wrong or the inputs are not finite numbers.
    """
    (source,), (result,) = network.inputs, network.outputs
    tensor = network.tensors[source]
    try:
        values = np.asarray(x).astype(np.float32, casting="same_kind" if np.iscomplexobj(x) else "unsafe")
    except (TypeError, ValueError) as error:
        raise ModelError("the inputs are not an array of real numbers", where=source,
                         remedy=f"Give an array of shape (samples, {tensor.shape[0]})") from error
    flat = _flat(values, network)
    fixed = network.type_of(source)
    tensors = simulate_ints(network, quantize(flat, fixed), keep=None if layers else (result,))
    outputs = tensors[result].astype(np.float64) * network.type_of(result).scale
    return (outputs, tensors) if layers else outputs


def simulate_ints(network: Network, ints: IntArray, *, keep: tuple[str, ...] | None = None) -> dict[str, IntArray]:
    """Run a lowered network on integers of the input's type.

    Args:
        network: of Dense operations, as `load` gives it.
        ints: [samples, k] integers, within the input's type.
        keep: names of the tensors to give; all of them by default.

    Returns:
        The integers [samples, n] of each tensor by name, the input included.

    Raises:
        ModelError: when the shape is wrong or an integer is outside the input's type.
    """
    (source,) = network.inputs
    values = np.asarray(ints)
    if values.dtype.kind not in "iub":
        raise ModelError(f"expects integers, not {values.dtype}", where=source, remedy="Use simulate for real inputs")
    flat = _flat(values, network).astype(np.int64)
    fixed = network.type_of(source)
    if flat.size and (flat.min() < fixed.min_int or flat.max() > fixed.max_int):
        raise ModelError(f"an input is outside {fixed.min_int} to {fixed.max_int}", where=source)
    names = (source, *(op.output for op in network.ops)) if keep is None else keep
    widest = max(max(op.k, op.n) for op in network.layers)
    rows = max(1, CHUNK_ELEMENTS // widest)
    results = {name: np.empty((len(flat), *network.tensors[name].shape), np.int64) for name in names}
    for start in range(0, len(flat), rows):
        for name, chunk in _run(network, flat[start : start + rows]).items():
            if name in results:
                results[name][start : start + rows] = chunk
    return results


def _run(network: Network, ints: IntArray) -> Mapping[str, IntArray]:
    tensors = {network.inputs[0]: ints}
    for op in network.ops:
        if not isinstance(op, Dense):
            raise ModelError("is not lowered", where=op.name, remedy="Apply aie_explorer.passes.lower first")
        tensors[op.output] = apply_dense(network, op, tensors[op.input])
    return tensors


def apply_dense(network: Network, op: Dense, ints: IntArray) -> IntArray:
    """One layer on integers: [samples, k] of its input's type to [samples, n] of its output's type."""
    total = _matmul(ints, op)
    if op.bias is not None:
        total += op.bias.values
    if op.clamp is None:
        return total
    frac = network.type_of(op.input).frac + op.weights.type.frac
    return requantize(total, frac, network.type_of(op.output), op.clamp)


def _matmul(ints: IntArray, op: Dense) -> IntArray:
    """The exact products, by the fastest arithmetic in which every partial sum is exact.

    `accumulator_bits` bounds every partial sum in any order, so floating point of that many bits rounds nothing.
    """
    for dtype, exact_bits in ((np.float32, 24), (np.float64, 53)):
        if 0 < op.accumulator_bits <= exact_bits + 1:
            product: IntArray = (ints.astype(dtype) @ op.weights.values.astype(dtype)).astype(np.int64)
            return product
    return ints @ op.weights.values


def _flat(values: npt.NDArray[np.generic], network: Network) -> npt.NDArray[np.generic]:
    (features,) = network.tensors[network.inputs[0]].shape
    if values.ndim < 2 or np.prod(values.shape[1:], dtype=np.int64) != features:
        raise ModelError(f"the inputs have shape {values.shape}, not (samples, {features})", where=network.inputs[0],
                         remedy="For one sample use x[None]" if values.size == features else None)
    return values.reshape(len(values), features)
