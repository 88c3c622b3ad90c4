"""Random networks for tests that are not about reading models."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from aie_explorer.ir import Add, Dense, FixedPoint, Network, Op, Quantize, QuantizedArray, Tensor
from aie_explorer.passes import lower
from aie_explorer.passes.accumulators import BoundAccumulators
from aie_explorer.search.space import DesignSpace
from aie_explorer.search.sweep import realisable

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


class _Graph:
    """Operations and tensors of a network of equally wide layers in the making, behind one quantized input `q_y`."""

    def __init__(self, width: int, seed: int) -> None:
        self.width, self.rng = width, np.random.default_rng(seed)
        self.ops: list[Op] = [Quantize("q", "q", ("x",), "q_y")]
        self.tensors = {"x": Tensor("x", (width,), None), "q_y": Tensor("q_y", (width,), INT8)}

    def dense(self, name: str, read: str, n: int | None = None) -> str:
        """A Dense layer, and the name of its quantized result."""
        n = n or self.width
        weights = QuantizedArray(self.rng.integers(-128, 128, (self.width, n)), INT8)
        return self._quantized(Dense(name, name, (read,), f"{name}_s", weights), n)

    def add(self, name: str, *read: str) -> str:
        """A sum, and the name of its quantized result."""
        return self._quantized(Add(name, name, read, f"{name}_s"), self.width)

    def lowered(self, name: str, batch: int, output: str) -> Network:
        return lower(Network(name, batch, tuple(self.ops), self.tensors, ("x",), (output,)))

    def _quantized(self, op: Dense | Add, n: int) -> str:
        name = op.name
        self.ops += [op, Quantize(f"{name}_q", f"{name}_q", (op.output,), f"{name}_y")]
        self.tensors[op.output] = Tensor(op.output, (n,), None)
        self.tensors[f"{name}_y"] = Tensor(f"{name}_y", (n,), INT8)
        return f"{name}_y"


def residual(blocks: int, width: int = 64, *, batch: int = 8, seed: int = 0) -> Network:
    """`blocks` residual blocks of two Dense layers each, and a Dense layer of 10 outputs behind them."""
    graph, source = _Graph(width, seed), "q_y"
    for i in range(blocks):
        inner = graph.dense(f"block{i}_b", graph.dense(f"block{i}_a", source))
        source = graph.add(f"add{i}", inner, source)
    return graph.lowered("residual", batch, graph.dense("head", source, 10))


def nested(outer: int, inner: int, width: int = 32, *, batch: int = 8, seed: int = 0) -> Network:
    """A join within the short way of another: `outer` layers on the long way, `inner` on the way within."""
    graph = _Graph(width, seed)
    first = graph.dense("first", "q_y")
    long, short = first, graph.dense("short", first)
    for i in range(outer):
        long = graph.dense(f"outer{i}", long)
    within = short
    for i in range(inner):
        within = graph.dense(f"inner{i}", within)
    joined = graph.add("outer_add", graph.add("inner_add", short, within), long)
    return graph.lowered("nested", batch, graph.dense("head", joined, 10))


def some_picks(space: DesignSpace, rows: Sequence[np.ndarray], most: int, seed: int) -> np.ndarray:
    """Designs of some rows of the layers' tables that can be realised, drawn at random where there are many."""
    sizes = [len(one) for one in rows]
    rng = np.random.default_rng(seed)
    if np.prod(sizes, dtype=np.float64) <= most:
        digits = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)
    else:
        digits = np.unique(np.stack([rng.integers(0, size, most) for size in sizes], axis=1), axis=0)
    return realisable(space, np.stack([one[digit] for one, digit in zip(rows, digits.T, strict=True)], axis=1))
