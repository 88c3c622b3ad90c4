"""Names of every kind go in; what comes out compiles, and is bit-exact."""

import json
import re

import h5py
import numpy as np
import pytest
from frontends.conftest import BITS8, dense, layer, sequential, write_h5
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_explorer as aie
from aie_explorer.emulation import find_compiler
from aie_explorer.frontends.names import CPP_KEYWORDS, identifier
from aie_explorer.ir.network import IDENTIFIER

NAMES = ["int", "main", "__x", "_X", "adf", "std", "NULL", "assert", "errno", "INT_MAX", "../../passwd",
         "a" * 300, "a" * 301,
         "quote\"'`$(touch x)", "new\nline", "héé/ñ", "层", "日本", "A b", "a_b", "a b", "dense", "DENSE", "Dense",
         "con",
         "x.y.z", "*/ int x; /*", "\\", "%s{{ 1 }}{% raw %}", "weights", "0", "template", "\u202e", "a\0b"]


def network_of(folder, names, size=4):
    """A model of small layers with these names."""
    layers = [layer("QActivation", "q", activation=BITS8)]
    weights: dict[str, list[np.ndarray]] = {"q": []}
    rng = np.random.default_rng(0)
    for name in names:
        layers.append(dense(name, size, activation="quantized_relu(8,2)"))
    path = write_h5(folder / "m.h5", sequential(*layers, shape=(size,)), weights)
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs.create("layer_names", np.array(["q", *names], dtype=h5py.string_dtype()))
        for index, name in enumerate(names):
            child = group.require_group(name)
            child.attrs.create("weight_names", np.array([f"k{index}"], dtype=h5py.string_dtype()))
            child[f"k{index}"] = rng.integers(-64, 64, (size, size)).astype(np.float32) / 128
    return aie.load(path)


def test_a_project_of_odd_names_is_bit_exact(tmp_path):
    """Every name of the list in one network; those that HDF5 itself cannot hold are left out."""
    names = [name for name in NAMES if "\0" not in name and "/" not in name]
    network = network_of(tmp_path, names)
    assert len(network.layers) == len(names)
    folded = [op.name.lower() for op in network.layers]
    assert len(set(folded)) == len(folded), "two files of one name where case does not count"
    design = aie.Explorer(network).best("tiles")
    path = design.export(tmp_path / "p", verify=False).path
    assert [file for file in tmp_path.iterdir() if file.name not in ("m.h5", "p")] == []
    files = [file.relative_to(path).as_posix() for file in path.rglob("*")]
    assert len({name.lower() for name in files}) == len(files)
    assert all(re.fullmatch(r"[A-Za-z0-9_./]+", name) and max(map(len, name.split("/"))) < 100 for name in files)
    assert aie.load_design(path) == design


def test_and_compiles(tmp_path):
    """The worst few, compiled and run."""
    if find_compiler():
        network = network_of(tmp_path, ["int", "*/ \"int x; /*", "层"])
        assert aie.Explorer(network).best("tiles").export(tmp_path / "p").verdict.mismatches == 0


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name and "/" not in name][::5])
def test_the_name_of_a_network(tmp_path, name):
    config = sequential(layer("QActivation", "q", activation=BITS8), dense("a", 4), shape=(4,))
    config["config"]["name"] = name
    path = write_h5(tmp_path / "m.h5", config, {"q": [], "a": [np.float32(np.eye(4) / 2)]})
    network = aie.load(path)
    assert IDENTIFIER.fullmatch(network.name)
    text = aie.Explorer(network).best("tiles").export(tmp_path / "p", verify=False).path / "aie" / "graph.h"
    assert json.dumps(name) not in text.read_text() or IDENTIFIER.fullmatch(name)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.one_of(st.text(), st.sampled_from(NAMES), st.from_regex(r"[A-Za-z_]+[0-9]?", fullmatch=True)),
                min_size=1, max_size=12))
def test_identifiers(names):
    taken: set[str] = set()
    made = [identifier(name, taken) for name in names]
    assert len({name.lower() for name in made}) == len(made)
    for name in made:
        assert IDENTIFIER.fullmatch(name)
        assert name not in CPP_KEYWORDS
        assert "__" not in name
        assert not name.startswith("_")
