"""Test vectors of an exported project: what every PLIO sends and must receive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.firmware.pack import iterations_of, pack_input, pack_output
from aie_explorer.ir import IntArray, quantize
from aie_explorer.reference import apply_dense, simulate_ints
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import ROWS
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


def random_inputs(space: DesignSpace, samples: int = RANDOM_SAMPLES, seed: int = 0) -> IntArray:
    """[samples, features] integers over the whole range of the input's type."""
    network = space.network
    fixed = network.type_of(network.inputs[0])
    rng = np.random.default_rng(seed)
    return rng.integers(fixed.min_int, fixed.max_int + 1, (samples, space.layers[0].work.k))


def quantized_inputs(space: DesignSpace, x: npt.NDArray[Any]) -> IntArray:
    """[samples, features] integers of inputs in the model's units."""
    features = space.layers[0].work.k
    if x.ndim < 2 or x.size != len(x) * features:
        raise ModelError(f"the test vectors have shape {x.shape}", where=space.network.inputs[0],
                         remedy=f"Give an array of shape (samples, {features})")
    return quantize(x.astype(np.float32).reshape(len(x), features), space.network.type_of(space.network.inputs[0]))


def stimulus(space: DesignSpace, plan: Plan, ints: IntArray) -> Stimulus:
    """What each PLIO sends for `ints` [samples, features], and what it must receive."""
    batch = space.network.batch
    calls = iterations_of(len(ints), batch)
    filled = np.zeros((calls * batch, ints.shape[1]), np.int64)
    filled[:len(ints)] = ints
    result = simulate_ints(space.network, filled)[space.network.outputs[0]].reshape(calls, batch, -1)
    beyond = _rows_beyond_batch(space)
    rows = np.concatenate([result, np.broadcast_to(beyond, (calls, *beyond.shape))], axis=1)
    return Stimulus(len(ints), calls, {p.name: pack_input(p, ints, batch) for p in plan.inputs},
                    {p.name: pack_output(p, rows) for p in plan.outputs})


def _rows_beyond_batch(space: DesignSpace) -> IntArray:
    """What the last layer computes in the rows that pad the batch: they begin as zeros and see every bias.

    Where a layer takes more rows than the one before it made, the memory tile fills the rest with zeros.
    """
    network, batch = space.network, space.network.batch
    values = np.zeros((0, space.layers[0].work.k), np.int64)
    for layer, op in zip(space.layers, network.layers, strict=True):
        o = layer.table[0]
        rows = int(o["rows"]) * (int(o["cas_num"]) if o["split"] == ROWS else 1) - batch
        padded = np.zeros((rows, values.shape[1]), np.int64)
        padded[:len(values)] = values[:rows]
        values = apply_dense(network, op, padded)
    return values
