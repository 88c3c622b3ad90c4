"""How many bits a sum can need, from the actual weights and the range of the input."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, Network, Op
from aie_explorer.passes.base import rebuilt

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
        low, high = network.type_of(network.inputs[0]).min_int, network.type_of(network.inputs[0]).max_int
        for op in network.ops:
            assert isinstance(op, Dense)
            bits = sum_bits(op, low, high)
            target = network.type_of(op.output)
            if target.width == EXACT_OUTPUT_BITS and bits > EXACT_OUTPUT_BITS:
                raise ModelError(f"its exact sums need {bits} bits", where=op.source,
                                 rule=f"an unquantized output has {EXACT_OUTPUT_BITS}",
                                 remedy="Add a QActivation at the end of the model")
            ops.append(dataclasses.replace(op, accumulator_bits=bits))
            low, high = op.clamp or (target.min_int, target.max_int)
        return rebuilt(network, ops)


def sum_bits(dense: Dense, low: int, high: int) -> int:
    """Signed bits that hold every partial sum of a layer, bias included, in any order.

    Any partial sum lies between the sum of all terms at their most negative and at their most positive, so the
    bound does not depend on how the reduction is cut over tiles.

    Args:
        dense: the layer.
        low: smallest integer of its input.
        high: largest integer of its input.
    """
    weights = dense.weights.values
    ends = np.stack([weights * low, weights * high])
    most = np.maximum(ends.max(axis=0), 0).sum(axis=0)
    least = np.minimum(ends.min(axis=0), 0).sum(axis=0)
    if dense.bias is not None:
        most = most + np.maximum(dense.bias.values, 0)
        least = least + np.minimum(dense.bias.values, 0)
    return max(int(most.max()).bit_length(), (-int(least.min()) - 1).bit_length() if least.min() < 0 else 0) + 1
