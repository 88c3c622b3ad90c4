"""One moment of an exploration, and the steps from one to the next: plain values, no widget."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aie_explorer.design import Design
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.explorer import Explorer
from aie_explorer.placement import Legalised, legalise
from aie_explorer.plots.style import LABELS
from aie_explorer.space import Choice
from aie_explorer.widgets.options import FIELDS, constraints_of, moved_to, plain, shown
from aie_explorer.widgets.table import Filters, Lasso, Span

AXES = tuple(LABELS)
MOST_COMPARED = 6
AT_ONCE = 8
"""Layers of a design that is placed and planned within some 30 ms; that of a larger one follows when it is shown."""
NO_FILTERS = Filters()


@dataclass(frozen=True)
class State:
    """What a user has decided so far.

    Attributes:
        design: the selected design, with its network, device and the places of layers that were put somewhere.
        objective: what "best" means.
        max_tiles: most tiles of a best design.
        pinned: layers whose choice stays when the rest is optimised.
        filters: of all views.
        compared: designs side by side.
        x, y: axes of the scatter.
        note: what the last step did.
    """

    design: Design
    objective: str
    max_tiles: int
    pinned: frozenset[str] = frozenset()
    filters: Filters = NO_FILTERS
    compared: tuple[Design, ...] = ()
    x: str = "tiles"
    y: str = "interval_cycles"
    note: str = dataclasses.field(default="", compare=False)


def start(explorer: Explorer, objective: str = "interval", max_tiles: int | None = None) -> State:
    """The best design of an explorer is selected.

    Raises:
        AieExplorerError: when there is none.
    """
    most = explorer.device.tiles if max_tiles is None else max_tiles
    design = explorer.best(objective, copies=1, max_tiles=most)
    return State(design, objective, most, note=f"best {objective}: {design.tiles} tiles")


def selected(state: State, design: Design, note: str = "") -> State:
    """With another design selected. Layers put somewhere stay there, where that can be.

    Raises:
        AieExplorerError: when it is seen at once that it cannot be placed or fed.
    """
    pins = {name: tile for name, tile in state.design.pins if name in design.layers}
    dropped = ""
    if pins and not design.pins and design.copies == 1 and design.device.name == state.design.device.name:
        try:
            placed = design.pinned(pins)
            placed.plan()
            design = placed
        except AieExplorerError as error:
            dropped = f"; its layers cannot lie where they were put: {error}"
    if planned_at_once(design):
        design.plan()
    pinned = state.pinned & set(design.layers)
    return replace(state, design=design, pinned=pinned,
                   note=(note or f"selected a design of {design.tiles} tiles") + dropped)


def planned_at_once(design: Design) -> bool:
    """Whether a design is planned in no time, or was planned already."""
    return len(design.layers) * design.copies <= AT_ONCE or "_plan" in vars(design)


def change_layer(state: State, explorer: Explorer, layer: str, field: str, text: str) -> State:
    """Another value of a layer's choice; the choices behind it move to the nearest legal ones if they must.

    Raises:
        AieExplorerError: when it is not legal, with what forbids it.
    """
    design = state.design
    if design.copies > 1:
        raise DesignError("the selected design is several copies", remedy="Select one of a single copy to change it")
    old = design.layers[layer]
    new = moved_to(explorer, layer, old, field, text)
    changed = Design.of(design.network, design.device, {**design.layers, layer: new})
    moved = [name for name in FIELDS if name != field and getattr(new, name) != getattr(old, name)]
    note = f"{layer}: {field} {text}"
    if moved:
        note += "; moved with it: " + ", ".join(f"{name} {shown(getattr(new, name))}" for name in moved)
    return selected(state, changed, note)


def pin_layer(state: State, layer: str, on: bool) -> State:
    """Whether a layer's choice stays when the rest is optimised."""
    pinned = state.pinned | {layer} if on else state.pinned - {layer}
    return replace(state, pinned=pinned, note=f"{layer} is {'pinned' if on else 'free'}")


def free_the_rest(state: State, explorer: Explorer, pinned: frozenset[str] | None = None) -> State:
    """Optimise the layers that are not pinned.

    Raises:
        AieExplorerError: when no design has the pinned choices within the limits.
    """
    kept = state.pinned if pinned is None else pinned
    found = explorer.constrained(constraints_of(state.design, kept)).best(
        state.objective, copies=1, max_tiles=state.max_tiles)
    names = ", ".join(name for name in state.design.layers if name in kept) or "nothing"
    return selected(state, found, f"best {state.objective} with {names} pinned: {found.tiles} tiles")


def wish(state: State, explorer: Explorer, layer: str, field: str, text: str) -> State:
    """A value that the neighbours of a layer forbid: the layers that are not pinned adapt to it.

    Raises:
        AieExplorerError: when none of their options does.
    """
    new = moved_to(explorer, layer, state.design.layers[layer], field, text)
    demands = constraints_of(state.design, state.pinned - {layer}) | {
        f"{layer}.{name}": plain(getattr(new, name)) for name in FIELDS}
    found = explorer.constrained(demands).best(state.objective, copies=1, max_tiles=state.max_tiles)
    return replace(selected(state, found, f"{layer}: {field} {text}; the other layers adapted"),
                   pinned=state.pinned | {layer})


def put(state: State, layer: str, tile: tuple[int, int]) -> State:
    """A layer put somewhere on the array; the others are placed around it and those put there before.

    Raises:
        AieExplorerError: when it cannot lie there, or the others do not fit around it.
    """
    design = state.design
    pins = {**{name: where for name, where in design.pins if name != layer}, layer: tile}
    found = legalise(design.pinned({}).placement_problem, pins)
    placed = design.pinned(pins)
    placed.plan()
    return replace(state, design=placed, note=f"{layer} put at column {tile[0]}, row {tile[1]}; {cost_words(found)}")


def cost_words(found: Legalised) -> str:
    """What a choice of places costs, in words."""
    more = found.cost_of_choice
    return f"placement cost {found.cost:.4g}, " + (
        f"{more:.4g} above the best known" if more > 1e-9 else "as low as the best known")


def release(state: State, layer: str | None = None) -> State:
    """A layer, or every one, is placed freely again."""
    pins = {name: tile for name, tile in state.design.pins if layer is not None and name != layer}
    design = state.design.pinned(pins)
    design.plan()
    return replace(state, design=design, note=f"{layer or 'every layer'} is placed freely")


def compare(state: State, design: Design | None = None) -> State:
    """A design, or the selected one, put beside the others, or taken away if it is there."""
    one = state.design if design is None else design
    if one in state.compared:
        return replace(state, compared=tuple(other for other in state.compared if other != one),
                       note="no longer compared")
    if len(state.compared) == MOST_COMPARED:
        raise DesignError(f"{MOST_COMPARED} designs are compared already", remedy="Take one away first")
    note = f"compared: {len(state.compared) + 1} design" + "s" * bool(state.compared)
    return replace(state, compared=(*state.compared, one), note=note)


def filtered(state: State, *, spans: Mapping[str, Span | None] | None = None, lasso: Lasso | str | None = "same",
             words: str | None = None) -> State:
    """With other filters."""
    filters = state.filters
    for name, span in (spans or {}).items():
        filters = filters.with_span(name, span)
    if not isinstance(lasso, str):
        filters = replace(filters, lasso=lasso)
    if words is not None:
        filters = replace(filters, words=words.strip())
    return replace(state, filters=filters, note="filters: " + (in_words(filters) or "none"))


def in_words(filters: Filters) -> str:
    """The filters as a user reads them."""
    parts = [f"{name} {_span(span)}" for name, span in filters.spans]
    if filters.lasso is not None:
        parts.append(f"a lasso on {filters.lasso.x} and {filters.lasso.y}")
    return "; ".join([*parts, *([filters.words] if filters.words else [])])


def _span(span: Span) -> str:
    return " or ".join(part if isinstance(part, str) else f"{part[0]:.4g} to {part[1]:.4g}" for part in span)


def choices_of(design: Design) -> dict[str, dict[str, Any]]:
    """The choices of a design as plain data."""
    return {name: choice.to_dict() for name, choice in design.layers.items()}


def describe(choice: Choice) -> str:
    """A choice in the order of its fields, short."""
    return " ".join(shown(getattr(choice, name)) for name in FIELDS)


def with_axes(state: State, x: str | None = None, y: str | None = None) -> State:
    """With other axes of the scatter."""
    return replace(state, x=x or state.x, y=y or state.y, note="")
