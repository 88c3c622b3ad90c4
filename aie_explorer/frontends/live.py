"""Live Keras models to the same configuration and weights as a saved file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import FloatArray, RawModel, parse_json


class LiveLayer(Protocol):
    """What is used of a Keras layer."""

    name: str

    def get_weights(self) -> list[FloatArray]:
        """The layer's arrays, kernel before bias."""


@runtime_checkable
class LiveModel(Protocol):
    """What is used of a Keras 2 or Keras 3 model; no Keras is imported to read one."""

    name: str
    layers: list[LiveLayer]

    def to_json(self) -> str:
        """The configuration, as Keras would save it."""

    def get_weights(self) -> list[FloatArray]:
        """All arrays of the model."""


def read_live(model: LiveModel) -> RawModel:
    """The configuration and weights of a model in memory.

    Raises:
        ModelError: when the model cannot describe itself (a subclassed model) or is not built yet.
    """
    where = f"model {model.name!r}"
    try:
        text = model.to_json()
    except Exception as error:  # Keras raises whatever the user's classes raise
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"Keras cannot write the model's configuration: {reason}", where=where,
                         remedy="Build it as a Sequential or Functional model") from error
    if not getattr(model, "built", True):
        raise ModelError("is not built, so it has no weights yet", where=where,
                         remedy="Give it an Input layer, or call it once")
    return RawModel(parse_json(text, where), dict(_weights(model, "")), where)


def _weights(model: LiveModel, prefix: str) -> Iterator[tuple[str, tuple[FloatArray, ...]]]:
    """The arrays of every layer; those of nested models by "model/layer"."""
    for layer in model.layers:
        if isinstance(getattr(layer, "layers", None), list) and isinstance(layer, LiveModel):
            yield from _weights(layer, f"{prefix}{layer.name}/")
        else:
            arrays = (np.asarray(array, dtype=np.float32) for array in layer.get_weights())
            yield prefix + layer.name, tuple(array for array in arrays if array.ndim)  # not a count of iterations
