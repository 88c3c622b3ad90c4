"""Arguments from users, checked at the door: what comes back is a plain Python value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import DesignError, ModelError


def shown(value: object, most: int = 60) -> str:
    """A value as errors show it: its start alone where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def whole(value: object, where: str, least: int | None = None) -> int:
    """A whole number.

    Raises:
        DesignError: for anything else, or one below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or (least is not None and value < least):
        more = "" if least is None else f" of {least} or more"
        raise DesignError(f"is {shown(value)}", where=where, remedy=f"Use a whole number{more}")
    return int(value)


def number(value: object, where: str) -> float:
    """A number; infinities are left to the caller.

    Raises:
        DesignError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise DesignError(f"is {shown(value)}", where=where, remedy="Use a number")
    try:
        return float(value)
    except OverflowError:
        raise DesignError("is too large a number", where=where) from None


def samples(x: Any, where: str) -> npt.NDArray[Any]:
    """An array of real numbers.

    Raises:
        ModelError: for anything else: ragged lists, text, complex numbers, dates.
    """
    try:
        array = np.asarray(x)
    except (ValueError, TypeError):
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        raise ModelError("is not an array of real numbers", where=where)
    return array
