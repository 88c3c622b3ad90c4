"""The panels for long work: sweeps and exports. They run as jobs; the interface shows their progress."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as w

from aie_explorer.design import Design
from aie_explorer.errors import DesignError, ExportError
from aie_explorer.firmware import FirmwareProject
from aie_explorer.frontends.vectors import read_arrays
from aie_explorer.search.collect import table_of_sweep
from aie_explorer.search.over import WHOLE_DESIGN
from aie_explorer.search.sweep import Sweep, plan_sweep
from aie_explorer.widgets import pieces
from aie_explorer.widgets.code import over_of
from aie_explorer.widgets.jobs import CancelledError, Job
from aie_explorer.widgets.options import FIELDS, layer_options, shown
from aie_explorer.widgets.parts import Tool
from aie_explorer.widgets.session import Session

STEPS = ("plan", "write", "compile", "emulate", "compare")
LIMIT = 100_000
MOST_HERE = 2_000_000
"""Designs a sweep may add: about 0.4 GB."""


class Host(Protocol):
    """What a panel needs of the interface."""

    session: Session

    def do(self, work: Callable[[], object]) -> None:
        """Run a callback: show what it changed, or what went wrong."""

    def run(self, name: str, work: Callable[[Job], Any], then: Callable[[Any], object]) -> None:
        """Run a job; then, back under the lock, use its result."""

    def show_error(self, failure: BaseException | None) -> None:
        """Show what went wrong."""


class SweepPanel:
    """Choose what to vary, see how many designs that is, run it, and find them in the table."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.over: dict[str, str] = {}
        self.what = w.Dropdown(description="vary", layout={"width": "300px"}, style={"description_width": "50px"})
        self.values = w.Text(placeholder="values, such as 1, 2, 4", description="values", layout={"width": "380px"},
                             style={"description_width": "50px"}, tooltip="values to try, separated by commas")
        self.values.add_class("aie-sweep-values")
        self.add = w.Button(description="Vary this", icon="plus", tooltip="add these values to the sweep")
        self.clear = w.Button(description="Start over", tooltip="vary nothing")
        self.limit = w.BoundedIntText(value=LIMIT, min=1, max=2_000_000, description="at most",
                                      tooltip="more combinations are sampled", layout={"width": "190px"},
                                      style={"description_width": "60px"})
        self.start = w.Button(description="Run sweep", icon="play", button_style="primary")
        self.list, self.count = w.HTML(), w.HTML()
        self.box = w.VBox([
            w.HTML("<div>A layer that is not varied takes the options that no other of it beats. Results are added to "
                   "the designs.</div>"),
            w.HBox([self.what, self.values, self.add, self.clear], layout={"flex_flow": "row wrap"}), self.list,
            w.HBox([self.limit, self.start, self.count], layout={"flex_flow": "row wrap", "align_items": "center"})])
        self.what.observe(lambda _: self._suggest(), "value")
        self.add.on_click(lambda _: host.do(self._add))
        self.clear.on_click(lambda _: host.do(self._clear))
        self.limit.observe(lambda _: self.refresh(), "value")
        self.start.on_click(lambda _: self._start())

    def refresh(self) -> None:
        """Show what can be varied, and the number of designs."""
        layers = self._host.session.explorer.layers
        names = [*(f"{layer}.{name}" for layer in layers for name in FIELDS), *WHOLE_DESIGN]
        if tuple(self.what.options) != tuple(names):
            self.what.options = names
            self.what.value = names[0]  # else nothing is chosen, and the first press of the button fails
        chips = "".join(f'<span class="aie-chip">{escape(name)}: {escape(text)}</span>'
                        for name, text in self.over.items())
        self.list.value = f"<div>{chips or 'nothing is varied yet'}</div>"
        try:
            sweep = self.planned()
            size, looked_at, parts = sweep.size, sweep.looked_at, len(sweep.combinations)
            text = f"{size:,} designs" if looked_at == size else f"{size:,} designs, {looked_at:,} of them sampled"
            if looked_at < size and parts > 1:
                text += f", at most {self.limit.value:,} for each of {parts} batches, devices or clocks"
            self.start.disabled = looked_at > MOST_HERE
            if looked_at > MOST_HERE:
                text += f": too many to show, at most {MOST_HERE:,}; lower the limit, or use ex.sweep_to"
        except Exception as error:
            text, self.start.disabled = str(error), True
        self.count.value = f'<span class="aie-count">{escape(text)}</span>'

    def planned(self) -> Sweep:
        """What would be swept."""
        return plan_sweep(self._host.session.explorer.combinations(over_of(self.over), limit=self.limit.value))

    def _suggest(self) -> None:
        layer, dot, field = str(self.what.value).rpartition(".")
        if dot:
            options = layer_options(self._host.session.explorer, layer)
            self.values.value = ", ".join(shown(value) for value in options.values[field])
        else:
            design = self._host.session.state.design
            now = {"batch": "1, 8, 32", "device": design.device.name, "copies": "1", "plio_bits": "32, 64, 128"}
            self.values.value = now.get(str(self.what.value), str(getattr(design.device, str(self.what.value), "")))

    def _add(self) -> None:
        name = str(self.what.value)
        over = {**self.over, name: self.values.value}
        if not over_of({name: self.values.value}):
            raise DesignError("no value is given", where=name, remedy="Write some, separated by commas")
        plan_sweep(self._host.session.explorer.combinations(over_of(over), limit=self.limit.value))
        self.over = over

    def _clear(self) -> None:
        self.over = {}

    def _start(self) -> None:
        explorer, limit, over = self._host.session.explorer, self.limit.value, over_of(self.over)

        def work(job: Job) -> Any:
            def progress(done: int, total: int) -> None:
                job.tell(f"{done:,} of {total:,} designs", done / max(total, 1))

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it is a sample, or was cancelled, is said on screen
                sweep = plan_sweep(explorer.combinations(over, limit=limit), chunk=max(2_000, min(limit, 2**20) // 40))
                return table_of_sweep(sweep, progress=progress, cancel=job.cancelled.is_set)

        def then(frame: Any) -> None:
            complete = frame.attrs["complete"]
            what = "sweep of " + (", ".join(over) or "nothing") + ("" if complete else ", cancelled in part")
            self._host.session.add(frame, what, {"over": over, "limit": limit} if complete else None)

        self._host.run("sweep", work, then)


class ExportPanel:
    """Write the selected design as a firmware project and verify it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.made: FirmwareProject | None = None
        wide = {"width": "420px"}
        style = {"description_width": "100px"}
        self.folder = w.Text(value=f"build/{host.session.state.design.network.name}", description="folder", layout=wide,
                             style=style)
        self.vectors = w.Text(value="", placeholder="random and engineered ones", description="test vectors",
                              layout=wide, style=style, tooltip=".npy, or .npz with an array named inputs or x")
        self.verify = w.Checkbox(value=True, description="compile, run and compare every layer bit for bit",
                                 indent=False, layout={"width": "480px"})
        self.start = w.Button(description="Export project", icon="download", button_style="primary",
                              tooltip="write the Vitis project")
        self.replace = w.Button(description="Replace it", button_style="warning")
        self.keep = w.Button(description="Keep it")
        self.ask = w.HBox([w.HTML(), self.replace, self.keep], layout={"display": "none"})
        self.ask.add_class("aie-ask")
        self.steps, self.result = w.HTML(), w.HTML()
        self.zip = Tool("Download zip", "the whole project as one file", self._zip, host.show_error)
        self.zip.layout.display = "none"
        self.box = w.VBox([self.folder, self.vectors, self.verify, self.start, self.ask, self.steps, self.result,
                           self.zip])
        self.start.on_click(lambda _: self._start(overwrite=False))
        self.replace.on_click(lambda _: self._start(overwrite=True))
        self.keep.on_click(lambda _: self._hide())

    def _hide(self) -> None:
        self.ask.layout.display = "none"

    def _start(self, *, overwrite: bool) -> None:
        design, folder, path = self._host.session.state.design, Path(self.folder.value), self.vectors.value.strip()
        verify = None if self.verify.value else False
        self._hide()
        self._host.show_error(None)
        if folder.exists() and not overwrite:
            self.ask.children[0].value = f"<b>{escape(str(folder))}</b> exists already."
            self.ask.layout.display = "flex"
            return

        self.result.value, self.zip.layout.display = "", "none"

        def work(job: Job) -> FirmwareProject:
            reached: list[str] = []

            def progress(step: str) -> None:
                if step not in reached:
                    reached.append(step)
                    self.steps.value = self._steps(step)
                job.tell(f"export: {step}", (STEPS.index(step) + 0.5) / len(STEPS) if step in STEPS else None)
                job.check()

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # why it was not verified is said on screen
                try:
                    return design.export(folder, overwrite=overwrite, x=vectors(path) if path else None, verify=verify,
                                         progress=progress)
                except CancelledError:
                    self.steps.value = pieces.status(
                        f"cancelled; {folder} is written but not verified" if "compile" in reached else
                        "cancelled; nothing was written")
                    raise
                except Exception:
                    self.steps.value = pieces.status("not exported")
                    raise

        self._host.run("export", work, self._exported)

    def _exported(self, made: FirmwareProject) -> None:
        self.made = made
        self.steps.value = ""
        self.result.value = pieces.project(made)
        self.zip.layout.display = ""

    @staticmethod
    def _steps(now: str) -> str:
        marks = [f"<b>{step}</b>" if step == now else step for step in STEPS]
        return f'<div class="aie-steps">{" → ".join(marks)}</div>'

    def _zip(self) -> tuple[str, str, bytes]:
        if self.made is None:
            raise ExportError("nothing was exported yet")
        return f"{self.made.path.name}.zip", "application/zip", zipped(self.made)


def zipped(made: FirmwareProject) -> bytes:
    """A project as a zip file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in made.files:
            archive.write(made.path / file, f"{made.path.name}/{file.as_posix()}")
    return data.getvalue()


def vectors(path: str) -> Any:
    """Test vectors of a file: its array `inputs` or `x`.

    Raises:
        ModelError: when the file cannot be read.
        ExportError: when it has neither.
    """
    arrays = read_arrays(path)
    name = next((name for name in ("inputs", "x") if name in arrays), None)
    if name is None:
        raise ExportError("holds no array named inputs or x", where=path,
                          remedy="Give a .npy, or a .npz with an array named inputs")
    return arrays[name]


def design_file(design: Design) -> tuple[str, str, bytes]:
    """A design as JSON."""
    return f"{design.network.name}_design.json", "application/json", json.dumps(design.to_json(), indent=1).encode()
