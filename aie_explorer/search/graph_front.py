"""The exact Pareto front of a network that is no chain, by dynamic programming over its layers in order.

A layer is open while another still has to read it. What the rest of the network sees of a partial design is, for each
open layer, the producer side of its edges and when its result is ready. So partial designs compete only with those that
have the same producer sides, and every ready time is an objective beside tiles, interval and the latency of the outputs
reached so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import DesignError
from aie_explorer.search.figures import Picks
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import DesignSpace, Edge, LayerSpace

MOST_PARTIALS = 4_000_000
"""Partial designs looked at for one layer; 100 bytes each."""

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Partial:
    """Partial designs up to a layer.

    Attributes:
        points: [count, 3] tiles, interval, latency of the outputs reached.
        ready: [count, open layers] when the result of each is ready.
        writer: [count, open layers] a producer side that stands for its own (`_alike`).
        option: [count] row of the last layer's table.
        parent: [count] index into the step before.
    """

    points: Points
    ready: Points
    writer: npt.NDArray[np.intp]
    option: npt.NDArray[np.intp]
    parent: npt.NDArray[np.intp]


def graph_front(space: DesignSpace) -> Picks:
    """[designs, layers] the options of every design on the front of tiles, interval and latency.

    Raises:
        DesignError: when a layer joins more partial designs than can be looked at.
    """
    last_reader = {source: i for i, sources in enumerate(space.sources) for source in sources if source >= 0}
    edges = {edge.consumer: edge for edge in space.edges}
    alike = [_alike(space, i) for i in range(len(space.layers))]
    steps: list[_Partial] = []
    open_layers: list[int] = []
    state = _Partial(np.zeros((1, 3)), np.zeros((1, 0)), np.zeros((1, 0), np.intp), np.zeros(1, np.intp),
                     np.zeros(1, np.intp))
    for i in range(len(space.layers)):
        joined = _joined(state, space, i, open_layers, edges.get(i), alike[i])
        columns = [*open_layers, i]
        kept = [c for c, layer in enumerate(columns) if last_reader.get(layer, -1) > i]
        state = _pruned(joined, kept)
        open_layers = [columns[c] for c in kept]
        steps.append(state)
    chosen = nondominated(state.points.round(6))  # latencies are sums of fractions, whose order leaves traces
    picks = np.empty((len(chosen), len(steps)), np.intp)
    for i in range(len(steps) - 1, -1, -1):
        picks[:, i] = steps[i].option[chosen]
        chosen = steps[i].parent[chosen]
    return picks


def _alike(space: DesignSpace, i: int) -> npt.NDArray[np.intp]:
    """For each producer side of a layer the first that every reader of it accepts in the same company."""
    sides = len(space.layers[i].writers[0])
    accepted = [np.moveaxis(edge.legal, position, 0).reshape(sides, -1) for edge in space.edges
                for position, producer in enumerate(edge.producers) if producer == i]
    if not accepted:
        return np.zeros(sides, np.intp)
    _, first, inverse = np.unique(np.concatenate(accepted, axis=1), axis=0, return_index=True, return_inverse=True)
    alike: npt.NDArray[np.intp] = first[inverse.ravel()]
    return alike


def _joined(state: _Partial, space: DesignSpace, i: int, open_layers: list[int], edge: Edge | None,
            alike: npt.NDArray[np.intp]) -> _Partial:
    """Every partial design with every option of layer i that it can feed; layer i is the last column."""
    layer = space.layers[i]
    writers = alike[layer.writers[1]]
    sources = [open_layers.index(source) for source in space.sources[i] if source >= 0]
    groups = _groups(state.writer[:, sources])
    parts: list[_Partial] = []
    looked = 0
    for options in _option_groups(layer, space, i, writers):
        reader = layer.readers[1][options[0]]
        for group in groups:
            if edge is not None:
                sides = state.writer[group[0]][[open_layers.index(source) for source in edge.producers]]
                if not edge.legal[(*sides, reader)]:
                    continue
            looked += len(group) * len(options)
            if looked > MOST_PARTIALS:
                raise DesignError(f"joins more than {MOST_PARTIALS:,} partial designs", where=layer.name,
                                  remedy="Use sweep with values for some layers, which costs a part of the space")
            parts.append(_product(state, group, options, space, i, sources, writers))
    return _Partial(*(np.concatenate([getattr(part, field) for part in parts])
                      for field in ("points", "ready", "writer", "option", "parent")))


def _product(state: _Partial, group: npt.NDArray[np.intp], options: npt.NDArray[np.intp], space: DesignSpace, i: int,
             sources: list[int], writers: npt.NDArray[np.intp]) -> _Partial:
    layer = space.layers[i]
    parent, option = (axis.ravel() for axis in np.meshgrid(group, options, indexing="ij"))
    cycles, before = layer.cycles[option], state.points[parent]
    tiles = before[:, 0] + layer.table["tiles"][option]
    interval = np.maximum(before[:, 1], cycles["interval_cycles"])
    starts = [state.ready[parent, column] for column in sources]
    if i in space.input_layers:
        interval = np.maximum(interval, cycles["plio_in_cycles"])
        starts.append(cycles["entry_cycles"])
    ready = np.maximum.reduce(starts) + cycles["latency_cycles"]
    latency = before[:, 2]
    if i in space.output_layers:
        interval = np.maximum(interval, cycles["plio_out_cycles"])
        latency = np.maximum(latency, ready + cycles["last_out_cycles"])
    fits = tiles <= space.device.tiles
    return _Partial(np.stack([tiles, interval, latency], axis=1)[fits],
                    np.concatenate([state.ready[parent], ready[:, None]], axis=1)[fits],
                    np.concatenate([state.writer[parent], writers[option][:, None]], axis=1)[fits],
                    option[fits], parent[fits])


def _option_groups(layer: LayerSpace, space: DesignSpace, i: int, writers: npt.NDArray[np.intp]
                   ) -> list[npt.NDArray[np.intp]]:
    """Options that the rest of the network cannot tell apart, those left out that another of them beats."""
    points = [layer.table["tiles"], layer.cycles["interval_cycles"], layer.cycles["latency_cycles"]]
    for ends, fields in ((space.input_layers, ("plio_in_cycles", "entry_cycles")),
                         (space.output_layers, ("plio_out_cycles", "last_out_cycles"))):
        if i in ends:
            points += [layer.cycles[field] for field in fields]
    stacked = np.stack(points, axis=1).astype(np.float64)
    sides = np.stack([layer.readers[1], writers], axis=1)
    return [group[nondominated(stacked[group])] for group in _groups(sides)]


def _groups(keys: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Indices of each distinct row."""
    if keys.shape[1] == 0:
        return [np.arange(len(keys))]
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(inverse.ravel()[order])) + 1)


def _pruned(joined: _Partial, kept: list[int]) -> _Partial:
    """Only what nothing beats that has the same producer sides of the layers still open, which are columns `kept`."""
    ready, writer = joined.ready[:, kept], joined.writer[:, kept]
    points = np.concatenate([joined.points, ready], axis=1)
    left = [group[nondominated(points[group])] for group in _groups(writer)]
    index = np.concatenate(left)
    return _Partial(joined.points[index], ready[index], writer[index], joined.option[index], joined.parent[index])
