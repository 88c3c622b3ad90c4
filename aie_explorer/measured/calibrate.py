"""Fit the constants of the cycle model to a user's own measurements, and keep them under a name."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path

from aie_explorer.cycles import Constants, load_constants
from aie_explorer.cycles.calibration import Measurement
from aie_explorer.cycles.calibration.fit import fit
from aie_explorer.cycles.spec import NetworkSpec
from aie_explorer.errors import DesignError
from aie_explorer.files import replaced
from aie_explorer.measured.read import Measured

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
    constants = fit(rows, load_constants())
    data = {"name": name, "rows": [{"what": row.id, "cycles": row.cycles} for row in rows],
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


def measured_rows(measured: Measured) -> list[Measurement]:
    """What was measured, as the model predicts it: kernels, interval, latency."""
    design = measured.design
    if design is None:
        raise DesignError("holds no design to fit to", where=str(measured.path),
                          remedy="Give projects that this package exported")
    spec = design.spec
    per_ns = design.device.clock_mhz / 1e3
    found = []
    for i, layer in enumerate(spec.layers):
        kernels = measured.layer_kernels(layer.name)
        if kernels:
            alone = NetworkSpec(spec.device, spec.batch, False, (spec.layers[i],))
            found.append(_row(measured, "kernel", layer.name, max(float(kernel.least) for kernel in kernels), alone))
    for kind, ns in (("interval", measured.interval_ns), ("latency", measured.first_out_ns)):
        if ns is not None:
            found.append(_row(measured, kind, kind, ns * per_ns, spec))
    return found


def _row(measured: Measured, kind: str, what: str, cycles: float, spec: NetworkSpec) -> Measurement:
    return Measurement(f"{measured.path.name} {what}", True, str(measured.path), what, kind, cycles, spec, (0, 0, 0),
                        measured.path.name, "")


def _folder(folder: str | Path | None) -> Path:
    return Path(folder or os.environ.get(FOLDER) or Path.home() / ".aie_explorer" / "profiles")


def _path(name: str, folder: str | Path | None) -> Path:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DesignError(f"{name!r} is no name for a profile", remedy='Use letters, digits, "_", "-" and "."')
    return _folder(folder) / f"{name}.json"
