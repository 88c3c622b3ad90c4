"""Designs as points, and the front that nothing else beats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from aie_explorer.errors import DesignError
from aie_explorer.plots.style import COLOURS, GREY, LABELS, finish
from aie_explorer.search.pareto import Points, nondominated

MOST_POINTS = 20_000
SVG_POINTS = 1_000
MORE_IS_BETTER = {"samples_per_s", "efficiency"}


@dataclass(frozen=True, eq=False)
class ParetoInfo:
    """What the Pareto plot shows.

    Attributes:
        x, y: names of the columns on the axes.
        points: [count, 2] the designs drawn, a sample if there are more than MOST_POINTS.
        labels: hover text of each.
        front: rows of the table on the front of x and y, in the order of x.
        front_points, front_labels: as points and labels.
        total: designs in the table.
        chosen: (x, y) of a marked design.
    """

    x: str
    y: str
    points: npt.NDArray[np.float64]
    labels: tuple[str, ...]
    front: npt.NDArray[np.intp]
    front_points: npt.NDArray[np.float64]
    front_labels: tuple[str, ...]
    total: int
    chosen: tuple[float, float] | None


def axes(frame: pd.DataFrame, x: str, y: str) -> tuple[Points, Points]:
    """[designs, 2] the figures of two axes, and the same with those negative of which more is better.

    Raises:
        DesignError: for a column that is not there.
    """
    for name in (x, y):
        if name not in LABELS or name not in frame.columns:
            raise DesignError(f"{name!r} is no figure of the table",
                              remedy=f"Use one of {', '.join(name for name in LABELS if name in frame.columns)}")
    values = frame[[x, y]].to_numpy(np.float64)
    return values, values * np.array([-1.0 if name in MORE_IS_BETTER else 1.0 for name in (x, y)])


def pareto_info(frame: pd.DataFrame, x: str = "tiles", y: str = "interval_cycles",
                chosen: Mapping[str, Any] | None = None) -> ParetoInfo:
    """The points and the front of a table of designs.

    Args:
        frame: as `Explorer.sweep` or `Explorer.pareto` returns it.
        x, y: columns of figures.
        chosen: a row to mark.

    Raises:
        DesignError: for a column that is not there.
    """
    values, smaller_is_better = axes(frame, x, y)
    front = nondominated(smaller_is_better)
    front = front[np.argsort(values[front, 0], kind="stable")]
    shown = np.arange(len(frame))
    if len(frame) > MOST_POINTS:
        shown = np.sort(np.random.default_rng(0).choice(len(frame), MOST_POINTS, replace=False))
    marked = None if chosen is None else (float(chosen[x]), float(chosen[y]))
    return ParetoInfo(x, y, values[shown], _labels(frame.iloc[shown]), front, values[front],
                      _labels(frame.iloc[front]), len(frame), marked)


def _labels(frame: pd.DataFrame) -> tuple[str, ...]:
    """A line a layer: its choice; and the figures."""
    layers = [name.removesuffix(".microtile") for name in frame.columns if name.endswith(".microtile")]
    columns = {name: frame[name].astype(str).tolist() for name in frame.columns
               if "." in name or name in ("bottleneck", "validity")}
    figures = frame[["tiles", "interval_cycles", "latency_cycles", "efficiency"]].to_numpy(np.float64).tolist()
    labels = []
    for i, (tiles, interval, latency, efficiency) in enumerate(figures):
        lines = [f"{tiles:.0f} tiles, interval {interval:.0f}, latency {latency:.0f} cycles, {efficiency:.1%} of peak",
                 f"limited by {columns['bottleneck'][i]}"
                 + (f"; {columns['validity'][i]}" if "validity" in columns else "")]
        lines += [f"{layer}: {columns[f'{layer}.microtile'][i]}, {columns[f'{layer}.cas_length'][i]} x "
                  f"{columns[f'{layer}.cas_num'][i]} by {columns[f'{layer}.split'][i]}" for layer in layers[:8]]
        labels.append("<br>".join([*lines, "..."] if len(layers) > 8 else lines))
    return tuple(labels)


def pareto_figure(info: ParetoInfo) -> go.Figure:
    """Draw the points, the front as steps, and the chosen design. Traces: designs, front, chosen."""
    kind = go.Scatter if len(info.points) <= SVG_POINTS else go.Scattergl
    figure = go.Figure()
    figure.add_trace(kind(x=info.points[:, 0], y=info.points[:, 1], mode="markers", name="designs", text=info.labels,
                          hovertemplate="%{text}<extra></extra>", marker={"size": 5, "color": GREY, "opacity": 0.45}))
    shape = "linear" if {info.x, info.y} & MORE_IS_BETTER else "hv"
    figure.add_trace(go.Scatter(x=info.front_points[:, 0], y=info.front_points[:, 1], mode="lines+markers",
                                name="front", text=info.front_labels, hovertemplate="%{text}<extra></extra>",
                                line={"shape": shape, "color": COLOURS[0], "width": 2},
                                marker={"size": 8, "color": COLOURS[0]}))
    x, y = ([info.chosen[0]], [info.chosen[1]]) if info.chosen else ([], [])
    figure.add_trace(go.Scatter(x=x, y=y, mode="markers", name="chosen", hoverinfo="skip",
                                marker={"size": 16, "symbol": "diamond-open", "color": COLOURS[5],
                                        "line": {"width": 3}}))
    count = f"{info.total:,} designs"
    if info.total > len(info.points):
        count += f", a sample of {len(info.points):,} drawn"
    finish(figure, title=f"{count}; {len(info.front)} on the front", height=380)
    figure.update_xaxes(title=LABELS[info.x])
    figure.update_yaxes(title=LABELS[info.y])
    return figure
