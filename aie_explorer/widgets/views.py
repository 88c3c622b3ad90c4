"""The views of the selected design that are plotly figures: one entry each, and it has its place, linking and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from aie_explorer.design import Design
from aie_explorer.design.roofline import roofline
from aie_explorer.plots import cycles_info, cycles_spec, roofline_figure, timeline_figure, timeline_info
from aie_explorer.widgets.parts import Bars, Figure


@dataclass(frozen=True)
class View:
    """One figure of a design.

    Attributes:
        tab: the tab it is in; views of one tab stand side by side.
        name: of the figure, for files and screen readers.
        draw: makes it, as a figure or as its data and layout.
        part: the widget that shows it.
    """

    tab: str
    name: str
    draw: Callable[[Design], go.Figure | dict[str, Any]]
    part: type[Figure] = Figure


VIEWS = (
    View("Explore", "cycles", lambda design: cycles_spec(cycles_info(design)), Bars),
    View("Roofline", "roofline of a tile", lambda design: roofline_figure(roofline(design), "tile")),
    View("Roofline", "roofline of the array", lambda design: roofline_figure(roofline(design), "array")),
    View("Timeline", "timeline", lambda design: timeline_figure(timeline_info(design.timeline()))),
)
