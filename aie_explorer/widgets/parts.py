"""The anywidgets of the interface: small front ends in `static/`, with what they show as traits.

What a user does comes back as messages; `on` sends each kind to its function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

Handlers = Mapping[str, Callable[[dict[str, Any]], None]]


@cache
def _text(name: str) -> str:
    return resources.files("aie_explorer.widgets").joinpath("static", name).read_text(encoding="utf-8")


class _Part(anywidget.AnyWidget):
    """A part that shows what it was given when `stamp` changes, and then notes the stamp in its element."""

    stamp = traitlets.Int(0).tag(sync=True)

    def on(self, handlers: Handlers) -> None:
        """Call the function of each kind of message."""
        self.on_msg(lambda _, message, __: handlers[message["type"]](message) if message["type"] in handlers else None)

    def give(self, **traits: object) -> None:
        """Set traits in one message."""
        with self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def __repr__(self) -> str:
        return type(self).__name__  # the traits are large


class PlotlyLibrary(_Part):
    """plotly.js for all figures: sent once, where a FigureWidget sends its 5 MB each."""

    def __init__(self) -> None:
        super().__init__(_esm=get_plotlyjs() + _text("library.js"))


class Figure(_Part):
    """A plotly figure.

    Attributes:
        name: for files and screen readers.
        spec: the figure as JSON.
        version: changes when the figure must be drawn again.
        marks: selected designs: kind, x, y; moving them draws nothing else again.
        hint: words below it, about what the mouse is over.
    """

    _esm = _text("figure.js")
    name = traitlets.Unicode("figure").tag(sync=True)
    spec = traitlets.Unicode("{}").tag(sync=True)
    version = traitlets.Int(0).tag(sync=True)
    marks: Any = traitlets.List([]).tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)

    def show(self, figure: go.Figure | dict[str, Any] | None, stamp: int, marks: list[dict[str, Any]] | None = None
             ) -> None:
        """Draw a figure, or with None only move the marks."""
        changes: dict[str, object] = {"stamp": stamp, "marks": self.marks if marks is None else marks}
        if figure is not None:
            changes |= {"spec": _slim(figure), "version": self.version + 1}
        self.give(**changes)


def _slim(figure: go.Figure | dict[str, Any]) -> str:
    """A figure as JSON without plotly's default template, which is larger than most figures."""
    data = figure if isinstance(figure, dict) else figure.to_dict()
    data["layout"].pop("template", None)
    return json.dumps(data, default=_plain, allow_nan=False)


def _plain(value: object) -> object:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be shown")


class Grid(_Part):
    """A grid of which only the rows in view are sent.

    Attributes:
        columns: name, label, numeric. sort: column, descending. total: rows. view: first, rows (row, cells).
        chosen: row of the selected design, -1 for none. compared: rows of those compared.
    """

    _esm = _text("grid.js")
    columns: Any = traitlets.List([]).tag(sync=True)
    sort = traitlets.Dict({"column": "", "descending": False}).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    view = traitlets.Dict({"first": 0, "rows": []}).tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)
    compared: Any = traitlets.List([]).tag(sync=True)


class Layers(_Part):
    """The controls of the layers.

    Attributes:
        fields: name, help, in order. rows: see `rows.layer_rows`.
    """

    _esm = _text("layers.js")
    fields: Any = traitlets.List([]).tag(sync=True)
    rows: Any = traitlets.List([]).tag(sync=True)


class Floorplan(_Part):
    """The array; blocks can be dragged unless `fixed`.

    Attributes:
        plan: see `rows.plan_data`. words: below it.
        spots: of the block that is held, where it cannot lie and why. trial: what lying where it is held would cost.
    """

    _esm = _text("floorplan.js")
    plan = traitlets.Dict({}).tag(sync=True)
    words = traitlets.Unicode("").tag(sync=True)
    fixed = traitlets.Bool(False).tag(sync=True)
    spots = traitlets.Dict({"layer": "", "illegal": {}}).tag(sync=True)
    trial = traitlets.Dict({"layer": ""}).tag(sync=True)


class Tool(_Part):
    """A button that hands a file or text to the browser.

    Args:
        label, tip: of the button.
        make: gives (file name, MIME type, bytes), or a text to copy.
        failed: told what goes wrong.
    """

    _esm = _text("tools.js")
    label = traitlets.Unicode("").tag(sync=True)
    tip = traitlets.Unicode("").tag(sync=True)

    def __init__(self, label: str, tip: str, make: Callable[[], tuple[str, str, bytes] | str],
                 failed: Callable[[BaseException], None]) -> None:
        super().__init__(label=label, tip=tip)
        self._make, self._failed = make, failed
        self.on({"wanted": lambda _: self.hand_over()})

    def hand_over(self) -> None:
        """Make it and send it."""
        try:
            made = self._make()
        except Exception as error:
            self._failed(error)
            self.send({"type": "failed"})
            return
        if isinstance(made, str):
            self.send({"type": "text", "text": made})
        else:
            name, mime, data = made
            self.send({"type": "file", "name": name, "mime": mime}, [data])


class Style(_Part):
    """The style sheet, once."""

    _esm = "export default { render({ el }) { el.style.display = 'none'; } };"
    _css = _text("explorer.css")
