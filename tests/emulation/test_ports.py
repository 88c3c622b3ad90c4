"""PLIOs straight into and out of tiles, and tiles whose DMA re-tiles: exported, run, compared; then broken, an edit each."""

import shutil

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify
from aie_explorer.ir import FixedPoint

INT16, UINT6 = FixedPoint(16, 10), FixedPoint(6, 4, signed=False)
FAST = ("-O0",)


def cut(length, num, microtile="4x8x8", ports="memory_tile", split="features", **more):
    return {"microtile": microtile, "cas_length": length, "cas_num": num, "ports": ports, "split": split, **more}


def orders(design, into):
    return [edge.window.order for edge in design.plan().plio_edges if edge.into == into]


@pytest.fixture(scope="module")
def chain():
    """Rows from PLIOs to two cascades, microtiles of 4 x 8 into those of 8 x 8 and back, and rows to a PLIO."""
    return aie.Explorer(mlp([60, 64, 64, 64, 10], batch=12, y=UINT6, last=FixedPoint(7, 3))).design({
        "dense0": cut(2, 2, ports="direct_in"), "dense1": cut(2, 1, "8x8x8"), "dense2": cut(1, 2),
        "dense3": cut(2, 1, ports="direct_out")})


@pytest.fixture(scope="module")
def project(chain, tmp_path_factory):
    project = chain.export(tmp_path_factory.mktemp("ports") / "project", verify=False)
    verdict = verify(project, flags=FAST)
    assert verdict.mismatches == 0, verdict.to_frame()
    assert {tensor.tensor for tensor in verdict.tensors if tensor.values} == {
        "x", *(f"dense{i}_y" for i in range(3)), "dense3_y at the PLIOs"}
    return project


def test_no_memory_tile_and_every_walk_is_bit_exact(chain, project):
    frame = chain.plan().to_frame()
    assert frame["kind"][frame["kind"] != "tile"].value_counts().to_dict() == {
        "plio_broadcast": 2, "plio_out": 1, "tile_dma": 3, "broadcast": 1, "shared_memory": 1}
    assert sorted(frame.index[frame["retiles"]]) == ["dense0_y_0", "dense0_y_1", "dense1_y_0", "dense3_y_0", "x_0", "x_1"]
    assert frame.loc["x_0", ["bytes", "dma_cycles"]].tolist() == [16 * 32, 16 * 32 / 4]
    assert "shared_buffer" not in (project.path / "aie/graph.h").read_text()
    assert orders(chain, True) == ["row by row"] * 2
    assert orders(chain, False) == ["row by row"]
    assert "| plio_x_1 | in | int8 | 16 x 32 | columns 32 to 63, rows 0 to 15 of x | row by row |" in (
        project.path / "README.md").read_text()


@pytest.mark.parametrize(("dims", "batch", "types", "layers", "carried"), [
    ([60, 40, 10], 20, {}, {"dense0": cut(2, 2, ports="direct_in", split="rows"),
                            "dense1": cut(1, 3, ports="direct_out", split="rows")}, ("row by row", "row by row")),
    # rows of 8 rows of microtiles would take 16 descriptors each way
    ([20, 10], 28, {"x": INT16, "last": INT16}, {"dense0": cut(1, 1, "4x4x8", ports="direct")},
     ("microtiles of 4 x 4", "microtiles of 4 x 8")),
    # 4 for the input, and 16 for rows of the output
    ([20, 32, 24], 16, {}, {"dense0": cut(1, 1, "8x8x8"), "dense1": cut(1, 1, "2x8x8", ports="direct_out")},
     (None, "microtiles of 2 x 8")),
], ids=["rows", "microtiles", "few descriptors"])
def test_other_ports_are_bit_exact(dims, batch, types, layers, carried, tmp_path):
    design = aie.Explorer(mlp(dims, batch=batch, **types)).design(layers)
    assert design.check() == []
    assert (set(orders(design, True)), set(orders(design, False))) == tuple({one} - {None} for one in carried)
    verdict = verify(design.export(tmp_path / "p", verify=False), flags=FAST)
    assert verdict.mismatches == 0, verdict.to_frame()


GRAPH = "aie/graph.h"
ENTRY = "adf::write_access(kernel_dense0[0].in[0]) = adf::tiling({.buffer_dimension = {512}, .tiling_dimension = {8}, " \
    ".offset = {0}, .tile_traversal = {{.dimension = 0, .stride = 32, .wrap = 4}, {.dimension = 0, .stride = 8, " \
    ".wrap = 4}, {.dimension = 0, .stride = 128, .wrap = 4}}});"
EXIT = "adf::read_access(kernel_dense3[1].out[0]) = adf::tiling({.buffer_dimension = {256}, .tiling_dimension = {8}, " \
    ".offset = {0}, .tile_traversal = {{.dimension = 0, .stride = 32, .wrap = 2}, {.dimension = 0, .stride = 8, " \
    ".wrap = 4}, {.dimension = 0, .stride = 64, .wrap = 4}}});"
BETWEEN = "adf::write_access(kernel_dense1[0].in[0]) = adf::tiling({.buffer_dimension = {512}, .tiling_dimension = {32}, " \
    ".offset = {0}, .tile_traversal = {{.dimension = 0, .stride = 64, .wrap = 4}, {.dimension = 0, .stride = 32, " \
    ".wrap = 2}, {.dimension = 0, .stride = 256, .wrap = 2}}});"
SIZE = "{.dimension = 0, .stride = 32, .wrap = 4}"


@pytest.mark.parametrize(("name", "edits", "expected"), [
    ("rows taken for microtiles", [(ENTRY, "")], "wrong numbers"),
    ("microtiles taken for rows", [(EXIT, "")], "wrong numbers"),
    ("microtiles of the producer taken for the reader's", [(BETWEEN, "")], "wrong numbers"),
    ("loops in another order", [(ENTRY, ENTRY.replace(
        f"{SIZE}, {{.dimension = 0, .stride = 8, .wrap = 4}}", f"{{.dimension = 0, .stride = 8, .wrap = 4}}, {SIZE}"))],
     "wrong numbers"),
    ("a smaller step", [(ENTRY, ENTRY.replace(".stride = 32", ".stride = 16"))], "overlapping_write"),
    ("a wrap less", [(EXIT, EXIT.replace(".stride = 64, .wrap = 4", ".stride = 64, .wrap = 3"))], "volume_mismatch"),
    ("a step back and beyond", [(ENTRY, ENTRY.replace(".offset = {0}", ".offset = {8}"))], "padding_not_supported"),
    ("runs of half a word", [(BETWEEN, BETWEEN.replace("{32}", "{2}").replace(
        "{{.dim", "{{.dimension = 0, .stride = 2, .wrap = 16}, {.dim").replace(
            ".stride = 2, .wrap = 16", ".stride = 4, .wrap = 8}, {.dimension = 0, .stride = 2, .wrap = 2"))],
     "word_granularity"),
    ("another size", [(BETWEEN, BETWEEN.replace("{512}", "{256}"))], "volume_mismatch"),
    ("as many loops as need 32 descriptors", [(EXIT, EXIT.replace("{8}", "{4}").replace(
        "{{.dim", "{{.dimension = 0, .stride = 128, .wrap = 2}, {.dim").replace(
            ".stride = 64, .wrap = 4}", ".stride = 64, .wrap = 2}, {.dimension = 0, .stride = 4, .wrap = 2}"))],
     "buffer_descriptors"),
    ("slices swapped", [("plio_in[0].out[0], kernel_dense0[0].in[0]", "@"), ("plio_in[1].out[0], kernel_dense0[1].in[0]",
     "plio_in[0].out[0], kernel_dense0[1].in[0]"), ("@", "plio_in[1].out[0], kernel_dense0[0].in[0]")], "wrong numbers"),
    ("a cascade that gets nothing", [("adf::connect(plio_in[0].out[0], kernel_dense0[2].in[0]);", "")], "dangling_port"),
])
def test_is_caught(name, edits, expected, chain, project, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p" / GRAPH
    text = file.read_text()
    for old, new in edits:
        assert old in text, "the edit no longer applies"
        text = text.replace(old, new, 1)
    file.write_text(text)
    assert outcome(type(project)(tmp_path / "p", chain)) == expected


def outcome(project):
    try:
        verdict = verify(project, timeout_s=60, flags=FAST)
    except EmulationError as error:
        return error.problem.split(":")[0]
    return "wrong numbers" if verdict.mismatches else "nothing"
