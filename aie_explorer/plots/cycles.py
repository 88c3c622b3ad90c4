"""Where the cycles of each layer go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from aie_explorer.design import Design
from aie_explorer.devices import peak_macs_per_cycle
from aie_explorer.plots.style import COLOURS, common_layout

PARTS = ("kernel", "input DMA", "output DMA")
KERNEL = ("useful work at peak", "padding", "load, store and loop", "call and locks")
"""What the cycles of a kernel are spent on; they add up to it."""


@dataclass(frozen=True)
class CyclesInfo:
    """What the plot of cycles shows, one entry a layer.

    Attributes:
        layers: names.
        cycles: by part (PARTS), cycles a batch.
        spent: by part of KERNEL, cycles a batch; they add up to the kernel's.
        ideal_cycles: useful multiply-accumulates over the peak of the layer's tiles.
        interval_cycles: of the design.
        interval_error_pct: what it may be off by.
        validity: how far from what was measured.
        bottleneck: in words.
    """

    layers: tuple[str, ...]
    cycles: dict[str, tuple[float, ...]]
    spent: dict[str, tuple[float, ...]]
    ideal_cycles: tuple[float, ...]
    interval_cycles: float
    interval_error_pct: float
    validity: str
    bottleneck: str


def cycles_info(design: Design) -> CyclesInfo:
    """The cycles of every layer of a design."""
    estimate = design.estimate()
    ideal, spent = [], []
    for layer, one in zip(design.space.layers, estimate.layers, strict=True):
        peak = peak_macs_per_cycle(design.device, layer.work.input.storage, layer.work.weights.storage)
        row = layer.table[0]
        useful = layer.ideal_tile_cycles / int(row["tiles"])  # none where a layer only adds tensors
        issued = int(row["rows"]) * int(row["k"]) * int(row["n"]) / peak
        ideal.append(useful)
        blocks = max(one.tile_cycles - one.fixed_cycles, issued)
        spent.append((useful, issued - useful, blocks - issued, one.tile_cycles - blocks))
    return CyclesInfo(
        tuple(layer.name for layer in estimate.layers),
        {"kernel": tuple(layer.tile_cycles for layer in estimate.layers),
         "input DMA": tuple(layer.dma_in_cycles for layer in estimate.layers),
         "output DMA": tuple(layer.dma_out_cycles for layer in estimate.layers)},
        dict(zip(KERNEL, zip(*spent, strict=True), strict=True)),
        tuple(ideal), estimate.interval_cycles, estimate.interval_error_pct, estimate.validity, estimate.explanation)


def cycles_spec(info: CyclesInfo) -> dict[str, Any]:
    """The data and layout of the figure: for each layer a stack of what its kernel spends cycles on, and beside it the
    DMA that runs meanwhile. As plain data it is made in a tenth of the time that plotly's classes take."""
    layers = list(info.layers)
    stack = zip(KERNEL, (COLOURS[2], COLOURS[1], COLOURS[4], COLOURS[3]), ("", "/", ".", "x"), strict=True)
    data = [{"type": "bar", "x": layers, "y": list(info.spent[part]), "name": part, "offsetgroup": "kernel",
             "marker": {"color": tint, "pattern": {"shape": pattern}},
             "hovertemplate": f"%{{x}} kernel, {part}: %{{y:.1f}} cycles<extra></extra>"}
            for part, tint, pattern in stack]
    data += [{"type": "bar", "x": layers, "y": list(info.cycles[part]), "name": part, "offsetgroup": part,
              "marker": {"color": tint, "opacity": 0.75},
              "hovertemplate": f"%{{x}} {part}: %{{y:.0f}} cycles<extra></extra>"}
             for part, tint in zip(PARTS[1:], (COLOURS[0], COLOURS[7]), strict=True)]
    across = {"xref": "x domain", "yref": "y"}
    words = f"interval {info.interval_cycles:.0f} ± {info.interval_error_pct:.0f} % ({info.validity})"
    layout = common_layout("Where the cycles of a batch go", 340) | {
        "barmode": "stack", "bargap": 0.25, "margin": {"l": 60, "r": 20, "t": 40, "b": 92},
        "legend": {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "xanchor": "left"},
        "shapes": [{"type": "line", "x0": 0, "x1": 1, "y0": info.interval_cycles, "y1": info.interval_cycles,
                    "line": {"dash": "dash", "color": COLOURS[5]}, **across,
                    "label": {"text": words, "textposition": "end", "yanchor": "bottom",
                              "font": {"color": COLOURS[5]}}}]}
    layout["yaxis"] |= {"title": {"text": "cycles a batch"}, "rangemode": "tozero"}
    return {"data": data, "layout": layout}


def cycles_figure(info: CyclesInfo) -> go.Figure:
    """Draw `cycles_spec`."""
    return go.Figure(cycles_spec(info))
