"""Random graphs of operations, with a slow model of what they mean in exact rationals."""

from fractions import Fraction

import numpy as np

from aie_explorer.ir import (
    Add,
    Concat,
    Dense,
    FixedPoint,
    LeakyRelu,
    Lookup,
    Network,
    Permute,
    Quantize,
    QuantizedArray,
    Relu,
    Scale,
    Tensor,
)

TWO = Fraction(2)


class Graph:
    """A network under construction, and the meaning of each of its tensors for given inputs."""

    def __init__(self, rng, inputs):
        self.rng, self.ops, self.tensors, self.values = rng, [], {}, {}
        self.types = {}
        self.inputs = inputs
        for name, (width, fixed) in inputs.items():
            self.tensors[name] = Tensor(name, (width,), None)
            self.values[name] = None
            self.op(Quantize, (name,), width, fixed)

    def op(self, kind, sources, width, fixed=None, **more):
        name = f"op{len(self.ops)}"
        self.ops.append(kind(name, name, sources, f"{name}_out", **more))
        self.tensors[f"{name}_out"] = Tensor(f"{name}_out", (width,), fixed)
        return f"{name}_out"

    def width(self, name):
        return self.tensors[name].shape[0]

    def pick(self):
        return str(self.rng.choice([name for name in self.tensors if name not in self.inputs]))

    def dense(self, source, spread=0):
        rng, out = self.rng, int(self.rng.integers(1, 20))
        weights = rng.integers(-40, 41, (self.width(source), out))
        finer = rng.integers(0, spread + 1, out) if spread else None
        bias = QuantizedArray(rng.integers(-99, 99, out), FixedPoint(16, int(rng.integers(0, 8))))
        dense = self.op(Dense, (source,), out, None, bias=bias if rng.integers(2) else None, finer=finer,
                        weights=QuantizedArray(weights, FixedPoint(8, int(rng.integers(0, 8)))))
        if rng.integers(4):
            self.op(Quantize, (dense,), out, FixedPoint(int(rng.integers(2, 9)), int(rng.integers(-1, 8))))

    def grow(self):
        rng, source = self.rng, self.pick()
        n = self.width(source)
        kind = rng.choice(["dense", "dense", "channels", "quantize", "quantize", "relu", "add", "concat", "scale",
                           "leaky", "lookup", "permute"])
        fixed = FixedPoint(int(rng.integers(2, 9)), int(rng.integers(-1, 8)), bool(rng.integers(2)))
        if kind in ("dense", "channels"):
            self.dense(source, rng.integers(0, 6) if kind == "channels" else 0)
        elif kind == "quantize":
            self.op(Quantize, (source,), n, fixed)
        elif kind == "relu":
            self.op(Relu, (source,), n, self.tensors[source].type)
        elif kind == "add":
            others = [name for name in self.tensors if name not in self.inputs and self.width(name) == n]
            self.op(Add, (source, str(rng.choice(others))), n)
        elif kind == "concat":
            other = self.pick()
            self.op(Concat, (source, other), n + self.width(other))
        elif kind == "scale":
            gain = rng.normal(size=n).astype(np.float32) if rng.integers(2) else 2.0 ** rng.integers(-3, 3, n)
            offset = (rng.normal(size=n) * 10.0 ** rng.integers(-9, 2)).astype(np.float32)
            self.op(Scale, (source,), n, None, gain=gain.astype(float), offset=offset.astype(float))
            self.op(Quantize, (f"op{len(self.ops) - 1}_out",), n, fixed)
        elif kind == "permute":
            self.op(Permute, (source,), n, self.tensors[source].type, order=rng.permutation(n))
        elif kind == "leaky":
            self.op(LeakyRelu, (source,), n, None, slope_shift=int(rng.integers(1, 4)))
            self.op(Quantize, (f"op{len(self.ops) - 1}_out",), n, FixedPoint(fixed.width, fixed.frac))
        else:
            known = self.tensors[source].type
            if known is not None and known.width <= 8:
                table = rng.integers(fixed.min_int, fixed.max_int + 1, known.max_int - known.min_int + 1)
                self.op(Lookup, (source,), n, fixed, table=table, first=known.min_int)

    def network(self, outputs):
        return Network("net", 4, tuple(self.ops), self.tensors, tuple(self.inputs), outputs)

    def mean(self, given):
        """Exact values of every tensor, from integers of the inputs."""
        values = {name: [Fraction(int(v)) * TWO ** -self.inputs[name][1].frac for v in given[name]] for name in given}
        for op in self.ops:
            values[op.output] = self.apply(op, [values[name] for name in op.inputs])
        return values

    def apply(self, op, xs):  # noqa: PLR0911 (one a kind)
        x = xs[0]
        if isinstance(op, Quantize):
            fixed = self.tensors[op.output].type
            return [min(max(round(v * TWO**fixed.frac), fixed.min_int), fixed.max_int) * TWO**-fixed.frac for v in x]
        if isinstance(op, Relu):
            return [max(v, Fraction(0)) for v in x]
        if isinstance(op, LeakyRelu):
            return [v if v >= 0 else v * TWO**-op.slope_shift for v in x]
        if isinstance(op, Add):
            return [sum(vs) for vs in zip(*xs, strict=True)]
        if isinstance(op, Concat):
            return [v for part in xs for v in part]
        if isinstance(op, Permute):
            return [x[i] for i in op.order]
        if isinstance(op, Scale):
            return [v * Fraction(g) + Fraction(o) for v, g, o in zip(x, op.gain, op.offset, strict=True)]
        if isinstance(op, Lookup):
            frac = self.tensors[op.inputs[0]].type.frac
            return [int(op.table[int(v * TWO**frac) - op.first]) * TWO ** -self.tensors[op.output].type.frac for v in x]
        finer = np.zeros(op.n, int) if op.finer is None else op.finer
        out = []
        for j in range(op.n):
            scale = TWO ** -int(op.weights.type.frac + finer[j])
            total = sum(v * int(w) for v, w in zip(x, op.weights.values[:, j], strict=True)) * scale
            if op.bias is not None:
                total += int(op.bias.values[j]) * TWO ** -int(op.bias.type.frac + finer[j])
            out.append(total)
        return out


def random_graph(seed, steps, heads):
    """A graph of `steps` operations and more over `heads` inputs; it may be one that is refused."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for i in range(heads):
        fixed = FixedPoint(8, int(rng.integers(0, 8)), bool(rng.integers(2)))
        inputs[f"x{i}"] = (int(rng.integers(1, 5)), fixed)
    graph = Graph(rng, inputs)
    graph.dense("op0_out")
    for _ in range(steps):
        graph.grow()
    return graph
