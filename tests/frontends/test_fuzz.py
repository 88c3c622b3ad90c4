"""Damaged files give clean errors in bounded time and memory, never anything else."""

import io
import json
import random
import resource
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from aie_explorer.errors import AieExplorerError
from aie_explorer.frontends import load

EXAMPLES = Path(__file__).resolve().parents[2] / "aie_explorer" / "examples"
CONSTANTS = (None, -1, 0, 1, 2**31, 2**70, 1e300, float("nan"), "", "x", "../../x", [], {}, [[]], True, [None, 2**40],
             "quantized_bits(" * 50, {"class_name": "QDense", "config": {}}, "Functional", "Sequential")


def original(ending):
    """A model with branches, a nested model and every kind of layer, as a file."""
    return (Path(__file__).parent / "data" / f"many.{ending}").read_bytes()


def flipped(rng, data):
    """Some bytes changed, dropped or repeated."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        if not data:
            break
        at = rng.randrange(len(data))
        kind = rng.random()
        if kind < 0.7:
            data[at] = rng.randrange(256)
        elif kind < 0.85:
            del data[at:at + rng.randint(1, 200)]
        else:
            data[at:at] = data[at:at + rng.randint(1, 200)]
    return bytes(data)


def swapped(rng, config):
    """A configuration with some of its values exchanged for others or for constants."""
    config = json.loads(json.dumps(config))
    places = []

    def walk(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(config)
    for _ in range(rng.randint(1, 4)):
        node, key = rng.choice(places)
        other, other_key = rng.choice(places)
        kind = rng.random()
        if kind < 0.5:
            node[key] = rng.choice(CONSTANTS)
        elif kind < 0.8:
            try:
                node[key] = json.loads(json.dumps(other[other_key]))
            except (KeyError, IndexError, TypeError):
                continue
        elif isinstance(node, dict):
            node.pop(key, None)
    return config


def damaged(rng, folder):
    """A damaged file, and how it was made."""
    ending = rng.choice(["h5", "keras"])
    path = folder / f"m.{ending}"
    kind = rng.choice(["bytes", "config", "config", "config", "shapes", "inside"])
    path.write_bytes(original(ending))
    if kind == "bytes":
        path.write_bytes(flipped(rng, original(ending)))
    elif ending == "h5":
        with h5py.File(path, "r+") as file:
            if kind == "config":
                file.attrs["model_config"] = json.dumps(swapped(rng, json.loads(file.attrs["model_config"])))
            else:
                edit_arrays(rng, file)
    else:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if kind == "config":
            members["config.json"] = json.dumps(swapped(rng, json.loads(members["config.json"]))).encode()
        elif kind == "inside":
            name = rng.choice(list(members))
            members[name] = flipped(rng, members[name])
        else:
            buffer = io.BytesIO(members["model.weights.h5"])
            with h5py.File(buffer, "r+") as file:
                edit_arrays(rng, file)
            members["model.weights.h5"] = buffer.getvalue()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
    return path, kind


def edit_arrays(rng, file):
    """Arrays of other shapes, types and contents; huge ones that take no room in the file."""
    arrays = []
    file.visititems(lambda name, one: arrays.append(name) if isinstance(one, h5py.Dataset) else None)
    for name in rng.sample(arrays, min(len(arrays), rng.randint(1, 3))):
        shape = file[name].shape
        del file[name]
        kind = rng.randrange(5)
        if kind == 0:
            file.create_dataset(name, shape=(2**20, 2**20), dtype="f4", chunks=(1024, 1024))
        elif kind == 1:
            file[name] = np.full(shape, rng.choice([np.nan, np.inf, 1e38, 1e-40]), np.float32)
        elif kind == 2:
            file[name] = np.zeros((*shape, 1), np.float32)
        elif kind == 3:
            file[name] = h5py.SoftLink("/")
        else:
            file[name] = np.array(["text"], dtype="S4")


def check(seed, folder):
    """1 if the file is refused; a file that is still sound may load."""
    rng = random.Random(seed)
    path, kind = damaged(rng, folder)
    try:
        load(path)
    except AieExplorerError as error:
        assert str(error)  # noqa: PT017
        return 1
    except Exception as error:
        error.add_note(f"seed {seed}: {kind}") if hasattr(error, "add_note") else None
        raise
    return 0


@pytest.mark.filterwarnings("ignore")
def test_damaged_files(tmp_path):
    assert sum(check(seed, tmp_path) for seed in range(200)) > 100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_at_length(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = sum(check(seed, tmp_path) for seed in range(200, 2200))
    print(f"{refused} of 2000 refused, the others still sound")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # KB


def bomb(size):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * size)
        archive.writestr("model.weights.h5", b"\0" * size)
    return buffer.getvalue()


def test_a_zip_bomb(tmp_path):
    (tmp_path / "m.keras").write_bytes(bomb(1 << 26))
    with pytest.raises(AieExplorerError, match="larger than"):
        load(tmp_path / "m.keras")
