"""The design space under filters: a scatter with its front, and parallel coordinates over the choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from aie_explorer.plots.pareto import MORE_IS_BETTER, MOST_POINTS, axes
from aie_explorer.plots.style import COLOURS, GREY, LABELS, finish
from aie_explorer.search.pareto import nondominated

Rows = npt.NDArray[np.intp]
MOST_LINES = 1_000
MOST_AXES = 14
FEW_VALUES = 12
"""An axis of so few whole values marks each of them."""
SHORT = {"cas_length": "length", "cas_num": "num", "microtile": "tile"}


@dataclass(frozen=True, eq=False)
class SpaceInfo:
    """What the scatter shows; rows are those of the table.

    Attributes:
        x, y: columns on the axes.
        others: rows that the filters leave out, as far as drawn.
        kept: rows that they keep, as far as drawn.
        front: rows kept that no other kept one beats in x and y, by x; all of them are drawn.
        points: [designs, 2] of the whole table.
        total, kept_total: designs in the table, and those kept.
    """

    x: str
    y: str
    others: Rows
    kept: Rows
    front: Rows
    points: npt.NDArray[np.float64]
    total: int
    kept_total: int

    @property
    def sentence(self) -> str:
        """What is drawn of how much."""
        text = f"{self.total:,} designs"
        if self.kept_total < self.total:
            text = f"{self.kept_total:,} of {self.total:,} designs kept"
        drawn = len(self.others) + len(self.kept) + len(self.front)
        if drawn < self.total:
            text += f", the front and a sample of {drawn - len(self.front):,} drawn"
        return f"{text}; {len(self.front)} on the front"


def space_info(frame: pd.DataFrame, kept: npt.NDArray[np.bool_], x: str = "tiles", y: str = "interval_cycles", *,
               most: int = MOST_POINTS) -> SpaceInfo:
    """Which designs of a table are drawn, and the front of those that filters keep.

    Args:
        frame: as `Explorer.sweep` returns it.
        kept: [designs] whether the filters keep it.
        x, y: columns of figures.
        most: points drawn beside the front; beyond it a sample is.

    Raises:
        DesignError: for a column that is not there.
    """
    points, smaller_is_better = axes(frame, x, y)
    rows = np.flatnonzero(kept)
    front = rows[nondominated(smaller_is_better[rows])] if len(rows) else rows
    front = front[np.argsort(points[front, 0], kind="stable")]
    drawn = np.ones(len(frame), np.bool_)
    drawn[front] = False
    rest = np.flatnonzero(drawn)
    if len(rest) > most:
        rest = np.sort(np.random.default_rng(0).choice(rest, most, replace=False))
    return SpaceInfo(x, y, rest[~kept[rest]], rest[kept[rest]], front, points, len(frame), len(rows))


def space_figure(info: SpaceInfo) -> go.Figure:
    """Traces: designs left out, designs kept, front. Their `customdata` are the table's rows."""
    figure = go.Figure()
    hover = f"{LABELS[info.x]}: %{{x:,.4~g}}<br>{LABELS[info.y]}: %{{y:,.4~g}}<extra></extra>"
    for name, rows, opacity, tint in (("left out", info.others, 0.18, GREY), ("designs", info.kept, 0.55, "#7d93a8")):
        figure.add_trace(go.Scattergl(
            x=_short(info.points[rows, 0]), y=_short(info.points[rows, 1]), mode="markers", name=name,
            customdata=rows.astype(np.int32), hovertemplate=hover, showlegend=False,
            marker={"size": 5, "color": tint, "opacity": opacity}))
    shape = "linear" if {info.x, info.y} & MORE_IS_BETTER else "hv"
    figure.add_trace(go.Scattergl(  # as the others are, which would lie upon a trace of another kind
        x=info.points[info.front, 0], y=info.points[info.front, 1], mode="lines+markers", name="front",
        customdata=info.front.astype(np.int32), hovertemplate=hover, showlegend=False,
        line={"shape": shape, "color": COLOURS[0], "width": 2}, marker={"size": 7, "color": COLOURS[0]}))
    finish(figure, title=info.sentence, height=340)
    figure.update_layout(dragmode="zoom", hovermode="closest", clickmode="event")
    figure.update_xaxes(title=LABELS[info.x])
    figure.update_yaxes(title=LABELS[info.y])
    return figure


def _short(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Half the bytes on the way to the browser; a screen has fewer than 2^24 places."""
    return values.astype(np.float32)


@dataclass(frozen=True)
class AxisInfo:
    """One axis of the parallel coordinates.

    Attributes:
        column: of the table.
        label: above it.
        words: what the values 0, 1, .. stand for; empty for a figure.
        log: whether values are drawn as their logarithm to base 10.
    """

    column: str
    label: str
    words: tuple[str, ...] = ()
    log: bool = False


@dataclass(frozen=True, eq=False)
class ParallelInfo:
    """What the parallel coordinates show.

    Attributes:
        axes: figures, then choices that differ among the designs.
        values: [lines, axes] as drawn.
        rows: [lines] of the table.
        constant: choices that do not differ, in words.
        left_out: axes for which there is no room.
    """

    axes: tuple[AxisInfo, ...]
    values: npt.NDArray[np.float64]
    rows: Rows
    constant: tuple[str, ...]
    left_out: tuple[str, ...]


def parallel_info(frame: pd.DataFrame, kept: npt.NDArray[np.bool_], *, most: int = MOST_LINES) -> ParallelInfo:
    """Axes for the figures and for every choice that differs; a line for each design kept, or for a sample.

    Args:
        frame: as `Explorer.sweep` returns it.
        kept: [designs] which to draw.
        most: lines drawn.
    """
    rows = np.flatnonzero(kept)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    axes: list[AxisInfo] = []
    constant: list[str] = []
    for name in ("tiles", "interval_cycles", "latency_cycles", "efficiency"):
        figure = frame[name].to_numpy(np.float64)
        log = len(figure) > 0 and figure.min() > 0 and figure.max() / figure.min() > 30
        axes.append(AxisInfo(name, LABELS[name].split(" (of")[0], log=bool(log)))
    whole = [name for name in ("device", "batch", "plio_bits", "clock_mhz", "copies") if name in frame.columns]
    for name in (*whole, *(name for name in frame.columns if "." in name)):
        distinct = frame[name].drop_duplicates()
        label = name
        if "." in name:
            layer, _, field = name.rpartition(".")
            label = f"{layer} {SHORT.get(field, field)}"
        if len(distinct) < 2:
            constant.append(f"{label} {distinct.iloc[0]}" if len(distinct) else label)
        elif pd.api.types.is_numeric_dtype(frame[name]):
            axes.append(AxisInfo(name, label))
        else:
            axes.append(AxisInfo(name, label, tuple(sorted(map(str, distinct)))))
    shown, left_out = axes[:MOST_AXES], tuple(axis.label for axis in axes[MOST_AXES:])
    drawn = np.empty((len(rows), len(shown)))
    for i, axis in enumerate(shown):
        column = frame[axis.column].iloc[rows]
        if axis.words:
            place = {word: j for j, word in enumerate(axis.words)}
            drawn[:, i] = [place[str(value)] for value in column]
        else:
            numbers = column.to_numpy(np.float64)
            drawn[:, i] = np.log10(numbers) if axis.log else numbers
    return ParallelInfo(tuple(shown), drawn, rows, tuple(constant), left_out)


def parallel_figure(info: ParallelInfo, ranges: dict[str, list[list[float]]] | None = None) -> go.Figure:
    """Draw the lines, coloured by interval.

    Args:
        info: what to draw.
        ranges: by column, intervals as drawn that are brushed.
    """
    dimensions: list[dict[str, Any]] = []
    for i, axis in enumerate(info.axes):
        column = info.values[:, i]
        one: dict[str, Any] = {"label": axis.label, "values": _short(column)}
        if axis.words:
            one |= {"tickvals": list(range(len(axis.words))), "ticktext": list(axis.words),
                    "range": [-0.3, len(axis.words) - 0.7]}
        elif len(distinct := np.unique(column)) <= FEW_VALUES and not axis.log and np.all(distinct == distinct.round()):
            one |= {"tickvals": distinct.tolist(), "ticktext": [f"{value:.0f}" for value in distinct]}
        elif axis.log and len(column):
            ticks = [value for power in range(int(np.floor(column.min())), int(np.ceil(column.max())) + 1)
                     for value in (10.0**power, 3 * 10.0**power)]
            ticks = [tick for tick in ticks if column.min() <= np.log10(tick) <= column.max()]
            one |= {"tickvals": np.log10(ticks).tolist(), "ticktext": [f"{tick:,.4g}" for tick in ticks]}
        if ranges and ranges.get(axis.column):
            found = ranges[axis.column]
            one["constraintrange"] = found[0] if len(found) == 1 else found
        dimensions.append(one)
    colours = info.values[:, 1] if len(info.values) else np.zeros(0)
    figure = go.Figure(go.Parcoords(
        dimensions=dimensions, labelangle=-20, labelside="top",
        line={"color": _short(colours), "colorscale": [[0, COLOURS[1]], [0.5, GREY], [1, COLOURS[0]]]},
        unselected={"line": {"color": GREY, "opacity": 0.08}}))
    finish(figure, title="", height=340)
    figure.update_layout(margin={"l": 60, "r": 50, "t": 76, "b": 30})
    return figure
