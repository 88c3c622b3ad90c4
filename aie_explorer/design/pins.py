"""Where a user puts layers on the array, as part of a design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aie_explorer.arguments import whole
from aie_explorer.errors import DesignError

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
