"""The reference against what another program computed, tensor by tensor, and where float32 itself is not exact.

QKeras predicts in float32. Its quantizers return x + (q(x) - x), which TensorFlow's graph optimiser adds in another
order when a model predicts: a weight or an activation can then be off by its last bit, and a sum that lies exactly
between two results, or so near that float32 cannot tell, goes to either side. (Two graphs of one model were seen to
give different results at such a tie.) The integers have no such doubt; so a difference there is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, IntArray, Network
from aie_explorer.reference.simulate import Inputs, in_model_units, quantized, simulate_ints

UNIT = 2.0**-24
"""Half the distance of neighbouring float32 numbers, relative: what one operation of TensorFlow may be off by."""

FURTHER_UNITS = 16
"""Beyond one for each term of a sum: both factors of a product, the bias, and a gain, whose 1 / sqrt TensorFlow rounds
by up to 8."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One tensor against another program's.

    Attributes:
        tensor: in the network.
        layer: of the model, whose output it is.
        values: compared.
        mismatches: that differ though float32 computes them exactly.
        float32_artefacts: that differ where float32 cannot tell two results apart, or where an input of the layer
            differed already.
        first: the first mismatch, in words.
    """

    tensor: str
    layer: str
    values: int
    mismatches: int
    float32_artefacts: int
    first: str


def compare(network: Network, x: Inputs, found: Mapping[str, npt.NDArray[Any]]) -> list[Comparison]:
    """Compare every tensor that the other program gave.

    Args:
        network: lowered.
        x: inputs in the model's units, as `simulate` takes them.
        found: what the other program computed, [samples, ...] by the name of the model's layer.

    Raises:
        ModelError: when a tensor has another size than the network's.
    """
    tensors = simulate_ints(network, quantized(network, x))
    differs = {name: np.zeros(tensors[name].shape, np.bool_) for name in network.inputs}
    compared = []
    for op in network.ops:
        assert isinstance(op, Dense)
        ints = np.concatenate([tensors[name] for name in op.inputs], axis=1)
        changed = np.concatenate([differs[name] for name in op.inputs], axis=1)
        allowed = float32_tolerance(network, op, ints)
        if changed.any():  # what differs before it may differ by anything here
            reached = changed.astype(np.float32) @ (op.weights.values != 0).astype(np.float32) > 0
            allowed = np.where(reached, np.inf, allowed)
        if op.table_uncertain is not None and op.table is not None:
            allowed = np.where(np.isin(tensors[op.output], op.table[op.table_uncertain]), np.inf, allowed)
        theirs = found.get(network.tensors[op.output].source)
        if theirs is None:
            differs[op.output] = allowed > 0
            continue
        one, differs[op.output] = _compared(network, op, tensors[op.output], allowed, np.asarray(theirs))
        compared.append(one)
    return compared


def _compared(network: Network, op: Dense, ints: IntArray, allowed: Floats, theirs: npt.NDArray[Any]
              ) -> tuple[Comparison, npt.NDArray[np.bool_]]:
    """The comparison of one tensor, and where [samples, columns] it differs."""
    tensor = network.tensors[op.output]
    ours, tolerance = in_model_units(network, op.output, ints), tensor.to_model(allowed)
    if theirs.size != ours.size or len(theirs) != len(ours):
        raise ModelError(f"the predictions have shape {theirs.shape}, the network computes {ours.shape}",
                         where=tensor.source)
    theirs = theirs.astype(np.float64).reshape(ours.shape)
    distance = np.abs(ours - theirs) / network.type_of(op.output).scale
    distance = np.where(np.isnan(distance), np.inf, distance)
    wrong = np.argwhere(distance > tolerance)
    first = ""
    if len(wrong):
        sample, feature = (int(v) for v in wrong[0])
        first = f"sample {sample}, feature {feature}: expected {theirs[sample, feature]}, got {ours[sample, feature]}"
    artefacts = int((distance > 0).sum()) - len(wrong)
    return (Comparison(op.output, tensor.source, ours.size, len(wrong), artefacts, first),
            tensor.from_model(distance > 0))


def float32_tolerance(network: Network, op: Dense, ints: IntArray) -> Floats:
    """By how many steps of its output's integers a layer may differ in a program that computes in float32.

    A sum of k products, whose factors may be off by their last bit, is off by at most (k + 16) x 2**-24 of the sum of
    their magnitudes. Where a rounding boundary is that near, the next integer is as good; elsewhere there is one.

    Args:
        network: lowered.
        op: the layer.
        ints: [samples, k] its inputs.

    Returns:
        [samples, n]: 0 or 1; of a layer that gives the exact sum, what that may be off by.
    """
    magnitude = np.abs(ints).astype(np.float64) @ np.abs(op.weights.values).astype(np.float64)
    total = ints.astype(np.float64) @ op.weights.values.astype(np.float64)
    if op.bias is not None:
        magnitude, total = magnitude + np.abs(op.bias.values), total + op.bias.values
    if op.affine is not None:
        gain, offset = op.affine.gain.astype(np.float64), op.affine.offset.astype(np.float64)
        magnitude, total = magnitude * np.abs(gain) + np.abs(offset), total * gain + offset
    error = (op.k + FURTHER_UNITS) * UNIT * magnitude
    if op.clamp is None:
        return error
    step = 2.0 ** (op.sum_frac(network) - op.rounded_frac(network)).astype(np.float64)
    if op.slope_shift:
        step = np.where(total < 0, step * 2.0**op.slope_shift, step)
    position = total / step - (0.0 if op.rounding(network) == "floor" else 0.5)
    near: Floats = (np.abs(position - np.rint(position)) * step <= error).astype(np.float64)
    return np.where(near > 0, np.inf, 0.0) if op.table is not None else near
