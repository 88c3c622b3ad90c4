"""Every diagnostic of the emulation is triggered by something; those of the mutation suite are not repeated."""

import re
import shutil
from pathlib import Path

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError, emulate
from aie_explorer.emulation.build import include_folder

GRAPH, KERNEL = "aie/graph.h", "aie/kernels/dense0.cpp"
RUN_LAST = "void dense0_last::run(adf::input_buffer<int8>& in, input_cascade<acc32>* partial_in, adf::output_buffer<uint8>& out)\n{\n"
RUN_FIRST = "void dense0_first::run(adf::input_buffer<int8>& in, output_cascade<acc32>* partial_out)\n{\n"

BIAS = "adf::location<adf::parameter>(k.param[1]) = adf::bank(x, y, 1)"

EDITS = {
    "deadlock": (KERNEL, RUN_LAST, RUN_LAST + "    (void)readincr_v<16>(partial_in);\n"),
    "partial_transfer": (KERNEL, RUN_FIRST, RUN_FIRST + "    static int calls = 0;\n    if (++calls == 16)\n"
                         "        writeincr(partial_out, aie::accum<acc32, 16>());\n"),
    "write_to_constant": (KERNEL, RUN_FIRST, RUN_FIRST + "    aie::store_v(weights_, aie::vector<int8, 32>());\n"),
    "wrong_direction": (GRAPH, "adf::read_access(b.out[0])", "adf::write_access(b.out[0])"),
    "type_mismatch": (GRAPH, "shared_buffer<uint8>", "shared_buffer<int8>"),
    "no_dimensions": (GRAPH, "adf::dimensions(k.out[0]) = {parameters::out_size};", ""),
    "no_access": (GRAPH, "adf::read_access(b.out[0]) = ", "(void)"),
    "unregistered_function": ("aie/kernels/dense1.h", "REGISTER_FUNCTION(dense1_single::run);", ""),
    "bank_overflow": (GRAPH, BIAS, BIAS.replace("y, 1)", "y, 2)")),
}
ELSEWHERE = {"accumulator_overflow", "plio_file", "buffer_descriptors"}  # below, and in test_ports
MUTATIONS = {
    "negative_shift", "ignored_shift", "out_of_range_access", "misaligned_access", "unwritten_bytes", "word_granularity",
    "volume_mismatch", "address_dimensions", "overlapping_write", "padding_not_supported", "uncovered_read",
    "double_connected_port", "dangling_port", "no_such_port", "tile_shared", "tile_outside_array", "cascade_direction",
    "unreachable_bank", "memory_tile_overflow", "parameter_size", "unregistered_parameter", "no_source", "dma_channels"}
PROGRAMS = {  # of small programs: test_graphs and test_operations
    "stream_ports", "run_order", "parameter_never_updated", "update_not_read", "update_while_running", "buffer_places",
    "chunk_size", "transpose_size", "unaligned_access"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    design = aie.Explorer(mlp([64, 128, 128], batch=4)).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1},
        "dense1": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})  # 16384 bytes of weights: a whole bank
    return design.export(tmp_path_factory.mktemp("diagnostics") / "project", verify=False)


def test_every_diagnostic_is_triggered_somewhere():
    text = "".join(file.read_text() for file in include_folder().rglob("*") if file.is_file())
    known = set(re.findall(r'fatal\("(\w+)"', text))
    assert known == set(EDITS) | ELSEWHERE | MUTATIONS | PROGRAMS
    tests = "".join((Path(__file__).parent / f"test_{name}.py").read_text() for name in ("graphs", "operations"))
    assert all(f'"{name}' in tests for name in PROGRAMS)


def edited(project, tmp_path, name, old, new):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p" / name
    text = file.read_text()
    assert old in text, "the edit no longer applies"
    file.write_text(text.replace(old, new))
    return tmp_path / "p"


@pytest.mark.parametrize("diagnostic", EDITS)
def test_is_reported(project, tmp_path, diagnostic):
    with pytest.raises(EmulationError, match=rf"^[^\n]*: {diagnostic}: "):
        emulate(edited(project, tmp_path, *EDITS[diagnostic]))


def test_an_accumulator_that_overflows(project, tmp_path):
    text = (project.path / "aie/weights/dense0.h").read_text()
    bias = text[text.index("dense0_bias"):]
    first = bias[bias.index("    {") + 5:bias.index(",", bias.index("    {"))]
    folder = edited(project, tmp_path, "aie/weights/dense0.h", bias, bias.replace(f"{{{first},", "{2147483647,", 1))
    with pytest.raises(EmulationError, match="accumulator_overflow"):
        emulate(folder)


@pytest.mark.parametrize("word", ["300", "-129", "x"])
def test_a_data_file_with_something_else(project, word):
    text = (project.path / "data/plio_x_0.txt").read_text()
    with pytest.raises(EmulationError, match=r"plio_file|partial_transfer"):
        emulate(project.path, inputs={"plio_x_0": re.sub(r"^\S+", word, text)})
