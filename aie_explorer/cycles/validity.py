"""How far an estimate stands from what has been measured, and how far off it may be."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import constants_data
from aie_explorer.cycles.operands import Operands
from aie_explorer.devices import Device
from aie_explorer.space import Table

VALIDITY = ("calibrated", "interpolated", "extrapolated", "uncalibrated")
"""From the nearest to the furthest: inside the range of whole designs that were measured; of a kernel that was
measured and inside the range of its sizes; of measured types only; of types or a generation never measured."""
CALIBRATED, INTERPOLATED, EXTRAPOLATED, UNCALIBRATED = range(4)

AXES = ("rows", "k", "n", "cas_length", "cas_num")


def validity(table: Table, operands: Operands, device: Device) -> npt.NDArray[np.int8]:
    """Index into VALIDITY of every option."""
    flags = np.full(len(table), UNCALIBRATED, np.int8)
    for family in constants_data()["measured"]:
        if (family["generation"], family["types"]) != (device.generation.name, _types(operands)):
            continue
        flags[:] = EXTRAPOLATED
        shapes = np.isin(_code(table["M"], table["K"], table["N"]), _codes(family["kernels"]["microtiles"]))
        flags[shapes & _within(table, family["kernels"]["ranges"])] = INTERPOLATED
        designs = family["designs"]
        if designs:
            shapes = np.isin(_code(table["M"], table["K"], table["N"]), _codes(designs["microtiles"]))
            flags[shapes & _within(table, designs["ranges"])] = CALIBRATED
    return flags


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


def _types(operands: Operands) -> str:
    return f"{operands.a.removeprefix('u')}x{operands.weights.removeprefix('u')}"


def _within(table: Table, ranges: dict[str, list[int]]) -> npt.NDArray[np.bool_]:
    inside = np.ones(len(table), np.bool_)
    for axis in AXES:
        least, most = ranges[axis]
        inside &= (table[axis] >= least) & (table[axis] <= most)
    return inside


def _code(M: npt.ArrayLike, K: npt.ArrayLike, N: npt.ArrayLike) -> npt.NDArray[np.int64]:
    m, k, n = (np.asarray(axis, np.int64) for axis in (M, K, N))
    return (m << 40) | (k << 20) | n


def _codes(microtiles: list[list[int]]) -> list[int]:
    return [int(_code(*shape)) for shape in microtiles]
