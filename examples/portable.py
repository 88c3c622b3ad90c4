"""Make a saved model loadable by the Keras of every Python that the package supports.

Keras 3.13 and later write arguments that Keras 3.12, the last one for Python 3.10, refuses even though they are null.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py

NEWER = ("quantization_config", "input_axes", "output_axes")


def make_portable(path: Path) -> None:
    """Drop those arguments, where they are null, from a model saved as .h5."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(_without(config))


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in NEWER or item is not None}
    return [_without(item) for item in value] if isinstance(value, list) else value
