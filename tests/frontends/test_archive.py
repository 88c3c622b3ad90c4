"""Saved files: layouts, damage, limits."""

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.frontends import load
from aie_explorer.frontends.archive import snake_case
from aie_explorer.reference import simulate

from .conftest import BITS8, dense, layer, sequential, write_h5, write_keras

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
MODEL = sequential(layer("QActivation", "q", activation=BITS8), dense("b", 3, activation="quantized_relu(6,0)"),
                   dense("a", 2))
WEIGHTS = {"q": [], "b": [np.float32(np.eye(4, 3) / 2)], "a": [np.float32(np.eye(3, 2) / 4)]}


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_qkeras_09_on_tf_keras(suffix):
    vectors = np.load(DATA / "qkeras09.npz")
    network = load(DATA / f"qkeras09.{suffix}")
    assert network.digest == load(DATA / "qkeras09.h5").digest
    assert np.array_equal(simulate(network, vectors["inputs"]), vectors["predictions"])


def test_keras_weights_are_found_by_class_number_or_by_name(tmp_path):
    expected = load(write_h5(tmp_path / "m.h5", MODEL, WEIGHTS)).digest
    numbered = {"b": "q_dense", "a": "q_dense_1", "q": "q_activation"}
    assert load(write_keras(tmp_path / "n.keras", MODEL, WEIGHTS, numbered.get)).digest == expected
    assert load(write_keras(tmp_path / "m.keras", MODEL, WEIGHTS)).digest == expected


def test_kernel_and_bias_in_any_order(tmp_path):
    model = sequential(layer("QActivation", "q", activation=BITS8), dense("a", 4, use_bias=True))
    path = write_h5(tmp_path / "m.h5", model, {"a": [np.float32(np.eye(4) / 2), np.zeros(4, np.float32)]})
    expected = load(path).digest
    with h5py.File(path, "a") as file:
        attributes = file["model_weights/a"].attrs
        attributes["weight_names"] = attributes["weight_names"][::-1]
    assert load(path).digest == expected


@pytest.mark.parametrize(("name", "key"), [("QDense", "q_dense"), ("ReLU", "re_lu"), ("Dense", "dense")])
def test_snake_case(name, key):
    assert snake_case(name) == key


def test_reading_imports_no_tensorflow_and_runs_nothing():
    code = ("import sys; from aie_explorer.frontends import load; load('examples/digits_mlp.h5'); "
            "load('tests/frontends/data/qkeras09.keras'); "
            "print([m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'keras', 'tf_keras', 'qkeras')])")
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def refused(path, reason="."):
    with pytest.raises(ModelError, match=reason) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_missing_file_folder_and_other_files(tmp_path):
    refused(tmp_path / "none.h5", "no such file")
    refused(tmp_path, "SavedModel")
    for content in (b"", b"hello", b"\x89HDF", b"PK\x03\x04 not a zip"):
        (tmp_path / "odd.h5").write_bytes(content)
        refused(tmp_path / "odd.h5", "neither")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), suffix=st.sampled_from(["h5", "keras"]))
def test_damaged_files_load_or_are_refused(tmp_path, data, suffix):
    content = bytearray((DATA / f"qkeras09.{suffix}").read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + 8] = data.draw(st.binary(min_size=8, max_size=8))
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(bytes(content))
    with contextlib.suppress(ModelError):
        load(path)


CONFIGS = {
    "not json": "{",
    "deep": "[" * 100_000,
    "list": "[]",
    "no config": {"class_name": "Sequential"},
    "no layers": {"class_name": "Sequential", "config": {"name": "a", "layers": []}},
    "layers of numbers": {"class_name": "Sequential", "config": {"name": "a", "layers": [1, 2]}},
    "subclassed": {"class_name": "MyModel", "config": {}},
    "no input shape": {"class_name": "Sequential", "config": {"name": "a", "layers": [dense("fc", 2)]}},
    "open shape": sequential(dense("fc", 2), shape=(None,)),
    "text for units": sequential(layer("QActivation", "q", activation=BITS8), dense("a", "two")),
    "infinite units": sequential(layer("QActivation", "q", activation=BITS8), dense("a", float("inf"))),
    "no name": sequential({"class_name": "QDense", "config": {}}),
    "no dense": sequential(layer("QActivation", "q", activation=BITS8)),
    "quantizer is a list": sequential(layer("QActivation", "q", activation=[1])),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=list(CONFIGS))
def test_malformed_configuration(tmp_path, config):
    with pytest.raises(ModelError):
        load(write_h5(tmp_path / "m.h5", config, WEIGHTS))


ARRAYS = {
    "shape": (np.zeros((3, 3), np.float32), "asks for weights of shape"),
    "nan": (np.full((4, 3), np.nan, np.float32), "NaN"),
    "text": (np.array([[b"x"] * 3] * 4), "real numbers"),
}


@pytest.mark.parametrize(("array", "reason"), ARRAYS.values(), ids=list(ARRAYS))
def test_wrong_weights(tmp_path, array, reason):
    refused(write_h5(tmp_path / "m.h5", MODEL, {**WEIGHTS, "b": [array]}), reason)


def test_missing_weights_and_weight_only_files(tmp_path):
    refused(write_h5(tmp_path / "m.h5", MODEL, {"q": [], "b": WEIGHTS["b"]}), "holds none")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_group("model_weights")
    refused(tmp_path / "w.h5", "without the model's configuration")


def test_absurd_sizes_are_refused_unread(tmp_path):
    path = write_h5(tmp_path / "m.h5", MODEL, WEIGHTS)
    with h5py.File(path, "a") as file:
        del file["model_weights/a/a/kernel"]
        file.create_dataset("model_weights/a/a/kernel", (1 << 40, 1 << 20), "f4", chunks=(64, 64))
    refused(path, "M weights")
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (1 << 25))
        archive.writestr("model.weights.h5", b"")
    refused(tmp_path / "bomb.keras", "larger than")


def test_links_to_other_files_are_refused(tmp_path):
    other = write_h5(tmp_path / "other.h5", MODEL, WEIGHTS)
    path = write_h5(tmp_path / "m.h5", MODEL, WEIGHTS)
    with h5py.File(path, "a") as file:
        del file["model_weights/a/a/kernel"]
        file["model_weights/a/a/kernel"] = h5py.ExternalLink(str(other), "model_weights/a/a/kernel")
    refused(path, "link")


def test_archive_without_weights(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(MODEL))
    refused(tmp_path / "m.keras", "no model.weights.h5")
    buffer = io.BytesIO()
    h5py.File(buffer, "w").close()
    with zipfile.ZipFile(tmp_path / "m.keras", "a") as archive:
        archive.writestr("model.weights.h5", buffer.getvalue())
    refused(tmp_path / "m.keras", "no layers")
