"""What every figure has in common: colours safe for colour-blind people, backgrounds that suit light and dark."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

# Okabe and Ito, "Color Universal Design" (2008), without black; their yellow is too faint on white
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C00", "#7F5BB5")
GREY = "#8a8a8a"
CLEAR = "rgba(0,0,0,0)"

LABELS = {
    "tiles": "tiles", "interval_cycles": "interval (cycles)", "latency_cycles": "latency (cycles)",
    "interval_ns": "interval (ns)", "latency_ns": "latency (ns)", "samples_per_s": "throughput (samples/s)",
    "efficiency": "efficiency (of the peak of its tiles)", "plio_in": "input PLIOs", "plio_out": "output PLIOs",
}


def colour(index: int) -> str:
    """The colour of the layer of that index."""
    return COLOURS[index % len(COLOURS)]


def ink(background: str) -> str:
    """Black or white, whichever stands out more (relative luminance, WCAG 2)."""
    parts = [int(background[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def letter(index: int) -> str:
    """A letter for the layer of that index, so that colour never stands alone: A .. Z, then AA .."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def common_layout(title: str, height: int) -> dict[str, Any]:
    """The layout that figures have in common; no button that sends the chart away."""
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    return {"title": {"text": title, "font": {"size": 14}}, "height": height,
            "margin": {"l": 60, "r": 20, "t": 48, "b": 48}, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR,
            "font": {"color": GREY}, "modebar": {"remove": ["sendChartToCloud", "sendDataToCloud"], "bgcolor": CLEAR},
            "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
            "xaxis": dict(grid), "yaxis": dict(grid)}


def finish(figure: go.Figure, *, title: str, height: int) -> go.Figure:
    """Apply the common layout."""
    return figure.update_layout(common_layout(title, height))
