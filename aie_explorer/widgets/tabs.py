"""The tabs of the interface. Only the one that is seen is kept up to date; the others follow when they are opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from aie_explorer.checks import check_and_fix
from aie_explorer.design import Design
from aie_explorer.firmware.directives import directives
from aie_explorer.plots import html_report
from aie_explorer.plots.space import ParallelInfo, parallel_figure, parallel_info
from aie_explorer.widgets import files, pieces, rows
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.brush import from_axis, to_axis, unbrushed
from aie_explorer.widgets.explore import ExploreTab
from aie_explorer.widgets.panels import ExportPanel, SweepPanel, design_file
from aie_explorer.widgets.parts import Figure, Grid, Tool
from aie_explorer.widgets.table import Span, as_parquet, rounded, row_of
from aie_explorer.widgets.views import VIEWS

if TYPE_CHECKING:
    from aie_explorer.widgets.explorer_ui import ExplorerUi

Message = dict[str, Any]


class Tabs:
    """All tabs; `box` is the widget."""

    def __init__(self, ui: ExplorerUi) -> None:
        self.ui, self.session = ui, ui.session
        self.views = [(view, view.part(name=view.name)) for view in VIEWS]
        self.explore = ExploreTab(self)
        self.designs = DesignsTab(self)
        self.compare = CompareTab(self)
        self.checks = ChecksTab(self)
        self.sweep, self.export = SweepPanel(ui), ExportPanel(ui)
        self.record = SessionTab(self)
        named: list[tuple[str, w.Widget, Callable[[], object]]] = [
            ("Explore", self.explore.box, self.explore.refresh), ("Designs", self.designs.box, self.designs.refresh)]
        for tab in dict.fromkeys(view.tab for view, _ in self.views if view.tab != "Explore"):
            figures = [figure for view, figure in self.views if view.tab == tab]
            for figure in figures:
                figure.add_class("aie-half")
            named.append((tab, w.HBox(figures, layout={"flex_flow": "row wrap"}), lambda: None))
        named += [("Compare", self.compare.box, self.compare.refresh), ("Checks", self.checks.box, self.checks.refresh),
                  ("Sweep", self.sweep.box, self.sweep.refresh), ("Export", self.export.box, lambda: None),
                  ("Session", self.record.box, self.record.refresh)]
        self.names = [name for name, _, __ in named]
        self._refresh = [refresh for _, __, refresh in named]
        self.box = w.Tab(children=[box for _, box, __ in named], titles=self.names)
        self.box.observe(lambda _: ui.do(lambda: None), "selected_index")
        self.busy = (self.sweep.start, self.export.start, self.export.replace, self.explore.free)

    def open(self, name: str) -> None:
        """Show a tab."""
        self.box.selected_index = self.names.index(name)

    def refresh(self) -> None:
        """Update the tab that is seen."""
        index = self.box.selected_index or 0
        self._refresh[index]()
        for view, figure in self.views:
            if view.tab == self.names[index]:
                figure.show(view.draw(self.session.state.design), self.session.version)

    @property
    def parts(self) -> list[w.Widget]:
        """All that is drawn when the state changes."""
        return [*(figure for _, figure in self.views), self.explore.space, self.explore.layers, self.explore.plan,
                self.designs.grid, self.designs.parallel]


class DesignsTab:
    """Parallel coordinates, and the designs as a grid."""

    def __init__(self, tabs: Tabs) -> None:
        self.ui, self.session = tabs.ui, tabs.session
        self.parallel, self.grid = Figure(name="parallel coordinates"), Grid()
        self.about = w.HTML()
        self.tools = w.HBox([
            Tool("Download CSV", "the designs that the filters keep", self._csv, tabs.ui.show_error),
            Tool("Download Parquet", "the designs that the filters keep", self._parquet, tabs.ui.show_error)])
        self.box = w.VBox([self.parallel, self.about, self.grid, self.tools])
        self.sort = ("tiles", False)
        self._order: Any = None
        self._info: ParallelInfo | None = None
        self._drawn: tuple[object, ...] = ()
        self._brushed: object = None
        self.parallel.on({"brush": self._brush})
        self.grid.on({"sort": self._sort, "view": self._view,
                      "click": lambda m: tabs.ui.do(lambda: self.session.select_row(int(m["row"]))),
                      "compare": self._compare})

    def refresh(self) -> None:
        """Show the session's state."""
        session, state = self.session, self.session.state
        key = (session.table, state.filters.words, state.filters.lasso)
        figure = None
        if key != self._drawn or state.filters.spans != self._brushed:
            others = unbrushed(state.filters)
            self._info = parallel_info(session.table.frame, session.keeping(others))
            figure = parallel_figure(self._info, self._ranges(self._info))
            self._drawn, self._brushed = key, state.filters.spans
        self.parallel.show(figure, session.version)
        info = self._info
        assert info is not None
        parts = [f"{len(info.rows):,} of {len(session.table.frame):,} designs are drawn as lines; drag along an axis "
                 f"to keep a range. The table holds {session.table.note}."]
        more = [f"The same for all: {', '.join(info.constant)}."] * bool(info.constant)
        more += [f"No room for: {', '.join(info.left_out)}."] * bool(info.left_out)
        rest = f"{len(info.constant)} choices are the same for all, {len(info.left_out)} have no axis"
        self.about.value = f'<div class="aie-dim">{escape(" ".join(parts))}' + (
            f"<details><summary>{rest}</summary>{escape(' '.join(more))}</details>" if more else "") + "</div>"
        self._order = rows.order_of(session, *self.sort)
        row = session.row
        self.grid.give(columns=rows.grid_columns(session), sort={"column": self.sort[0], "descending": self.sort[1]},
                       total=len(self._order), view=rows.grid_rows(session, self._order, 0, 80),
                       chosen=-1 if row is None else row, stamp=session.version,
                       compared=[found for one in state.compared
                                 if (found := row_of(session.table, one)) is not None])

    def _ranges(self, info: ParallelInfo) -> dict[str, list[list[float]]]:
        spans = dict(self.session.state.filters.spans)
        found = {}
        for axis in info.axes:
            span = spans.get(axis.column)
            if span:
                found[axis.column] = to_axis(span, axis)
        return found

    def _brush(self, message: Message) -> None:
        info = self._info
        if info is None:
            return
        axis = info.axes[int(message["axis"])]
        span: Span | None = from_axis(message["ranges"], axis)
        if span and not axis.words:
            span = tuple(rounded(self.session.table, axis.column, part) for part in span if not isinstance(part, str))

        def brush() -> None:
            self.session.do(lambda s: steps.filtered(s, spans={axis.column: span}))
            self._brushed = self.session.state.filters.spans  # the axis shows it already

        self.ui.do(brush)

    def _sort(self, message: Message) -> None:
        column = str(message["column"])
        self.sort = column, self.sort[0] == column and not self.sort[1]
        self.session.version += 1
        self.ui.do(lambda: None)

    def _view(self, message: Message) -> None:
        with self.session.lock:
            self.grid.view = rows.grid_rows(self.session, self._order, int(message["first"]), int(message["count"]))

    def _compare(self, message: Message) -> None:
        self.ui.do(lambda: self.session.do(
            lambda s: steps.compare(s, self.session.design_of_row(int(message["row"])))))

    def _csv(self) -> tuple[str, str, bytes]:
        frame = self.session.table.frame[self.session.kept]
        return "designs.csv", "text/csv", frame.to_csv(index=False).encode()

    def _parquet(self) -> tuple[str, str, bytes]:
        return "designs.parquet", "application/octet-stream", as_parquet(
            self.session.table.frame[self.session.kept])


class CompareTab:
    """Designs side by side."""

    def __init__(self, tabs: Tabs) -> None:
        self.ui, self.session = tabs.ui, tabs.session
        self.table, self.buttons = w.HTML(), w.HBox([], layout={"flex_flow": "row wrap"})
        self.box = w.VBox([self.buttons, self.table])

    def refresh(self) -> None:
        """Show the session's state."""
        state = self.session.state
        self.table.value = pieces.compare(state.compared, state.design)
        buttons = []
        for i, design in enumerate(state.compared):
            choose = w.Button(description=f"Select design {i + 1}", layout={"width": "150px"})
            choose.on_click(lambda _, design=design: self.ui.do(
                lambda: self.session.do(lambda s: steps.selected(s, design))))
            away = w.Button(description=f"Remove {i + 1}", layout={"width": "100px"})
            away.on_click(lambda _, design=design: self.ui.do(
                lambda: self.session.do(lambda s: steps.compare(s, design))))
            buttons += [choose, away]
        for old in self.buttons.children:
            old.close()
        self.buttons.children = buttons


class ChecksTab:
    """The design rules."""

    def __init__(self, tabs: Tabs) -> None:
        self.ui, self.session = tabs.ui, tabs.session
        self.words = w.HTML()
        shown = {"width": "auto", "display": "none"}
        self.fix = w.Button(button_style="primary", layout=shown, icon="wrench",
                            tooltip="the cheapest change after which no rule is broken")
        self.best = w.Button(description="Take the best design that breaks none", layout=shown)
        self.release = w.Button(description="Place all blocks freely", layout=shown)
        self.box = w.VBox([self.words, w.HBox([self.fix, self.best, self.release])])
        self.fixed: Design | None = None
        self.fix.on_click(lambda _: self.ui.do(self._take))
        self.best.on_click(lambda _: self.ui._find())
        self.release.on_click(lambda _: self.ui.do(lambda: self.session.do(steps.release)))

    def refresh(self) -> None:
        """Show the session's state."""
        design = self.session.state.design
        broken, self.fixed = check_and_fix(design)
        self.words.value = pieces.checks(design, broken)
        self.fix.description = "" if self.fixed is None else broken[0].remedy
        self.fix.layout.display = "none" if self.fixed is None else ""
        self.best.layout.display = "" if any(one.severity == "error" for one in broken) else "none"
        self.release.layout.display = "" if design.pins and any(v.rule == "placement" for v in broken) else "none"

    def _take(self) -> None:
        fixed = self.fixed
        if fixed is not None:
            self.session.do(lambda s: steps.selected(s, fixed, self.fix.description))


class SessionTab:
    """The Python of the state, files of it, and files of everything that is shown."""

    def __init__(self, tabs: Tabs) -> None:
        self.ui, self.session = tabs.ui, tabs.session
        failed = tabs.ui.show_error
        self.code = w.HTML()
        session, name = tabs.session, tabs.session.state.design.network.name
        self.tools = [
            Tool("Copy as code", "the Python that does the same", session.code, failed),
            Tool("Download design", "the selected design as JSON; aie_explorer.load_design reads it",
                 lambda: design_file(session.state.design), failed),
            Tool("Download directives", "the same cascades for the AIE backend of hls4ml (aie4ml), as JSON", lambda: (
                f"{name}_directives.json", "application/json",
                json.dumps(directives(session.state.design), indent=1).encode()), failed),
            Tool("Download report", "one HTML file with figures and tables", lambda: (
                f"{name}_report.html", "text/html",
                html_report(session.state.design, explorer=session.explorer).encode()), failed),
            Tool("Download session", "what is selected, pinned, filtered and compared", lambda: (
                f"{name}_session.json", "application/json",
                json.dumps(files.to_json(session.state), indent=1).encode()), failed)]
        self.path = w.Text(value=str(session.file or f"{name}_session.json"), description="file",
                           layout={"width": "420px"}, style={"description_width": "40px"})
        self.save = w.Button(description="Save session", layout={"width": "130px"})
        self.load = w.Button(description="Load session", layout={"width": "130px"})
        self.save.on_click(lambda _: self.ui.do(self._save))
        self.load.on_click(lambda _: self.ui.do(lambda: session.load(self.path.value)))
        kept = (f"Kept in {session.file} at every step." if session.file else
                'With ex.ui(session="file.json") it is kept at every step and survives a restart of the kernel.')
        self.box = w.VBox([w.HBox(self.tools, layout={"flex_flow": "row wrap"}),
                           w.HBox([self.path, self.save, self.load], layout={"flex_flow": "row wrap"}),
                           w.HTML(f'<div class="aie-dim">{escape(kept)} Figures are saved from their own tool bar, '
                                  "as PNG or SVG.</div>"), self.code])

    def _save(self) -> None:
        self.session.save(self.path.value)
        self.session.say(f"saved to {self.path.value}")

    def refresh(self) -> None:
        """Show the session's state."""
        self.code.value = pieces.code(self.session.code())
