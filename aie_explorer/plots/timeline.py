"""A design over time: a row for every kernel, DMA and PLIO, with what it does and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from aie_explorer.plots.style import CLEAR, COLOURS, GREY, finish, ink
from aie_explorer.timeline import Event, Timeline

SHADES = {"input PLIO": COLOURS[3], "input DMA": COLOURS[2], "kernel": COLOURS[0], "output DMA": COLOURS[1],
          "output PLIO": COLOURS[5]}
"""Colour of each kind of activity."""
HELD_UP = "held up"
WHITE = 0.5  # of the colour of every other iteration, so that neighbours differ
FEW_ROWS = 24  # that are drawn at full height


@dataclass(frozen=True)
class BarInfo:
    """Something that takes time.

    Attributes:
        row: index of the row.
        kind: of the activity, or "held up": data are there, but no room for results or a resource others use.
        iteration: from 0.
        start_cycles, end_cycles: from the first start to the last end of the activities that the row stands for.
        text: what to say of it.
    """

    row: int
    kind: str
    iteration: int
    start_cycles: float
    end_cycles: float
    text: str


@dataclass(frozen=True)
class TimelineInfo:
    """What the chart shows.

    Attributes:
        rows: names, such as "dense0 kernel", in the order of the data.
        critical: indices of the rows that set the interval.
        bars: by row and iteration.
        interval_cycles, latency_cycles: of the timeline.
        results_cycles: when the result of each iteration is out.
        summary: figures, and what sets the interval.
    """

    rows: tuple[str, ...]
    critical: tuple[int, ...]
    bars: tuple[BarInfo, ...]
    interval_cycles: float
    latency_cycles: float
    results_cycles: tuple[float, ...]
    summary: str


def timeline_info(timeline: Timeline) -> TimelineInfo:
    """Rows and bars of a timeline; cascades, slices and ports that do the same side by side share a row."""
    events: dict[tuple[str, int], list[Event]] = {}
    groups: dict[str, str] = {}
    for event in timeline.events:
        # the ports of a tensor for one reader are numbered
        row_name = event.name.rpartition("_")[0] if event.kind.endswith("PLIO") else event.group
        groups[row_name] = event.group
        events.setdefault((row_name, event.iteration), []).append(event)
    rows = tuple(groups)
    bars: list[BarInfo] = []
    for (row_name, iteration), found in events.items():
        row, first = rows.index(row_name), min(found, key=lambda event: event.start_cycles)
        held = [event for event in found if event.wait in {"space", "resource"}]
        if held:
            longest = max(held, key=lambda event: event.waited_cycles)
            bars.append(BarInfo(row, HELD_UP, iteration, longest.start_cycles - longest.waited_cycles,
                                longest.start_cycles, f"{longest.name} waits for {longest.waited_for}"))
        end = max(event.end_cycles for event in found)
        count = f", {len(found)} side by side" if len(found) > 1 else ""
        text = f"{row_name}{count}, iteration {iteration}: cycles {first.start_cycles:.0f} to {end:.0f}"
        if first.wait == "data":
            text += f"; waited for {first.waited_for}"
        bars.append(BarInfo(row, first.kind, iteration, first.start_cycles, end, text))
    out = [max(bar.end_cycles for bar in bars if bar.kind == "output PLIO" and bar.iteration == i)
           for i in range(timeline.iterations)]
    sides = {name for part in timeline.critical.split(" and ") for name in part.split(" waiting for ")}
    return TimelineInfo(
        rows, tuple(i for i, name in enumerate(rows) if groups[name] in sides), tuple(bars), timeline.interval_cycles,
        timeline.latency_cycles, tuple(out),
        f"simulated: interval {timeline.interval_cycles:.0f} cycles, latency {timeline.latency_cycles:.0f} cycles "
        f"(estimate {timeline.closed_form_interval_cycles:.0f}, {timeline.closed_form_latency_cycles:.0f}); "
        f"{timeline.critical}" + ("" if " waiting for " in timeline.critical else " is always busy"))


def timeline_figure(info: TimelineInfo) -> go.Figure:
    """Draw the chart: a trace for what is held up and one for each kind of activity, a line at each result."""
    labels = [f"<b>{escape(name)}</b>" if i in info.critical else escape(name) for i, name in enumerate(info.rows)]
    tall = len(info.rows) <= FEW_ROWS
    figure = go.Figure()
    for kind in (HELD_UP, *SHADES):  # of activities side by side one may be held up while another is busy: that shows
        bars = [bar for bar in info.bars if bar.kind == kind]
        if not bars:
            continue
        held = kind == HELD_UP
        tints: list[str] = []
        marker: dict[str, object] = {"color": CLEAR, "line": {"width": 0}}
        if held:
            marker |= {"line": {"width": 1, "color": GREY},
                       "pattern": {"shape": "/", "fgcolor": GREY, "bgcolor": CLEAR, "size": 5}}
        else:
            marker["color"] = tints = [_lighter(SHADES[kind]) if bar.iteration % 2 else SHADES[kind] for bar in bars]
        figure.add_trace(go.Bar(
            orientation="h", name=kind, base=[bar.start_cycles for bar in bars],
            x=[bar.end_cycles - bar.start_cycles for bar in bars], y=[bar.row for bar in bars], width=0.78,
            marker=marker, hovertext=[escape(bar.text) for bar in bars], hoverinfo="text",
            text=["" if held else str(bar.iteration) for bar in bars], textposition="inside", textangle=0,
            insidetextfont={"color": [ink(tint) for tint in tints]}, insidetextanchor="middle", constraintext="none"))
    for end in info.results_cycles:
        figure.add_vline(x=end, line={"width": 1, "dash": "dot", "color": GREY})
    figure.add_annotation(x=info.results_cycles[0], y=len(info.rows) - 0.4, text="first result", showarrow=False,
                          yanchor="top", xanchor="right", font={"size": 10})
    finish(figure, title=escape(info.summary), height=130 + (24 if tall else 15) * (len(info.rows) + 1))
    figure.update_layout(barmode="overlay", bargap=0.1, hovermode="closest", margin={"t": 72},
                         uniformtext={"minsize": 9 if tall else 7, "mode": "hide"},
                         legend={"traceorder": "reversed"})
    figure.update_xaxes(title="cycles", rangemode="tozero")
    figure.update_yaxes(tickvals=list(range(len(info.rows))), ticktext=labels, range=[len(info.rows) - 0.1, -0.7],
                        tickfont={"size": 12 if tall else 10}, automargin=True, showgrid=False)
    return figure


def _lighter(colour: str) -> str:
    """A colour mixed with white, which stands out from it on light and dark backgrounds."""
    parts = (int(colour[i:i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * WHITE):02x}" for part in parts)
