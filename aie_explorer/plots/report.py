"""One HTML file that holds a design: figures, tables, plots. It needs no network."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

import aie_explorer
from aie_explorer.design import Design
from aie_explorer.design.roofline import roofline
from aie_explorer.errors import ExportError
from aie_explorer.explorer import Explorer
from aie_explorer.files import replaced
from aie_explorer.plots.cycles import cycles_figure, cycles_info
from aie_explorer.plots.floorplan import floorplan_figure, floorplan_info
from aie_explorer.plots.pareto import pareto_figure, pareto_info
from aie_explorer.plots.roofline import roofline_figure
from aie_explorer.plots.timeline import timeline_figure, timeline_info

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px; display: block; overflow-x: auto; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #8886; white-space: nowrap; }
.figures { display: flex; flex-wrap: wrap; gap: 2.5em; margin: 1em 0; }
.figures b { display: block; font-size: 1.7em; }
.note { color: #888; font-size: 13px; }
"""


def html_report(design: Design, path: str | Path | None = None, *, explorer: Explorer | None = None) -> str:
    """The report of a design.

    Args:
        design: what to report.
        path: a file to write it to, replaced if it exists; none is written when None.
        explorer: where the design comes from, to draw it on the Pareto front; made when None.

    Returns:
        The HTML.

    Raises:
        ExportError: when the file cannot be written.
    """
    explorer = explorer or Explorer(design.network, design.device)
    html = _page(design, explorer)
    if path is not None:
        write_bytes(Path(path), html.encode())
    return html


def _page(design: Design, explorer: Explorer) -> str:
    network, device, e = design.network, design.device, design.estimate()
    front = explorer.pareto()
    marked = {"tiles": e.tiles, "interval_cycles": e.interval_cycles}
    figures = [("interval", f"{e.interval_cycles:.0f} cycles", f"{e.interval_ns:.0f} ns"),
               ("latency", f"{e.latency_cycles:.0f} cycles", f"{e.latency_ns:.0f} ns"),
               ("throughput", f"{e.samples_per_s / 1e6:.2f} M/s", f"samples, batch {network.batch}"),
               ("tiles", f"{e.tiles}", f"of {e.device_tiles}"),
               ("of the peak of its tiles", f"{e.efficiency:.1%}", f"{e.tops:.2f} of {e.peak_tops:.2f} TOPS")]
    big = "".join(f"<div>{escape(name)}<b>{escape(value)}</b>{escape(more)}</div>" for name, value, more in figures)
    plots = [pareto_figure(pareto_info(front, chosen=marked)), cycles_figure(cycles_info(design)),
             floorplan_figure(floorplan_info(design)), timeline_figure(timeline_info(design.timeline())),
             roofline_figure(roofline(design), "tile")]
    sources = pd.DataFrame([{"layer": op.name, "in the model": op.source, "size": f"{op.k} x {op.n}",
                             "input": str(network.type_of(op.inputs[0])), "weights": str(op.weights.type),
                             "output": str(network.type_of(op.output)), "accumulator bits": op.accumulator_bits}
                            for op in network.layers])
    rewrites = "".join(f"<li>{escape(text)}</li>" for text in network.rewrites) or "<li>none</li>"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(network.name)} on {escape(device.name)}</title>
<style>{STYLE}</style></head><body>
<h1>{escape(network.name)} on {escape(device.name)}</h1>
<div class="figures">{big}</div>
<p>{escape(e.explanation)}</p>
<h2>Layers</h2>
{_table(sources)}
{_table(e.to_frame().reset_index().drop(columns=["interval_cycles", "weight_bytes"]))}
{"".join(_figure(plot, first=i == 0) for i, plot in enumerate(plots))}
<h2>Data movement</h2>
{_table(design.plan().to_frame().reset_index())}
<h2>Lossless rewrites of the model</h2><ul>{rewrites}</ul>
<p class="note">Cycles are estimates of the cycle model of aie_explorer {aie_explorer.__version__}: {escape(e.error)}.
Clock {device.clock_mhz:g} MHz, PLIO {device.plio_bits} bits at {device.pl_clock_mhz:g} MHz.</p>
</body></html>
"""


def _table(frame: pd.DataFrame) -> str:
    text: str = frame.to_html(index=False, border=0, float_format=lambda value: f"{value:.4g}", escape=True)
    return text


def _figure(figure: go.Figure, *, first: bool) -> str:
    text: str = figure.to_html(full_html=False, include_plotlyjs=first,
                               config={"displaylogo": False, "responsive": True,
                                       "modeBarButtonsToRemove": ["sendChartToCloud", "sendDataToCloud"]})
    return text


def write_bytes(path: Path, data: bytes, *, parents: bool = False) -> None:
    """Write a file beside its place and move it there; `parents` makes the folders that are missing.

    Raises:
        ExportError: when it cannot be written.
    """
    try:
        with replaced(path, parents=parents) as file:
            file.write_bytes(data)
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(path)) from None
