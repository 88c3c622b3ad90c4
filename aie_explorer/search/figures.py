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
    for edge in space.edges:
        writers = [space.layers[i].writers[1][picks[:, i]] for i in edge.producers]
        allowed &= edge.legal[(*writers, space.layers[edge.consumer].readers[1][picks[:, edge.consumer]])]
    return allowed


def figures(space: DesignSpace, picks: Picks) -> DesignFigures:
    """Cost designs.

    Interval: the slowest of every layer's kernel, ports and cascade and of the PLIOs. Latency: the longest path of
    the PLIO in, each layer's path from memory tile to memory tile, and the PLIO out, one after the other
    (store-and-forward).
    """
    count = len(picks)
    tiles = np.zeros(count, np.int64)
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
        for resource, field in (("kernel", "kernel_cycles"), ("input DMA", "dma_in_cycles"),
                                ("output DMA", "dma_out_cycles"), ("cascade", "interval_cycles")):
            claim(f"{layer.name} {resource}", layer.cycles[field][pick])
    ends = {"in": [space.layers[i].cycles[picks[:, i]] for i in space.input_layers],
            "out": [space.layers[i].cycles[picks[:, i]] for i in space.output_layers]}
    for way, name in (("in", "input PLIO"), ("out", "output PLIO")):
        claim(name, np.maximum.reduce([cycles[f"plio_{way}_cycles"] for cycles in ends[way]]))
    ports = {way: sum((cycles[f"plio_{way}"].astype(np.int64) for cycles in ends[way]), np.zeros(count, np.int64))
             for way in ends}
    ideal = sum(layer.ideal_tile_cycles for layer in space.layers)
    return DesignFigures(tiles, interval, _latency(space, picks), ideal / (interval * tiles), ports["in"], ports["out"],
                         bottleneck, tuple(names))


def _latency(space: DesignSpace, picks: Picks) -> FloatColumn:
    """Cycles of the longest path from an input to an output."""
    done: list[FloatColumn] = []
    for i, (layer, sources) in enumerate(zip(space.layers, space.sources, strict=True)):
        cycles = layer.cycles[picks[:, i]]
        ready = [cycles["plio_in_cycles"] if source < 0 else done[source] for source in sources]
        done.append(np.maximum.reduce(ready) + cycles["latency_cycles"])
    leaves = [done[i] + space.layers[i].cycles["plio_out_cycles"][picks[:, i]] for i in space.output_layers]
    longest: FloatColumn = np.maximum.reduce(leaves)
    return longest
