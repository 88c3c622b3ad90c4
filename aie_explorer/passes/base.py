"""What a pass is, and how one replaces the operations of a chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from aie_explorer.ir import Network, Op, Tensor


class Pass(Protocol):
    """A change of a network that leaves its arithmetic as it is; its fields are its options."""

    @property
    def name(self) -> str:
        """How reports call it."""

    def apply(self, network: Network) -> Network:
        """The changed network, valid again."""


def rebuilt(
    network: Network, ops: Sequence[Op], tensors: Iterable[Tensor] = (), rewrites: Sequence[str] = ()
) -> Network:
    """The network with other operations: tensors replaced by name, those no longer used dropped, notes appended."""
    known = {**network.tensors, **{tensor.name: tensor for tensor in tensors}}
    kept = [*network.inputs, *(op.output for op in ops)]
    outputs = (ops[-1].output,) if ops else network.inputs
    return network.replace(ops=tuple(ops), tensors={name: known[name] for name in kept}, outputs=outputs,
                           rewrites=(*network.rewrites, *rewrites))
