"""The reference against what another program computed, tensor by tensor, and where float32 itself is not exact."""

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


@dataclass(frozen=True)
class Comparison:
    """One tensor against another program's.

    Attributes:
        tensor: in the network.
        layer: of the model, whose output it is.
        values: compared.
        mismatches: that differ though float32 computes them exactly.
        float32_artefacts: that differ where float32 rounds a sum it cannot hold, which the integers do not.
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
    doubtful = float32_doubts(network, tensors)
    return [_compared(network, name, tensors[name], doubtful[name], np.asarray(found[network.tensors[name].source]))
            for name in tensors if network.tensors[name].source in found]


def _compared(network: Network, name: str, ints: IntArray, doubtful: npt.NDArray[np.bool_], theirs: npt.NDArray[Any]
              ) -> Comparison:
    tensor = network.tensors[name]
    ours, doubt = in_model_units(network, name, ints), tensor.to_model(doubtful)
    if theirs.size != ours.size or len(theirs) != len(ours):
        raise ModelError(f"the predictions have shape {theirs.shape}, the network computes {ours.shape}",
                         where=tensor.source or name)
    theirs = theirs.astype(np.float64).reshape(ours.shape)
    differs = ours != theirs
    wrong = np.argwhere(differs & ~doubt)
    first = ""
    if len(wrong):
        sample, feature = (int(v) for v in wrong[0])
        first = f"sample {sample}, feature {feature}: expected {theirs[sample, feature]}, got {ours[sample, feature]}"
    return Comparison(name, tensor.source, ours.size, len(wrong), int((differs & doubt).sum()), first)


def float32_doubts(network: Network, tensors: Mapping[str, IntArray]) -> dict[str, npt.NDArray[np.bool_]]:
    """Where a program that computes in float32 may get another integer than the exact one.

    A float32 sum of k terms, added in any order, is off by at most (k + 2) x 2**-24 of the sum of their magnitudes,
    and by nothing while that sum is below 2**24 steps. The integer is in doubt when a rounding boundary lies within
    that distance, or when an input is in doubt.

    Args:
        network: lowered.
        tensors: [samples, columns] integers of every tensor, as `simulate_ints` gives them.

    Returns:
        [samples, columns] by the tensor's name.
    """
    doubts = {name: np.zeros(tensors[name].shape, np.bool_) for name in network.inputs}
    for op in network.ops:
        assert isinstance(op, Dense)
        ints = np.concatenate([tensors[name] for name in op.inputs], axis=1)
        before = np.concatenate([doubts[name] for name in op.inputs], axis=1)
        doubt = _rounds_differently(network, op, ints)
        if before.any():
            doubt = doubt | (before.astype(np.float32) @ (op.weights.values != 0).astype(np.float32) > 0)
        doubts[op.output] = doubt
    return doubts


def _rounds_differently(network: Network, op: Dense, ints: IntArray) -> npt.NDArray[np.bool_]:
    magnitude = np.abs(ints).astype(np.float64) @ np.abs(op.weights.values).astype(np.float64)
    total = ints.astype(np.float64) @ op.weights.values.astype(np.float64)
    if op.bias is not None:
        magnitude, total = magnitude + np.abs(op.bias.values), total + op.bias.values
    error = np.where(magnitude < 2.0**24, 0.0, (op.k + 2) * UNIT * magnitude)
    if op.affine is not None:  # one multiplication and one addition more, and products that float32 rounds
        gain, offset = op.affine.gain.astype(np.float64), op.affine.offset.astype(np.float64)
        error = (op.k + 4) * UNIT * (magnitude * np.abs(gain) + np.abs(offset))
        total = total * gain + offset
    if op.clamp is None:
        doubt: npt.NDArray[np.bool_] = error > 0
        return doubt
    step = 2.0 ** (op.sum_frac(network) - op.rounded_frac(network)).astype(np.float64)
    position = total / step - 0.5
    boundary = np.abs(position - np.rint(position)) * step
    near: npt.NDArray[np.bool_] = (error > 0) & (boundary <= error)
    return near
