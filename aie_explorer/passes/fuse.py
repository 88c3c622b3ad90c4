"""Fuse the ReLUs and quantizers after a Dense into its shift and clamp."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, Network, Op, Quantize, Relu, Tensor
from aie_explorer.passes.base import rebuilt
from aie_explorer.passes.ranges import Range

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class FuseActivations:
    """Give every Dense the clamp and output type of what follows it, keeping the Dense's own tensor name."""

    name: str = "fuse_activations"

    def apply(self, network: Network) -> Network:
        """The network of Dense operations only; its last tensor stays untyped where nothing quantizes it.

        Raises:
            ModelError: when a Dense in the middle is not quantized, or a tensor would be rounded twice.
        """
        if not network.layers:
            raise ModelError("the model has no Dense layer", where=network.name,
                             remedy="Nothing is left to run on the array")
        ops: list[Op] = []
        tensors: list[Tensor] = []
        pending = list(network.ops)
        while pending:
            dense = pending.pop(0)
            assert isinstance(dense, Dense)  # the input's own activations are absorbed before
            followers: list[Op] = []
            while pending and not isinstance(pending[0], Dense):
                followers.append(pending.pop(0))
            fused, tensor = _fused(network, dense, followers)
            if tensor.type is None and pending:
                raise ModelError("its output is not quantized before the next layer", where=dense.source,
                                 rule="layers exchange integers of at most 16 bits",
                                 remedy="Add a QActivation (quantized_relu or quantized_bits) after it")
            ops.append(dataclasses.replace(fused, input=ops[-1].output if ops else network.inputs[0]))
            tensors.append(tensor)
        return rebuilt(network, ops, tensors)


def _fused(network: Network, dense: Dense, followers: list[Op]) -> tuple[Dense, Tensor]:
    tensor = network.tensors[dense.output]
    reached: Range | None = None
    rectified = False
    for op in followers:
        if isinstance(op, Quantize):
            target = network.type_of(op.output)
            found = Range.of(target) if reached is None else reached.quantized(target)
            if found is None:
                raise ModelError(f"its output is quantized to {reached and reached.type} and again to {target}",
                                 where=op.source, rule="rounding twice is not the same as rounding once",
                                 remedy="Remove one of the quantizers")
            reached = found
        rectified = rectified or isinstance(op, Relu)
        # A ReLU before the quantizer gives the same as after it: rounding keeps the sign.
        reached = reached.relu() if rectified and reached is not None else reached
    if reached is None:
        return dataclasses.replace(dense, clamp=(0, INT32_MAX) if rectified else None), tensor
    return (dataclasses.replace(dense, clamp=(reached.low, reached.high)),
            dataclasses.replace(tensor, type=reached.type))
