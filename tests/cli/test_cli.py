"""The command line: what it prints, and how it answers mistakes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from aie_explorer.cli import main

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits_mlp.h5"
VECTORS = ROOT / "examples" / "digits_vectors.npz"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_json(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_best_prints_the_agreed_json(capsys):
    out = run_json(capsys, "best", DIGITS, "--batch", 8, "--objective", "interval")
    assert {"tiles", "interval_cycles", "latency_cycles", "efficiency", "layers"} <= set(out)
    assert 0 < out["efficiency"] <= 1
    assert [layer["name"] for layer in out["layers"]] == ["dense0", "dense1", "dense2"]
    for layer in out["layers"]:
        assert {"name", "microtile", "cas_length", "cas_num", "split", "kernel_cycles"} <= set(layer)
        assert len(layer["microtile"]) == 3
    assert out["tiles"] == sum(layer["cas_length"] * layer["cas_num"] for layer in out["layers"])


def test_best_honours_limits(capsys):
    assert run_json(capsys, "best", DIGITS, "--max-tiles", 5)["tiles"] <= 5
    assert main(["best", str(DIGITS), "--max-tiles", "12"]) == 0
    out = capsys.readouterr().out
    assert "of 304 tiles used" in out
    assert "of peak" in out


def test_devices_and_info(capsys):
    names = {row["device"] for row in run_json(capsys, "devices")}
    assert {"VE2802", "VE2302", "VC1902", "2VE3858"} <= names
    info = run_json(capsys, "info", DIGITS)
    assert info["layers"][1]["output"] == "ufixed<6,2>"
    assert info["layers"][1]["shift"] == 9
    assert main(["info", str(DIGITS)]) == 0
    assert "ufixed<6,2>" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_sweep_writes_tables(capsys, folder, suffix):
    import pandas as pd

    file = folder / f"sweep{suffix}"
    arguments = ["sweep", DIGITS, "--over", "dense0.cas_length=1,2", "--over", "batch=1,8", "--out", file]
    out = run_json(capsys, *arguments)
    read = {".csv": pd.read_csv, ".json": pd.read_json, ".parquet": pd.read_parquet}[suffix](file)
    assert len(read) == out["designs"] > 100
    assert set(read["dense0.cas_length"]) == {1, 2}
    assert main([*map(str, arguments)]) == 2  # it exists now
    assert "exists already" in capsys.readouterr().err
    assert main([*map(str, arguments), "--overwrite"]) == 0
    assert [p.name for p in folder.iterdir()] == [file.name]


def test_sweep_adds_up_what_is_given_twice(capsys, folder):
    once = run_json(capsys, "sweep", DIGITS, "--over", "dense0.cas_length=1,2,2")
    twice = run_json(capsys, "sweep", DIGITS, "--over", "dense0.cas_length=1", "--over", "dense0.cas_length=2")
    assert once == twice
    assert {row["dense0.cas_length"] for row in once["rows"]} == {1, 2}


def test_sweep_says_when_it_samples(capsys):
    assert main(["sweep", str(DIGITS), "--limit", "50"]) == 0
    assert "random sample of 50" in capsys.readouterr().out


def test_export_and_export_again_from_the_project(capsys, folder):
    out = run_json(capsys, "export", DIGITS, "first", "--max-tiles", 20, "--vectors", VECTORS)
    assert "aie/graph.h" in out["files"]
    assert main(["export", "first", "second"]) == 0
    capsys.readouterr()
    assert (folder / "first/aie/graph.h").read_text() == (folder / "second/aie/graph.h").read_text()
    assert main(["export", "first/design.json", "first"]) == 2
    assert "exists already" in capsys.readouterr().err
    for option in (["--batch", "8"], ["--max-tiles", "9"], ["--objective", "tiles"], ["--device", "vek280"]):
        assert main(["export", "first", "third", *option]) == 2  # rather than ignore it
        assert f"{option[0]} cannot change a design that exists" in capsys.readouterr().err
    assert not (folder / "third").exists()


def test_verify_a_project_in_host_emulation(capsys, folder):
    assert main(["export", str(DIGITS), "project", "--max-tiles", "6"]) == 0
    capsys.readouterr()
    out = run_json(capsys, "verify", "project", "--samples", 40)
    assert out["mismatches"] == 0
    assert [t["tensor"] for t in out["tensors"]] == ["pixels", "dense0_out", "dense1_out", "dense2_out",
                                                     "dense2_out at the PLIOs"]
    file = folder / "project/aie/parameters/dense1.h"
    file.write_text(file.read_text().replace("int shift = 9", "int shift = 8"))
    assert main(["verify", "project", "--vectors", str(VECTORS)]) == 1
    told = capsys.readouterr().out
    assert "NOT bit-exact" in told
    assert "the first in dense1_out at sample" in told
    assert main(["verify", str(folder)]) == 2
    capsys.readouterr()
    design = folder / "project/design.json"
    content = json.loads(design.read_text())
    assert content["layers"]["dense2"]["ports"] == "direct_out"
    content["layers"]["dense2"]["ports"] = "memory_tile"
    design.write_text(json.dumps(content))
    assert main(["verify", "project"]) == 2
    assert "design.json does not belong to the sources beside it" in capsys.readouterr().err


def test_verify_a_project_against_the_model_too(capsys, folder):
    pytest.importorskip("qkeras")
    assert main(["export", str(DIGITS), "project", "--max-tiles", "6", "--no-verify"]) == 0
    capsys.readouterr()
    out = run_json(capsys, "verify", "project", "--samples", 100, "--against", DIGITS)
    assert out["mismatches"] == 0
    assert [one["tensor"] for one in out["qkeras"]] == ["dense0_out", "dense1_out", "dense2_out"]
    other = edited(folder, lambda text: text.replace('"bits": 6', '"bits": 5', 1))
    assert main(["verify", "project", "--samples", "100", "--against", str(other)]) == 1
    assert "mismatches in" in capsys.readouterr().out
    assert main(["verify", str(DIGITS), "--against", str(DIGITS)]) == 2


def test_verify_finds_a_mismatch(capsys, folder, monkeypatch):
    from aie_explorer.cli import models

    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)  # as without QKeras
    assert main(["verify", str(DIGITS), "--vectors", str(VECTORS)]) == 0
    assert "0 mismatches" in capsys.readouterr().out
    stored = dict(np.load(VECTORS))
    stored["predictions"] = stored["predictions"].copy()
    stored["predictions"][3, 4] += 0.0625
    np.savez(folder / "wrong.npz", **stored)
    assert main(["verify", str(DIGITS), "--vectors", "wrong.npz"]) == 1
    assert "1 mismatches" in capsys.readouterr().out
    assert main(["verify", str(DIGITS)]) == 2
    assert 'pip install "aie-explorer[qkeras]"' in capsys.readouterr().err


def test_verify_against_qkeras_itself(capsys):
    pytest.importorskip("qkeras")
    assert main(["verify", str(DIGITS), "--samples", "200"]) == 0
    captured = capsys.readouterr()
    assert "against QKeras predict" in captured.out
    assert captured.err == ""  # TensorFlow's own words stay away


VECTORS_REFUSED = {
    "truncated": lambda file: file.write_bytes(VECTORS.read_bytes()[:500]),
    "text": lambda file: file.write_text("1 2 3"),
    "folder": lambda file: file.mkdir(),
    "no inputs": lambda file: np.savez(file, x=np.zeros((2, 64))),
    "objects": lambda file: np.savez(file, inputs=np.array([None, 1])),
    "words": lambda file: np.savez(file, inputs=np.array([["a"] * 64])),
    "complex": lambda file: np.savez(file, inputs=np.zeros((2, 64), complex)),
    "nan": lambda file: np.savez(file, inputs=np.full((2, 64), np.nan)),
    "no sample": lambda file: np.savez(file, inputs=np.zeros((0, 64))),
    "a number": lambda file: np.savez(file, inputs=np.float32(1)),
    "shape": lambda file: np.savez(file, inputs=np.zeros((2, 63))),
}


@pytest.mark.parametrize("case", VECTORS_REFUSED)
def test_bad_vectors(capsys, folder, case):
    VECTORS_REFUSED[case](folder / "bad.npz")
    for command in (["export", str(DIGITS), "out"], ["verify", str(DIGITS)]):
        assert main([*command, "--vectors", "bad.npz"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("aie-explorer: error: ")
        assert error.count("\n") == 1
        assert "QKeras" not in error  # it was not even started
    assert [path.name for path in folder.iterdir()] == ["bad.npz"]


@pytest.mark.parametrize("predictions", [np.zeros((359, 10)), np.float64(1), np.zeros((360, 9)), np.array(["x"])])
def test_bad_predictions(capsys, folder, monkeypatch, predictions):
    from aie_explorer.cli import models

    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)  # as without QKeras
    np.savez(folder / "bad.npz", inputs=np.load(VECTORS)["inputs"], predictions=predictions)
    assert main(["verify", str(DIGITS), "--vectors", "bad.npz"]) == 2
    assert "predictions" in capsys.readouterr().err


def edited(folder, change):
    """A copy of the digits model with its configuration changed."""
    path = folder / "edited.h5"
    shutil.copy(DIGITS, path)
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        text = config.decode() if isinstance(config, bytes) else config
        del file.attrs["model_config"]
        file.attrs["model_config"] = change(text)
    return path


def nan_weights(folder):
    path = folder / "nan.h5"
    shutil.copy(DIGITS, path)

    def poison(name, item):
        if isinstance(item, h5py.Dataset) and "kernel" in name:
            item[0, 0] = np.nan

    with h5py.File(path, "r+") as file:
        file["model_weights"].visititems(poison)
    return path


def truncated(folder):
    path = folder / "half.h5"
    path.write_bytes(DIGITS.read_bytes()[:10_000])
    return path


def text_file(folder):
    path = folder / "text.h5"
    path.write_text("not a model")
    return path


BAD_MODELS = {
    "missing": (lambda f: f / "none.h5", "no such file"),
    "truncated": (truncated, "half.h5"),
    "not hdf5": (text_file, "text.h5"),
    "unsupported layer": (lambda f: edited(f, lambda t: t.replace("QDense", "QLSTM")), "QLSTM"),
    "nan": (nan_weights, "NaN"),
    "folder": (lambda f: f, ""),
}


@pytest.mark.parametrize("case", BAD_MODELS)
@pytest.mark.parametrize("command", ["info", "best", "export", "sweep", "verify"])
def test_bad_models(capsys, folder, case, command):
    make, words = BAD_MODELS[case]
    model = make(folder)
    before = sorted(folder.iterdir())
    extra = ["out"] if command == "export" else []
    assert main([command, str(model), *extra]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("aie-explorer: error: ")
    assert len(captured.err.splitlines()) == 1
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(("arguments", "words"), [
    (["best", DIGITS, "--batch", "0"], "batch of 1 or more"),
    (["best", DIGITS, "--batch", "-3"], "batch of 1 or more"),
    (["best", DIGITS, "--batch", "many"], "'many' is not a whole number"),
    (["best", DIGITS, "--batch", "1" + 5000 * "0"], "is not a whole number"),
    (["best", DIGITS, "--batch", "1" + 30 * "0"], "too large"),
    (["best", "two\nlines.h5"], "two lines.h5: there is no such file"),
    (["best", DIGITS, "--max-tiles", "nan"], "'nan' is not a number"),
    (["info", DIGITS, "--batch", "0"], "batch of 1 or more"),
    (["best", DIGITS, "--device", "vek281"], "VEK280"),
    (["best", DIGITS, "--device", "vck190"], "no memory tiles"),
    (["best", DIGITS, "--max-tiles", "1"], "no design has tiles of at most 1"),
    (["best", DIGITS, "--objective", "fun"], "invalid choice"),
    (["sweep", DIGITS, "--over", "conv.cas_length=1"], "no layer 'conv'"),
    (["sweep", DIGITS, "--over", "dense0.cas_length"], "NAME=V1,V2"),
    (["sweep", DIGITS, "--over", "dense0.cas_length=99"], "no legal option has the value 99"),
    (["sweep", DIGITS, "--over", "dense0.cas_length=²"], "'²' is not a whole number"),
    (["sweep", DIGITS, "--over", "batch=1" + 30 * "0"], "batch"),
    (["sweep", DIGITS, "--limit", "0"], "Use 1 to 10000000"),
    (["verify", DIGITS, "--samples", "0"], "Use 1 to 1000000"),
    (["sweep", DIGITS, "--out", "table.xlsx"], "known ending"),
    (["sweep", DIGITS, "--out", "/proc/table.csv"], "cannot be written"),
    (["sweep", DIGITS, "--out", "missing/table.csv"], "cannot be written"),
    (["export", "design.json", "out"], "cannot be read"),
    (["export", DIGITS, "out", "--vectors", "none.npz"], "none.npz"),
    (["export", DIGITS, "/proc/out"], "cannot be written"),
    (["demo", "--out", "/proc/demo"], "cannot be written"),
    (["info", DIGITS, "--input-type", "import os"], "import os"),
    (["fly"], "invalid choice"),
    ([], "required"),
])
def test_mistakes_end_with_one_sentence(capsys, folder, arguments, words):
    before = sorted(folder.iterdir())
    assert main([str(a) for a in arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
    assert "Traceback" not in captured.err
    assert sorted(folder.iterdir()) == before


def test_a_layer_too_large_for_the_device_says_why(capsys, folder):
    from networks import mlp

    from aie_explorer import AieExplorerError, Explorer

    with pytest.raises(AieExplorerError, match=r"4096 x 4096.*bytes of weights of one tile is"):
        Explorer(mlp([4096, 4096])).pareto()


def test_a_file_in_place_of_the_folder(capsys, folder):
    (folder / "file").write_text("x")
    assert main(["export", str(DIGITS), "file/project"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["export", str(DIGITS), "file"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_importing_needs_neither_tensorflow_nor_plotly():
    code = ("import sys; import aie_explorer as aie; "
            f"aie.load({str(DIGITS)!r}); print([m for m in ('tensorflow', 'keras', 'qkeras', 'plotly', 'ipywidgets', "
            "'jinja2') if m in sys.modules])")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ
                         | {"PYTHONPATH": str(ROOT)})
    assert out.stdout.strip() == "[]"


def test_the_best_few_and_copies(capsys):
    assert main(["best", str(DIGITS), "--top", "3", "--max-tiles", "30", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) == 3
    assert all(row["tiles"] <= 30 for row in rows)
    assert main(["best", str(DIGITS), "--objective", "tiles", "--copies", "3", "--json"]) == 0
    three = json.loads(capsys.readouterr().out)
    assert main(["best", str(DIGITS), "--objective", "tiles", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert (three["copies"], three["tiles"]) == (3, 3 * one["tiles"])
    assert main(["best", str(DIGITS), "--copies", "2", "--objective", "tiles"]) == 0
    assert "2 copies of the network" in capsys.readouterr().out


def test_a_front_takes_nothing_that_samples(capsys):
    for option, value in (("--limit", "5"), ("--sample", "random")):
        assert main(["sweep", str(DIGITS), "--designs", "front", option, value]) == 2
        assert f"{option.strip('-')}: a front is whole" in capsys.readouterr().err


def test_cheapest_says_what_more_costs(capsys):
    assert main(["cheapest", str(DIGITS), "--max-interval-ns", "200", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["interval_ns"] <= 200
    assert found["faster"]["interval_ns"] < found["interval_ns"]
    assert found["changed"]
    assert main(["cheapest", str(DIGITS), "--max-interval-ns", "200"]) == 0
    assert "the next faster design" in capsys.readouterr().out
    assert main(["cheapest", str(DIGITS), "--max-interval-ns", "200", "--copies", "2", "--json"]) == 0
    two = json.loads(capsys.readouterr().out)
    assert (two["copies"], two["tiles"]) == (2, 2 * found["tiles"])


@pytest.mark.parametrize(("only", "holds"), [
    ("dense0.cas_length=1,2", lambda layers: layers[0]["cas_length"] in (1, 2)),
    ("cas_num=..2", lambda layers: all(layer["cas_num"] <= 2 for layer in layers)),
    ("cas_length=2..", lambda layers: all(layer["cas_length"] >= 2 for layer in layers)),
    ("kernel_cycles=..60.5", lambda layers: all(layer["kernel_cycles"] <= 60.5 for layer in layers)),
    ("kernel_cycles=40.5..", lambda layers: all(layer["kernel_cycles"] >= 40.5 for layer in layers)),
])
def test_only_some_cuts(capsys, only, holds):
    assert main(["best", str(DIGITS), "--only", only, "--json"]) == 0
    assert holds(json.loads(capsys.readouterr().out)["layers"])


def test_clocks_may_have_decimals(capsys):
    assert main(["sweep", str(DIGITS), "--over", "clock_mhz=1000.5,1250", "--designs", "front", "--json"]) == 0
    assert {row["clock_mhz"] for row in json.loads(capsys.readouterr().out)["rows"]} == {1000.5, 1250}


@pytest.mark.parametrize("values", ["a..b", "1..b", "..nan", "..inf", "1.2.3..", "2..1e400"])
def test_a_range_that_is_none(capsys, values):
    assert main(["best", str(DIGITS), "--only", f"tiles={values}"]) == 2
    assert "is no range" in capsys.readouterr().err


def test_batches_have_no_decimals(capsys):
    assert main(["sweep", str(DIGITS), "--over", "batch=8.5"]) == 2
    assert "batch: is 8.5. Use a whole number" in capsys.readouterr().err


def test_a_sweep_into_a_folder_goes_on(capsys, folder):
    command = ["sweep", str(DIGITS), "--over", "batch=8,16", "--sample", "random", "--limit", "500", "--out",
               f"{folder}/sweep/"]
    assert main(command) == 0
    assert "wrote" in capsys.readouterr().out
    parts = {path.name: path.stat().st_mtime_ns for path in (folder / "sweep").iterdir()}
    (folder / "sweep" / "part-000001.parquet").unlink()
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["designs"] > 0
    again = {path.name: path.stat().st_mtime_ns for path in (folder / "sweep").iterdir()}
    assert [name for name in parts if parts[name] != again[name]] == ["part-000001.parquet"]


def test_a_sweep_of_fronts(capsys):
    assert main(["sweep", str(DIGITS), "--designs", "front", "--over", "batch=1,8", "--json"]) == 0
    assert {row["batch"] for row in json.loads(capsys.readouterr().out)["rows"]} == {1, 8}
