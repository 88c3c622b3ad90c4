"""Test vectors of an exported project: what every PLIO sends and must receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aie_explorer.firmware.pack import iterations_of, pack_input, pack_output
from aie_explorer.ir import IntArray
from aie_explorer.reference import apply_dense, simulate_ints
from aie_explorer.search.space import DesignSpace
from aie_explorer.space.handover import made_rows
from aie_explorer.transport import Plan

RANDOM_SAMPLES = 64


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


def random_inputs(space: DesignSpace, samples: int = RANDOM_SAMPLES, seed: int = 0) -> dict[str, IntArray]:
    """[samples, columns] integers over the whole range of each input's type, by the tensor's name."""
    network = space.network
    rng = np.random.default_rng(seed)
    drawn = {}
    for name in network.inputs:
        tensor, fixed = network.tensors[name], network.type_of(name)
        drawn[name] = tensor.from_model(rng.integers(fixed.min_int, fixed.max_int + 1,
                                                     (samples, tensor.model_features)))
    return drawn


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
