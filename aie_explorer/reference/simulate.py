"""The network in integer arithmetic: what the model, the emulated firmware and the array must all give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, IntArray, Network, Tensor, quantize, shift_round
from aie_explorer.ir.types import Rounding

_T = TypeVar("_T", bound=np.generic)

CHUNK_ELEMENTS = 1 << 20
"""Numbers of the widest tensor handled at once: 8 MB an array, so that a chunk's temporaries stay small."""

Inputs = npt.ArrayLike | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike]
"""Numbers for the only input; or for several, by name or as a list in the model's order."""
Floats = npt.NDArray[np.float64]


def simulate(network: Network, x: Inputs) -> Floats | dict[str, Floats]:
    """Run a lowered network on real inputs, bit for bit as the model computes.

    Args:
        network: of Dense operations, as `load` gives it.
        x: inputs in the model's units, [samples, ...] with the features of one sample in any shape; any number of
            samples. They are taken as float32, as Keras does, and quantized to the input's type. Several inputs are
            given by name, or as a list in the model's order.

    Returns:
        The outputs in the model's units [samples, n]; where there are several, by the name of the model's layer.

    Raises:
        ModelError: when the shape is wrong or the inputs are not finite numbers.
    """
    found = simulate_all(network, x)
    return next(iter(found.values())) if len(found) == 1 else found


def simulate_all(network: Network, x: Inputs) -> dict[str, Floats]:
    """As `simulate`, the outputs always by name (`output_names`)."""
    tensors = simulate_ints(network, quantized(network, x), keep=network.outputs)
    return {label: in_model_units(network, name, tensors[name])
            for label, name in zip(output_names(network), network.outputs, strict=True)}


def in_model_units(network: Network, tensor: str, ints: IntArray) -> Floats:
    """Integers of a tensor [samples, columns] as the model's numbers [samples, features]."""
    return network.tensors[tensor].to_model(ints).astype(np.float64) * network.type_of(tensor).scale


def output_names(network: Network) -> list[str]:
    """How outputs are called: by the model's layer where that is unique, else by the tensor."""
    sources = [network.tensors[name].source for name in network.outputs]
    return [source if source and sources.count(source) == 1 else name
            for source, name in zip(sources, network.outputs, strict=True)]


def quantized(network: Network, x: Inputs) -> dict[str, IntArray]:
    """The integers of every input, [samples, columns] by the tensor's name, from numbers in the model's units.

    Raises:
        ModelError: when the shape is wrong or the inputs are not finite numbers.
    """
    return {name: tensor.from_model(quantize(_reals(values, tensor), network.type_of(name)))
            for name, (values, tensor) in _by_name(network, x).items()}


def _by_name(network: Network, x: object) -> dict[str, tuple[object, Tensor]]:
    """The given array of every input."""
    tensors = [network.tensors[name] for name in network.inputs]
    if isinstance(x, Mapping):
        given = {}
        for tensor in tensors:
            found = [x[key] for key in (tensor.name, tensor.source) if key in x]
            if not found:
                raise ModelError(f"no numbers are given for the input {tensor.source or tensor.name!r}",
                                 where=network.name, remedy=f"Give {', '.join(t.name for t in tensors)}")
            given[tensor.name] = (found[0], tensor)
        unknown = set(x) - {t.name for t in tensors} - {t.source for t in tensors}
        if unknown:
            raise ModelError(f"has no input {sorted(map(str, unknown))[0]!r}", where=network.name,
                             remedy=f"Its inputs are {', '.join(t.name for t in tensors)}")
        return given
    if len(tensors) == 1:
        return {tensors[0].name: (x, tensors[0])}
    if isinstance(x, (list, tuple)) and len(x) == len(tensors):
        return {tensor.name: (values, tensor) for tensor, values in zip(tensors, x, strict=True)}
    raise ModelError(f"has {len(tensors)} inputs", where=network.name,
                     remedy=f"Give a mapping or a list: {', '.join(t.name for t in tensors)}")


def _reals(x: object, tensor: Tensor) -> npt.NDArray[np.float32]:
    try:
        given = np.asarray(x)
    except (TypeError, ValueError):  # ragged lists
        given = np.empty(0, object)
    if given.dtype.kind not in "biuf":
        raise ModelError("the inputs are not an array of real numbers", where=tensor.name,
                         remedy=f"Give an array of shape (samples, {tensor.model_features})")
    values = given.astype(np.float32)
    return _flat(values, tensor, tensor.model_features)


def simulate_ints(network: Network, ints: IntArray | Mapping[str, IntArray], *, keep: tuple[str, ...] | None = None
                  ) -> dict[str, IntArray]:
    """Run a lowered network on integers of the inputs' types.

    Args:
        network: of Dense operations, as `load` gives it.
        ints: [samples, columns] integers, within the input's type; by the tensor's name where there are several.
        keep: names of the tensors to give; all of them by default.

    Returns:
        The integers [samples, columns] of each tensor by name, the inputs included.

    Raises:
        ModelError: when the shape is wrong or an integer is outside the input's type.
    """
    given = {name: _checked(values, network, tensor) for name, (values, tensor) in _by_name(network, ints).items()}
    samples = {len(values) for values in given.values()}
    if len(samples) != 1:
        raise ModelError(f"the inputs have {' and '.join(map(str, sorted(samples)))} samples", where=network.name)
    (count,) = samples
    names = (*network.inputs, *(op.output for op in network.ops)) if keep is None else keep
    widest = max((max(op.k, op.n) for op in network.layers), default=1)
    rows = max(1, CHUNK_ELEMENTS // widest)
    results = {name: np.empty((count, network.tensors[name].shape[-1]), np.int64) for name in names}
    for start in range(0, count, rows):
        part = {name: values[start:start + rows] for name, values in given.items()}
        for name, chunk in _run(network, part).items():
            if name in results:
                results[name][start:start + rows] = chunk
    return results


def _checked(ints: object, network: Network, tensor: Tensor) -> IntArray:
    values = np.asarray(ints)
    if values.dtype.kind not in "iub":
        raise ModelError(f"expects integers, not {values.dtype}", where=tensor.name,
                         remedy="Use simulate for real inputs")
    flat = _flat(values, tensor, tensor.shape[0]).astype(np.int64)
    fixed = network.type_of(tensor.name)
    if flat.size and (flat.min() < fixed.min_int or flat.max() > fixed.max_int):
        raise ModelError(f"an input is outside {fixed.min_int} to {fixed.max_int}", where=tensor.name)
    return flat


def _run(network: Network, inputs: Mapping[str, IntArray]) -> Mapping[str, IntArray]:
    tensors = dict(inputs)
    for op in network.ops:
        if not isinstance(op, Dense) or len(network.tensors[op.output].shape) != 1:
            raise ModelError("is not lowered", where=op.name, remedy="Apply aie_explorer.passes.lower first")
        tensors[op.output] = apply_dense(network, op, *(tensors[name] for name in op.inputs))
    return tensors


def apply_dense(network: Network, op: Dense, *inputs: IntArray) -> IntArray:
    """One layer on integers: [samples, columns] of each input to [samples, n] of its output's type."""
    total = _matmul(inputs[0] if len(inputs) == 1 else np.concatenate(inputs, axis=1), op)
    if op.bias is not None:
        total += op.bias.values
    if op.affine is not None:
        total = total * op.affine.gain + op.affine.offset
    if op.clamp is None:
        return total
    shifts = op.sum_frac(network) - op.rounded_frac(network)
    rounding = op.rounding(network)
    rounded = _rounded(total, shifts, rounding)
    if op.slope_shift:
        rounded = np.where(total < 0, _rounded(total, shifts + op.slope_shift, rounding), rounded)
    result: IntArray = np.clip(rounded, *op.clamp)
    return result if op.table is None else op.table[result - op.clamp[0]]


def _rounded(total: IntArray, shifts: IntArray, rounding: Rounding) -> IntArray:
    """[samples, n] sums shifted and rounded, each output by its own shift [n]."""
    if np.all(shifts == shifts[0]):
        return shift_round(total, int(shifts[0]), rounding)
    rounded = np.empty_like(total)
    for shift in np.unique(shifts):
        rounded[:, shifts == shift] = shift_round(total[:, shifts == shift], int(shift), rounding)
    return rounded


def _matmul(ints: IntArray, op: Dense) -> IntArray:
    """The exact products, by the fastest arithmetic in which every partial sum is exact.

    `accumulator_bits` bounds every partial sum in any order, so floating point of that many bits rounds nothing.
    """
    for dtype, exact_bits in ((np.float32, 24), (np.float64, 53)):
        if 0 < op.accumulator_bits <= exact_bits + 1:
            product: IntArray = (ints.astype(dtype) @ op.weights.values.astype(dtype)).astype(np.int64)
            return product
    return ints @ op.weights.values


def _flat(values: npt.NDArray[_T], tensor: Tensor, features: int) -> npt.NDArray[_T]:
    if values.ndim < 2 or np.prod(values.shape[1:], dtype=np.int64) != features:
        raise ModelError(f"the inputs have shape {values.shape}, not (samples, {features})", where=tensor.name,
                         remedy="For one sample use x[None]" if values.size == features else None)
    return values.reshape(len(values), features)
