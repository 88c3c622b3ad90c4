"""What every front end reduces a model to before anything is understood: its configuration and its weights."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError

JsonObject = Mapping[str, object]
FloatArray = npt.NDArray[np.float32]

JSON_LIMIT_BYTES = 1 << 24
"""Largest configuration read. One layer takes about 2 KB, so this is some 8000 layers."""

WEIGHT_LIMIT = 1 << 26
"""Most weights read from a model: 64 M of them are three times the data memory of the largest array (20 MB)."""

MODELS = ("Sequential", "Functional", "Model")
"""Classes of models that describe their own graph."""

DEEPEST = 16
"""Models nested in models."""

UNREADABLE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, IndexError, EOFError, MemoryError,
              OverflowError, zipfile.BadZipFile, zlib.error)
"""What h5py, numpy and zipfile raise at files cut short, damaged, encrypted or of a newer kind."""

LIBRARIES = ("keras", "tf_keras", "tensorflow", "qkeras", "builtins")
"""Where a class may come from to be read by its name; anything else only looks like the layer we know."""


@dataclass(frozen=True, eq=False)
class RawModel:
    """A model as its file spells it.

    Attributes:
        config: the Keras configuration, {"class_name": ..., "config": ...}.
        weights: the arrays of each layer by the layer's name, kernel before bias.
        where: the file or object, for messages.
    """

    config: JsonObject
    weights: Mapping[str, tuple[FloatArray, ...]]
    where: str


def parse_json(text: str | bytes, where: str) -> JsonObject:
    """The JSON object of a configuration.

    Raises:
        ModelError: when it is too large, nested too deeply, not JSON or not an object.
    """
    if len(text) > JSON_LIMIT_BYTES:
        raise ModelError(f"the configuration is larger than {JSON_LIMIT_BYTES >> 20} MB", where=where)
    try:
        return as_object(json.loads(text), "the configuration", where)
    except (ValueError, RecursionError) as error:
        raise ModelError("the configuration is not valid JSON", where=where,
                         remedy="Save the model again from Keras") from error


def as_object(value: object, what: str, where: str) -> JsonObject:
    """`value` if it is a JSON object, else a ModelError."""
    if not isinstance(value, dict):
        raise ModelError(f"{what} is not an object but {shorten(value)}", where=where)
    return value


def as_list(value: object, what: str, where: str) -> Sequence[object]:
    """`value` if it is a JSON list, else a ModelError."""
    if not isinstance(value, (list, tuple)):
        raise ModelError(f"{what} is not a list but {shorten(value)}", where=where)
    return value


def as_text(value: object, what: str, where: str) -> str:
    """`value` if it is a string, else a ModelError."""
    if not isinstance(value, str):
        raise ModelError(f"{what} is not a string but {shorten(value)}", where=where)
    return value


def as_integer(value: object, what: str, where: str) -> int:
    """`value` if it is a whole number (8.0 counts as 8), else a ModelError."""
    if isinstance(value, (int, np.integer)) or (isinstance(value, (float, np.floating)) and float(value).is_integer()):
        return int(value)
    raise ModelError(f"{what} is not a whole number but {shorten(value)}", where=where, remedy="Use a whole number")


def class_of(spec: JsonObject, where: str) -> str:
    """The class an object of the configuration is made of, without the library's prefix.

    Keras writes `QDense`, `qkeras>QDense`, or module + class + registered name. A class of another package keeps
    its package, so that it is never taken for the one we know.

    >>> class_of({"class_name": "qkeras>QDense"}, "model"), class_of({"class_name": "mine>QDense"}, "model")
    ('QDense', 'mine>QDense')
    """
    name = as_text(spec.get("class_name"), "class_name", where)
    module, registered = spec.get("module"), spec.get("registered_name")
    if isinstance(module, str) and module.split(".")[0] not in LIBRARIES:
        return f"{module}.{name}"
    if isinstance(registered, str) and ">" in registered:
        name = registered
    package, _, bare = name.rpartition(">")
    return bare if package in ("", *LIBRARIES) else name


def shorten(value: object, limit: int = 60) -> str:
    """The value as Python spells it, cut to fit a message."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
