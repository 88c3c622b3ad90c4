"""The anywidgets of the interface: small front ends in `static/`, with what they show as traits.

What a user does comes back as messages; `on` sends each kind to its function.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import anywidget
import ipywidgets as w
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

Handlers = Mapping[str, Callable[[dict[str, Any]], None]]


@cache
def _text(name: str) -> str:
    return (resources.files("aie_explorer.widgets") / "static" / name).read_text(encoding="utf-8")


class _Wired:
    """A widget whose state goes through a wire while that collects."""

    wire: Wire | None = None

    def send_state(self, key: Any = None) -> None:
        """Send what changed, now or with that of the others."""
        if self.wire is None or not self.wire.takes(self, key):
            super().send_state(key)  # type: ignore[misc]


class Words(_Wired, w.HTML):  # type: ignore[misc]
    """A piece of HTML."""


class _Part(_Wired, anywidget.AnyWidget):
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


class Wire(_Part):
    """One message for the news of many parts, where each would send its own: the page then draws once.

    A front end says when it listens; until then, and for one that cannot, each part sends its own.
    """

    _esm = _text("wire.js")

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._listening = False
        self._collected: dict[str, tuple[Any, set[str]]] | None = None
        self._parts: list[Any] = []
        self.on({"ready": lambda _: self._ready()})

    def join(self, *parts: Any) -> None:
        """Take what these parts have to send."""
        for part in parts:
            part.wire = self
            self._parts.append(part)

    def _ready(self) -> None:
        with self._lock:
            again, self._listening = self._listening, True
        if again:  # a page was opened or loaded again, and may have missed something
            for part in self._parts:
                part.send_state()

    def takes(self, part: Any, key: Any) -> bool:
        """Whether what a part has to send is collected."""
        with self._lock:
            if self._collected is None:
                return False
            keys = part.keys if key is None else [key] if isinstance(key, str) else list(key)
            self._collected.setdefault(part.model_id, (part, set()))[1].update(keys)
            return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Collect what the parts have to send, and send it at the end."""
        with self._lock:
            outer = self._collected is None and self._listening
            if outer:
                self._collected = {}
        try:
            yield
        finally:
            if outer:
                with self._lock:
                    collected, self._collected = self._collected or {}, None
                    states = {name: part.get_state(keys) for name, (part, keys) in collected.items() if keys}
                    if states:
                        self.send({"states": states})

    def close(self) -> None:
        """Let go of the parts."""
        self._parts.clear()
        super().close()


class PlotlyLibrary(_Part):
    """plotly.js for all figures: sent once, where a FigureWidget sends its 5 MB each.

    Not as the widget's own module: anywidget gives up on one that takes a slow machine longer than two seconds.
    """

    _esm = _text("library.js")
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(self) -> None:
        super().__init__(code=get_plotlyjs())


class Figure(_Part):
    """A plotly figure.

    Attributes:
        name: for files and screen readers.
        spec: the figure as JSON.
        version: changes when the figure must be drawn again.
        marks: selected designs: kind, x, y; moving them draws nothing else again.
        hint: words below it, about what the mouse is over.
        hints: whether there will be any, for which room is kept.
    """

    _esm = _text("figure.js")
    name = traitlets.Unicode("figure").tag(sync=True)
    spec = traitlets.Unicode("{}").tag(sync=True)
    version = traitlets.Int(0).tag(sync=True)
    marks: Any = traitlets.List([]).tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)
    hints = traitlets.Bool(False).tag(sync=True)

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


class Bars(Figure):
    """A figure of stacked bars with a line across, drawn without plotly: for what changes with every step."""

    _esm = _text("svg.js") + _text("bars.js")


class Grid(_Part):
    """A grid of which only the rows in view are sent.

    Attributes:
        columns: name, label, help, numeric. sort: column, descending. total: rows. view: first, rows (row, cells).
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

    _esm = _text("svg.js") + _text("floorplan.js")
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


def everything(widget: w.Widget) -> Iterator[w.Widget]:
    """A widget, all below it, and their layouts and styles."""
    for child in getattr(widget, "children", ()):
        yield from everything(child)
    for name in ("layout", "style"):
        own = getattr(widget, name, None)
        if isinstance(own, w.Widget):
            yield own
    yield widget
