"""Bytes of files that went wrong: models, vectors, sweeps, what simulators wrote."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import strategies as st

import aie_explorer as aie
from aie_explorer.cli.models import read_vectors
from aie_explorer.measured import comparison, read
from aie_explorer.reference import simulate_ints

from .mutate import HUGE, both, damaged, lawful, mutated
from .test_kill import DESIGNS, EXPLORER

DATA = Path(__file__).parents[1] / "frontends" / "data"
MODELS = {ending: (DATA / f"many.{ending}").read_bytes() for ending in ("h5", "keras")}
with zipfile.ZipFile(io.BytesIO(MODELS["keras"])) as archive:
    MEMBERS = {name: archive.read(name) for name in archive.namelist()}
CONFIG = json.loads(MEMBERS["config.json"])
PARQUET = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def loads(path):
    """The law of a model: refused in words, or a network that computes within its types."""
    with lawful():
        network = aie.load(path)
        zeros = {name: np.zeros((2, *network.tensors[name].shape), np.int64) for name in network.inputs}
        assert all(np.isfinite(values).all() for values in simulate_ints(network, zeros).values())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@both(mutated(CONFIG), quick=40, many=3000)
def test_configurations_of_models(folder, data):
    path = folder / "model" / "m.keras"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**MEMBERS, "config.json": json.dumps(data).encode(errors="surrogatepass")}.items():
            file.writestr(name, content)
    loads(path)


@st.composite
def weights(draw):
    """The weight file with some arrays of other values, shapes and types."""
    buffer = io.BytesIO(MEMBERS["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None)
        for name in draw(st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=3, unique=True)):
            array = np.atleast_1d(np.asarray(file[name], np.float64))
            kind = draw(st.sampled_from(["value", "value", "all", "type", "shape", "gone"]))
            if kind == "value":
                array.flat[draw(st.integers(0, array.size - 1))] = draw(st.sampled_from([*HUGE, 1e38, 1e-45, 2.0**24]))
            elif kind == "all":
                array[...] = draw(st.sampled_from([*HUGE, 1e38, 1e-45, 0, 127.5]))
            elif kind == "shape":
                array = draw(st.sampled_from([array[..., None], array.ravel(), array[:0], array.T, np.float64(0)]))
            del file[name]
            if kind != "gone":
                kinds = ["f2", "f8", "i1", "i8", "u8", "c8", "?", "S3"] if kind == "type" else ["f8", "f4"]
                with np.errstate(all="ignore"):
                    file[name] = np.nan_to_num(array).astype(draw(st.sampled_from(kinds))) if kind == "type" else (
                        np.asarray(array).astype(draw(st.sampled_from(kinds))))
    return buffer.getvalue()


@both(weights(), quick=40, many=2000)
def test_weights_of_models(folder, data):
    path = folder / "weights" / "m.keras"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**MEMBERS, "model.weights.h5": data}.items():
            file.writestr(name, content)
    loads(path)


@both(st.sampled_from(sorted(MODELS.values(), key=len)).flatmap(damaged), quick=40, many=3000)
def test_bytes_of_models(folder, data):
    path = folder / "bytes" / "m.h5"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    loads(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", ["bomb", "parent", "twice", "folder", "link"])
def test_archives_that_lie(tmp_path, case):
    path = tmp_path / "in" / "m.keras"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        if case == "bomb":
            file.writestr("config.json", b" " * (1 << 27))
        if case == "parent":
            file.writestr("../config.json", MEMBERS["config.json"])
        if case == "folder":
            file.writestr("config.json/", b"")
        if case == "link":
            info = zipfile.ZipInfo("config.json")
            info.external_attr = 0o120777 << 16
            file.writestr(info, "/etc/passwd")
        if case == "twice":
            file.writestr("config.json", b"{}")
            file.writestr("config.json", MEMBERS["config.json"])
        file.writestr("model.weights.h5", MEMBERS["model.weights.h5"])
    loads(path)
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


ARRAYS = io.BytesIO()
np.savez(ARRAYS, inputs=np.zeros((4, 3)), predictions=np.zeros((4, 2)))


@both(damaged(ARRAYS.getvalue()), quick=60, many=5000)
def test_vectors(folder, data):
    (folder / "v.npz").write_bytes(data)
    with lawful():
        read_vectors(str(folder / "v.npz"))


SWEEP = io.BytesIO()
EXPLORER.sweep({"batch": [1, 2]}).to_parquet(SWEEP)


@both(damaged(SWEEP.getvalue()), quick=60, many=4000)
def test_parquet(folder, data):
    (folder / "s.parquet").write_bytes(data)
    with lawful():
        aie.read_sweep(folder / "s.parquet")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "s"
    EXPLORER.sweep_to(path, {"batch": [1, 2]})
    return path


@both(mutated({"format": 1, "sweep": "x", "cycle_model": "y", "network": "z", "chunks": 2}), quick=40, many=2000)
def test_manifests_of_sweeps(folder, store, data):
    shutil.copytree(store, folder / "store", dirs_exist_ok=True)
    (folder / "store" / "sweep.json").write_text(json.dumps(data), encoding="utf-8", errors="surrogatepass")
    with lawful():
        aie.read_sweep(folder / "store")
    with lawful():
        EXPLORER.sweep_to(folder / "store", {"batch": [1, 2]})


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A project as aiesimulator leaves it."""
    path = DESIGNS[0].export(tmp_path_factory.mktemp("measured") / "p", verify=False).path
    output = path / "aiesimulator_output"
    (output / "data").mkdir(parents=True)
    for file in (path / "data").glob("*.txt"):
        lines = "".join(f"T {10 * i} ns\n{line}\n" for i, line in enumerate(file.read_text().splitlines()))
        (output / "data" / file.name.removeprefix("expected_")).write_text(lines + "TLAST\n")
    (output / "profile_funct_6_1.txt").write_text(
        "tile_6_1\n 1  4  400 90.0% 100 100.0 100   4  440 95.0% 110 110.0 110  0 0 dense0_first\n")
    return path


@both(st.tuples(st.integers(0, 99), st.binary(max_size=1), st.integers(0, 500), st.sampled_from(
    ["T 1e9 ns\n", "T -1 ns", "nan\n", "inf ", "1" * 5000, "TLAST\n", "\0", "\ufeff", "T 5 s\n", "x", " ", "-0 ", "٣ ",
     "1 " * 5000])), quick=60, many=4000)
def test_what_simulators_wrote(folder, simulated, data):
    which, _, at, insert = data
    files = sorted(path for path in simulated.rglob("*") if path.is_file() and "_output" in str(path))
    file = files[which % len(files)]
    before = file.read_text()
    try:
        file.write_text(before[:at] + insert + before[at:] if which % 3 else before[:at], encoding="utf-8")
        with lawful():
            found = read(simulated)
            comparison(found)
            assert found.to_frame() is not None
    finally:
        file.write_text(before)
