"""Single edits of an exported three-layer project: each is caught, by its expected diagnostic or by wrong numbers.

An edit that no longer applies to what the exporter writes fails the suite.
"""

import shutil
from dataclasses import dataclass

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify
from aie_explorer.ir import FixedPoint

WRONG = "wrong numbers"
GRAPH, DENSE = "aie/graph.h", "aie/library/dense.h"


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    expected: str


def read_tiling(columns, rows, offset, wrap):
    return (f".buffer_dimension = {{{columns}, {rows}}}, .tiling_dimension = {{8, 4}}, .offset = {{{offset}, 0}}, "
            f".tile_traversal = {{{{.dimension = 0, .stride = 8, .wrap = {wrap}}}, "
            f"{{.dimension = 1, .stride = 4, .wrap = 2}}}}")


X1, Y1 = read_tiling(80, 5, 32, 4), read_tiling(48, 8, 24, 3)
W1 = read_tiling(48, 8, 16, 2)

MUTANTS = [
    # arithmetic
    Mutant("shift one less", "aie/parameters/dense1.h", "int shift = 7", "int shift = 6", WRONG),
    Mutant("shift one more", "aie/parameters/dense0.h", "int shift = 9", "int shift = 10", WRONG),
    Mutant("negative shift", "aie/parameters/dense0.h", "int shift = 9", "int shift = -1", "negative_shift"),
    Mutant("rounding floor", "aie/parameters/dense0.h", "rounding_mode::conv_even", "rounding_mode::floor", WRONG),
    Mutant("rounding to odd", "aie/parameters/dense0.h", "rounding_mode::conv_even", "rounding_mode::conv_odd", WRONG),
    Mutant("rounding away", "aie/parameters/dense0.h", "rounding_mode::conv_even", "rounding_mode::symmetric_inf", WRONG),
    Mutant("no rounding set", DENSE, "aie::set_rounding(P::rounding);", "", WRONG),
    Mutant("no saturation set", DENSE, "aie::set_saturation(aie::saturation_mode::saturate);", "", WRONG),
    Mutant("clamp one higher", "aie/parameters/dense1.h", "high = 63", "high = 64", WRONG),
    Mutant("clamp one lower", "aie/parameters/dense1.h", "high = 63", "high = 62", WRONG),
    Mutant("clamp low", "aie/parameters/dense2.h", "low = -64", "low = -63", WRONG),
    Mutant("no upper clamp", DENSE, "y = aie::min(y, static_cast<round_t>(P::high));", "{}", WRONG),
    Mutant("bias left out", DENSE, "part.from_vector(values.template grow_replicate<part_lanes<P>>(), 0);", "(void)values;",
           WRONG),
    Mutant("bias of the first column for all", DENSE, "bias_ + column * P::N", "bias_", WRONG),
    Mutant("bias shifted", DENSE, "grow_replicate<part_lanes<P>>(), 0)", "grow_replicate<part_lanes<P>>(), 1)",
           "ignored_shift"),
    # the kernel's walk
    Mutant("operands swapped between rows", DENSE, "sums[i].mac(x[i / columns]", "sums[i].mac(x[0 * i / columns]", WRONG),
    Mutant("operands swapped between columns", DENSE, ", w[i % columns])", ", w[0 * i % columns])", WRONG),
    Mutant("a product left out", DENSE, "(sums[i].mac(x[i / columns], w[i % columns]), ...);",
           "((i != 3 ? sums[i].mac(x[i / columns], w[i % columns]) : void()), ...);", WRONG),
    Mutant("a stays", DENSE, "of_rows += mm::size_A;", "", WRONG),
    Mutant("b runs too fast", DENSE, "of_columns += mm::size_B;", "of_columns += 2 * mm::size_B;", "out_of_range_access"),
    Mutant("a misaligned", DENSE, "of_rows += mm::size_A;", "of_rows += mm::size_A / 2 + 1;", "misaligned_access"),
    Mutant("a step less", DENSE, "step < steps; ++step", "step + 1 < steps; ++step", WRONG),
    Mutant("a column less", DENSE, "column < column_tiles; column +=", "column + 2 < column_tiles; column +=",
           "unwritten_bytes"),
    Mutant("a row less", DENSE, "row < row_tiles; row +=", "row + 2 < row_tiles; row +=", "unwritten_bytes"),
    Mutant("results swapped", DENSE, "row + i / columns, column + i % columns), ...);",
           "row + i / columns, column + i % columns * (i != 1)), ...);", "unwritten_bytes"),
    Mutant("results transposed", DENSE, "(row * (P::n / P::N) + column)", "(column * (P::rows / P::M) + row)", WRONG),
    Mutant("cascade order", DENSE, "mm sums[] = {mm(start(column + i % columns))...};",
           "mm sums[] = {mm(start(column + i / columns))...};\n    std::swap(sums[1], sums[2]);", WRONG),
    Mutant("cascade beat twice", DENSE, "writeincr(cascade_, sum.template extract<beat_lanes<P>>(i));",
           "writeincr(cascade_, sum.template extract<beat_lanes<P>>(0));", WRONG),
    Mutant("slice longer", "aie/parameters/dense1.h", "unsigned k = 24", "unsigned k = 32", "*"),
    # tilings and buffers
    Mutant("read offset", GRAPH, X1, X1.replace("{32, 0}", "{24, 0}"), WRONG),
    Mutant("read offset off a word", GRAPH, X1, X1.replace("{32, 0}", "{30, 0}"), "word_granularity"),
    Mutant("read stride", GRAPH, X1, X1.replace(".stride = 8", ".stride = 16"), WRONG),
    Mutant("read wrap", GRAPH, X1, X1.replace(".wrap = 4", ".wrap = 3"), "volume_mismatch"),
    Mutant("traversal order", GRAPH, Y1, Y1.replace(
        "{.dimension = 0, .stride = 8, .wrap = 3}, {.dimension = 1, .stride = 4, .wrap = 2}",
        "{.dimension = 1, .stride = 4, .wrap = 2}, {.dimension = 0, .stride = 8, .wrap = 3}"), WRONG),
    Mutant("tile shape", GRAPH, Y1, Y1.replace("{8, 4}", "{4, 8}"), "*"),
    Mutant("five dimensions", GRAPH, Y1, Y1.replace(".wrap = 3}, ", ".wrap = 3}, {.dimension = 0, .stride = 8, .wrap = 2}, "),
           "address_dimensions"),
    Mutant("buffer dimension", GRAPH, Y1, Y1.replace("{48, 8}", "{56, 8}"), "volume_mismatch"),
    Mutant("write offset", GRAPH, W1, W1.replace("{16, 0}", "{8, 0}"), "overlapping_write"),
    Mutant("write beyond", GRAPH, W1, W1.replace("{16, 0}", "{40, 0}"), "padding_not_supported"),
    Mutant("write stride", GRAPH, W1, W1.replace(".stride = 4", ".stride = 2"), "overlapping_write"),
    Mutant("buffer larger than written", GRAPH, "shared_buffer<int8>::create({16, 8}, 1, 1)",
           "shared_buffer<int8>::create({16, 12}, 1, 1)", "volume_mismatch"),
    Mutant("plio columns", GRAPH, ".tiling_dimension = {16, 5}, .offset = {64, 0}", ".tiling_dimension = {12, 5}, "
           ".offset = {64, 0}", "uncovered_read"),
    Mutant("element type", GRAPH, "adf::shared_buffer<uint8> buffer_dense1_y_0", "adf::shared_buffer<int8> buffer_dense1_y_0",
           "*"),
    # connections
    Mutant("port index", GRAPH, "adf::connect(b.out[1], kernel_dense1[1].in[0]);",
           "adf::connect(b.out[0], kernel_dense1[1].in[0]);", WRONG),
    Mutant("kernel fed twice", GRAPH, "adf::connect(b.out[1], kernel_dense1[3].in[0]);",
           "adf::connect(b.out[1], kernel_dense1[1].in[0]);", "double_connected_port"),
    Mutant("kernel not fed", GRAPH, "adf::connect(b.out[1], kernel_dense1[3].in[0]);", "", "dangling_port"),
    Mutant("outputs swapped", GRAPH, "adf::connect(kernel_dense0[2].out[0], b.in[0]);",
           "adf::connect(kernel_dense0[5].out[0], b.in[0]);", "dangling_port"),
    Mutant("plios swapped", GRAPH, "plio_in[0].out[0], b.in[0]", "plio_in[1].out[0], b.in[0]", "*"),
    Mutant("cascade not joined", GRAPH, "adf::connect<adf::cascade>(kernel_dense1[i - 1].out[0], k.in[1]);", ";",
           "dangling_port"),
    Mutant("port that is not there", GRAPH, "b.out[1], kernel_dense1[1].in[0]", "b.out[2], kernel_dense1[1].in[0]",
           "no_such_port"),
    # places
    Mutant("on another's tile", GRAPH, "create_dense1(8, 0);", "create_dense1(7, 0);", "tile_shared"),
    Mutant("outside the array", GRAPH, "create_dense1(8, 0);", "create_dense1(37, 0);", "tile_outside_array"),
    Mutant("cascade to the west", GRAPH, "const int x = column + static_cast<int>(position);",
           "const int x = column + 2 - static_cast<int>(position);", "cascade_direction"),
    Mutant("bank out of reach", GRAPH, "{adf::bank(x, y, 0), adf::bank(x, y, 3)}",
           "{adf::bank(x + 1, y, 0), adf::bank(x, y, 3)}", "unreachable_bank"),
    Mutant("bank that is not there", GRAPH, "k.param[0]) = adf::bank(x, y, 2)", "k.param[0]) = adf::bank(x, y, 4)",
           "unreachable_bank"),
    Mutant("memory tile outside", GRAPH, "adf::address(8, 0, 0)", "adf::address(8, 2, 0)", "tile_outside_array"),
    Mutant("copies overlap", GRAPH, "adf::address(8, 0, 384)", "adf::address(8, 0, 380)", "memory_tile_overflow"),
    Mutant("beyond the memory tile", GRAPH, "adf::address(8, 0, 384)", "adf::address(8, 0, 524000)", "memory_tile_overflow"),
    # weights, parameters, data
    Mutant("weights of the wrong tile", GRAPH, "weights = dense0_weights[i];", "weights = dense0_weights[0];", WRONG),
    Mutant("bias of the wrong cascade", GRAPH, "bias = dense0_bias[cascade];", "bias = dense0_bias[0];", WRONG),
    Mutant("a weight word short", GRAPH, "std::begin(weights)", "std::begin(weights) + 4", "parameter_size"),
    Mutant("parameter not registered", "aie/kernels/dense2.h", "REGISTER_PARAMETER(bias_);", "", "unregistered_parameter"),
    Mutant("dimensions of an input", GRAPH, "adf::dimensions(k.in[0]) = {parameters::in_size};",
           "adf::dimensions(k.in[0]) = {parameters::in_size / 2};", "volume_mismatch"),
    Mutant("no source", GRAPH, 'adf::source(k) = "kernels/dense1.cpp";', "", "no_source"),
    Mutant("an iteration more", "aie/graph.cpp", "network.run(ITERATIONS)", "network.run(ITERATIONS + 1)", "partial_transfer"),
    Mutant("an iteration less", "aie/graph.cpp", "network.run(ITERATIONS)", "network.run(ITERATIONS - 1)", "partial_transfer"),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    network = mlp([75, 48, 32, 10], batch=5, y=FixedPoint(6, 5, signed=False), last=FixedPoint(7, 3))
    design = aie.Explorer(network).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 3, "cas_num": 3},
        "dense1": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 2},
        "dense2": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})
    project = design.export(tmp_path_factory.mktemp("original") / "project", verify=False)
    assert verify(project).mismatches == 0
    return project


def test_names_are_distinct():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 60


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_is_caught(mutant, original, tmp_path):
    shutil.copytree(original.path, tmp_path / "p")
    file = tmp_path / "p" / mutant.file
    text = file.read_text()
    assert mutant.old in text, "the edit no longer applies"
    file.write_text(text.replace(mutant.old, mutant.new, 1))
    project = type(original)(tmp_path / "p", original.design)
    try:
        verdict = verify(project, timeout_s=30, flags=("-O0",))
    except EmulationError as error:
        caught = error.problem.split(":")[0]
    else:
        caught = WRONG if verdict.mismatches else "nothing"
    assert caught != "nothing", "survived"
    assert mutant.expected in ("*", caught)


def test_too_many_channels_of_a_memory_tile(original, tmp_path):
    shutil.copytree(original.path, tmp_path / "p")
    file = tmp_path / "p" / GRAPH
    text = file.read_text()
    for column, offsets in ((8, (0, 384)), (9, (0, 256))):
        old = ", ".join(f"adf::address({column}, 0, {offset})" for offset in offsets)
        assert old in text
        text = text.replace(old, ", ".join(f"adf::address(6, 0, {4096 * column + offset})" for offset in offsets))
    file.write_text(text)
    with pytest.raises(EmulationError, match="dma_channels"):
        verify(type(original)(tmp_path / "p", original.design))
