"""Designs that hand over from tile to tile: exported, run, and compared at every layer; then broken, one edit each."""

import shutil
from collections import Counter

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify
from aie_explorer.ir import Dense, FixedPoint, Lookup, Network, Quantize, QuantizedArray, Tensor
from aie_explorer.passes import lower
from aie_explorer.passes.accumulators import BoundAccumulators

INT8, UINT6 = FixedPoint(8, 7), FixedPoint(6, 4, signed=False)


def cut(length, num, route="auto", split="features"):
    return {"microtile": "4x8x8", "cas_length": length, "cas_num": num, "split": split, "route": route}


def kinds(design):
    return Counter(edge.kind for edge in design.plan().direct)


@pytest.fixture(scope="module")
def chain():
    """Every kind of edge in one chain: a broadcast, shared memory beside the DMA of tiles, and a forced memory tile."""
    network = mlp([60, 64, 64, 64, 48, 48, 10], batch=9, y=UINT6, last=FixedPoint(7, 3))
    return aie.Explorer(network).design({
        "dense0": cut(2, 1), "dense1": cut(1, 2), "dense2": cut(2, 1), "dense3": cut(1, 1, "memory_tile"),
        "dense4": cut(1, 1), "dense5": cut(1, 1)})


@pytest.fixture(scope="module")
def project(chain, tmp_path_factory):
    project = chain.export(tmp_path_factory.mktemp("direct") / "project", verify=False)
    verdict = verify(project)
    assert verdict.mismatches == 0, verdict.to_frame()
    assert {tensor.tensor for tensor in verdict.tensors if tensor.values} == {
        "x", *(f"dense{i}_y" for i in range(6)), "dense5_y at the PLIOs"}
    return project


def test_every_kind_is_bit_exact(chain, project):
    assert kinds(chain) == {"broadcast": 1, "shared_memory": 3, "tile_dma": 1}
    text = (project.path / "aie/graph.h").read_text()
    for edge in chain.plan().direct:
        assert text.count(f"move_{edge.name}()") == 2
    assert text.count("shared_buffer<") == 2 * len(chain.plan().buffers)


def dense(rng, name, read, k, n, clamp=None):
    weights = QuantizedArray(rng.integers(-128, 128, (k, n)), INT8)
    bias = QuantizedArray(rng.integers(-4000, 4001, n), FixedPoint(16, 14))
    return Dense(name, name, (read,), f"{name}_y", weights, bias, clamp or (-128, 127))


def test_a_tensor_with_several_readers_and_an_output_that_is_read(tmp_path):
    """One reader directly, one through a memory tile, and the tensor leaves the array too."""
    rng = np.random.default_rng(1)
    ops = (dense(rng, "a", "x", 30, 32), dense(rng, "b", "a_y", 32, 32), dense(rng, "c", "a_y", 32, 8),
           dense(rng, "d", "b_y", 32, 8))
    tensors = {"x": Tensor("x", (30,), INT8)} | {op.output: Tensor(op.output, (op.n,), INT8) for op in ops}
    network = BoundAccumulators().apply(Network("fork", 8, ops, tensors, ("x",), ("a_y", "c_y", "d_y")))
    design = aie.Explorer(network).design({"a": cut(1, 1), "b": cut(1, 1), "c": cut(2, 1), "d": cut(1, 1)})
    assert [(edge.producer.layer, edge.readers[0].layer, edge.kind) for edge in design.plan().direct] == [
        ("a", "b", "broadcast"), ("b", "d", "tile_dma")]
    verdict = design.export(tmp_path / "p", verify=False).verify()
    assert verdict.mismatches == 0, verdict.to_frame()


def test_rows_are_handed_to_the_same_rows(tmp_path):
    design = aie.Explorer(mlp([32, 32, 32, 10], batch=16)).design(
        {"dense0": cut(2, 2, split="rows"), "dense1": cut(1, 2, split="rows"), "dense2": cut(1, 1)})
    assert kinds(design) == {"shared_memory": 2}
    verdict = design.export(tmp_path / "p", verify=False).verify()
    assert verdict.mismatches == 0, verdict.to_frame()


def sigmoid_chain(k, middle, n):
    """Dense, sigmoid by table, Dense."""
    rng = np.random.default_rng(3)
    sigmoid = np.round(127 / (1 + np.exp(-np.arange(-128, 128) / 32))).astype(np.int64)
    one, two = (QuantizedArray(rng.integers(-100, 100, shape), INT8) for shape in ((k, middle), (middle, n)))
    ops = (Dense("a", "a", ("x",), "a_s", one), Quantize("q", "q", ("a_s",), "q_y"),
           Lookup("t", "t", ("q_y",), "t_y", sigmoid, -128), Dense("b", "b", ("t_y",), "b_s", two),
           Quantize("r", "r", ("b_s",), "r_y"))
    types = {"x": INT8, "a_s": None, "q_y": INT8, "t_y": INT8, "b_s": None, "r_y": FixedPoint(8, 4)}
    widths = {"x": k, "b_s": n, "r_y": n}
    tensors = {name: Tensor(name, (widths.get(name, middle),), fixed) for name, fixed in types.items()}
    return lower(Network("sigmoid", 8, ops, tensors, ("x",), ("r_y",)))


def test_columns_that_fill_up_need_not_be_zero(tmp_path):
    """A sigmoid by table is a half at zero, so what fills up is not zero; the reader's weights there are."""
    design = aie.Explorer(sigmoid_chain(24, 28, 10)).design({"a": cut(1, 1), "b": cut(1, 1)})
    (edge,) = design.plan().direct
    assert edge.columns == 32
    project = design.export(tmp_path / "p", verify=False)
    assert verify(project).mismatches == 0
    weights = project.path / "aie/weights/b.h"
    text = weights.read_text()
    begin = text.index("{", text.index("{", text.index("b_weights")) + 1) + 1
    numbers = text[begin:text.index("}", begin)].split(",")
    at = 28 // 8 * 64 + 28 % 8 * 8  # behind the last true input, for the first output: microtiles of 8 x 8
    assert len(numbers) == 32 * 16
    assert numbers[at].strip() == "0"
    numbers[at] = " 3"
    weights.write_text(text[:begin] + ",".join(numbers) + text[text.index("}", begin):])
    assert verify(project, flags=("-O0",)).mismatches > 0


GRAPH = "aie/graph.h"
SHARED = "adf::location<adf::buffer>(kernel_dense2[0].in[0]) = {adf::bank("


@pytest.mark.parametrize(("name", "edits", "expected"), [
    ("two connections swapped", [("kernel_dense1[0].out[0], kernel_dense2[0].in[0]", "@"),
                                 ("kernel_dense1[1].out[0], kernel_dense2[1].in[0]",
                                  "kernel_dense1[0].out[0], kernel_dense2[1].in[0]"),
                                 ("@", "kernel_dense1[1].out[0], kernel_dense2[0].in[0]")], "wrong numbers"),
    ("a connection dropped", [("adf::connect(kernel_dense4[0].out[0], kernel_dense5[0].in[0]);", "")], "dangling_port"),
    ("a reader of a broadcast dropped", [("adf::connect(kernel_dense0[1].out[0], kernel_dense1[1].in[0]);", "")],
     "dangling_port"),
    ("a reader fed twice", [("kernel_dense0[1].out[0], kernel_dense1[1].in[0]",
                             "kernel_dense0[1].out[0], kernel_dense1[0].in[0]")], "double_connected_port"),
    ("another layer's results", [("kernel_dense4[0].out[0], kernel_dense5[0].in[0]",
                                  "kernel_dense3[0].out[0], kernel_dense5[0].in[0]")], "dangling_port"),
    ("a shared buffer in another bank of the producer", [(SHARED, SHARED.replace("{", "{adf::bank(1, 0, 1), "))], "*"),
    ("one half of a shared buffer elsewhere", "half", "buffer_places"),
    ("a shared buffer out of reach", "far", "unreachable_bank"),
    ("a broadcast where it is written", "broadcast", "buffer_places"),
])
def test_is_caught(name, edits, expected, chain, project, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p" / GRAPH
    text = file.read_text()
    if isinstance(edits, str):
        edits = place_edits(edits, chain)
    for old, new in edits:
        assert old in text, "the edit no longer applies"
        text = text.replace(old, new, 1)
    file.write_text(text)
    assert expected in ("*", outcome(type(project)(tmp_path / "p", chain)))


def place_edits(which, design):
    """Edits of where a buffer is."""
    def banks(layer, more, column=0):
        x, y = design.place()[layer]
        return [f"adf::bank({x + more + column}, {y}, {bank})" for bank in (0, 3)]

    # dense4 hands to dense5 in shared memory; dense0, a cascade of two, to both tiles of dense1
    shared = "kernel_dense5[0].in[0]) = {" + ", ".join(banks("dense4", 0)) + "}"
    if which == "half":
        return [(shared, shared.replace(banks("dense4", 0)[1], banks("dense5", 0)[1]))]
    if which == "far":
        return [(shared, "kernel_dense5[0].in[0]) = {" + ", ".join(banks("dense4", 0, -1)) + "}")]
    own = "kernel_dense1[0].in[0]) = {" + ", ".join(banks("dense1", 0)) + "}"
    return [(own, "kernel_dense1[0].in[0]) = {" + ", ".join(banks("dense0", 1)) + "}")]


def outcome(project):
    try:
        verdict = verify(project, timeout_s=60, flags=("-O0",))
    except EmulationError as error:
        return error.problem.split(":")[0]
    return "wrong numbers" if verdict.mismatches else "nothing"


def test_sizes_must_be_the_same(chain, project, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p" / "aie/graph.h"
    text = file.read_text()
    begin = text.index("void create_dense5(")
    old = "adf::dimensions(k.in[0]) = {parameters::in_size};"
    assert old in text[begin:]
    file.write_text(text[:begin] + text[begin:].replace(old, old.replace("in_size", "in_size / 2"), 1))
    assert outcome(type(project)(tmp_path / "p", chain)) == "volume_mismatch"
