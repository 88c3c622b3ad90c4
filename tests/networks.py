"""Random networks for tests that are not about reading models."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from aie_explorer.ir import Dense, FixedPoint, Network, QuantizedArray, Tensor
from aie_explorer.passes.accumulators import BoundAccumulators

INT8 = FixedPoint(8, 7)
UINT8 = FixedPoint(8, 5, signed=False)


def mlp(dims: Sequence[int], *, batch: int = 8, seed: int = 0, x: FixedPoint = INT8, w: FixedPoint = INT8,
        y: FixedPoint = UINT8, last: FixedPoint | None = None, bias: bool = True) -> Network:
    """A chain of Dense layers of sizes `dims` with random weights.

    Args:
        x, w, y: types of the input, of the weights and of every output; `last` is that of the final one.
    """
    rng = np.random.default_rng(seed)
    tensors = {"x": Tensor("x", (dims[0],), x)}
    ops: list[Dense] = []
    source = tensors["x"]
    for i, (k, n) in enumerate(itertools.pairwise(dims)):
        fixed = (last or y) if i == len(dims) - 2 else y
        assert source.type is not None
        out = Tensor(f"dense{i}_y", (n,), fixed)
        weights = QuantizedArray(rng.integers(w.min_int, w.max_int + 1, (k, n)), w)
        frac = source.type.frac + w.frac
        biases = QuantizedArray(rng.integers(-4000, 4001, n), FixedPoint(16, frac)) if bias else None
        clamp = (fixed.min_int, fixed.max_int)
        ops.append(Dense(f"dense{i}", f"dense{i}", (source.name,), out.name, weights, biases, clamp))
        tensors[out.name] = source = out
    return BoundAccumulators().apply(Network("mlp", batch, tuple(ops), tensors, ("x",), (source.name,)))
