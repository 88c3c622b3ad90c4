"""Test vectors that a user brings: arrays in .npy and .npz files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import UNREADABLE, shorten


def read_arrays(path: str) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an .npz by name, or the one of an .npy as `inputs`; nothing pickled is loaded.

    Raises:
        ModelError: when the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:  # numpy leaves a file that it cannot read open
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"inputs": loaded}
            arrays = {key: loaded[key] for key in loaded.files}
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise ModelError(f"holds no test vectors ({reason})", where=path,
                         remedy="Give an .npz or .npy file") from None
    for key, values in arrays.items():
        if not isinstance(values, np.ndarray):  # numpy gives members of other kinds as bytes
            raise ModelError(f"its member {shorten(key)} is no array", where=path, remedy="Save it with numpy.savez")
    return arrays
