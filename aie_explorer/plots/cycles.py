"""Where the cycles of each layer go."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from aie_explorer.design import Design
from aie_explorer.devices import peak_macs_per_cycle
from aie_explorer.plots.style import COLOURS, finish

PARTS = ("kernel", "input DMA", "output DMA")


@dataclass(frozen=True)
class CyclesInfo:
    """What the plot of cycles shows, one entry a layer.

    Attributes:
        layers: names.
        cycles: by part (PARTS), cycles a batch.
        ideal_cycles: useful multiply-accumulates over the peak of the layer's tiles.
        interval_cycles: of the design.
        interval_error_pct: what it may be off by.
        validity: how far from what was measured.
        bottleneck: in words.
    """

    layers: tuple[str, ...]
    cycles: dict[str, tuple[float, ...]]
    ideal_cycles: tuple[float, ...]
    interval_cycles: float
    interval_error_pct: float
    validity: str
    bottleneck: str


def cycles_info(design: Design) -> CyclesInfo:
    """The cycles of every layer of a design."""
    estimate = design.estimate()
    ideal = []
    for layer in design.space.layers:
        peak = peak_macs_per_cycle(design.device, layer.work.input.storage, layer.work.weights.storage)
        ideal.append(layer.work.macs / (peak * int(layer.table["tiles"][0])))
    return CyclesInfo(
        tuple(layer.name for layer in estimate.layers),
        {"kernel": tuple(layer.tile_cycles for layer in estimate.layers),
         "input DMA": tuple(layer.dma_in_cycles for layer in estimate.layers),
         "output DMA": tuple(layer.dma_out_cycles for layer in estimate.layers)},
        tuple(ideal), estimate.interval_cycles, estimate.interval_error_pct, estimate.validity, estimate.explanation)


def cycles_figure(info: CyclesInfo) -> go.Figure:
    """Draw a group of bars a layer; what they have in common is the interval line."""
    figure = go.Figure()
    for i, part in enumerate(PARTS):
        figure.add_trace(go.Bar(x=list(info.layers), y=list(info.cycles[part]), name=part,
                                marker={"color": COLOURS[i], "pattern": {"shape": ("", "/", "\\")[i]}},
                                hovertemplate="%{x} " + part + ": %{y:.0f} cycles<extra></extra>"))
    figure.add_trace(go.Scatter(x=list(info.layers), y=list(info.ideal_cycles), mode="markers", name="ideal",
                                marker={"symbol": "line-ew", "size": 44, "line": {"width": 4, "color": COLOURS[3]}},
                                hovertemplate="%{x} at the peak of its tiles: %{y:.1f} cycles<extra></extra>"))
    figure.add_hline(y=info.interval_cycles, line={"dash": "dash", "color": COLOURS[5]},
                     annotation={"text": f"interval {info.interval_cycles:.0f} ± {info.interval_error_pct:.0f} % "
                                     f"({info.validity})", "font": {"color": COLOURS[5]}})
    finish(figure, title="Cycles a batch, all at work at once", height=320)
    figure.update_yaxes(title="cycles", rangemode="tozero")
    return figure
