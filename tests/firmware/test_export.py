import errno
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.errors import AieExplorerError, DesignError, ExportError
from aie_explorer.firmware import FirmwareProject
from aie_explorer.firmware.pack import pack_weights
from aie_explorer.ir import FixedPoint
from aie_explorer.space import shape_name


@pytest.fixture(scope="module")
def design():
    return aie.Explorer(mlp([64, 48, 10])).design({"dense0": {"microtile": "4x8x8", "cas_length": 3, "cas_num": 2}})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_a_vitis_user_finds_everything(design, tmp_path):
    project = design.export(tmp_path / "p", verify=False)
    names = {str(file) for file in project.files}
    assert {"Makefile", "README.md", "check.py", "design.json", "aie/graph.h", "aie/graph.cpp", "aie/aie.cfg",
            "aie/library/dense.h", "pl/mm2s.cpp", "pl/s2mm.cpp", "pl/system.cfg", "host/host.cpp"} <= names
    for layer in ("dense0", "dense1"):
        assert {f"aie/kernels/{layer}.cpp", f"aie/kernels/{layer}.h", f"aie/parameters/{layer}.h",
                f"aie/weights/{layer}.h"} <= names
    plan = design.plan()
    assert {f"data/plio_{p.name}.txt" for p in plan.inputs} <= names
    assert {f"data/expected_plio_{p.name}.txt" for p in plan.outputs} <= names
    made = [file for file in project.path.rglob("*")
            if file.is_file() and project.path / "emulation" not in file.parents]
    for text in (file.read_text() for file in made):
        assert "{{" not in text.replace("{{.dimension", "").replace("{{{", "")
        assert "{%" not in text


def test_the_graph_says_what_the_plan_says(design, tmp_path):
    text = (design.export(tmp_path / "p", verify=False).path / "aie/graph.h").read_text()
    for name, (column, row) in design.place().items():
        assert f"create_{name}({column}, {row});" in text
    for buffer in design.plan().buffers:
        assert f"create({{{buffer.columns}, {buffer.rows}}}, {len(buffer.writers)}, {len(buffer.readers)});" in text
    reads = sum(len(b.readers) for b in design.plan().buffers)
    assert text.count("read_access") == reads
    assert text.count("adf::connect(b.out") == sum(len(p.ends) for b in design.plan().buffers for p in b.readers)


def test_weights_in_the_header_are_the_packed_ones(design, tmp_path):
    text = (design.export(tmp_path / "p", verify=False).path / "aie/weights/dense0.h").read_text()
    block = text[text.index("dense0_weights"):text.index("};")]
    rows = [[int(v) for v in re.findall(r"-?\d+", row)] for row in re.findall(r"\{([-0-9, ]+)\}", block)]
    op, layer = design.network.layers[0], design.space.layers[0]
    assert np.array_equal(np.array(rows), pack_weights(layer, op))


def test_export_is_deterministic_and_the_design_comes_back(design, tmp_path):
    first, second = design.export(tmp_path / "a", verify=False), design.export(tmp_path / "b", verify=False)
    assert contents(first.path) == contents(second.path)
    again = FirmwareProject.open(first.path)
    assert again.design == design
    assert contents(again.design.export(tmp_path / "c", verify=False).path) == contents(first.path)


def test_test_vectors_of_the_user(design, tmp_path):
    x = np.random.default_rng(0).uniform(-1, 1, (20, 64))
    project = design.export(tmp_path / "p", x=x, verify=False)
    assert "#define ITERATIONS 3\n" in (project.path / "aie/graph.cpp").read_text()  # 20 samples at batch 8
    with pytest.raises(AieExplorerError, match="shape"):
        design.export(tmp_path / "q", x=x[:, :5], verify=False)
    with pytest.raises(AieExplorerError, match="NaN"):
        design.export(tmp_path / "q", x=np.full((8, 64), np.nan))
    assert not (tmp_path / "q").exists()


def test_check_script_compares(design, tmp_path):
    project = design.export(tmp_path / "p", verify=False)

    def run():
        return subprocess.run([sys.executable, "check.py"], cwd=project.path, capture_output=True, text=True)

    assert run().returncode == 1  # no simulation yet
    out = project.path / "aiesimulator_output" / "data"
    out.mkdir(parents=True)
    for expected in (project.path / "data").glob("expected_*.txt"):
        lines = [f"T {i} ns\n{line}\n" for i, line in enumerate(expected.read_text().splitlines())]
        (out / expected.name.removeprefix("expected_")).write_text("".join(lines) + "TLAST\n")
    good = run()
    assert good.returncode == 0
    assert "0 of" in good.stdout.splitlines()[-1]
    file = next(out.iterdir())
    file.write_text(re.sub(r"\d+$", "77777", file.read_text().replace("TLAST\n", "").rstrip()))
    assert run().returncode == 1


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_emu_needs_no_python(design, tmp_path):
    project = design.export(tmp_path / "p", verify=False)
    command = ["make", "emu", "CXX=g++"]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "bit-exact in host emulation", done.stderr
    file = project.path / "aie/parameters/dense0.h"
    file.write_text(file.read_text().replace("int shift = 9", "int shift = 8"))
    assert subprocess.run(command, cwd=project.path, capture_output=True).returncode != 0
    design.export(tmp_path / "q", verify=False)
    assert (tmp_path / "q").is_dir()


def test_an_existing_folder_is_refused(design, tmp_path):
    design.export(tmp_path / "p", verify=False)
    before = contents(tmp_path / "p")
    with pytest.raises(ExportError, match="exists already"):
        design.export(tmp_path / "p", verify=False)
    assert contents(tmp_path / "p") == before
    (tmp_path / "p" / "build").mkdir()
    (tmp_path / "p" / "build" / "stale.o").write_text("old")
    design.export(tmp_path / "p", overwrite=True, verify=False)
    assert contents(tmp_path / "p") == before
    for name, words in (("mine.cpp", "did not write"), ("aie/graph.h", "was edited")):
        (tmp_path / "p" / name).write_text("// mine")
        kept = contents(tmp_path / "p")
        with pytest.raises(ExportError, match=words):
            design.export(tmp_path / "p", overwrite=True, verify=False)
        assert contents(tmp_path / "p") == kept
        (tmp_path / "p" / name).write_bytes(before[name]) if name in before else (tmp_path / "p" / name).unlink()
    (tmp_path / "link").symlink_to(tmp_path / "p")
    with pytest.raises(ExportError, match="no folder"):
        design.export(tmp_path / "link", overwrite=True, verify=False)


def test_a_foreign_folder_is_never_overwritten(design, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    (tmp_path / "home" / "design.json").write_text("{}")
    with pytest.raises(ExportError, match="no project of this package"):
        design.export(tmp_path / "home", overwrite=True, verify=False)
    assert contents(tmp_path) == {"home/design.json": b"{}", "home/thesis.tex": b"years of work"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_leaves_what_was_there(design, tmp_path, monkeypatch, overwrite):
    if overwrite:
        design.export(tmp_path / "p", verify=False)
    before = contents(tmp_path)
    written = []
    real = Path.write_text

    def full(self, *args, **kwargs):
        written.append(self)
        if len(written) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ExportError, match="No space left"):
        design.export(tmp_path / "p", overwrite=overwrite, verify=False)
    with pytest.raises(ExportError, match="No space left"):
        design.export(tmp_path / "new" / "deep" / "p", verify=False)
    assert contents(tmp_path) == before
    assert {p.name for p in tmp_path.iterdir()} == ({"p"} if overwrite else set())


def test_an_unwritable_place(design, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        design.export(tmp_path / "file" / "p", verify=False)


@pytest.mark.parametrize("dims", [[75, 32], [10, 10], [17, 3], [1000, 500], [784, 512]])
def test_any_size_exports(dims, tmp_path):
    project = aie.Explorer(mlp(dims)).best("tiles").export(tmp_path / "p", verify=False)
    assert (project.path / "aie/graph.h").is_file()


def test_wide_types_and_an_unquantized_output(tmp_path):
    wide = FixedPoint(16, 10)
    network = mlp([40, 24, 12], x=wide, w=FixedPoint(8, 7), y=wide, last=FixedPoint(32, 17))
    text = (aie.Explorer(network).best("interval", max_tiles=8).export(tmp_path / "p", verify=False).path
            / "aie/parameters/dense1.h").read_text()
    assert "using out_t = int32;" in text
    assert "using in_t = int16;" in text


def test_a_tampered_name_never_reaches_a_path(design, tmp_path):
    data = json.loads(json.dumps(design.to_json()).replace('"dense0"', '"../../dense0"'))
    file = tmp_path / "design.json"
    file.write_text(json.dumps(data))
    with pytest.raises(AieExplorerError, match="not an identifier"):
        aie.load_design(file)


def test_a_folder_that_is_no_project(tmp_path):
    with pytest.raises(DesignError, match="cannot be read"):
        FirmwareProject.open(tmp_path)


def test_readme_and_makefile_name_the_board(design, tmp_path):
    project = design.export(tmp_path / "p", verify=False)
    assert "VEK280" in (project.path / "README.md").read_text()
    assert "xilinx_vek280_base" in (project.path / "Makefile").read_text()
    assert shape_name(design.choices[0].microtile) in (project.path / "README.md").read_text()
    if shutil.which("make"):
        command = ["make", "-n", "x86sim", "PLATFORM=p.xpfm"]
        make = subprocess.run(command, cwd=project.path, capture_output=True, text=True)
        assert "x86simulator" in make.stdout


def test_an_export_verifies_by_default(design, tmp_path):
    project = design.export(tmp_path / "p")
    assert project.verdict is not None
    assert project.verdict.mismatches == 0
    assert not project.unverified


def test_an_export_without_a_compiler_says_so(design, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.warns(UserWarning, match="not verified.*no C\\+\\+ compiler"):
        project = design.export(tmp_path / "p")
    assert project.verdict is None
    assert "no C++ compiler" in project.unverified
    with pytest.raises(EmulationError, match="no C\\+\\+ compiler"):
        design.export(tmp_path / "q", verify=True)
    assert not (tmp_path / "q").exists()


def test_an_export_that_is_not_bit_exact_is_an_error(design, tmp_path, monkeypatch):
    module = sys.modules["aie_explorer.firmware.export"]

    real = module.render

    def broken(*arguments):
        for name, text in real(*arguments):
            yield name, text.replace("static constexpr int shift = ", "static constexpr int shift = 1 + ")

    monkeypatch.setattr(module, "render", broken)
    with pytest.raises(EmulationError, match="NOT bit-exact"):
        design.export(tmp_path / "p")


def test_weights_of_two_banks(tmp_path):
    ex = aie.Explorer(mlp([200, 128, 10]))
    design = ex.design({"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})  # 25,600 bytes in one tile
    project = design.export(tmp_path / "p", verify=True)
    assert project.verdict.mismatches == 0
    graph = project.path / "aie" / "graph.h"
    text = graph.read_text("utf-8")
    assert text.count("= adf::address(x, y, 16384);") == 1
    for wrong, words in (("adf::address(x, y, 49152)", "its memory has 65536"),
                         ("adf::bank(x, y, 1)", "bank 1 of tile")):
        graph.write_text(text.replace("adf::address(x, y, 16384)", wrong), "utf-8")
        with pytest.raises(EmulationError, match=rf"{words}|bank_overflow.*{words}"):
            project.verify()
