"""The parts of the interface that show a session: HTML pieces and the Pareto plot. No state of their own."""

from __future__ import annotations

from html import escape

import anywidget
import plotly.graph_objects as go
import traitlets

from aie_explorer.plots import floorplan_info, pareto_figure, pareto_info
from aie_explorer.plots.style import colour, letter
from aie_explorer.plots.svg import floorplan_svg
from aie_explorer.space import shape_name
from aie_explorer.widgets.session import Session, as_code

STYLE = """<style>
.aie-head { display: flex; flex-wrap: wrap; gap: 4px 36px; padding: 4px 0; }
.aie-head div { line-height: 1.25; } .aie-head b { display: block; font-size: 22px; }
.aie-table { border-collapse: collapse; }
.aie-table th, .aie-table td { padding: 1px 10px; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--jp-border-color2, #8884); }
.aie-table .worst { font-weight: bold; color: #D55E00; }
.aie-code { font: 12px monospace; white-space: pre-wrap; margin: 0; padding: 6px;
  border: 1px solid var(--jp-border-color2, #8884); }
.aie-error { padding: 6px 10px; border-left: 4px solid #D55E00; background: rgba(213,94,0,0.12); }
</style>"""


class Width(anywidget.AnyWidget):
    """Tells Python how wide the cell is: a FigureWidget does not follow its container by itself."""

    _esm = """
    export default { render({ model, el }) {
      const send = () => {
        const width = Math.round(el.getBoundingClientRect().width);
        if (width > 100 && width !== model.get("width")) { model.set("width", width); model.save_changes(); }
      };
      const observer = new ResizeObserver(send);
      el.style.width = "100%"; el.style.height = "1px";
      observer.observe(el);
      return () => observer.disconnect();
    } };
    """
    width = traitlets.Int(0).tag(sync=True)


def header_html(session: Session) -> str:
    """The figures of the selected design in large type, and what limits it."""
    e, design = session.design.estimate(), session.design
    figures = [("interval", f"{e.interval_cycles:.0f} cycles",
                f"{e.interval_ns:.0f} ns a batch of {design.network.batch}"),
               ("latency", f"{e.latency_cycles:.0f} cycles", f"{e.latency_ns:.0f} ns"),
               ("throughput", f"{e.samples_per_s / 1e6:.2f} M/s", "samples"),
               ("tiles", str(e.tiles), f"of {e.device_tiles}"),
               ("efficiency", f"{e.efficiency:.1%}", f"{e.tops:.2f} of {e.peak_tops:.2f} TOPS peak")]
    cells = "".join(f"<div>{name}<b>{value}</b>{more}</div>" for name, value, more in figures)
    title = f"{escape(design.network.name)} on {escape(design.device.name)}"
    said = f"{e.explanation} Estimated: {e.error}."
    return f'{STYLE}<div class="aie-head"><div>{title}</div>{cells}</div><div>{escape(said)}</div>'


def layers_html(session: Session) -> str:
    """A row a layer: its cycles by resource; the slowest one bold."""
    e = session.design.estimate()
    head = "".join(f"<th>{name}</th>" for name in (
        "layer", "cut", "tiles", "kernel", "input DMA", "output DMA", "cascade", "weights a tile", "efficiency"))
    rows = []
    for i, layer in enumerate(e.layers):
        cells = [f"<b style='color:{colour(i)}'>{letter(i)}</b> {escape(layer.name)}",
                 f"{shape_name(layer.choice.microtile)}, {layer.choice.cas_length} x {layer.choice.cas_num} by "
                 f"{layer.choice.split}", str(layer.choice.tiles)]
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        for cycles in (layer.tile_cycles, layer.dma_in_cycles, layer.dma_out_cycles):
            mark = ' class="worst"' if cycles >= e.interval_cycles else ""
            row += f"<td{mark}>{cycles:.0f}</td>"
        row += f"<td>+{layer.cascade_cycles:.0f}</td><td>{layer.weight_bytes:,} B</td><td>{layer.efficiency:.1%}</td>"
        rows.append(f"<tr>{row}</tr>")
    return (f'<table class="aie-table"><caption>cycles a batch; the interval is {e.interval_cycles:.0f}</caption>'
            f"<tr>{head}</tr>{''.join(rows)}</table>")


def floorplan_html(session: Session) -> str:
    """The placed design as SVG."""
    return floorplan_svg(floorplan_info(session.design))


def code_html(session: Session) -> str:
    """The Python that makes the selected design."""
    return f'<pre class="aie-code" tabindex="0" aria-label="Python for this design">{escape(as_code(session))}</pre>'


def status_html(text: str) -> str:
    """A line that screen readers announce."""
    return f'<div class="aie-status" role="status">{escape(text)}</div>'


def error_html(text: str) -> str:
    """A message that cannot be overlooked; empty text gives nothing."""
    return f'<div class="aie-error" role="alert">{escape(text)}</div>' if text else ""


def pareto_widget(session: Session) -> go.FigureWidget:
    """The Pareto plot, finished before it becomes a widget."""
    return go.FigureWidget(_pareto(session))


def update_pareto(widget: go.FigureWidget, session: Session) -> None:
    """Show another session in an existing plot."""
    fresh = _pareto(session)
    with widget.batch_update():
        for old, new in zip(widget.data, fresh.data, strict=True):
            old.x, old.y, old.text = new.x, new.y, new.text
        widget.layout.title.text = fresh.layout.title.text


def _pareto(session: Session) -> go.Figure:
    e = session.design.estimate()
    marked = {"tiles": e.tiles, "interval_cycles": e.interval_cycles}
    return pareto_figure(pareto_info(session.frame, chosen=marked))
