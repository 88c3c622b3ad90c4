"""The exact Pareto front, by dynamic programming: of chains here, of other graphs in `search.graph_front`.

Tiles add, latencies add and the interval is a maximum: each is monotone, so a partial design that another
partial design beats, with the same interface to the next layer, can never be part of a design on the front. What
the next layer sees of a partial design is the producer side of the edge (`space.handover.writer_key`): fronts
are kept apart by it, so the rules of the edge are honoured exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.search.figures import Picks
from aie_explorer.search.graph_front import graph_front
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import DesignSpace, LayerSpace

OBJECTIVES = ("tiles", "interval_cycles", "latency_cycles")
Points = npt.NDArray[np.float64]
"""[count, 3] tiles, interval_cycles, latency_cycles."""


@dataclass(frozen=True, eq=False)
class _Partial:
    """Partial designs up to a layer: their points, the edge they offer, the option taken and where they came from."""

    points: Points
    writer: npt.NDArray[np.intp]
    option: npt.NDArray[np.intp]
    parent: npt.NDArray[np.intp]


def exact_front(space: DesignSpace) -> Picks:
    """[designs, layers] the options of every design on the front of tiles, interval and latency.

    Of designs with equal figures one is kept. Designs that use more tiles than the device has are left out.
    """
    if any(source != i - 1 for i, sources in enumerate(space.sources) for source in sources) \
            or any(len(sources) > 1 for sources in space.sources) or len(space.output_layers) > 1:
        return graph_front(space)
    steps: list[_Partial] = []
    for i, layer in enumerate(space.layers):
        points = _points(layer, first=i == 0, last=i == len(space.layers) - 1)
        if not steps:
            steps.append(_start(layer, points, space.device.tiles))
        else:
            steps.append(_extend(steps[-1], layer, points, space.edges[i - 1].legal, space.device.tiles))
    chosen = nondominated(steps[-1].points)
    picks = np.empty((len(chosen), len(steps)), np.intp)
    for i in range(len(steps) - 1, -1, -1):
        picks[:, i] = steps[i].option[chosen]
        chosen = steps[i].parent[chosen]
    return picks


def _points(layer: LayerSpace, *, first: bool, last: bool) -> Points:
    """Objectives of the options of one layer; the graph's ports count where the layer is first or last."""
    interval, latency = layer.cycles["interval_cycles"].copy(), layer.cycles["latency_cycles"].copy()
    for is_end, port, wait in ((first, "plio_in_cycles", "entry_cycles"), (last, "plio_out_cycles", "last_out_cycles")):
        if is_end:
            interval = np.maximum(interval, layer.cycles[port])
            latency = latency + layer.cycles[wait]
    return np.stack([layer.table["tiles"].astype(np.float64), interval, latency], axis=1)


def _start(layer: LayerSpace, points: Points, most_tiles: int) -> _Partial:
    kept = [group[nondominated(points[group])] for group in _by_value(layer.writers[1])]
    option = np.concatenate(kept)
    option = option[points[option, 0] <= most_tiles]
    return _Partial(points[option], layer.writers[1][option], option, np.zeros(len(option), np.intp))


def _by_value(keys: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Indices of each distinct value."""
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)


def _extend(before: _Partial, layer: LayerSpace, points: Points, legal: npt.NDArray[np.bool_],
            most_tiles: int) -> _Partial:
    """Join every partial design with every option of the next layer, and prune."""
    fronts: dict[bytes, npt.NDArray[np.intp]] = {}  # by the set of producers a reader accepts
    pools: list[_Partial] = []
    for options in _by_value(layer.writers[1]):
        parts: list[tuple[Points, npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
        for same_reader in _by_value(layer.readers[1][options]):
            group = options[same_reader]
            group = group[nondominated(points[group])]
            accepted = legal[:, layer.readers[1][group[0]]]
            key = accepted.tobytes()
            if key not in fronts:
                candidates = np.flatnonzero(accepted[before.writer])
                fronts[key] = candidates[nondominated(before.points[candidates])]
            parts.append(_join(before.points, fronts[key], points, group, most_tiles))
        joined, parent, option = (np.concatenate(column) for column in zip(*parts, strict=True))
        kept = nondominated(joined)
        pools.append(_Partial(joined[kept], np.full(len(kept), layer.writers[1][options[0]]), option[kept],
                              parent[kept]))
    return _Partial(*(np.concatenate([getattr(pool, field) for pool in pools])
                      for field in ("points", "writer", "option", "parent")))


def _join(before: Points, front: npt.NDArray[np.intp], points: Points, group: npt.NDArray[np.intp],
          most_tiles: int) -> tuple[Points, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    parent, option = (axis.ravel() for axis in np.meshgrid(front, group, indexing="ij"))
    a, b = before[parent], points[option]
    joined = np.stack([a[:, 0] + b[:, 0], np.maximum(a[:, 1], b[:, 1]), a[:, 2] + b[:, 2]], axis=1)
    fits = joined[:, 0] <= most_tiles
    return joined[fits], parent[fits], option[fits]
