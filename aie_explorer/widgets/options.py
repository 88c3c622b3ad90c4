"""What the controls of a layer offer: driven by the fields of `Choice`, so a new field is a new control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aie_explorer.design import Design
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.explorer import Explorer
from aie_explorer.search.routes import read_by_layers
from aie_explorer.space import CHOICES, ROUTES, Choice, choice_of, option_row

FIELDS = CHOICES
HELP = {"microtile": "shape given to aie::mmul, M x K x N",
        "cas_length": "tiles of a cascade, which share the reduction",
        "cas_num": "cascades, which share the outputs or the rows", "split": "what the cascades divide",
        "blocking": "register blocking of the kernel, rows x columns of microtiles",
        "route": "results go from tile to tile or through a memory tile; auto: directly where that can be",
        "ports": "the network's inputs and outputs go through a memory tile, or straight between PLIOs and tiles"}


Kept = TypeVar("Kept")


def _once(make: Callable[[Explorer, str], Kept]) -> Callable[[Explorer, str], Kept]:
    """Made once for every explorer and layer, and kept as long as the explorer is."""
    made: WeakKeyDictionary[Explorer, dict[str, Kept]] = WeakKeyDictionary()

    @wraps(make)
    def kept(explorer: Explorer, layer: str) -> Kept:
        layers = made.setdefault(explorer, {})
        if layer not in layers:
            layers[layer] = make(explorer, layer)
        return layers[layer]

    return kept


@dataclass(frozen=True, eq=False)
class LayerOptions:
    """The legal choices of a layer, with every field coded.

    Attributes:
        choices: all of them.
        values: by field its distinct values, in order.
        codes: by field [choices] which value each has.
    """

    choices: tuple[Choice, ...]
    values: dict[str, tuple[Any, ...]]
    codes: dict[str, npt.NDArray[np.intp]]

    def after(self, choice: Choice, field: str) -> npt.NDArray[np.bool_]:
        """Which choices agree with one in the fields before `field`."""
        kept = np.ones(len(self.choices), np.bool_)
        for name in FIELDS[:FIELDS.index(field)]:
            value = getattr(choice, name)
            kept &= self.codes[name] == self.values[name].index(value) if value in self.values[name] else False
        return kept


@_once
def layer_options(explorer: Explorer, layer: str) -> LayerOptions:
    """The legal choices of a layer of an explorer."""
    space, names = explorer.space, explorer.layers
    table = space.layer(layer).table
    choices = tuple(choice_of(row) for row in table)
    if names.index(layer) in read_by_layers(space) and not table["route"].any():  # routes are options when asked for
        choices = tuple(replace(choice, route=route) for choice in choices for route in ROUTES)
    values: dict[str, tuple[Any, ...]] = {}
    codes: dict[str, npt.NDArray[np.intp]] = {}
    for name in FIELDS:
        column = [getattr(choice, name) for choice in choices]
        values[name] = tuple(sorted(set(column)))
        place = {value: i for i, value in enumerate(values[name])}
        codes[name] = np.array([place[value] for value in column], np.intp)
    return LayerOptions(choices, values, codes)


def shown(value: object) -> str:
    """A value as tables spell it.

    >>> shown((4, 8, 8))
    '4x8x8'
    """
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def plain(value: Any) -> Any:
    """A value without its class: what code and constraints are written with."""
    return tuple(value) if isinstance(value, tuple) else value


def offered(explorer: Explorer, layer: str, choice: Choice) -> dict[str, list[str]]:
    """By field the values that are legal with the fields before it; those behind it follow."""
    options = layer_options(explorer, layer)
    return {name: [shown(options.values[name][code]) for code in np.unique(options.codes[name][
        options.after(choice, name)]).tolist()] for name in FIELDS}


@_once
def wishes(explorer: Explorer, layer: str) -> dict[str, list[str]]:
    """By field all values a user may wish for, legal or not: those of any layer, and every length and number."""
    most = {"cas_length": explorer.device.columns, "cas_num": explorer.device.rows}
    found = {}
    for name in FIELDS:
        if name in most:
            values: set[Any] = set(range(1, most[name] + 1))
        else:
            values = {value for other in explorer.layers for value in layer_options(explorer, other).values[name]}
        found[name] = [shown(value) for value in sorted(values | set(layer_options(explorer, layer).values[name]))]
    return found


def moved_to(explorer: Explorer, layer: str, choice: Choice, field: str, text: str) -> Choice:
    """The legal choice nearest to one in which a field has another value; the fields before it stay.

    Raises:
        DesignError: when there is none, with the rule that forbids it and values that are legal.
    """
    options = layer_options(explorer, layer)
    if field not in FIELDS:
        raise DesignError(f"a layer has no {field!r}", where=layer, remedy=f"It has {', '.join(FIELDS)}")
    legal = options.after(choice, field)
    place = next((i for i, value in enumerate(options.values[field]) if shown(value) == text), None)
    legal = legal & (options.codes[field] == place) if place is not None else np.zeros_like(legal)
    if not legal.any():
        raise _refusal(explorer, layer, choice, field, text)
    rows = np.flatnonzero(legal)
    distance = np.zeros(len(rows))
    for name in FIELDS:
        at = [value == getattr(choice, name) for value in options.values[name]]
        numbers = all(isinstance(value, int) for value in options.values[name])
        away = [abs(value - getattr(choice, name)) if numbers else 0.5 * (not same)
                for value, same in zip(options.values[name], at, strict=True)]
        if name != field:
            distance += np.array(away)[options.codes[name][rows]]
    return options.choices[int(rows[np.argmin(distance)])]


def _refusal(explorer: Explorer, layer: str, choice: Choice, field: str, text: str) -> DesignError:
    """Why a wish is not legal: what the rules say of it, and the values that are."""
    legal = ", ".join(offered(explorer, layer, choice)[field]) or "none"
    values = [value for other in explorer.layers for value in layer_options(explorer, other).values[field]]
    wish: Any = next((value for value in values if shown(value) == text), int(text) if text.isdigit() else None)
    try:
        if wish is not None:
            option_row(explorer.space.layer(layer).work, explorer.device, replace(choice, **{field: wish}), layer)
    except AieExplorerError as error:
        return DesignError(f"{field} {text}: {error.problem}", where=layer, rule=error.rule,
                           remedy=f"With the choices before it these are legal: {legal}")
    return DesignError(f"{field} {text} is not among the options that are left", where=layer,
                       remedy=f"With the choices before it these are: {legal}")


def constraints_of(design: Design, layers: frozenset[str]) -> dict[str, Any]:
    """The constraints that keep some layers as a design has them."""
    return {f"{layer}.{name}": plain(getattr(design.layers[layer], name)) for layer in design.layers if layer in layers
            for name in FIELDS}
