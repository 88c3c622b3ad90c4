"""The tab Explore: the scatter, where cycles go, the controls of the layers, and the floorplan."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from aie_explorer.design import Design
from aie_explorer.errors import AieExplorerError
from aie_explorer.placement import illegal_spots, legalise
from aie_explorer.plots.floorplan import floorplan_info
from aie_explorer.plots.space import space_figure, space_info
from aie_explorer.plots.style import LABELS
from aie_explorer.widgets import rows
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.options import FIELDS, HELP
from aie_explorer.widgets.parts import Figure, Floorplan, Layers
from aie_explorer.widgets.table import Lasso, alike, choice_words, rounded

if TYPE_CHECKING:
    from aie_explorer.widgets.tabs import Tabs

Message = dict[str, Any]
WHAT_TO_DO = "Point at a design to read its choices, click to select it, drag a box or a lasso to filter."


class ExploreTab:
    """The scatter, where cycles go, the controls of the layers, and the floorplan."""

    def __init__(self, tabs: Tabs) -> None:
        self.ui, self.session = tabs.ui, tabs.session
        self.space, self.layers, self.plan = Figure(name="design space", hints=True), Layers(), Floorplan()
        self.layers.fields = [{"name": name, "help": HELP.get(name, name)} for name in FIELDS]
        cycles = next(figure for view, figure in tabs.views if view.name == "cycles")
        axes = [(label, name) for name, label in LABELS.items()]
        self.x, self.y = (w.Dropdown(options=axes, description=name, layout={"width": "230px"},
                                     style={"description_width": "16px"}) for name in ("x", "y"))
        self.free = w.Button(description="Free the rest", icon="magic", layout={"width": "130px"},
                             tooltip="optimise the layers that are not pinned")
        self.release = w.Button(description="Place all freely", layout={"width": "140px"},
                                tooltip="let go of every block put somewhere")
        left = w.VBox([w.HBox([self.x, self.y], layout={"flex_flow": "row wrap"}), self.space])
        right = w.VBox([cycles])
        for half in (left, right):
            half.add_class("aie-half")
        self.box = w.VBox([w.HBox([left, right], layout={"flex_flow": "row wrap"}), self.layers,
                           w.HBox([self.free, self.release]), self.plan])
        self._drawn: tuple[object, ...] = ()
        self._quiet = False
        self._trying, self._planning = threading.Lock(), threading.Lock()
        self._trial: tuple[str, int, int] | None = None
        for axis, control in (("x", self.x), ("y", self.y)):
            control.observe(lambda change, axis=axis: self._axis(axis, change["new"]), "value")
        self.free.on_click(lambda _: self.ui.free_the_rest())
        self.release.on_click(lambda _: self._step(steps.release))
        self.space.on({"click": self._click, "box": self._box, "lasso": self._lasso, "hover": self._hover,
                       "deselect": lambda _: None})
        self.layers.on({"change": self._change, "pin": lambda m: self._step(
            lambda s: steps.pin_layer(s, m["layer"], bool(m["on"])))})
        self.plan.on({"grab": self._grab, "trial": self._try, "put": self._put,
                      "release": lambda m: self._step(lambda s: steps.release(s, m["layer"]))})

    def _step(self, step: Callable[[steps.State], steps.State]) -> None:
        self.ui.do(lambda: self.session.do(step))

    def _axis(self, axis: str, name: str) -> None:
        if not self._quiet:
            self._step(lambda s: steps.with_axes(s, **{axis: name}))

    def refresh(self) -> None:
        """Show the session's state."""
        session, state = self.session, self.session.state
        self._quiet = True
        self.x.value, self.y.value = state.x, state.y
        self._quiet = False
        key = (session.table, state.filters, state.x, state.y)
        figure = None
        if key[:1] != self._drawn[:1]:
            self.space.hint = WHAT_TO_DO  # what was there is of a design that is not shown any more
        if key != self._drawn:
            figure = space_figure(space_info(session.table.frame, session.kept, state.x, state.y))
            figure.update_layout(dragmode="select", selectionrevision=session.version,
                                 uirevision=f"{state.x} {state.y}")
            self._drawn = key
        here = state.design.device, state.design.network.batch  # cycles of other clocks and batches mean something else
        marks = [{"kind": "compared", **self._point(one)} for one in state.compared
                 if (one.device, one.network.batch) == here]
        self.space.show(figure, session.version, [*marks, {"kind": "chosen", **self._point(state.design)}])
        self.layers.give(rows=rows.layer_rows(session), stamp=session.version)
        if steps.planned_at_once(state.design):
            self._show_plan(state.design)
        else:
            self.plan.words = "placing ..."
            threading.Thread(target=self._plan_later, args=(state.design,), name="aie plan", daemon=True).start()
        self.release.disabled = not state.design.pins

    def _show_plan(self, design: Design) -> None:
        self.plan.give(plan=rows.plan_data(design), words=rows.plan_words(design), stamp=self.session.version,
                       fixed=design.copies > 1, trial={"layer": ""}, spots={"layer": "", "illegal": {}})

    def _plan_later(self, design: Design) -> None:
        """Place a large design on a thread of its own; what is no longer selected is passed over."""
        with self._planning:
            if self.session.state.design is not design:
                return
            failure: Exception | None = None
            try:
                design.plan()
            except Exception as error:
                failure = error
            with self.session.lock:
                if self.session.state.design is not design:
                    return
                if failure is None:
                    self._show_plan(design)
                else:
                    self.plan.give(words="this design has no place on the array", stamp=self.session.version)
                    self.ui.show_error(failure, ("Undo", self.session.undo))

    def _point(self, design: Design) -> dict[str, float]:
        estimate, state = design.estimate(), self.session.state
        return {axis: float(getattr(estimate, name)) for axis, name in (("x", state.x), ("y", state.y))}

    def _click(self, message: Message) -> None:
        self.ui.do(lambda: self.session.select_point(int(message["row"])))

    def _hover(self, message: Message) -> None:
        session, state = self.session, self.session.state
        with session.lock:
            rows = alike(session.table, session.kept, int(message["row"]), (state.x, state.y))
            more = f"the best of {len(rows)} designs at this point: " if len(rows) > 1 else ""
            self.space.hint = more + choice_words(session.table, int(rows[0]))

    def _box(self, message: Message) -> None:
        state = self.session.state
        spans = {name: (rounded(self.session.table, name, (min(ends), max(ends))),)
                 for name, ends in ((state.x, message["x"]), (state.y, message["y"]))}
        self._step(lambda s: steps.filtered(s, spans=spans))

    def _lasso(self, message: Message) -> None:
        corners = tuple((float(x), float(y)) for x, y in zip(message["x"], message["y"], strict=True))
        self._step(lambda s: steps.filtered(s, lasso=Lasso(s.x, s.y, corners)))

    def _change(self, message: Message) -> None:
        layer, field, value = message["layer"], message["field"], str(message["value"])
        explorer = self.session.explorer
        adapt = (f"Let the other layers adapt to {layer} {field} {value}",
                 lambda: self.session.do(lambda s: steps.wish(s, explorer, layer, field, value)))

        def legal() -> bool:
            row = next(row for row in rows.layer_rows(self.session) if row["layer"] == layer)
            return value in row["fields"].get(field, {"offered": []})["offered"]

        self.ui.do(lambda: self.session.do(lambda s: steps.change_layer(s, explorer, layer, field, value)),
                   lambda: adapt if legal() else None)

    def _grab(self, message: Message) -> None:
        design, layer = self.session.state.design, message["layer"]
        illegal = illegal_spots(design.pinned({}).placement_problem, layer, dict(design.pins))
        self.plan.spots = {"layer": layer, "illegal": {f"{c},{r}": why for (c, r), why in illegal.items()}}

    def _put(self, message: Message) -> None:
        layer, tile, state = message["layer"], (int(message["column"]), int(message["row"])), self.session.state
        if len(state.design.layers) <= steps.AT_ONCE:
            self._step(lambda s: steps.put(s, layer, tile))
        else:
            self.ui.run("Place", lambda job: steps.put(state, layer, tile), lambda new: self.session.do(
                lambda s: replace(new, filters=s.filters, compared=s.compared)))

    def _try(self, message: Message) -> None:
        """Find out what a place would cost, on a thread of its own; only the newest question is answered."""
        self._trial = message["layer"], int(message["column"]), int(message["row"])
        threading.Thread(target=self._try_all, name="aie trial", daemon=True).start()

    def _try_all(self) -> None:
        with self._trying:
            asked = self._trial
            if asked is None:
                return
            self._trial = None
            layer, column, row = asked
            design = self.session.state.design
            said: dict[str, Any] = {"layer": layer, "column": column, "row": row, "bad": False, "others": []}
            try:
                found = legalise(design.pinned({}).placement_problem, {**dict(design.pins), layer: (column, row)})
                said["words"] = steps.cost_words(found)
                said["others"] = [
                    {"column": found.placement[block.name][0], "row": found.placement[block.name][1],
                     "width": block.width, "height": block.height, "colour": block.colour}
                    for block in floorplan_info(design).blocks if block.name != layer]
            except AieExplorerError as error:
                said |= {"bad": True, "words": f"not possible, {error}"}
            self.plan.trial = said
