"""Copies of a network side by side, as one network of independent parts."""

from __future__ import annotations

import dataclasses

from aie_explorer.ir.network import Network


def copy_name(name: str, index: int) -> str:
    """What an op or a tensor is called in copy `index`.

    >>> copy_name("dense0", 2)
    'dense0_copy2'
    """
    return f"{name}_copy{index}"


def replicated(network: Network, copies: int) -> Network:
    """A lowered network of `copies` parts, each computing what the network does of inputs of its own.

    Part by part its ops, inputs and outputs come in the network's order; names are those of `copy_name`. Weights are
    shared, not copied.
    """
    ops, tensors = [], {}
    for index in range(copies):
        for op in network.ops:
            ops.append(dataclasses.replace(
                op, name=copy_name(op.name, index), inputs=tuple(copy_name(name, index) for name in op.inputs),
                output=copy_name(op.output, index)))
        for tensor in network.tensors.values():
            renamed = copy_name(tensor.name, index)
            tensors[renamed] = dataclasses.replace(tensor, name=renamed)
    ends = {way: tuple(copy_name(name, index) for index in range(copies) for name in names)
            for way, names in (("inputs", network.inputs), ("outputs", network.outputs))}
    return network.replace(ops=tuple(ops), tensors=tensors, **ends)
