"""Parts of the interface that are words and tables: HTML, with everything that comes from a model escaped."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from aie_explorer.checks import Violation
from aie_explorer.checks.check import subject_of
from aie_explorer.checks.table import DESIGN_RULES
from aie_explorer.design import Design
from aie_explorer.errors import AieExplorerError
from aie_explorer.firmware import FirmwareProject
from aie_explorer.plots.style import colour, ink, letter
from aie_explorer.space import RULES
from aie_explorer.widgets.options import FIELDS, shown
from aie_explorer.widgets.rows import peak_tops
from aie_explorer.widgets.state import State, in_words

MOST_FILES = 400


def header(design: Design) -> str:
    """The figures of a design in large type."""
    e, device = design.estimate(), design.device
    copies = f", {design.copies} copies" if design.copies > 1 else ""
    error_pct = f" ±{e.interval_error_pct:.0f} %", f" ±{e.latency_error_pct:.0f} %"
    figures = [("interval", f"{e.interval_cycles:,.0f} cycles", f"{e.interval_ns:,.0f} ns{error_pct[0]}"),
               ("latency", f"{e.latency_cycles:,.0f} cycles", f"{e.latency_ns:,.0f} ns{error_pct[1]}"),
               ("throughput", f"{e.samples_per_s / 1e6:,.2f} M/s", f"samples, {design.network.batch} a batch"),
               ("tiles", f"{e.tiles}", f"of {e.device_tiles}"),
               ("efficiency", f"{e.efficiency:.1%}", f"{e.tops:.2f} of its tiles' {e.peak_tops:.1f} TOPS"),
               ("of array peak", f"{e.tops / peak_tops(design):.1%}", f"of {peak_tops(design):.0f} TOPS")]
    cells = "".join(f"<div>{name}<b>{value}</b><span class='aie-dim'>{more}</span></div>"
                    for name, value, more in figures)
    title = (f"<div class='aie-name'>{escape(device.name)}, {device.clock_mhz:g} MHz{copies}"
             f"<b>{escape(design.network.name)}</b><span class='aie-dim'>{len(design.layers)} layers</span></div>")
    return f'<div class="aie-head">{title}{cells}</div>'


def limit(design: Design) -> str:
    """What limits a design, in words."""
    e = design.estimate()
    return (f'<div class="aie-limit"><b>What limits it:</b> {escape(e.explanation)} '
            f'<span class="aie-dim">Estimate: {escape(e.error)}.</span></div>')


def status(text: str) -> str:
    """A line that screen readers announce."""
    return f'<div class="aie-status" role="status">{escape(text)}</div>'


def error(failure: BaseException | None) -> str:
    """A message that cannot be overlooked, with the cause; nothing for None."""
    if failure is None:
        return ""
    if isinstance(failure, AieExplorerError):
        return f'<div class="aie-error" role="alert">{escape(str(failure))}</div>'
    trace = "".join(traceback.format_exception(type(failure), failure, failure.__traceback__))
    return (f'<div class="aie-error" role="alert">This is a bug in aie_explorer: {escape(type(failure).__name__)}: '
            f'{escape(str(failure))}<details><summary>where</summary><pre>{escape(trace)}</pre></details></div>')


def filters(state: State, kept: int, total: int) -> str:
    """The filters in words, and how many designs they keep."""
    said = in_words(state.filters)
    chips = "".join(f'<span class="aie-chip">{escape(part)}</span>' for part in said.split("; ") if part)
    return f"<div>{kept:,} of {total:,} designs {chips or 'kept; drag in the scatter or on an axis to filter'}</div>"


def code(text: str) -> str:
    """A block of Python."""
    return f'<pre class="aie-code" tabindex="0" aria-label="Python for this state">{escape(text)}</pre>'


def _table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[tuple[str, str]]]], caption: str = "") -> str:
    """Rows of (name, cells of (HTML, class))."""
    top = "".join(f"<th scope='col'>{name}</th>" for name in head)
    body = "".join(f"<tr><th scope='row'>{name}</th>" + "".join(
        f"<td class='{kind}'>{text}</td>" for text, kind in cells) + "</tr>" for name, cells in rows)
    return (f'<div class="aie-scroll"><table class="aie-table"><caption>{caption}</caption><thead><tr>{top}'
            f"</tr></thead><tbody>{body}</tbody></table></div>")


def compare(designs: Sequence[Design], chosen: Design) -> str:
    """Designs side by side: what differs is marked, the best of a figure underlined."""
    if not designs:
        return ("<div class='aie-dim'>Nothing is compared yet: press “Compare this design” above, or the star of a "
                "row among the designs.</div>")
    rows: list[tuple[str, Sequence[tuple[str, str]]]] = []
    estimates = [one.estimate() for one in designs]
    figures = (("interval (cycles)", "interval_cycles", 0, -1), ("latency (cycles)", "latency_cycles", 0, -1),
               ("throughput (M samples/s)", "samples_per_s", 2, 1), ("tiles", "tiles", 0, -1),
               ("efficiency", "efficiency", 1, 1), ("input PLIOs", "plio_in", 0, -1),
               ("output PLIOs", "plio_out", 0, -1))
    for label, name, digits, sign in figures:
        values = [float(getattr(e, name)) for e in estimates]
        best = max(sign * value for value in values)
        scale = {"samples_per_s": 1e-6, "efficiency": 100.0}.get(name, 1.0)
        unit = " %" if name == "efficiency" else ""
        differs = len(set(values)) > 1
        rows.append((label, [(f"{value * scale:,.{digits}f}{unit}", " ".join(
            ["aie-differs"] * differs + ["aie-best"] * (differs and sign * value == best))) for value in values]))
    rows.append(("limited by", _marked([escape(e.bottleneck) for e in estimates])))
    rows.append(("device, batch", _marked([f"{escape(one.device.name)}, {one.network.batch}" for one in designs])))
    for i, layer in enumerate(designs[0].layers):
        tint = colour(i)
        badge = (f"<b class='aie-badge' style='background:{tint};color:{ink(tint)}'>{letter(i)}</b> {escape(layer)}")
        for field in FIELDS:
            rows.append((f"{badge} {field}", _marked([
                escape(shown(getattr(one.layers[layer], field))) if layer in one.layers else "-" for one in designs])))
    placed = [", ".join(f"{escape(name)} {tile}" for name, tile in one.pins) or "-" for one in designs]
    if any(text != "-" for text in placed):
        rows.append(("put by you", _marked(placed)))
    head = ["", *(f"design {i + 1}" + (" (selected)" if one == chosen else "") for i, one in enumerate(designs))]
    return _table(head, rows, "What differs is shaded; the best of each figure is underlined.")


def _marked(texts: list[str]) -> list[tuple[str, str]]:
    kind = "aie-differs" if len(set(texts)) > 1 else ""
    return [(text, kind) for text in texts]


def checks(design: Design, broken: Sequence[Violation]) -> str:
    """The design rules: what is broken with its fix, and of every rule how near the design comes to its limit.

    Args:
        design: that was checked.
        broken: what `design.check()` found.
    """
    errors = [one for one in broken if one.severity == "error"]
    top = "".join(f'<div class="aie-broken"><b>{escape(one.rule)}</b> ({one.severity}): {escape(str(one))}</div>'
                  for one in broken)
    if not errors:
        top = '<div class="aie-ok">no rule that stops an export is broken</div>' + top
    subject = subject_of(design)
    with contextlib.suppress(AieExplorerError):  # said above
        subject = replace(subject, placement=design.place(), plan=design.plan())
    rows: list[tuple[str, Sequence[tuple[str, str]]]] = []
    for rule in DESIGN_RULES:
        limit = rule.limit(design.device)
        if rule.measure is not None and limit is not None and (rule.scope == "design" or subject.plan is not None):
            uses = [(use.used, use.where) for use in rule.measure(subject)]
            most = max(uses, default=(0.0, ""))
            rows.append(_rule(rule.title, most[0], limit, most[1], rule.source, fine=most[0] <= limit))
    for one in RULES:
        most = max((float(one.used(layer.table, layer.work, design.device)[0]), layer.name)
                   for layer in design.space.layers)
        fine = not any(one.broken(layer.table, layer.work, design.device)[0] for layer in design.space.layers)
        rows.append(_rule(one.text, most[0], one.limit(design.device), most[1], one.source, fine=fine))
    return top + _table(["rule", "most used", "allowed", "by", "source"], rows)


def _rule(title: str, used: float, limit: float, where: str, source: str, *, fine: bool
          ) -> tuple[str, Sequence[tuple[str, str]]]:
    return f'<span class="{"aie-ok" if fine else "aie-broken"}">{escape(title)}</span>', [
        (f"{used:,.6g}", ""), (f"{limit:,.6g}", ""), (escape(where) if used else "-", "aie-word"),
        (escape(source), "aie-word aie-dim")]


def project(made: FirmwareProject) -> str:
    """An exported project: its verdict and its files."""
    verdict = made.verdict
    said = str(verdict) if verdict else f"not verified: {made.unverified}"
    kind = "aie-ok" if verdict and verdict.mismatches == 0 else "aie-broken"
    files = made.files
    tree = "\n".join(f"{file.as_posix():<52} {(made.path / file).stat().st_size:>10,} B" for file in files[:MOST_FILES])
    if len(files) > MOST_FILES:
        tree += f"\n... and {len(files) - MOST_FILES} more"
    tensors = "" if verdict is None else _table(
        ["tensor", "values", "mismatches"],
        [(escape(one.tensor), [(f"{one.values:,}", ""), (f"{one.mismatches}", "")]) for one in verdict.tensors])
    return (f'<div class="{kind} aie-verdict">{escape(said)}</div>'
            f"<div>{escape(str(made.path))}: {len(files)} files</div>"
            f'<details><summary>every tensor</summary>{tensors}</details>'
            f'<details open><summary>files</summary><pre class="aie-code">{escape(tree)}</pre></details>')
