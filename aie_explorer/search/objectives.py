"""What a user may ask to make best, and under which limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.arguments import number
from aie_explorer.errors import DesignError, nearest
from aie_explorer.search.filled import Filled
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import Table
from aie_explorer.space.usage import handed_over_bytes, input_stage_bytes, macs_issued, output_stage_bytes

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

SPARED: dict[str, Callable[[Table], npt.NDArray[np.int64]]] = {"memory_tile_bytes": handed_over_bytes}
"""What of them is not needed where a layer is fed from tile to tile."""

FILLED: dict[str, Callable[[Filled], npt.NDArray[np.int64]]] = {"memory_tile_bytes": lambda entry: entry.more_bytes}
"""What there is more of them where an input has the rows of the layer beside it."""

Ranking = tuple[tuple[str, bool], ...]
"""Columns, the most important first; True where more is better."""

OBJECTIVES: dict[str, Ranking] = {
    "interval": (("interval_cycles", False), ("tiles", False), ("latency_cycles", False)),
    "throughput": (("samples_per_s", True), ("tiles", False), ("latency_cycles", False)),
    "latency": (("latency_cycles", False), ("interval_cycles", False), ("tiles", False)),
    "tiles": (("tiles", False), ("interval_cycles", False), ("latency_cycles", False)),
    "efficiency": (("efficiency", True), ("interval_cycles", False), ("latency_cycles", False)),
    "throughput_per_tile": (("samples_per_s_per_tile", True), ("interval_cycles", False), ("latency_cycles", False)),
    "plio": (("plio", False), ("interval_cycles", False), ("tiles", False)),
    "memory_tile_bytes": (("memory_tile_bytes", False), ("interval_cycles", False), ("tiles", False)),
    "macs_issued": (("macs_issued", False), ("interval_cycles", False), ("tiles", False)),
}
"""What a user may ask to make best; what decides among equals comes after."""

LAST = ("memory_tile_bytes",)
"""What decides where all that is asked for is equal: results that go from tile to tile take no memory tile."""

MOST = {"max_tiles": "tiles", "max_interval_cycles": "interval_cycles", "max_latency_cycles": "latency_cycles",
        "max_interval_ns": "interval_ns", "max_latency_ns": "latency_ns", "max_plio_in": "plio_in",
        "max_plio_out": "plio_out", "max_plio": "plio", "max_memory_tile_bytes": "memory_tile_bytes",
        "max_macs_issued": "macs_issued"}
LEAST = {"min_samples_per_s": "samples_per_s", "min_efficiency": "efficiency"}

Objective = str | Sequence[str] | Mapping[str, float]
"""A name of OBJECTIVES; several, of which the first counts most; or figures with the weight of each."""


def figures_needed(objective: Objective, limits: Mapping[str, float]) -> tuple[str, ...]:
    """The objectives of a front that surely holds the best design under some limits.

    Raises:
        DesignError: for an unknown objective or limit.
    """
    columns = {name for name, _ in _ranking(objective)} | {column_of(limit) for limit in limits}
    return (*PATH, *(name for name in ADDED if name in columns))


def column_of(limit: str) -> str:
    """The column that a limit is about.

    Raises:
        DesignError: for an unknown limit.
    """
    found = MOST.get(limit) or LEAST.get(limit)
    if found is None:
        raise DesignError(f"there is no limit {limit!r}", remedy=f"Close ones: {nearest(limit, [*MOST, *LEAST])}")
    return found


def within(frame: pd.DataFrame, limits: Mapping[str, float]) -> pd.DataFrame:
    """The designs of a table within some limits.

    Raises:
        DesignError: for an unknown limit, or when no design is within them all, with the closest value.
    """
    kept = frame
    for limit, value in limits.items():
        column = column_of(limit)
        if np.isnan(value):
            raise DesignError("is not a number", where=limit, remedy=f"Give a limit of {column}")
        inside = kept[kept[column] <= value] if limit in MOST else kept[kept[column] >= value]
        if inside.empty:
            side, word, least = ("most", "least", "min") if limit in MOST else ("least", "most", "max")
            raise DesignError(f"no design has {column} of at {side} {value:g}", where=limit,
                              remedy=f"The {word} within the other limits is {getattr(kept[column], least)():g}"
                              if len(kept) else None)
        kept = inside
    return kept


def ranked(front: pd.DataFrame, objective: Objective, limits: Mapping[str, float]) -> pd.DataFrame:
    """The designs of a front within the limits, best first.

    With weights, each figure counts as a multiple of the least of it in the front, times its weight.

    Raises:
        DesignError: for an unknown objective or limit, or when no design is within the limits, with the closest value.
    """
    columns = _ranking(objective)
    kept = within(front, limits)
    if isinstance(objective, Mapping):
        cost = np.zeros(len(kept))
        for name, _ in columns:
            figure = kept[name].to_numpy(np.float64)
            cost += objective[name] * figure / max(float(front[name].min()), 1e-9)
        return kept.iloc[np.argsort(cost, kind="stable")]
    keys = {**dict(columns), **{name: False for name in LAST if name in kept.columns and name not in dict(columns)}}
    return kept.sort_values(list(keys), ascending=[not more for more in keys.values()], kind="stable")


def _ranking(objective: Objective) -> Ranking:
    if isinstance(objective, Mapping):
        known = (*PATH, *ADDED)
        for name, weight in objective.items():
            if name not in known:
                raise DesignError(f"there is no figure {name!r} to weigh", where="objective",
                                  remedy=f"Use some of {', '.join(known)}")
            if not 0 <= number(weight, f"objective.{name}") < np.inf:
                raise DesignError(f"has the weight {weight!r}", where=f"objective.{name}",
                                  remedy="Use a finite number of 0 or more")
        if not objective:
            raise DesignError("no figure is given", where="objective", remedy=f"Use some of {', '.join(known)}")
        if not any(objective.values()):
            raise DesignError("every weight is 0, so that no design is better than another", where="objective",
                              remedy="Give one figure a weight above 0")
        return tuple((name, False) for name in objective)
    names: Sequence[Any] = [objective]
    if not isinstance(objective, str) and isinstance(objective, Sequence) and objective:
        names = objective
    columns: dict[str, bool] = {}
    for name in names:
        if not isinstance(name, str) or name not in OBJECTIVES:
            raise DesignError(f"there is no objective {name!r}", remedy=f"Use one of {', '.join(OBJECTIVES)}")
        columns.setdefault(*OBJECTIVES[name][0])
    for name in names:  # what decides among equals
        for column, more in OBJECTIVES[str(name)]:
            columns.setdefault(column, more)
    return tuple(columns.items())
