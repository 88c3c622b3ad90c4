"""Fit the constants of the cycle model to a user's own measurements, and keep them under a name."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import Constants, load_constants
from aie_explorer.cycles.calibration.fit import fitted
from aie_explorer.design import Design
from aie_explorer.design.estimate import recosted
from aie_explorer.errors import DesignError
from aie_explorer.files import replaced
from aie_explorer.measured.read import Measured
from aie_explorer.search.figures import figures

FOLDER = "AIE_EXPLORER_PROFILES"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def calibrate(runs: Measured | Sequence[Measured], name: str, *, folder: str | Path | None = None,
              overwrite: bool = False) -> Constants:
    """Refit the constants to measured projects and keep them as a profile.

    The constants of the package are what is known before; a constant that nothing measured depends on keeps its value.

    Args:
        runs: what was measured, of one project or several.
        name: of the profile: letters, digits, "_", "-" and ".".
        folder: where profiles are kept; the environment variable AIE_EXPLORER_PROFILES, or ~/.aie_explorer/profiles,
            when None.
        overwrite: replace a profile of that name.

    Raises:
        DesignError: when nothing was measured that the model predicts, or the profile exists.
        MissingExtraError: without scipy.
    """
    path = _path(name, folder)
    if path.exists() and not overwrite:
        raise DesignError("exists already", where=str(path), remedy="Choose another name, or overwrite it")
    rows = [row for run in ([runs] if isinstance(runs, Measured) else runs) for row in measured_rows(run)]
    if not rows:
        raise DesignError("nothing was measured that the cycle model predicts", where=name,
                          remedy="Run aiesimulator with --profile, over at least three iterations")
    constants = fitted(partial(_predicted, rows), np.array([row.cycles for row in rows]), [row.kind for row in rows],
                       load_constants())[0]
    data = {"name": name, "rows": [{"what": row.what, "cycles": row.cycles} for row in rows],
            "constants": {key: {"value": value} for key, value in zip(constants.names(), constants.values(),
                                                                      strict=True)}}
    try:
        with replaced(path, parents=True) as file:
            file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DesignError(f"cannot be written: {error.strerror or error}", where=str(path)) from None
    return constants


def load_profile(name: str, folder: str | Path | None = None) -> Constants:
    """The constants of a profile.

    Raises:
        DesignError: when there is none of that name, or it is damaged.
    """
    path = _path(name, folder)
    try:
        constants = Constants.of(json.loads(path.read_text(encoding="utf-8"))["constants"])
    except OSError:
        known = profiles(folder)
        raise DesignError(f"there is no profile {name!r}", where=str(path.parent),
                          remedy=f"There are: {', '.join(known)}" if known else "Make one with calibrate") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DesignError(f"is not a profile of this package ({type(error).__name__})", where=str(path)) from None
    if not all(0 <= value < math.inf for value in constants.values()):
        raise DesignError("is not a profile of this package (constants that are no cycles)", where=str(path))
    return constants


def profiles(folder: str | Path | None = None) -> list[str]:
    """Names of the profiles there are."""
    return sorted(path.stem for path in _folder(folder).glob("*.json"))


@dataclass(frozen=True, eq=False)
class Row:
    """What was measured of a design.

    Attributes:
        what: of which project, in words.
        kind: "kernel" (one call of a layer's slowest tile), "interval", or "latency" to the first output.
        cycles: measured.
        design: of which.
        layer: the index of the kernel's.
    """

    what: str
    kind: str
    cycles: float
    design: Design
    layer: int = 0


def measured_rows(measured: Measured) -> list[Row]:
    """What was measured, as the model predicts it: kernels, interval, latency."""
    design = measured.design
    if design is None:
        raise DesignError("holds no design to fit to", where=str(measured.path),
                          remedy="Give projects that this package exported")
    per_ns = design.device.clock_mhz / 1e3
    found = []
    for i, layer in enumerate(design.space.layers):
        kernels = measured.layer_kernels(layer.name)
        if kernels:
            found.append(Row(f"{measured.path.name} {layer.name}", "kernel",
                             max(float(kernel.least) for kernel in kernels), design, i))
    for kind, ns in (("interval", measured.interval_ns), ("latency", measured.first_out_ns)):
        if ns is not None:
            found.append(Row(f"{measured.path.name} {kind}", kind, ns * per_ns, design))
    return found


def _predicted(rows: Sequence[Row], constants: Constants) -> npt.NDArray[np.float64]:
    """Cycles of every row, as `Design.estimate` has them with some constants."""
    found = {}
    for design in {id(row.design): row.design for row in rows}.values():
        space = recosted(design.space, constants)
        whole = figures(space, np.zeros((1, len(space.layers)), np.intp), constants)
        kernels = [float(layer.cycles["kernel_cycles"][0]) for layer in space.layers]
        found[id(design)] = kernels, float(whole.interval_cycles[0]), float(whole.first_out_cycles[0])
    cycles = []
    for row in rows:
        kernels, interval, first_out = found[id(row.design)]
        cycles.append({"kernel": kernels[row.layer], "interval": interval, "latency": first_out}[row.kind])
    return np.array(cycles)


def _folder(folder: str | Path | None) -> Path:
    return Path(folder or os.environ.get(FOLDER) or Path.home() / ".aie_explorer" / "profiles")


def _path(name: str, folder: str | Path | None) -> Path:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DesignError(f"{name!r} is no name for a profile", remedy='Use letters, digits, "_", "-" and "."')
    return _folder(folder) / f"{name}.json"
