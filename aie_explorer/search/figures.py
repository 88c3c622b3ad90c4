"""Figures of whole designs, vectorised: one option a layer, any number of designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.search.space import DesignSpace

FloatColumn = npt.NDArray[np.float64]
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
        efficiency: useful multiply-accumulates over interval x tiles x peak per cycle, 0 to 1.
        plio_in, plio_out: ports used.
        bottleneck: index into `bottlenecks`.
        bottlenecks: names of the resources, such as "dense0 kernel" or "input PLIO".
    """

    tiles: IntColumn
    interval_cycles: FloatColumn
    latency_cycles: FloatColumn
    efficiency: FloatColumn
    plio_in: IntColumn
    plio_out: IntColumn
    bottleneck: IntColumn
    bottlenecks: tuple[str, ...]


def joinable(space: DesignSpace, picks: Picks) -> npt.NDArray[np.bool_]:
    """Which designs have only edges that memory tiles can realise."""
    allowed = np.ones(len(picks), np.bool_)
    for i, legal in enumerate(space.edges):
        writer = space.layers[i].writers[1][picks[:, i]]
        reader = space.layers[i + 1].readers[1][picks[:, i + 1]]
        allowed &= legal[writer, reader]
    return allowed


def figures(space: DesignSpace, picks: Picks) -> DesignFigures:
    """Cost designs.

    Interval: the slowest of every layer's kernel, ports and cascade and of the PLIOs. Latency: the PLIO in, each
    layer's path from memory tile to memory tile, the PLIO out, one after the other (store-and-forward).
    """
    count = len(picks)
    tiles = np.zeros(count, np.int64)
    latency = np.zeros(count)
    interval = np.full(count, -1.0)
    bottleneck = np.zeros(count, np.int64)
    names: list[str] = []

    def claim(name: str, cycles: FloatColumn) -> None:
        slower = cycles > interval
        interval[slower] = cycles[slower]
        bottleneck[slower] = len(names)
        names.append(name)

    for layer, pick in zip(space.layers, picks.T, strict=True):
        tiles += layer.table["tiles"][pick]
        latency += layer.cycles["latency_cycles"][pick]
        for resource, field in (("kernel", "kernel_cycles"), ("input DMA", "dma_in_cycles"),
                                ("output DMA", "dma_out_cycles"), ("cascade", "interval_cycles")):
            claim(f"{layer.name} {resource}", layer.cycles[field][pick])
    first, last = space.layers[0].cycles[picks[:, 0]], space.layers[-1].cycles[picks[:, -1]]
    claim("input PLIO", first["plio_in_cycles"])
    claim("output PLIO", last["plio_out_cycles"])
    latency += first["plio_in_cycles"] + last["plio_out_cycles"]
    ideal = sum(layer.ideal_tile_cycles for layer in space.layers)
    return DesignFigures(tiles, interval, latency, ideal / (interval * tiles), first["plio_in"].astype(np.int64),
                         last["plio_out"].astype(np.int64), bottleneck, tuple(names))
