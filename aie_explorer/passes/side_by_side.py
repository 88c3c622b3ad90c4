"""Tensors that a layer reads side by side: whole slices of one storage type, as one memory-tile buffer holds them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, FixedPoint, Network, QuantizedArray, Tensor

SLICE = 16
"""Columns to which such a tensor is filled up: two microtiles of 8, so that slices of every microtile are whole."""


@dataclass(frozen=True)
class FillSlices:
    """Fill tensors that are read side by side up to whole slices, with columns of zeros."""

    name: str = "fill_slices"

    def apply(self, network: Network) -> Network:
        """The network with wider tensors, producers and consumers."""
        for name in _side_by_side(network):
            tensor = network.tensors[name]
            missing = -tensor.shape[0] % SLICE
            if missing:
                network = _filled(network, tensor, missing)
        return network


@dataclass(frozen=True)
class ShareStorage:
    """Hold tensors that are read side by side in one storage type."""

    name: str = "share_storage"

    def apply(self, network: Network) -> Network:
        """The network with some tensors held in 16 bits.

        Raises:
            ModelError: when one has values that int16 does not hold.
        """
        changed = True
        while changed:  # a tensor that becomes wider may stand beside others elsewhere
            changed = False
            for op in network.layers:
                storages = {network.type_of(name).storage for name in op.inputs}
                if len(storages) > 1:
                    for name in op.inputs:
                        if network.type_of(name).storage != "int16":
                            network = _widened(network, name, op)
                    changed = True
                    break
        return network


def _side_by_side(network: Network) -> list[str]:
    found = [name for op in network.layers if len(op.inputs) > 1 for name in op.inputs]
    return list(dict.fromkeys(found))


def _filled(network: Network, tensor: Tensor, missing: int) -> Network:
    features = tuple(range(tensor.shape[0])) if tensor.features is None else tensor.features
    wider = replace(tensor, shape=(tensor.shape[0] + missing,), features=(*features, *[-1] * missing))
    ops = [_reads_filled(_writes_filled(op, tensor, missing), network, tensor, missing) for op in network.layers]
    return network.replace(ops=tuple(ops), tensors={**network.tensors, tensor.name: wider})


def _writes_filled(op: Dense, tensor: Tensor, missing: int) -> Dense:
    if op.output != tensor.name:
        return op
    return replace(
        op, model_macs=op.macs,
        weights=QuantizedArray(np.pad(op.weights.values, ((0, 0), (0, missing))), op.weights.type),
        bias=op.bias and QuantizedArray(np.pad(op.bias.values, (0, missing)), op.bias.type),
        finer=None if op.finer is None else np.pad(op.finer, (0, missing), mode="edge"),
        affine=op.affine and replace(op.affine, gain=np.pad(op.affine.gain, (0, missing)),
                                     offset=np.pad(op.affine.offset, (0, missing))))


def _reads_filled(op: Dense, network: Network, tensor: Tensor, missing: int) -> Dense:
    if tensor.name not in op.inputs:
        return op
    weights, start = op.weights.values, 0
    for name in op.inputs:
        start += network.tensors[name].shape[0]
        if name == tensor.name:
            weights = np.insert(weights, [start] * missing, 0, axis=0)
            break
    return replace(op, model_macs=op.macs, weights=QuantizedArray(weights, op.weights.type))


def _widened(network: Network, name: str, reader: Dense) -> Network:
    fixed = network.type_of(name)
    if fixed.max_int > 2**15 - 1:
        raise ModelError(f"reads {name}, of type {fixed}, side by side with signed numbers", where=reader.source,
                         rule="they share one storage type, int16 at the widest", remedy="Use at most 15 unsigned bits")
    wide = FixedPoint(16, fixed.frac, rounding=fixed.rounding)
    if name not in network.inputs:
        tensor = replace(network.tensors[name], type=wide)
        note = f"{name}: held in int16, as it stands beside a tensor of another storage type"
        return network.replace(tensors={**network.tensors, name: tensor}, rewrites=(*network.rewrites, note))
    copy = f"{name}_wide"
    tensor = replace(network.tensors[name], name=copy, type=wide, source="")
    ones = Dense(f"{name}_copy", name, (name,), copy, QuantizedArray(np.eye(tensor.shape[0], dtype=np.int64),
                                                                     FixedPoint(2, 0)),
                 clamp=(fixed.min_int, fixed.max_int), model_macs=0)
    ops = [ones, *(replace(op, inputs=tuple(copy if one == name else one for one in op.inputs))
                   if len(op.inputs) > 1 else op for op in network.layers)]
    note = f"{name}: copied into int16 by a layer of ones, as it stands beside a tensor of another storage type"
    return network.replace(ops=tuple(ops), tensors={**network.tensors, copy: tensor},
                           rewrites=(*network.rewrites, note))
