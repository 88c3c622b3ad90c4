"""What a user may ask to make best, and under which limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.errors import DesignError, nearest
from aie_explorer.search.space import DesignSpace
from aie_explorer.space.usage import input_stage_bytes, macs_issued, output_stage_bytes

PATH = ("tiles", "interval_cycles", "latency_cycles")
Column = npt.NDArray[np.float64]


def _plio_in(space: DesignSpace, i: int) -> Column:
    ports: Column = space.layers[i].cycles["plio_in"] * float(i in space.input_layers)
    return ports


def _plio_out(space: DesignSpace, i: int) -> Column:
    ports: Column = space.layers[i].cycles["plio_out"] * float(space.output_layers.count(i))
    return ports


def _plio(space: DesignSpace, i: int) -> Column:
    return _plio_in(space, i) + _plio_out(space, i)


def _memory_tile_bytes(space: DesignSpace, i: int) -> Column:
    layer = space.layers[i]
    drains = space.output_layers.count(i) + sum(edge.producers.count(i) for edge in space.edges)
    used: Column = (output_stage_bytes(layer.table, layer.work) * drains).astype(np.float64)
    if i in space.input_layers:
        used += input_stage_bytes(layer.table, layer.work, space.device)
    return used


def _macs_issued(space: DesignSpace, i: int) -> Column:
    return macs_issued(space.layers[i].table).astype(np.float64)


ADDED: dict[str, Callable[[DesignSpace, int], Column]] = {
    "plio_in": _plio_in, "plio_out": _plio_out, "plio": _plio, "memory_tile_bytes": _memory_tile_bytes,
    "macs_issued": _macs_issued,
}
"""Objectives that add up over the layers: what each option of layer i of a space contributes."""

# objective -> columns, the most important first; True where more is better
OBJECTIVES: dict[str, tuple[tuple[str, bool], ...]] = {
    "interval": (("interval_cycles", False), ("tiles", False), ("latency_cycles", False)),
    "throughput": (("samples_per_s", True), ("tiles", False), ("latency_cycles", False)),
    "latency": (("latency_cycles", False), ("interval_cycles", False), ("tiles", False)),
    "tiles": (("tiles", False), ("interval_cycles", False), ("latency_cycles", False)),
    "efficiency": (("efficiency", True), ("interval_cycles", False), ("latency_cycles", False)),
}
LIMITS = {"max_tiles": "tiles", "max_interval_cycles": "interval_cycles", "max_latency_cycles": "latency_cycles",
          "max_interval_ns": "interval_ns", "max_latency_ns": "latency_ns"}
PLIO_LIMITS = ("max_plio_in", "max_plio_out")


def ranked(front: pd.DataFrame, objective: str, limits: Mapping[str, float]) -> pd.DataFrame:
    """The designs of a front within the limits, best first.

    Raises:
        DesignError: for an unknown objective or limit, or when no design is within the limits, with the closest value.
    """
    if not isinstance(objective, str) or objective not in OBJECTIVES:
        raise DesignError(f"there is no objective {objective!r}",
                          remedy=f"Use one of {', '.join(OBJECTIVES)}")
    kept = front
    for limit, value in limits.items():
        if limit not in LIMITS:
            raise DesignError(f"there is no limit {limit!r}",
                              remedy=f"Close ones: {nearest(limit, [*LIMITS, *PLIO_LIMITS])}")
        column = LIMITS[limit]
        within = kept[kept[column] <= value]
        if within.empty:
            raise DesignError(f"no design has {column} of at most {value:g}", where=limit,
                              remedy=f"The least within the other limits is {kept[column].min():g}")
        kept = within
    columns = OBJECTIVES[objective]
    return kept.sort_values([name for name, _ in columns], ascending=[not more for _, more in columns], kind="stable")
