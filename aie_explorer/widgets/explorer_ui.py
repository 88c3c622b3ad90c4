"""The interface of an Explorer in a notebook: controls, linked views of one design, export.

Callbacks arrive on more than one thread (JupyterLab sends them to subshells), so one lock guards the state; what
goes wrong in a callback is shown, because front ends swallow exceptions.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as w

from aie_explorer.design import Design
from aie_explorer.devices import devices
from aie_explorer.errors import AieExplorerError
from aie_explorer.explorer import Explorer
from aie_explorer.plots.style import colour, letter
from aie_explorer.search.objectives import OBJECTIVES
from aie_explorer.widgets import views
from aie_explorer.widgets.controls import LayerRow
from aie_explorer.widgets.session import Session, change_layer, select_row, start

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)


def explorer_ui(explorer: Explorer) -> ExplorerUi:
    """The widgets of an explorer, ready to be displayed.

    Raises:
        AieExplorerError: when the network has no design on the device.
    """
    return ExplorerUi(explorer)


class ExplorerUi(w.VBox):  # type: ignore[misc]
    """Linked views over one selected design; `session` is what they show."""

    def __init__(self, explorer: Explorer) -> None:
        self._lock = threading.RLock()
        self._quiet = False
        self.session: Session = start(explorer)
        self._export_thread: threading.Thread | None = None
        names = [d.board or d.name for d in devices() if d.has_geometry and d.generation.memory_tile is not None]
        network, device = explorer.network, explorer.device
        current = device.board or device.name
        self.device = w.Dropdown(options=sorted({*names, current}), value=current, description="device")
        self.batch = w.Dropdown(options=sorted({*BATCHES, network.batch}), value=network.batch, description="batch",
                                tooltip="samples per call")
        self.objective = w.Dropdown(options=list(OBJECTIVES), value="interval", description="objective")
        self.max_tiles = w.BoundedIntText(value=device.tiles, min=1, max=device.tiles, description="max tiles")
        self.find = w.Button(description="Find best", tooltip="the best design within the limit", icon="search",
                             button_style="primary")
        for control in (self.device, self.batch, self.objective, self.max_tiles):
            control.layout.width, control.style.description_width = "190px", "70px"
        self.rows = [LayerRow(name, self._layer_changed) for name in explorer.layers]
        self.head, self.table, self.plan, self.code = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.status, self.alert = w.HTML(), w.HTML()
        self.pareto = views.pareto_widget(self.session)
        self.width = views.Width()
        self.folder = w.Text(value=f"build/{network.name}", description="folder", layout={"width": "320px"})
        self.overwrite = w.Checkbox(value=False, description="replace an earlier project", indent=False,
                                    layout={"width": "200px"})
        self.export = w.Button(description="Export project", tooltip="write the Vitis project", icon="download")
        self._wire()
        super().__init__([
            self.head, w.HBox([self.device, self.batch, self.objective, self.max_tiles, self.find],
                              layout={"flex_flow": "row wrap"}),
            self.status, self.alert, *(row.box for row in self.rows), self.width, self.pareto, self.plan, self.table,
            w.HBox([self.folder, self.overwrite, self.export], layout={"flex_flow": "row wrap"}), self.code])
        self.add_class("aie-explorer")
        self._show()

    def _wire(self) -> None:
        self.find.on_click(lambda _: self._do(self._find))
        self.export.on_click(lambda _: self._start_export())
        for control in (self.device, self.batch):
            control.observe(lambda _: self._explorer_changed(), "value")
        self.pareto.data[0].on_click(lambda _, points, __: self._do(lambda: self._pick(points.point_inds)))
        self.pareto.data[1].on_click(lambda _, points, __: self._do(lambda: self._pick_front(points.point_inds)))
        self.width.observe(lambda change: self.pareto.update_layout(width=change["new"]), "width")

    def _do(self, work: Callable[[], None]) -> None:
        """Run a callback under the lock; show what it changed, or what went wrong."""
        with self._lock:
            try:
                work()
                self.alert.value = ""
            except Exception as error:  # front ends swallow it: a failure must not look like a dead button
                self.alert.value = views.error_html(_words(error))
            self._show()

    def _show(self) -> None:
        session = self.session
        self.head.value = views.header_html(session)
        self.table.value = views.layers_html(session)
        self.plan.value = views.floorplan_html(session)
        self.code.value = views.code_html(session)
        self.status.value = views.status_html(session.note)
        for i, row in enumerate(self.rows):
            row.show(session, f"<b style='color:{colour(i)}'>{letter(i)}</b> {escape(row.layer)}")
        views.update_pareto(self.pareto, session)

    def _find(self) -> None:
        self.session = start(self.session.explorer, self.objective.value, self.max_tiles.value)

    def _explorer_changed(self) -> None:
        if not self._quiet:
            self._do(self._change_explorer)

    def _change_explorer(self) -> None:
        try:
            explorer = Explorer(self.session.explorer.network, self.device.value, batch=self.batch.value)
            self.session = start(explorer, self.objective.value)
        except AieExplorerError:
            old, self._quiet = self.session.explorer, True
            self.device.value, self.batch.value = old.device.board or old.device.name, old.network.batch
            self._quiet = False
            raise
        self.max_tiles.max = explorer.device.tiles
        self.max_tiles.value = explorer.device.tiles

    def _layer_changed(self, layer: str, key: str, value: Any) -> None:
        def change() -> None:
            self.session = change_layer(self.session, layer, key, value)

        self._do(change)

    def _pick(self, indices: list[int]) -> None:
        if indices:
            self.session = select_row(self.session, indices[0])

    def _pick_front(self, indices: list[int]) -> None:
        from aie_explorer.plots import pareto_info

        if indices:
            self.session = select_row(self.session, int(pareto_info(self.session.frame).front[indices[0]]))

    def _start_export(self) -> None:
        """Export the design as it is now, on a thread of its own, so that the kernel stays free."""
        with self._lock:
            self.export.disabled = True
            self.alert.value = ""
            self.status.value = views.status_html("exporting ...")
            arguments = self.session.design, Path(self.folder.value), self.overwrite.value
            self._export_thread = threading.Thread(target=self._export, args=arguments, daemon=True)
            self._export_thread.start()

    def _export(self, design: Design, folder: Path, overwrite: bool) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # said below
                project = design.export(folder, overwrite=overwrite)
            self.status.value = views.status_html(
                f"exported {project}; {project.verdict or f'not verified: {project.unverified}'}")
        except Exception as error:
            self.status.value = views.status_html("not exported")
            self.alert.value = views.error_html(_words(error))
        finally:
            self.export.disabled = False

    def wait(self, timeout_s: float = 60.0) -> None:
        """Wait for an export that is under way."""
        if self._export_thread is not None:
            self._export_thread.join(timeout_s)

    def __repr__(self) -> str:
        return f"ExplorerUi({self.session.design})"


def _words(error: Exception) -> str:
    if isinstance(error, AieExplorerError):
        return str(error)
    return f"This is a bug in aie_explorer: {type(error).__name__}: {error}"
