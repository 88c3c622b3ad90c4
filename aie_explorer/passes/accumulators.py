"""How many bits a sum can need, from the actual weights and the range of the inputs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, IntArray, Network, Op

EXACT_OUTPUT_BITS = 32


@dataclass(frozen=True)
class BoundAccumulators:
    """Compute `accumulator_bits` of every Dense."""

    name: str = "bound_accumulators"

    def apply(self, network: Network) -> Network:
        """The network with its accumulators bounded.

        Raises:
            ModelError: when an unquantized output needs more than 32 bits.
        """
        ops: list[Op] = []
        types = {name: network.type_of(name) for name in network.inputs}
        ranges = {name: (fixed.min_int, fixed.max_int) for name, fixed in types.items()}
        for op in network.ops:
            assert isinstance(op, Dense)
            bits = sum_bits(op, *input_ends(network, op, ranges))
            target = network.type_of(op.output)
            if target.width == EXACT_OUTPUT_BITS and bits > EXACT_OUTPUT_BITS:
                raise ModelError(f"its exact sums need {bits} bits", where=op.source,
                                 rule=f"an unquantized output has {EXACT_OUTPUT_BITS}",
                                 remedy="Add a QActivation at the end of the model")
            ops.append(dataclasses.replace(op, accumulator_bits=bits))
            ranges[op.output] = result_range(op) or (target.min_int, target.max_int)
        return network.replace(ops=tuple(ops))


def result_range(dense: Dense) -> tuple[int, int] | None:
    """The least and the greatest integer that a layer gives; None where that is the exact sum."""
    if dense.table is not None:
        return int(dense.table.min()), int(dense.table.max())
    return dense.clamp


def input_ends(network: Network, dense: Dense, ranges: dict[str, tuple[int, int]]) -> tuple[IntArray, IntArray]:
    """[k] least and greatest integer of every input of a layer, from those of the tensors."""
    ends = [np.full((network.tensors[name].shape[0], 2), ranges[name], np.int64) for name in dense.inputs]
    joined = np.concatenate(ends)
    return joined[:, 0], joined[:, 1]


def sum_range(dense: Dense, low: int | IntArray, high: int | IntArray) -> tuple[int, int]:
    """The least and the greatest sum that any inputs can give; zero lies between them.

    Args:
        dense: the layer.
        low: smallest integer of its inputs, of all or [k] of each.
        high: largest integer of its inputs, of all or [k] of each.
    """
    weights = dense.weights.values
    ends = np.stack([weights * np.reshape(low, (-1, 1)), weights * np.reshape(high, (-1, 1))])
    most = np.maximum(ends.max(axis=0), 0).sum(axis=0)
    least = np.minimum(ends.min(axis=0), 0).sum(axis=0)
    if dense.bias is not None:
        most = most + np.maximum(dense.bias.values, 0)
        least = least + np.minimum(dense.bias.values, 0)
    return int(least.min()), int(most.max())


def sum_bits(dense: Dense, low: int | IntArray, high: int | IntArray) -> int:
    """Signed bits that hold every partial sum of a layer, bias included, in any order.

    Any partial sum lies between the sum of all terms at their most negative and at their most positive, so the
    bound does not depend on how the reduction is cut over tiles. Arguments as those of `sum_range`.
    """
    least, most = sum_range(dense, low, high)
    return max(most.bit_length(), (-least - 1).bit_length() if least < 0 else 0) + 1
