"""The interface of an Explorer in a notebook: linked views over one selected design and one set of filters.

Callbacks arrive on more than one thread (JupyterLab sends them to subshells), so all of them go through `do`, which
holds the session's lock and shows what goes wrong, because front ends swallow exceptions. Long work is a job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w

from aie_explorer.devices import devices
from aie_explorer.errors import AieExplorerError
from aie_explorer.explorer import Explorer
from aie_explorer.search.objectives import OBJECTIVES
from aie_explorer.widgets import pieces
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.files import device_name
from aie_explorer.widgets.jobs import CancelledError, Job, Jobs
from aie_explorer.widgets.parts import PlotlyLibrary, Style, Wire, Words, everything
from aie_explorer.widgets.session import Session
from aie_explorer.widgets.tabs import Tabs

Fix = tuple[str, Callable[[], object]]
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_library: list[PlotlyLibrary] = []


def explorer_ui(explorer: Explorer, session: str | Path | None = None) -> ExplorerUi:
    """The widgets of an explorer, ready to be displayed.

    Args:
        explorer: whose design space is explored.
        session: a JSON file in which what is selected, pinned, filtered and compared is kept; read if it exists.

    Raises:
        AieExplorerError: when the network has no design on the device.
    """
    return ExplorerUi(Session(explorer, session))


def plotly_library() -> PlotlyLibrary:
    """plotly.js for every interface of this kernel, sent once."""
    if not _library or _library[0].comm is None:
        _library[:] = [PlotlyLibrary()]
    return _library[0]


class ExplorerUi(w.VBox):  # type: ignore[misc]
    """Linked views over one selected design; `session` is what they show, `design` what is selected."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._quiet = False
        self._fix: Callable[[], object] | None = None
        self.jobs = Jobs(self._tell, self._done)
        self._then: Callable[[Any], object] = lambda result: None
        self._header()
        self.tabs = Tabs(self)
        self.wire = Wire()
        self.wire.join(self.head, self.limit, self.status, self.kept, *self.tabs.parts)
        super().__init__([Style(), self.wire, plotly_library(), self.head, self.controls, self.limit, self.actions,
                          self.alert_box, self.progress_box, self.filter_row, self.tabs.box])
        self.add_class("aie-explorer")
        self.refresh()
        if session.unread:
            self.status.value = pieces.status(f"the session file was not used: {session.unread}")
        elif session.lost:
            self.status.value = pieces.status(session.lost)

    @property
    def design(self) -> Any:
        """The selected design."""
        return self.session.state.design

    def _header(self) -> None:
        explorer = self.session.explorer
        names = [d.board or d.name for d in devices() if d.has_geometry and d.generation.memory_tile is not None]
        current = device_name(explorer.device)
        self.head, self.limit, self.status = Words(), Words(), Words()
        self.device = w.Dropdown(options=sorted({*names, current}), description="device")
        self.clock = w.BoundedFloatText(min=1, max=10_000, step=50, description="clock (MHz)")
        self.batch = w.Dropdown(options=sorted({*BATCHES, explorer.network.batch}), description="batch",
                                tooltip="samples per call")
        self.plio = w.Dropdown(options=sorted({32, 64, 128, explorer.device.plio_bits}), description="PLIO (bits)")
        self.objective = w.Dropdown(options=list(OBJECTIVES), description="objective")
        self.max_tiles = w.BoundedIntText(min=1, max=explorer.device.tiles, description="max tiles")
        for control, wide in ((self.device, "150px"), (self.clock, "150px"), (self.batch, "100px"),
                              (self.plio, "130px"), (self.objective, "190px"), (self.max_tiles, "130px")):
            control.layout.width, control.style.description_width = wide, "initial"
        self.find = w.Button(description="Find best", tooltip="the best design by the objective within max tiles",
                             icon="search", button_style="primary", layout={"width": "110px"})
        self.controls = w.Box([self.device, self.clock, self.batch, self.plio, self.objective, self.max_tiles,
                               self.find])
        self.controls.add_class("aie-controls")
        self.undo = w.Button(description="Undo", icon="undo", layout={"width": "86px"}, tooltip="take a step back")
        self.redo = w.Button(description="Redo", icon="repeat", layout={"width": "86px"}, tooltip="do it again")
        self.star = w.Button(description="Compare this design", icon="star", layout={"width": "190px"},
                             tooltip="put the selected design beside others, in the tab Compare")
        self.actions = w.Box([self.undo, self.redo, self.star, self.status])
        self.actions.add_class("aie-row")
        self.alert = w.HTML()
        self.fix = w.Button(description="", button_style="warning", layout={"width": "auto", "display": "none"})
        self.dismiss = w.Button(description="Dismiss", layout={"width": "90px"})
        self.alert_box = w.VBox([self.alert, w.HBox([self.fix, self.dismiss])], layout={"display": "none"})
        self.bar = w.FloatProgress(min=0, max=1, layout={"width": "240px"})
        self.doing = w.HTML()
        self.cancel = w.Button(description="Cancel", icon="stop", layout={"width": "100px"})
        self.progress_box = w.Box([self.bar, self.doing, self.cancel], layout={"display": "none"})
        self.progress_box.add_class("aie-row")
        self.words = w.Text(placeholder='tiles <= 40 and efficiency > 0.2 and "kernel" in bottleneck',
                            description="filter", continuous_update=False, layout={"width": "520px"},
                            style={"description_width": "40px"}, tooltip="only designs for which this is true are kept")
        self.unfilter = w.Button(description="Clear filters", layout={"width": "110px"})
        self.kept = Words()
        self.filter_row = w.Box([self.words, self.unfilter, self.kept])
        self.filter_row.add_class("aie-row")
        self._wire()

    def _wire(self) -> None:
        for control in (self.device, self.clock, self.batch, self.plio):
            control.observe(self._explorer_changed, "value")
        for control, name in ((self.objective, "objective"), (self.max_tiles, "max_tiles")):
            control.observe(lambda change, name=name: self._step(
                lambda s: replace(s, **{name: change["new"]}, note=f"{name} {change['new']}")), "value")
        self.find.on_click(lambda _: self._find())
        self.undo.on_click(lambda _: self.do(self.session.undo))
        self.redo.on_click(lambda _: self.do(self.session.redo))
        self.star.on_click(lambda _: self._step(steps.compare))
        self.dismiss.on_click(lambda _: self.show_error(None))
        self.fix.on_click(lambda _: self._take_fix())
        self.cancel.on_click(lambda _: self.jobs.cancel())
        self.words.observe(lambda change: self._step(lambda s: steps.filtered(s, words=change["new"])), "value")
        self.unfilter.on_click(lambda _: self._step(lambda s: replace(s, filters=steps.NO_FILTERS, note="all designs")))

    def _step(self, step: Callable[[steps.State], steps.State]) -> None:
        if not self._quiet:
            self.do(lambda: self.session.do(step))

    def do(self, work: Callable[[], object], fix: Callable[[], Fix | None] = lambda: None) -> None:
        """Run a callback under the lock; show what it changed, or what went wrong.

        Args:
            work: the callback.
            fix: gives what else to offer when it fails: the words of a button, and what it does.
        """
        with self.session.lock:
            try:
                work()
                self.show_error(None)
            except Exception as error:  # a failure must not look like a dead button
                self.session.version += 1  # views go back to what they showed before
                self.show_error(error, fix() if isinstance(error, AieExplorerError) else None)
            try:
                self.refresh()
            except Exception as error:
                self.show_error(error)

    def show_error(self, failure: BaseException | None, fix: Fix | None = None) -> None:
        """Show what went wrong, until something works or it is dismissed; None for nothing."""
        self.alert.value = pieces.error(failure)
        self.alert_box.layout.display = "none" if failure is None else "flex"
        self._fix = None if fix is None else fix[1]
        self.fix.description = "" if fix is None else fix[0]
        self.fix.layout.display = "none" if fix is None else ""

    def _take_fix(self) -> None:
        fix = self._fix
        if fix is not None:
            self.do(fix)

    def run(self, name: str, work: Callable[[Job], Any], then: Callable[[Any], object]) -> None:
        """Run long work beside the kernel's own thread; then use its result. One at a time."""
        self.show_error(None)
        self._then = then
        self.bar.value, self.doing.value = 0.0, pieces.status(f"{name} ...")
        self.progress_box.layout.display = "flex"
        self._busy(True)
        if not self.jobs.start(name, work):
            self.status.value = pieces.status("something else is under way; cancel it or wait")

    def _busy(self, on: bool) -> None:
        for control in (self.find, self.device, self.clock, self.batch, self.plio, *self.tabs.busy):
            control.disabled = on

    def _tell(self, text: str, part: float | None) -> None:
        self.doing.value = pieces.status(text)
        if part is not None:
            self.bar.value = part

    def _done(self, job: Job, result: Any, failure: BaseException | None) -> None:
        then = self._then
        self.progress_box.layout.display = "none"
        self._busy(False)
        if failure is None:
            self.do(lambda: then(result))
        else:
            # a sweep that is cancelled before anything is finished ends with an error of its own
            cancelled = isinstance(failure, CancelledError) or (
                job.cancelled.is_set() and isinstance(failure, AieExplorerError))
            with self.session.lock:
                self.session.version += 1  # views go back to what they showed before
                self.show_error(None if cancelled else failure)
                self.refresh()
                self.status.value = pieces.status(f"{job.name} {'cancelled' if cancelled else 'failed'}")

    def wait(self, timeout_s: float = 120.0) -> None:
        """Wait for long work that is under way, and for what comes after it."""
        self.jobs.wait(timeout_s)

    def _find(self) -> None:
        explorer, state = self.session.explorer, self.session.state

        def work(job: Job) -> steps.State:
            job.tell("looking for the best design")
            return steps.start(explorer, state.objective, state.max_tiles)

        self.run("Find best", work, lambda best: self.session.do(
            lambda s: steps.selected(s, best.design, best.note + self.session.passed_over(best))))

    def free_the_rest(self) -> None:
        """Optimise the layers that are not pinned."""
        explorer, state = self.session.explorer, self.session.state
        self.run("Free the rest", lambda job: steps.free_the_rest(state, explorer), lambda new: self.session.do(
            lambda s: replace(new, filters=s.filters, compared=s.compared)))

    def _explorer_changed(self, _change: object) -> None:
        if self._quiet:
            return
        wanted = {"device": self.device.value, "batch": self.batch.value, "plio_bits": self.plio.value,
                  "clock_mhz": self.clock.value}

        def work(job: Job) -> Explorer:
            job.tell(f"{wanted['device']}, batch {wanted['batch']}")
            explorer = self.session.other_explorer(**wanted)
            explorer.best(self.session.state.objective, copies=1)  # found here, beside the kernel's thread
            return explorer

        self.run("Change", work, self.session.use)

    def refresh(self) -> None:
        """Show the session's state in every view that can be seen."""
        with self.wire.together():
            self._refresh()

    def _refresh(self) -> None:
        state, session = self.session.state, self.session
        device = state.design.device
        self._quiet = True
        try:
            self.device.value, self.batch.value = device_name(device), state.design.network.batch
            self.clock.value, self.plio.value = device.clock_mhz, device.plio_bits
            self.max_tiles.max = device.tiles
            self.objective.value, self.max_tiles.value = state.objective, state.max_tiles
            self.words.value = state.filters.words
        finally:
            self._quiet = False
        self.head.value, self.limit.value = pieces.header(state.design), pieces.limit(state.design)
        self.status.value = pieces.status(state.note)
        self.undo.disabled, self.redo.disabled = not session.can_undo, not session.can_redo
        self.star.description = "Stop comparing" if state.design in state.compared else "Compare this design"
        self.kept.value = pieces.filters(state, int(session.kept.sum()), len(session.table.frame))
        self.tabs.refresh()

    def close(self) -> None:
        """Free the widgets and what they hold: ipywidgets keeps every widget that is not closed."""
        self.jobs.cancel()
        library = plotly_library()  # of all interfaces
        for one in list(everything(self)):
            if one not in (self, library, library.layout):
                one.close()
        super().close()

    def __repr__(self) -> str:
        return f"ExplorerUi({self.design})"
