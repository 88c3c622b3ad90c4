"""Figures of whole designs, vectorised: one option a layer, any number of designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import Constants, load_constants, network_cycles
from aie_explorer.cycles.network import COLUMNS
from aie_explorer.search.filled import Filled, filled, filled_by
from aie_explorer.search.space import DesignSpace, Edge
from aie_explorer.space.handover import made_rows

FloatColumn = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
IntColumn = npt.NDArray[np.int64]
Picks = npt.NDArray[np.intp]
"""[designs, layers] row of each layer's table."""


@dataclass(frozen=True, eq=False)
class DesignFigures:
    """Columns of figures, one entry a design.

    Attributes:
        tiles: tiles used.
        interval_cycles: steady-state cycles between two results, set by the slowest resource.
        latency_cycles: cycles from the first input word to the last output word.
        first_out_cycles: cycles from the first input word to the first output word.
        efficiency: useful multiply-accumulates over interval x tiles x peak per cycle, 0 to 1.
        plio_in, plio_out: ports used.
        bottleneck: index into `bottlenecks`.
        bottlenecks: names of the resources, such as "dense0 kernel" or "input PLIO".
        validity: index into `cycles.VALIDITY`.
        interval_error_pct, latency_error_pct: what the figures may be off by.
    """

    tiles: IntColumn
    interval_cycles: FloatColumn
    latency_cycles: FloatColumn
    first_out_cycles: FloatColumn
    efficiency: FloatColumn
    plio_in: IntColumn
    plio_out: IntColumn
    bottleneck: IntColumn
    bottlenecks: tuple[str, ...]
    validity: npt.NDArray[np.int8]
    interval_error_pct: FloatColumn
    latency_error_pct: FloatColumn


def joinable(space: DesignSpace, picks: Picks) -> Mask:
    """Which designs have only edges that can be realised."""
    allowed = np.ones(len(picks), np.bool_)
    for edge in space.edges:
        allowed &= edge.legal[_sides(space, edge, picks)]
    return allowed


def fitting(space: DesignSpace, picks: Picks, most_tiles: int) -> Mask:
    """Which designs have only edges that can be realised, and so many tiles at most."""
    tiles = sum(layer.table["tiles"][pick] for layer, pick in zip(space.layers, picks.T, strict=True))
    found: Mask = (tiles <= most_tiles) & joinable(space, picks)
    return found


def direct_edges(space: DesignSpace, picks: Picks) -> list[tuple[int, int, Mask]]:
    """(producer, consumer, in which designs from tile to tile) of every edge, as often as the consumer reads it."""
    return [(producer, edge.consumer, found) for edge in space.edges
            for found in [edge.direct[_sides(space, edge, picks)]] for producer in edge.producers]


def filled_inputs(space: DesignSpace, picks: Picks, constants: Constants) -> list[tuple[int, Filled]]:
    """The layers that read an input of the network beside another layer, and what it costs in every design."""
    beside = ((i, filled_by(space, i)) for i in space.input_layers)
    return [(i, filled(space, i, made_rows(space.layers[producer].table)[picks[:, producer]], constants))
            for i, producer in beside if producer is not None]


def _sides(space: DesignSpace, edge: Edge, picks: Picks) -> tuple[npt.NDArray[np.intp], ...]:
    """Where in the matrices of an edge each design stands."""
    writers = [space.layers[i].writers[1][picks[:, i]] for i in edge.producers]
    return (*writers, space.layers[edge.consumer].readers[1][picks[:, edge.consumer]])


def figures(space: DesignSpace, picks: Picks, constants: Constants | None = None) -> DesignFigures:
    """Cost designs, as `cycles.network_cycles` does: the slowest resource, and the way through all layers.

    Args:
        space: the design space.
        picks: the designs.
        constants: those that the space was costed with; those of the package when None.
    """
    picked = [{name: layer.cycles[name][pick] for name in COLUMNS}
              for layer, pick in zip(space.layers, picks.T, strict=True)]
    tiles = np.zeros(len(picks), np.int64)
    for layer, pick in zip(space.layers, picks.T, strict=True):
        tiles += layer.table["tiles"][pick]
    for i, entry in filled_inputs(space, picks, constants or load_constants()):
        picked[i] |= {name: getattr(entry, name) for name in ("plio_in_cycles", "entry_cycles")}
    edges = direct_edges(space, picks)
    found = network_cycles([layer.name for layer in space.layers], picked, [(a, b) for a, b, _ in edges],
                           [direct for _, _, direct in edges], constants, inputs=space.input_layers,
                           outputs=space.output_layers)
    ports = {way: sum((space.layers[i].cycles[f"plio_{way}"][picks[:, i]].astype(np.int64) for i in ends),
                      np.zeros(len(picks), np.int64))
             for way, ends in (("in", space.input_layers), ("out", space.output_layers))}
    ideal = sum(layer.ideal_tile_cycles for layer in space.layers)
    return DesignFigures(tiles, found.interval, found.last_out, found.first_out, ideal / (found.interval * tiles),
                         ports["in"], ports["out"], found.bottleneck, found.bottlenecks, found.validity,
                         found.interval_error_pct, found.latency_error_pct)
