"""What QKeras itself computes, to compare with."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import MissingExtraError, ModelError


def qkeras_predict(path: str | Path, x: Sequence[npt.NDArray[Any]], layers: Collection[str]
                   ) -> dict[str, npt.NDArray[Any]]:
    """The outputs of layers of a saved model, by QKeras and TensorFlow.

    Args:
        path: a .h5 or .keras file.
        x: [samples, ...] numbers for every input in the model's units, the features of a sample in any shape.
        layers: names of layers; those inside of nested models and those called more than once are passed over.

    Returns:
        [samples, ...] by the layer's name.

    Raises:
        MissingExtraError: when QKeras is not installed.
        ModelError: when QKeras cannot load or run the model.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from qkeras.utils import load_qmodel
    except ImportError:
        raise MissingExtraError("QKeras", "qkeras", "comparing with the model itself") from None
    try:
        model = load_qmodel(str(path), compile=False)
        return layer_outputs(model, x, layers)
    except Exception as error:  # whatever TensorFlow raises, the user is told in a sentence
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
        raise ModelError(f"QKeras cannot run it ({reason})", where=str(path)) from None


def layer_outputs(model: Any, x: Sequence[npt.NDArray[Any]], layers: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """The outputs of layers of a Keras model in memory; arguments and result as those of `qkeras_predict`."""
    import keras

    wanted = {}
    for layer in model.layers:
        try:
            if layer.name in layers:
                wanted[layer.name] = layer.output
        except (AttributeError, ValueError):  # called more than once, or never
            continue
    inner = keras.Model(model.inputs, list(wanted.values()))
    shaped = [values.reshape(len(values), *tensor.shape[1:]) for values, tensor in zip(x, model.inputs, strict=True)]
    found = inner.predict(shaped if len(shaped) > 1 else shaped[0], verbose=0)
    return dict(zip(wanted, [np.asarray(one) for one in (found if isinstance(found, list) else [found])], strict=True))
