"""Figures: the data of each (`*_info`) apart from its drawing (`*_figure`)."""

from aie_explorer.plots.cycles import CyclesInfo, cycles_figure, cycles_info, cycles_spec
from aie_explorer.plots.floorplan import FloorplanInfo, floorplan_figure, floorplan_info
from aie_explorer.plots.pareto import ParetoInfo, pareto_figure, pareto_info
from aie_explorer.plots.report import html_report
from aie_explorer.plots.roofline import roofline_figure
from aie_explorer.plots.timeline import TimelineInfo, timeline_figure, timeline_info

__all__ = [
    "CyclesInfo", "FloorplanInfo", "ParetoInfo", "TimelineInfo", "cycles_figure", "cycles_info", "cycles_spec",
    "floorplan_figure", "floorplan_info", "html_report", "pareto_figure", "pareto_info", "roofline_figure",
    "timeline_figure", "timeline_info",
]
