"""Make a saved model loadable by the Keras of every Python that the package supports.

Keras 3.13 and later write `quantization_config: null` into layers; Keras 3.12, the last one for Python 3.10, refuses it.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py


def make_portable(path: Path) -> None:
    """Drop that key, where it is null, from a model saved as .h5."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(_without(config))


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if (key, item) != ("quantization_config", None)}
    return [_without(item) for item in value] if isinstance(value, list) else value
