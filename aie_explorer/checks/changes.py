"""The cheapest change of a design that fixes a broken rule: one field of one layer, or the number of copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aie_explorer.checks.check import errors, violations
from aie_explorer.checks.rules import Violation
from aie_explorer.errors import AieExplorerError
from aie_explorer.space import CHOICES, Choice, choice_of, shape_name

if TYPE_CHECKING:
    from aie_explorer.design import Design

ANYWHERE = ("placement", "memory_tiles")  # rules that a change of another layer may fix
MOST_TRIED = 60  # designs; each that has to be placed and planned takes milliseconds


def check(design: Design) -> list[Violation]:
    """The rules a design breaks, errors first; each error with the cheapest change that was found to fix all of them.

    Empty if nothing is wrong. A warning does not stop an export.
    """
    return check_and_fix(design)[0]


def check_and_fix(design: Design) -> tuple[list[Violation], Design | None]:
    """What `check` gives, and the design after the change that it names; None where nothing is broken or no change was
    found."""
    found = violations(design)
    broken = [one for one in found if one.severity == "error"]
    change = cheapest_change(design) if broken else None
    if change is None:
        return found, None
    words, fixed = change
    return [dataclasses.replace(one, remedy=words) if one in broken else one for one in found], fixed


def cheapest_change(design: Design) -> tuple[str, Design] | None:
    """A change after which no rule of severity error is broken, in words, and the design it makes; None if none was
    found.

    Fewer copies where there are copies; else one field of one layer, that which leaves the fastest design.
    """
    if design.copies > 1:
        return _fewer_copies(design)
    broken = errors(design)
    named = {one.where for one in broken if one.rule not in ANYWHERE} & set(design.layers)
    for tried, (layer, field, value) in enumerate(_candidates(design, named)):
        if tried == MOST_TRIED:
            break
        fixed = _realised(design, layer, dataclasses.replace(design.layers[layer], **{field: value}))
        if fixed is not None:
            return f"Use {_change(design, layer, field, value)}", fixed
    return None


def _fewer_copies(design: Design) -> tuple[str, Design] | None:
    """The most copies that break no rule, by halving."""
    low, high = 0, design.copies - 1
    while low < high:
        middle = (low + high + 1) // 2
        if errors(dataclasses.replace(design, copies=middle)):
            high = middle - 1
        else:
            low = middle
    if low == 0:
        return None
    words = f"Use {low} {'copy' if low == 1 else 'copies'} instead of {design.copies}"
    return words, dataclasses.replace(design, copies=low)


def _candidates(design: Design, named: set[str]) -> Iterator[tuple[str, str, Any]]:
    """(layer, field, value) of legal choices that differ in one field, the least interval first."""
    from aie_explorer.search.space import design_space

    tiles = design.tiles - design.device.tiles  # that must go at least
    found = []
    for layer, name in zip(design_space(design.network, design.device).layers, design.layers, strict=True):
        if named and name not in named:
            continue
        now = design.layers[name]
        others = max((one.interval_cycles for one in design.estimate().layers if one.name != name), default=0.0)
        for i, row in enumerate(layer.table):
            choice = choice_of(row)
            changed = [field for field in CHOICES if getattr(choice, field) != getattr(now, field)]
            if len(changed) != 1 or now.tiles - int(row["tiles"]) < tiles:
                continue
            interval = max(others, float(layer.cycles["interval_cycles"][i]))
            found.append((interval, abs(int(row["tiles"]) - now.tiles), name, changed[0],
                          getattr(choice, changed[0])))
    for _, _, name, field, value in sorted(found, key=lambda one: one[:2]):
        yield name, field, value


def _realised(design: Design, layer: str, choice: Choice) -> Design | None:
    choices = tuple(choice if name == layer else old for name, old in design.layers.items())
    try:
        changed = dataclasses.replace(design, choices=choices)
        return None if errors(changed) else changed
    except AieExplorerError:
        return None  # its neighbours cannot join


def _change(design: Design, layer: str, field: str, value: Any) -> str:
    now, before = (shape_name(one) if isinstance(one, tuple) else one
                   for one in (value, getattr(design.layers[layer], field)))
    return f"{layer}.{field} = {now} instead of {before}"
