"""Drop what does not compute: reshapes, dropouts, linear activations."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from aie_explorer.ir import Network, Op, Reshape
from aie_explorer.passes.base import rebuilt


@dataclass(frozen=True)
class DropReshapes:
    """Remove every Reshape; the order of the numbers in memory is the same before and after.

    A network input of several dimensions becomes a vector, in the order of `numpy.reshape` (the last index fastest).
    """

    name: str = "drop_reshapes"

    def apply(self, network: Network) -> Network:
        """The network without Reshape operations."""
        renamed: dict[str, str] = {}
        ops: list[Op] = []
        notes: list[str] = []
        for op in network.ops:
            source = renamed.get(op.input, op.input)
            if isinstance(op, Reshape):
                renamed[op.output] = source
            else:
                ops.append(dataclasses.replace(op, input=source))
        flat = []
        for tensor in network.tensors.values():
            if len(tensor.shape) > 1:
                flat.append(dataclasses.replace(tensor, shape=(math.prod(tensor.shape),)))
                if tensor.name in network.inputs:
                    notes.append(f"{tensor.name}: {' x '.join(map(str, tensor.shape))} numbers taken as a vector")
        return rebuilt(network, ops, flat, notes)
