"""The roofline: ceilings of the machine as lines, every layer of a design as a point below them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from aie_explorer.design.roofline import Ceiling, Point, Roofline
from aie_explorer.plots.style import COLOURS, GREY, colour, finish, letter

PEAK = " multiply-accumulates"
SCOPES = {"tile": "One tile", "array": "The array"}


def roofline_figure(info: Roofline, scope: str = "tile") -> go.Figure:
    """Draw the roofline of a tile or of the array.

    Args:
        info: as `design.roofline.roofline` gives it.
        scope: "tile" or "array".
    """
    points = [point for point in info.points if point.scope == scope]
    limits = [ceiling for ceiling in info.ceilings if ceiling.scope == scope]
    layers = info.layers  # letters and colours are those of the floorplan
    boundaries = list(dict.fromkeys(point.boundary for point in points))
    low = min(point.macs_per_byte for point in points) / 4
    high = max([point.macs_per_byte for point in points] + [_ridge(limits)]) * 4
    figure = go.Figure()
    x = np.geomspace(low, high, 64)
    flat: dict[float, list[str]] = {}  # several pairs of types often share a peak
    for ceiling in limits:
        if ceiling.macs_per_cycle is not None:
            flat.setdefault(ceiling.macs_per_cycle, []).append(ceiling.name.removesuffix(PEAK))
    for i, ceiling in enumerate(limits):
        name = ceiling.name
        if ceiling.macs_per_cycle is not None:
            if not (names := flat.pop(ceiling.macs_per_cycle, [])):
                continue
            name = ", ".join(names) + PEAK
        figure.add_trace(go.Scatter(
            x=x.tolist(), y=[ceiling.at(value) for value in x], mode="lines", name=name,
            line={"color": GREY if ceiling.macs_per_cycle else COLOURS[i % len(COLOURS)],
                  "dash": "solid" if ceiling.macs_per_cycle else "dash"},
            hovertemplate=f"{name}<extra></extra>"))
    for boundary, symbol in zip(boundaries, ("circle", "square", "diamond"), strict=False):
        of_it = [point for point in points if point.boundary == boundary]
        figure.add_trace(go.Scatter(
            x=[point.macs_per_byte for point in of_it], y=[point.macs_per_cycle for point in of_it],
            mode="markers+text", name=f"layers, by {boundary}",
            text=[letter(layers.index(point.layer)) for point in of_it],
            textposition="top center", hovertext=[_hover(point) for point in of_it],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"symbol": symbol, "size": 10, "color": [colour(layers.index(point.layer)) for point in of_it]}))
    finish(figure, title=f"{SCOPES[scope]}: achieved below the ceilings", height=450)
    figure.update_layout(margin={"t": 40, "b": 150}, legend={"y": -0.25, "yanchor": "top", "x": 0, "xanchor": "left"})
    figure.update_xaxes(type="log", title="multiply-accumulates per byte")
    figure.update_yaxes(type="log", title="multiply-accumulates a cycle")
    return figure


def _ridge(limits: list[Ceiling]) -> float:
    """Where the lowest slope meets the peak."""
    peak = max((limit.macs_per_cycle or 0 for limit in limits), default=0)
    slopes = [limit.bytes_per_cycle for limit in limits if limit.bytes_per_cycle]
    return peak / min(slopes) if slopes else 1.0


def _hover(point: Point) -> str:
    return (f"{point.layer}: {point.macs_per_cycle:.3g} multiply-accumulates a cycle, {point.macs_per_byte:.3g} per "
            f"byte of {point.boundary}")
