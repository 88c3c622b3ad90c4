"""Saved models written with h5py and zipfile, so that most tests need no TensorFlow."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

BITS8 = "quantized_bits(8,0,alpha=1)"


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, **config}}


def dense(name, units, kind="QDense", **config):
    settings = {"units": units, "use_bias": False, "activation": "linear", "kernel_quantizer": BITS8,
                "bias_quantizer": None}
    return layer(kind, name, **{**settings, **config})


def sequential(*layers, shape=(4,)):
    head = layer("InputLayer", "x", batch_shape=[None, *shape], dtype="float32")
    return {"class_name": "Sequential", "config": {"name": "tiny", "layers": [head, *layers]}}


def write_h5(path: Path, config, weights):
    """`weights`: the arrays of each layer by name, kernel first."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array(list(weights), dtype="S")
        for name, arrays in weights.items():
            child = group.create_group(name)
            names = [f"{name}/{part}" for part in ("kernel", "bias")[: len(arrays)]]
            child.attrs["weight_names"] = np.array(names, dtype="S")
            for key, array in zip(names, arrays, strict=True):
                child[key] = array
    return path


def write_keras(path: Path, config, weights, key=lambda name: name):
    """A .keras archive; `key` names the group of a layer."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, arrays in weights.items():
            for index, array in enumerate(arrays):
                file[f"layers/{key(name)}/vars/{index}"] = array
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", buffer.getvalue())
    return path


@pytest.fixture
def saved(tmp_path):
    """Writes a Sequential model of these layers on four inputs; gives its path."""
    def write(*layers, weights=None, shape=(4,)):
        if weights is None:
            weights = {}
            size = int(np.prod(shape))
            for one in layers:
                if "units" in one["config"]:
                    units = one["config"]["units"]
                    kernel = np.linspace(-0.9, 0.9, size * units, dtype=np.float32).reshape(size, units)
                    bias = [np.full(units, 0.25, np.float32)] if one["config"]["use_bias"] else []
                    weights[one["config"]["name"]] = [kernel, *bias]
                    size = units
        return write_h5(tmp_path / "model.h5", sequential(*layers, shape=shape), weights)
    return write


@pytest.fixture
def quantize_input():
    return layer("QActivation", "q", activation=BITS8)
