"""Run the data-movement plan and the packed weights in numpy, walk by walk, against the reference.

This knows nothing of how the plan was made: it moves elements as the DMAs would, multiplies as the tiles would, and
compares what arrives at the output PLIOs with what the exporter expects there.
"""

import numpy as np
import pytest
from hypothesis import assume, event, given, reject, settings
from hypothesis import strategies as st
from networks import mlp, some_picks

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError
from aie_explorer.firmware.pack import pack_bias, pack_weights, unpack_outputs
from aie_explorer.firmware.stimulus import random_inputs, stimulus
from aie_explorer.ir import FixedPoint, requantize
from aie_explorer.reference import simulate_ints
from aie_explorer.search.figures import joinable
from aie_explorer.space import SPLITS
from aie_explorer.transport import KernelEnd, PlioEnd

TYPES = [FixedPoint(8, 7), FixedPoint(8, 6, signed=False), FixedPoint(16, 10), FixedPoint(5, 3)]


def walk(tiling):
    """(column, row) of every element of a tiling in stream order."""
    columns, rows = np.meshgrid(np.arange(tiling.tile[0]), np.arange(tiling.tile[1]))
    points = np.stack([columns.ravel() + tiling.offset[0], rows.ravel() + tiling.offset[1]], axis=1)
    for dimension, stride, wrap in tiling.traversal:  # innermost first
        step = np.zeros((wrap, 1, 2), np.int64)
        step[:, 0, dimension] = stride * np.arange(wrap)
        points = (points[None] + step).reshape(-1, 2)
    return points[:, 0], points[:, 1]


class Buffer:
    def __init__(self, plan):
        self.plan, self.values = plan, np.zeros((plan.rows, plan.columns), np.int64)
        self.written = np.zeros((plan.rows, plan.columns), bool)

    def write(self, tiling, stream):
        columns, rows = walk(tiling)
        assert tiling.buffer == (self.plan.columns, self.plan.rows)
        assert not self.written[rows, columns].any(), "two writers overlap"
        self.values[rows, columns], self.written[rows, columns] = stream, True

    def read(self, tiling):
        assert self.written.all(), "part of the buffer was never written"
        columns, rows = walk(tiling)
        inside = (columns < self.plan.columns) & (rows < self.plan.rows)
        out = np.zeros(len(columns), np.int64)
        out[inside] = self.values[rows[inside], columns[inside]]
        return out


def run_layer(network, op, layer, feeds):
    """{chain: output stream} of a layer from {(chain, position): input stream}, as its tiles compute."""
    o = {name: int(layer.table[0][name]) for name in layer.table.dtype.names}
    weights = pack_weights(layer, op).reshape(o["cas_num"], o["cas_length"], o["n"] // o["N"], o["k"] // o["K"], o["K"],
                                              o["N"])
    bias, target = pack_bias(layer, op), network.type_of(op.output)
    shifts = np.zeros(o["cas_num"] * o["n"], np.int64)
    shifts[:op.n] = op.sum_frac(network)
    by_rows = o["split"] == SPLITS.index("rows")
    outs = {}
    for chain in range(o["cas_num"]):
        total = np.broadcast_to(bias[chain], (o["rows"], o["n"])).copy()
        for position in range(o["cas_length"]):
            a = feeds[chain, position].reshape(o["rows"] // o["M"], o["k"] // o["K"], o["M"], o["K"])
            b = weights[chain, position]
            rows = a.transpose(0, 2, 1, 3).reshape(o["rows"], o["k"])
            total += rows @ b.transpose(1, 2, 0, 3).reshape(o["k"], o["n"])
        frac = shifts[:o["n"]] if by_rows else shifts[chain * o["n"]:(chain + 1) * o["n"]]
        y = total if op.clamp is None else np.stack(
            [requantize(total[:, j], int(frac[j]), target, op.clamp) for j in range(o["n"])], axis=1)
        outs[chain] = y.reshape(o["rows"] // o["M"], o["M"], o["n"] // o["N"], o["N"]).transpose(0, 2, 1, 3).ravel()
    return outs


def execute(design, vectors, iteration):
    """{PLIO name: stream} of one call."""
    plan, network = design.plan(), design.network
    buffers = {b.name: Buffer(b) for b in plan.buffers}
    waiting = {op.name: {} for op in network.layers}
    received = {}

    drained = set()

    def drain():
        """Read every buffer that is complete."""
        for b in (b for b in plan.buffers if buffers[b.name].written.all() and b.name not in drained):
            drained.add(b.name)
            for port in b.readers:
                stream = buffers[b.name].read(port.tiling)
                for end in port.ends:
                    if isinstance(end, KernelEnd):
                        assert (end.chain, end.position) not in waiting[end.layer], "an input is fed twice"
                        waiting[end.layer][end.chain, end.position] = stream
                    else:
                        received[plan.outputs[end.index].name] = stream

    for b in plan.buffers:
        for port in b.writers:
            (end,) = port.ends
            if isinstance(end, PlioEnd):
                buffers[b.name].write(port.tiling, vectors.inputs[plan.inputs[end.index].name][iteration].ravel())
    drain()
    for op, layer in zip(network.layers, design.space.layers, strict=True):
        assert len(waiting[op.name]) == int(layer.table[0]["tiles"]), "a tile gets no input"
        outs = run_layer(network, op, layer, waiting[op.name])
        for b in plan.buffers:
            for port in b.writers:
                (end,) = port.ends
                if isinstance(end, KernelEnd) and end.layer == op.name:
                    buffers[b.name].write(port.tiling, outs[end.chain])
        for edge in plan.direct:
            if edge.producer.layer == op.name:
                for end in edge.readers:
                    assert (end.chain, end.position) not in waiting[end.layer], "an input is fed twice"
                    waiting[end.layer][end.chain, end.position] = outs[edge.producer.chain]
        drain()
    return received


def random_design(network, seed):
    """A random joinable design that fits the device, or None."""
    ex = aie.Explorer(network)
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(len(layer.table))[:40] for layer in ex.space.layers]
    if seed % 2:  # such as can hand over directly
        rows = [np.flatnonzero((t["M"] == 4) & (t["K"] == t["N"]) & (t["cas_length"] <= 3) & (t["cas_num"] <= 3))
                for t in (layer.table for layer in ex.space.layers)]
    picks = some_picks(ex.space, rows, 2000, seed)
    picks = picks[joinable(ex.space, picks)]
    if len(picks) == 0:
        return None
    from aie_explorer.space import choice_of

    pick = picks[rng.integers(len(picks))]
    choices = {layer.name: choice_of(layer.table[i]) for layer, i in zip(ex.space.layers, pick, strict=True)}
    return ex.design(choices)


@given(dims=st.lists(st.sampled_from([1, 3, 10, 17, 64, 75, 96, 130, 260]), min_size=2, max_size=4),
       batch=st.sampled_from([1, 3, 8, 20, 33]), x=st.sampled_from(TYPES), w=st.sampled_from(TYPES[::2]),
       y=st.sampled_from(TYPES), bias=st.booleans(), seed=st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_what_arrives_is_what_the_reference_computes(dims, batch, x, w, y, bias, seed):
    network = mlp(dims, batch=batch, seed=seed, x=x, w=w, y=y, bias=bias)
    try:
        design = random_design(network, seed)
        assume(design is not None and not design.check())
    except AieExplorerError:
        reject()  # a layer with no legal option, such as sums beyond every accumulator
    ints = random_inputs(design.network, samples=2 * batch - 1, seed=seed)
    event(f"{sum(b.readers[0].tiling.pads for b in design.plan().buffers)} buffers padded")
    event(f"{len(design.plan().direct)} direct edges")
    vectors = stimulus(design.space, design.plan(), ints)
    received = [execute(design, vectors, i) for i in range(vectors.iterations)]
    for plio in design.plan().outputs:
        got = np.stack([r[plio.name] for r in received]).reshape(-1, plio.rows, plio.columns)
        assert np.array_equal(got, vectors.outputs[plio.name])
        assert plio.bytes * 8 % design.device.plio_bits == 0
    arrays = {p.name: np.stack([r[p.name] for r in received]).reshape(-1, p.rows, p.columns)
              for p in design.plan().outputs}
    out = unpack_outputs(design.plan(), arrays, network.outputs[0], batch, dims[-1], len(ints["x"]))
    assert np.array_equal(out, simulate_ints(network, ints)[network.outputs[0]])


@pytest.mark.parametrize("layers", [
    {"dense0": dict(microtile="4x8x8", cas_length=8, cas_num=8),
     "dense1": dict(microtile="4x8x8", cas_length=8, cas_num=1)},
    {"dense0": dict(microtile="4x8x8", cas_length=2, cas_num=4, split="rows"),
     "dense1": dict(microtile="8x8x8", cas_length=2, cas_num=2, split="features")},
    {"dense0": dict(microtile="4x8x8", cas_length=1, cas_num=4, split="rows"),
     "dense1": dict(microtile="4x8x8", cas_length=1, cas_num=4, split="rows")},
    {"dense0": dict(microtile="4x8x8", cas_length=1, cas_num=4),
     "dense1": dict(microtile="4x8x8", cas_length=4, cas_num=2)},
    {"dense0": dict(microtile="8x8x4", cas_length=3, cas_num=2),
     "dense1": dict(microtile="2x8x8", cas_length=2, cas_num=3, split="rows")},
])
def test_known_cuts(layers):
    design = aie.Explorer(mlp([256, 128, 24], batch=32)).design(layers)
    assert design.check() == []
    ints = random_inputs(design.network, samples=64)
    vectors = stimulus(design.space, design.plan(), ints)
    for plio in design.plan().outputs:
        for i in range(vectors.iterations):
            assert np.array_equal(execute(design, vectors, i)[plio.name], vectors.outputs[plio.name][i].ravel())
