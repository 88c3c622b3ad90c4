"""QKeras's own predictions, computed in a process of its own.

TensorFlow writes to standard error as it likes and can end a process it does not suit; neither should reach the user
of the command line as it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cli.text import Progress
from aie_explorer.errors import AieExplorerError, ModelError

REFUSED = 2
POLL_S = 0.2


def predict_apart(model: str, x: Sequence[npt.NDArray[Any]], layers: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """What `frontends.qkeras_predict` gives, without its noise.

    Args:
        model: a .h5 or .keras file.
        x: [samples, ...] of every input in the model's units.
        layers: names of the layers whose outputs are wanted.

    Raises:
        ModelError: when QKeras cannot load or run the model.
    """
    with tempfile.TemporaryDirectory(prefix="aie_explorer.") as folder:
        scratch = Path(folder)
        np.savez(scratch / "x.npz", *x)
        (scratch / "layers").write_text("\n".join(layers), encoding="utf-8")
        # The child starts in the scratch folder, so that no file where the user stands is imported by accident.
        path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
        command = [sys.executable, "-m", "aie_explorer.cli.predict", str(Path(model).resolve())]
        with open(scratch / "noise", "w+", encoding="utf-8", errors="replace") as noise:
            code = _wait(subprocess.Popen(command, cwd=scratch, env=os.environ | {"PYTHONPATH": path},
                                          stdin=subprocess.DEVNULL, stdout=noise, stderr=noise))
        if code == REFUSED:
            raise ModelError((scratch / "problem").read_text(encoding="utf-8"), where=model)
        if code != 0:
            last = (scratch / "noise").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise ModelError(f"QKeras ended with exit code {code} ({''.join(last)[:200]})", where=model)
        with np.load(scratch / "y.npz", allow_pickle=False) as arrays:
            names = json.loads((scratch / "names").read_text(encoding="utf-8"))
            return {name: arrays[f"arr_{i}"] for i, name in enumerate(names)}


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code; the process ends with us if we are interrupted."""
    progress = Progress("QKeras")
    try:
        while True:
            try:
                code = process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                progress(0, 1)
                continue
            progress(1, 1)
            return code
    finally:
        process.kill()
        process.wait()


def _child(model: str) -> int:
    from aie_explorer.frontends import qkeras_predict

    with np.load("x.npz", allow_pickle=False) as arrays:
        x = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    try:
        found = qkeras_predict(model, x, Path("layers").read_text(encoding="utf-8").split("\n"))
    except AieExplorerError as error:
        problem = f"{error.problem}. {error.remedy}" if error.remedy else error.problem
        Path("problem").write_text(problem, encoding="utf-8")
        return REFUSED
    np.savez("y.npz", *found.values())
    Path("names").write_text(json.dumps(list(found)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(_child(sys.argv[1]))
