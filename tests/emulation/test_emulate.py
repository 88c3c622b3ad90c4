"""The emulation itself: compilers, depths of its FIFOs, sanitizers, what it says of bad projects."""

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import Compiler, EmulationError, build, emulate, find_compiler, read_numbers
from aie_explorer.emulation.build import include_folder
from aie_explorer.firmware.verify import verify
from aie_explorer.ir import shift_round

MODES = ("floor", "ceil", "positive_inf", "negative_inf", "symmetric_inf", "symmetric_zero", "conv_even", "conv_odd")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    design = aie.Explorer(mlp([40, 32, 10], batch=4)).design(
        {"dense0": {"microtile": "4x8x8", "cas_length": 3, "cas_num": 2}})
    return design.export(tmp_path_factory.mktemp("emulate") / "project", verify=False)


def test_the_project_is_bit_exact(project):
    verdict = verify(project)
    assert verdict.mismatches == 0
    assert str(verdict).startswith("bit-exact in host emulation")
    assert [t.tensor for t in verdict.tensors] == ["x", "dense0_y", "dense1_y", "dense1_y at the PLIOs"]
    assert sum(t.values for t in verdict.tensors) == verdict.samples * (40 + 32 + 10 + 10)


def test_results_do_not_depend_on_the_depth_of_fifos(project):
    runs = [emulate(project.path, environment={"AIE_EMULATION_DEPTH": depth}) for depth in ("1", "3", "1000")]
    for run in runs[1:]:
        assert run.outputs.keys() == runs[0].outputs.keys()
        assert all(np.array_equal(run.outputs[name], runs[0].outputs[name]) for name in run.outputs)


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """What was compiled and linked, by name, into an empty cache; the files are empty."""
    ran = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build, "_run", lambda command, what, _: (ran.append(what.name), Path(command[-1]).touch()))
    return ran


def test_a_binary_is_compiled_once(project, compiled):
    assert build.build(project.path, find_compiler())[1] > 0
    assert sorted(compiled) == sorted(["graph.cpp", "dense0.cpp", "dense1.cpp", "runtime.cpp", project.path.name])
    assert build.build(project.path, find_compiler())[1] == 0
    assert len(compiled) == 5


@pytest.mark.parametrize(("file", "old", "new", "expected"), [
    ("aie/graph.cpp", "network.init();", "network.init() ;", {"graph.cpp"}),
    ("aie/kernels/dense1.cpp", "using parameters", "using  parameters", {"dense1.cpp"}),
    ("aie/parameters/dense1.h", "struct ", "struct  ", {"graph.cpp", "dense1.cpp"}),
    ("aie/library/dense.h", "#pragma once", "#pragma once ", {"dense0.cpp", "dense1.cpp"}),
    ("aie/weights/dense1.h", "#pragma once", "#pragma once ", {"graph.cpp"}),
])
def test_only_what_changed_is_compiled_again(project, compiled, tmp_path, file, old, new, expected):
    build.build(project.path, find_compiler())
    shutil.copytree(project.path, tmp_path / "p")
    assert build.build(tmp_path / "p", find_compiler())[1] == 0
    text = (tmp_path / "p" / file).read_text()
    assert old in text
    (tmp_path / "p" / file).write_text(text.replace(old, new, 1))
    compiled.clear()
    build.build(tmp_path / "p", find_compiler())
    assert set(compiled) == {*expected, "p"}


def test_other_flags_or_headers_compile_all_again(project, compiled, tmp_path, monkeypatch):
    build.build(project.path, find_compiler())
    build.build(project.path, find_compiler(), flags=("-O0",))
    assert len(compiled) == 10
    shutil.copytree(include_folder(), tmp_path / "include")
    header = tmp_path / "include" / "aie_api" / "mmul.hpp"
    header.write_text(header.read_text() + "\n")
    monkeypatch.setattr(build, "include_folder", lambda: tmp_path / "include")
    build.build(project.path, find_compiler())
    assert len(compiled) == 15


def test_the_number_of_iterations_compiles_the_graph_alone(project, compiled):
    build.build(project.path, find_compiler(), ("ITERATIONS=1",))
    compiled.clear()
    build.build(project.path, find_compiler(), ("ITERATIONS=2",))
    assert compiled == ["graph.cpp", project.path.name]


def test_a_name_behind_a_macro_counts_as_all_files(project, compiled, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    kernel = tmp_path / "p/aie/kernels/dense0.cpp"
    kernel.write_text('#define NAME "../weights/dense1.h"\n#include NAME\n' + kernel.read_text())
    build.build(tmp_path / "p", find_compiler())
    weights = tmp_path / "p/aie/weights/dense1.h"
    weights.write_text(weights.read_text() + "\n")
    compiled.clear()
    build.build(tmp_path / "p", find_compiler())
    assert set(compiled) == {"graph.cpp", "dense0.cpp", "p"}


def test_the_cache_keeps_the_binaries_used_last(project, compiled, monkeypatch):
    monkeypatch.setattr(build, "MOST_BINARIES", 2)
    for age in range(4):
        (build.cache_folder() / f"old{age}").mkdir(parents=True)
        os.utime(build.cache_folder() / f"old{age}", (age, age))
    build.build(project.path, find_compiler())
    kept = {path.name for path in build.cache_folder().iterdir()}
    assert len(kept) == len(list(build.object_folder().iterdir())) == 2
    assert "old3" in kept


def test_a_full_disk(project, compiled, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with monkeypatch.context() as patch:
        patch.setattr(build.Path, "replace", full)
        with pytest.raises(EmulationError, match="cache cannot be written: No space left"):
            emulate(project.path)
    with monkeypatch.context() as patch:
        patch.setattr("aie_explorer.emulation.run.shutil.copytree", full)
        with pytest.raises(EmulationError, match="cannot be run: No space left"):
            emulate(project.path)
    assert not list(scratch.iterdir())


def test_outputs_that_are_cut_short(project, monkeypatch):
    from aie_explorer.emulation.run import EmulationResult

    module = sys.modules["aie_explorer.firmware.verify"]
    real = module.emulate

    def cut(*arguments, **more):
        found = real(*arguments, **more)
        return EmulationResult({name: values[:-1] for name, values in found.outputs.items()}, found.traces, 0, 0)

    monkeypatch.setattr(module, "emulate", cut)
    with pytest.raises(EmulationError, match="the program wrote"):
        verify(project)


@pytest.mark.parametrize("name", ["g++", "clang++"])
def test_both_compilers_without_a_warning(project, name):
    path = shutil.which(name)
    if path is None:
        (pytest.fail if os.environ.get("CI") and name == "g++" else pytest.skip)(f"{name} is not installed")
    assert emulate(project.path, compiler=Compiler(path, name), flags=("-Werror", "-Wno-gnu")).outputs


def test_address_sanitizer_has_nothing_to_say(project):
    assert verify(project, flags=("-fsanitize=address", "-fno-omit-frame-pointer")).mismatches == 0


def test_rounding_and_saturation_against_exact_integers(tmp_path):
    """Every mode, shift and tie; the reference formulas are themselves tested against fractions."""
    source = tmp_path / "srs.cpp"
    values, shifts = list(range(-70, 71)), [0, 1, 2, 5]
    source.write_text("""
#include <aie_api/aie.hpp>
#include <cstdio>
int main() {
    using m = aie::rounding_mode;
    for (m mode : {m::floor, m::ceil, m::positive_inf, m::negative_inf, m::symmetric_inf, m::symmetric_zero, m::conv_even, m::conv_odd})
        for (int shift : {0, 1, 2, 5})
            for (int v = -70; v <= 70; ++v) {
                aie::set_rounding(mode);
                aie::set_saturation(aie::saturation_mode::saturate);
                aie::accum<acc64, 16> a;
                a.set_lane(3, v);
                std::printf("%d\\n", a.to_vector<int16>(shift)[3]);
            }
    aie::set_rounding(m::floor);
    for (auto mode : {aie::saturation_mode::none, aie::saturation_mode::saturate, aie::saturation_mode::symmetric})
        for (int v : {-300, -128, -127, 127, 128, 300}) {
            aie::set_saturation(mode);
            aie::accum<acc64, 16> a;
            a.set_lane(0, v);
            std::printf("%d\\n", a.to_vector<int8>(0)[0]);
        }
}""")
    binary = tmp_path / "srs"
    subprocess.run([find_compiler().path, "-std=c++20", f"-I{include_folder()}", str(source), "-o", str(binary)], check=True)
    got = [int(v) for v in subprocess.run([str(binary)], capture_output=True, text=True, check=True).stdout.split()]
    expected = [int(v) for mode in MODES for shift in shifts for v in shift_round(np.array(values), shift, mode)]
    wrap = [int(np.int8(np.uint8(v % 256))) for v in (-300, -128, -127, 127, 128, 300)]
    assert got == expected + wrap + [-128, -128, -127, 127, 127, 127] + [-127, -127, -127, 127, 127, 127]


def test_places_are_checked_against_the_array_of_the_device(tmp_path):
    """The VE2302 is 17 columns wide, so what fits a VE2802 may lie outside."""
    design = aie.Explorer(mlp([16, 8], batch=4), device="ve2302").best("tiles")
    project = design.export(tmp_path / "p", verify=False)
    file = tmp_path / "p/aie/graph.h"
    text = file.read_text()
    moved = re.sub(r"create_dense0\(\d+, 0\);", "create_dense0(17, 0);", text)
    assert moved != text
    assert "-DAIE_EMULATION_COLUMNS=17 -DAIE_EMULATION_ROWS=2 " in (tmp_path / "p/Makefile").read_text()
    file.write_text(moved)
    with pytest.raises(EmulationError, match="tile_outside_array"):
        verify(project, flags=("-O0",))


SUPPORTED = ("vek280", "ve2302", "vek385")
"""Those of docs/models.md."""


@pytest.mark.parametrize("device", SUPPORTED)
def test_every_supported_device_takes_a_design_all_the_way(device, tmp_path):
    ex = aie.Explorer(mlp([16, 16, 8]), device=device)
    for found in (ex.best(), ex.constrained({"route": "memory_tile", "ports": "memory_tile"}).best("tiles")):
        assert not [one for one in found.check() if one.severity == "error"]
        rows = {buffer.memory_tile[1] for buffer in found.plan().buffers}
        assert rows <= set(range(found.device.memory_tile_rows))
    assert rows
    assert verify(found.export(tmp_path / "p", verify=False), flags=("-O0",)).mismatches == 0
    assert f"-DAIE_EMULATION_MEMORY_TILE_ROWS={found.device.memory_tile_rows}" in (tmp_path / "p/Makefile").read_text()
    assert ex.best("throughput").copies > 1


def test_a_hung_program_is_ended(project, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p/aie/graph.cpp"
    file.write_text(file.read_text().replace("network.init();", "network.init(); for (volatile int i = 0;;) i = i + 1;"))
    with pytest.raises(EmulationError, match="did not end within 1 s"):
        emulate(tmp_path / "p", timeout_s=1)


def test_a_project_that_does_not_compile(project, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    (tmp_path / "p/aie/kernels/dense0.cpp").write_text("int broken( {")
    with pytest.raises(EmulationError, match=r"dense0.cpp.*does not compile"):
        emulate(tmp_path / "p")


def test_a_folder_that_is_no_project(tmp_path):
    with pytest.raises(EmulationError, match=r"no aie/graph\.cpp"):
        emulate(tmp_path)


def test_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(EmulationError, match=r"g\+\+ is not installed; clang\+\+ is not installed"):
        find_compiler()


def test_a_compiler_without_cpp20(monkeypatch, tmp_path):
    old = tmp_path / "old++"
    old.write_text("#!/bin/sh\necho \"error: unrecognized option '-std=c++20'\" >&2\nexit 1\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CXX", str(old))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmulationError, match=r"does not compile C\+\+20 \(error: unrecognized option"):
        find_compiler()


def test_data_files_of_simulators(tmp_path):
    file = tmp_path / "y.txt"
    file.write_text("T 1234 ns\n1 2 -3\nTLAST\nT 1240 ns\n4\n")
    assert read_numbers(file).tolist() == [1, 2, -3, 4]
    file.write_text("1 zwei")
    with pytest.raises(EmulationError, match="no number"):
        read_numbers(file)
