"""Between what is brushed on an axis of the parallel coordinates and what is kept of the column behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from aie_explorer.plots.space import AxisInfo
from aie_explorer.widgets.table import Filters, Span

LEAST = 1e-6  # shown on a logarithmic axis
HALF = 0.3
"""Of the room between two words on an axis: what is brushed around one of them."""


def from_axis(ranges: Sequence[Sequence[float]], axis: AxisInfo) -> Span | None:
    """What brushed intervals keep of a column; None when nothing is brushed."""
    parts = [(min(part), max(part)) for part in ranges]
    if not parts:
        return None
    if axis.words:
        return tuple(word for i, word in enumerate(axis.words) if any(low <= i <= high for low, high in parts)) or None
    return tuple((10.0**low, 10.0**high) if axis.log else (float(low), float(high)) for low, high in parts)


def to_axis(span: Span, axis: AxisInfo) -> list[list[float]]:
    """The intervals to show as brushed."""
    found: list[list[float]] = []
    for part in span:
        if isinstance(part, str):
            if part in axis.words:
                place = axis.words.index(part)
                found.append([place - HALF, place + HALF])
        elif axis.log:
            found.append([math.log10(max(part[0], LEAST)), math.log10(max(part[1], LEAST))])
        else:
            found.append([part[0], part[1]])
    return found


def unbrushed(filters: Filters) -> Filters:
    """The filters that are not drawn on axes: lines outside brushed ranges stay in the background."""
    return replace(filters, spans=())
