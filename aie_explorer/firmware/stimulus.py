"""Test vectors of an exported project: what every PLIO sends and must receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from aie_explorer.design import Design
from aie_explorer.firmware.pack import iterations_of, pack_input, pack_output
from aie_explorer.ir import Dense, IntArray, Network, Tensor
from aie_explorer.ir.replicate import copy_name
from aie_explorer.reference import Inputs, apply_dense, quantized, simulate_ints
from aie_explorer.search.space import DesignSpace
from aie_explorer.space.handover import made_rows
from aie_explorer.transport import Plan

RANDOM_SAMPLES = 64
ENGINEERED_OUTPUTS = 12
"""Outputs a layer for which inputs are engineered; up to three samples each."""


@dataclass(frozen=True, eq=False)
class Stimulus:
    """Integers per PLIO.

    Attributes:
        samples: true samples; the last call is filled up with zeros.
        iterations: calls of the graph.
        inputs, outputs: by PLIO name, [iterations, rows, columns].
    """

    samples: int
    iterations: int
    inputs: dict[str, IntArray]
    outputs: dict[str, IntArray]


def inputs_of(design: Design, x: Inputs | None = None, samples: int = RANDOM_SAMPLES) -> dict[str, IntArray]:
    """[samples, columns] integers for every input of the network as it stands on the array.

    Args:
        design: of which network, and how many copies of it: the samples are dealt over them.
        x: in the model's units; engineered and `samples` random ones when None.
        samples: how many random ones.
    """
    ints = default_inputs(design.network, samples) if x is None else quantized(design.network, x)
    count = len(next(iter(ints.values())))
    if design.copies == 1 or count == 0:
        return ints
    dealt = np.arange(-(-count // design.copies) * design.copies) % count  # some twice, for all copies to have as many
    return {copy_name(name, index): values[part] for index, part in enumerate(np.split(dealt, design.copies))
            for name, values in ints.items()}


def random_inputs(network: Network, samples: int = RANDOM_SAMPLES, seed: int = 0) -> dict[str, IntArray]:
    """[samples, columns] integers over the whole range of each input's type, by the tensor's name."""
    rng = np.random.default_rng(seed)
    drawn = {}
    for name in network.inputs:
        tensor, fixed = network.tensors[name], network.type_of(name)
        drawn[name] = tensor.from_model(rng.integers(fixed.min_int, fixed.max_int + 1,
                                                     (samples, tensor.model_features)))
    return drawn


def engineered_inputs(network: Network, outputs: int = ENGINEERED_OUTPUTS, seed: int = 0) -> dict[str, IntArray]:
    """[samples, columns] integers that random ones seldom reach, by the tensor's name.

    Every input at its least, its greatest and zero; then, for some outputs of every layer that reads the network's
    inputs, what drives the sum as far up and down as it goes, and sums that lie exactly between two results.
    """
    rng = np.random.default_rng(seed)
    ends = {name: (network.type_of(name).min_int, network.type_of(name).max_int) for name in network.inputs}
    made: dict[str, list[IntArray]] = {name: [] for name in network.inputs}
    for corner in range(3):
        for name, (low, high) in ends.items():
            made[name].append(np.full((1, network.tensors[name].shape[0]), (low, high, 0)[corner]))
    for op in network.layers:
        if set(op.inputs) <= set(network.inputs):
            for j in rng.permutation(op.n)[:outputs]:
                for row in _driven(network, op, int(j), ends, rng):
                    start = 0
                    for name in network.inputs:
                        width = network.tensors[name].shape[0]
                        if name in op.inputs:
                            start = sum(network.tensors[one].shape[0] for one in op.inputs[:op.inputs.index(name)])
                            made[name].append(row[None, start:start + width])
                        else:
                            made[name].append(rng.integers(ends[name][0], ends[name][1] + 1, (1, width)))
    return {name: _only_features(network.tensors[name], np.concatenate(rows)) for name, rows in made.items()}


def default_inputs(network: Network, samples: int = RANDOM_SAMPLES, seed: int = 0) -> dict[str, IntArray]:
    """The engineered inputs and `samples` random ones."""
    engineered, drawn = engineered_inputs(network, seed=seed), random_inputs(network, samples, seed)
    return {name: np.concatenate([engineered[name], drawn[name]]) for name in network.inputs}


def _only_features(tensor: Tensor, values: IntArray) -> IntArray:
    """Zeros in the columns that only fill up, as the host sends them."""
    return tensor.from_model(tensor.to_model(values))


def _driven(network: Network, op: Dense, j: int, ends: Mapping[str, tuple[int, int]], rng: np.random.Generator
            ) -> Iterator[IntArray]:
    """Rows [k] that drive output j up, down, and onto a tie."""
    low, high = (np.concatenate([np.full(network.tensors[name].shape[0], ends[name][side]) for name in op.inputs])
                 for side in (0, 1))
    column = op.weights.values[:, j]
    yield np.where(column > 0, high, low)
    yield np.where(column > 0, low, high)
    shift = int(op.sum_frac(network)[j]) - op.rounded_frac(network)
    odd = np.flatnonzero(column % 2)
    if op.clamp is None or op.affine is not None or not 1 <= shift <= 16 or len(odd) == 0:
        return
    row = rng.integers(low, high + 1) // 4
    i = int(rng.choice(odd))
    total = int(row @ column) + (0 if op.bias is None else int(op.bias.values[j]))
    step = (2 ** (shift - 1) - total) * pow(int(column[i]), -1, 2**shift) % 2**shift
    for move in (step, step - 2**shift):
        if low[i] <= row[i] + move <= high[i]:
            row[i] += move
            yield row
            return


def stimulus(space: DesignSpace, plan: Plan, ints: Mapping[str, IntArray]) -> Stimulus:
    """What each PLIO sends for `ints` ([samples, columns] of every input), and what it must receive."""
    batch = space.network.batch
    samples = len(next(iter(ints.values())))
    calls = iterations_of(samples, batch)
    filled = {name: np.zeros((calls * batch, values.shape[1]), np.int64) for name, values in ints.items()}
    for name, values in ints.items():
        filled[name][:samples] = values
    results = simulate_ints(space.network, filled)
    beyond = _rows_beyond_batch(space)
    made = {}
    for name in space.network.outputs:
        rows = np.broadcast_to(beyond[name], (calls, *beyond[name].shape))
        made[name] = np.concatenate([results[name].reshape(calls, batch, -1), rows], axis=1)
    return Stimulus(samples, calls, {p.name: pack_input(p, ints[p.tensor], batch) for p in plan.inputs},
                    {p.name: pack_output(p, made[p.tensor]) for p in plan.outputs})


def _rows_beyond_batch(space: DesignSpace) -> dict[str, IntArray]:
    """What every layer computes in the rows that fill up the batch: they begin as zeros and see every bias.

    Where a layer takes more rows than the ones before it made, the memory tile fills the rest with zeros.
    """
    network = space.network
    beyond = {name: np.zeros((0, network.tensors[name].shape[0]), np.int64) for name in network.inputs}
    for layer, op in zip(space.layers, network.layers, strict=True):
        rows = int(made_rows(layer.table)[0]) - network.batch
        inputs = []
        for name in op.inputs:
            padded = np.zeros((rows, beyond[name].shape[1]), np.int64)
            padded[:len(beyond[name])] = beyond[name][:rows]
            inputs.append(padded)
        beyond[op.output] = apply_dense(network, op, *inputs)
    return beyond
