"""What a user asks a sweep to vary, sorted into choices of layers and what concerns the whole design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aie_explorer.devices import Device
from aie_explorer.errors import DesignError
from aie_explorer.search.constraints import is_shape, values_of

WHOLE_DESIGN = ("device", "batch", "plio_bits", "clock_mhz", "pl_clock_mhz", "copies")


def split_over(over: Mapping[str, Any], layers: list[str]
               ) -> tuple[dict[str, dict[str, list[Any]]], dict[str, list[Any]]]:
    """Sort the values of a sweep into those of layers and those of the whole design (WHOLE_DESIGN).

    Raises:
        DesignError: for an unknown name, or values that are none.
    """
    inner: dict[str, dict[str, list[Any]]] = {}
    outer: dict[str, list[Any]] = {}
    for key, values in over.items():
        if not isinstance(key, str):
            raise DesignError(f"{key!r} is no name to sweep", remedy='Use "<layer>.cas_length" and the like')
        several = values_of(values, key)
        plain = (str, int, float, np.integer, np.floating, Device)
        if any(not isinstance(value, plain) and not is_shape(value, key) for value in several):
            raise DesignError("is no list of values", where=key, remedy="For example [1, 2, 4]")
        layer, dot, field = key.rpartition(".")
        if not dot:
            if key not in WHOLE_DESIGN:
                raise DesignError(f"there is nothing called {key!r} to sweep", remedy='Use "<layer>.cas_length" and '
                                  f'the like, or one of {", ".join(WHOLE_DESIGN)}')
            outer[key] = several
        elif layer not in layers:
            raise DesignError(f"the network has no layer {layer!r}", remedy=f"Its layers are: {', '.join(layers)}")
        else:
            inner.setdefault(layer, {})[field] = several
    return inner, outer
