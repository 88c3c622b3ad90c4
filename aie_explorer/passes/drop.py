"""Drop what does not compute: reshapes, dropouts, linear activations."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from aie_explorer.ir import Network, Op, Reshape


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
            sources = tuple(renamed.get(name, name) for name in op.inputs)
            if isinstance(op, Reshape):
                renamed[op.output] = sources[0]
            else:
                ops.append(dataclasses.replace(op, inputs=sources))
        tensors = {}
        for name in (*network.inputs, *(op.output for op in ops)):
            tensor = network.tensors[name]
            tensors[name] = dataclasses.replace(tensor, shape=(math.prod(tensor.shape),))
            if name in network.inputs and len(tensor.shape) > 1:
                notes.append(f"{name}: {' x '.join(map(str, tensor.shape))} numbers taken as a vector")
        return network.replace(ops=tuple(ops), tensors=tensors, rewrites=(*network.rewrites, *notes),
                               outputs=tuple(renamed.get(name, name) for name in network.outputs))
