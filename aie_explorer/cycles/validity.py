"""How far an estimate stands from what has been measured, and how far off it may be."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import constants_data
from aie_explorer.cycles.operands import Operands, shape_code
from aie_explorer.devices import Device
from aie_explorer.space import TWO_BY_TWO, Table

VALIDITY = ("calibrated", "interpolated", "extrapolated", "uncalibrated")
"""From the nearest to the furthest: inside the range of whole designs that were measured; of a kernel that was
measured, with results of a measured type and inside the range of its sizes; of measured types only; of types or a
generation never measured."""
CALIBRATED, INTERPOLATED, EXTRAPOLATED, UNCALIBRATED = range(4)

AXES = ("rows", "k", "n", "cas_length", "cas_num")


def validity(table: Table, operands: Operands, device: Device) -> npt.NDArray[np.int8]:
    """Index into VALIDITY of every option."""
    flags = np.full(len(table), UNCALIBRATED, np.int8)
    if operands.affine or operands.lookup:
        return flags
    types = f"{bare(operands.a)}x{bare(operands.weights)}"
    for family in constants_data()["measured"]:
        if (family["generation"], family["types"]) == (device.generation.name, types):
            code = shape_code(table["M"], table["K"], table["N"])
            flags[:] = EXTRAPOLATED
            for level, measured in ((INTERPOLATED, family["kernels"]), (CALIBRATED, family["designs"])):
                if measured and bare(operands.out) in measured["outs"]:
                    flags[_inside(table, code, measured)] = level
    # of other blockings no whole design has been measured
    other = (table["block_rows"] != TWO_BY_TWO.rows) | (table["block_columns"] != TWO_BY_TWO.columns)
    flags[other] = np.maximum(flags[other], EXTRAPOLATED)
    return flags


def bare(storage: str) -> str:
    """A type without its sign, which costs no cycles."""
    return storage.removeprefix("u")


def error_pct(kind: str, level: npt.ArrayLike, unmeasured: npt.ArrayLike = 0.0) -> npt.NDArray[np.float64]:
    """The expected error of an estimate, in percent: what designs and sources left out of the fit were off by.

    Args:
        kind: "interval" or "latency".
        level: index into VALIDITY.
        unmeasured: for uncalibrated estimates, the share (0 to 1) of the estimate that fitted constants make up; all
            of it may be wrong, the rest is bound by the machine.
    """
    errors = _errors(kind)
    index = np.asarray(level, np.int64)
    known = errors[np.minimum(index, EXTRAPOLATED)]
    doubtful = np.maximum(known, 100 * np.asarray(unmeasured, np.float64))
    chosen: npt.NDArray[np.float64] = np.where(index == UNCALIBRATED, doubtful, known)
    return chosen


@cache
def _errors(kind: str) -> npt.NDArray[np.float64]:
    entry: dict[str, Any] = constants_data()["error_pct"][kind]
    return np.array([entry[name] for name in VALIDITY[:UNCALIBRATED]], np.float64)


def _inside(table: Table, code: npt.NDArray[np.int32], measured: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """Options of a measured microtile, within the ranges of its sizes."""
    inside = np.zeros(len(table), np.bool_)
    for shape in measured["microtiles"]:
        inside |= code == shape_code(*shape)
    for axis, (least, most) in measured["ranges"].items():
        inside &= (table[axis] >= least) & (table[axis] <= most)
    return inside
