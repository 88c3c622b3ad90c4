"""The emulation itself: compilers, depths of its FIFOs, sanitizers, what it says of bad projects."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import Compiler, EmulationError, emulate, find_compiler, read_numbers
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


def test_a_binary_is_compiled_once(project, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert verify(project).compile_seconds > 0
    assert verify(project).compile_seconds == 0


def test_the_cache_keeps_the_binaries_used_last(project, tmp_path, monkeypatch):
    from aie_explorer.emulation import build

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build, "MOST_BINARIES", 2)
    for age in range(4):
        (build.cache_folder() / f"old{age}").mkdir(parents=True)
        os.utime(build.cache_folder() / f"old{age}", (age, age))
    verify(project)
    kept = {path.name for path in build.cache_folder().iterdir()}
    assert len(kept) == 2
    assert "old3" in kept


def test_a_full_disk(project, tmp_path, monkeypatch):
    from aie_explorer.emulation import build

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
