"""What QKeras itself computes, to compare with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import MissingExtraError, ModelError


def qkeras_predict(path: str | Path, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The predictions of a saved model, by QKeras and TensorFlow.

    Args:
        path: a .h5 or .keras file.
        x: [samples, ...] inputs in the model's units, the features of a sample in any shape.

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
        prediction: npt.NDArray[Any] = np.asarray(model.predict(x.reshape(len(x), *model.input_shape[1:]), verbose=0))
    except Exception as error:  # whatever TensorFlow raises, the user is told in a sentence
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        raise ModelError(f"QKeras cannot run it ({reason})", where=str(path)) from None
    return prediction
