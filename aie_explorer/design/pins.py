"""Where a user puts layers on the array, as part of a design or of one placement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aie_explorer.arguments import shown, whole
from aie_explorer.errors import DesignError
from aie_explorer.placement import Region, Rules

if TYPE_CHECKING:
    from aie_explorer.design.design import Design

Pins = tuple[tuple[str, tuple[int, int]], ...]
"""Layers and their lower left (column, row), in the order of the network's layers."""


def ordered_pins(pins: object, layers: list[str]) -> Pins:
    """Pins in the order of the layers, so that equal ones compare equal.

    Args:
        pins: a mapping of layers to (column, row), or pairs of both.
        layers: of the network.

    Raises:
        DesignError: for another form, an unknown layer, or something that is no tile.
    """
    try:
        pairs = list(pins.items() if isinstance(pins, Mapping) else pins)  # type: ignore[call-overload]
        given = {str(name): tile for name, tile in pairs}
    except (TypeError, ValueError):
        raise DesignError(f"is {pins!r}", where="pins", remedy='Give a mapping such as {"dense0": (8, 1)}') from None
    for name, tile in given.items():
        if name not in layers:
            raise DesignError(f"the network has no layer {name!r} to pin",
                              remedy=f"Its layers are: {', '.join(layers)}")
        if isinstance(tile, str) or not isinstance(tile, Iterable) or len(tuple(tile)) != 2:
            raise DesignError(f"{tile!r} is no tile", where=f"pins.{name}", remedy="Give (column, row)")
    found = []
    for name in layers:
        if name in given:
            column, row = (whole(value, f"pins.{name}", least=0) for value in given[name])
            found.append((name, (column, row)))
    return tuple(found)


def rules_of(design: Design, pins: object, forbidden_columns: object, reserved: object) -> Rules | None:
    """The pins of a design with what a call adds to them; None where it adds nothing.

    Raises:
        DesignError: for an unknown layer, or something that is no tile, column or region.
    """
    asked = () if pins is None else ordered_pins(pins, list(design.on_array.layers))
    rules = Rules(pins=tuple({**dict(design.pins), **dict(asked)}.items()), reserved=_regions(reserved),
                  forbidden_columns=_columns(forbidden_columns, design.device.columns))
    return None if rules == Rules(pins=design.pins) else rules


def _columns(given: object, columns: int) -> tuple[int, ...]:
    where = "forbidden_columns"
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise DesignError(f"is {shown(given)}", where=where, remedy="Give columns such as (0, 1)")
    found = tuple(whole(column, where, least=0) for column in given)
    for column in found:
        if column >= columns:
            raise DesignError(f"the array has no column {column}", where=where, remedy=f"Use 0 to {columns - 1}")
    return found


def _regions(given: object) -> tuple[Region, ...]:
    regions = tuple(given) if isinstance(given, Iterable) else None
    if regions is None or not all(isinstance(region, Region) for region in regions):
        raise DesignError(f"is {shown(given)}", where="reserved",
                          remedy="Give regions such as [Region(column=0, row=0, width=2, height=1)]")
    return regions
