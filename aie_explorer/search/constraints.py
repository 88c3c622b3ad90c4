"""What a user fixes, forbids or bounds about layers, as plain data.

A constraint is a key and a demand. The key is "<layer>.<field>", or "<field>" for every layer; the fields are the
choices (microtile, cas_length, cas_num, split, blocking, route, ports) and the figures of `Explorer.layer_options`. The
demand is a value, a list of values, {"not": value or values}, or {"least": a, "most": b} with one of both or both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.arguments import number
from aie_explorer.cycles import VALIDITY
from aie_explorer.errors import DesignError, nearest
from aie_explorer.search.routes import check_routes, read_by_layers, routed
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import CHOICES, PORTS, ROUTES, SHAPE_FIELDS, SPLITS, parse_blocking, parse_microtile, shape_name

TABLE_FIGURES = ("tiles", "rows", "k", "n", "in_bytes", "weight_bytes", "out_bytes")
CYCLE_FIGURES = ("kernel_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_cycles", "interval_cycles",
                 "latency_cycles")
WORDS = {"split": SPLITS, "route": ROUTES, "ports": PORTS, "validity": VALIDITY}
AS_SHOWN = 5e-6  # of figures with decimals: messages show six digits of them
FIELDS = (*CHOICES, *TABLE_FIGURES, *CYCLE_FIGURES, "validity")

Mask = npt.NDArray[np.bool_]


def demands_of(constraints: object) -> dict[str, Any]:
    """Constraints as a user gives them.

    Raises:
        DesignError: for anything but a mapping.
    """
    if not isinstance(constraints, Mapping):
        raise DesignError(f"is a {type(constraints).__name__}", where="constraints",
                          remedy='Give a mapping such as {"dense0.cas_length": 2}')
    return dict(constraints)


def constrained(space: DesignSpace, constraints: Mapping[str, Any]) -> DesignSpace:
    """The space with the options that meet all constraints.

    Raises:
        DesignError: for a constraint of another form, a value no option has, or when a layer is left with no option.
    """
    layers = list(space.layers)
    for key, demand in constraints.items():
        name, field = _split_key(key, [layer.name for layer in layers])
        for i, layer in enumerate(layers):
            if field == "route":  # makes options instead of leaving some out
                if name == layer.name or (name is None and i in read_by_layers(space)):
                    layers[i] = routed(layer, values_of(demand, key), key)
            elif name in (None, layer.name):
                kept = _meets(layer, field, demand, key, strict=name is not None)
                if not kept.any():
                    raise DesignError(f"leaves no option of {layer.name}", where=key,
                                      remedy=f"Among the options left are: {_present(layer, field)}")
                if not kept.all():  # an untouched table keeps its identity, by which equal layers are known
                    layers[i] = replace(layer, table=layer.table[kept], cycles=layer.cycles[kept])
    found = replace(space, layers=tuple(layers))
    if any(key.rpartition(".")[2] == "route" for key in constraints):
        check_routes(found)
    return found


def _split_key(key: object, layers: list[str]) -> tuple[str | None, str]:
    if not isinstance(key, str):
        raise DesignError(f"{key!r} is no name of a constraint", remedy='Use "<layer>.cas_length" and the like')
    name, dot, field = key.rpartition(".")
    if field not in FIELDS:
        raise DesignError(f"there is no {field!r} to constrain", where=key,
                          remedy=f"Close ones: {nearest(field, FIELDS)}")
    if dot and name not in layers:
        raise DesignError(f"the network has no layer {name!r}", where=key,
                          remedy=f"Its layers are: {', '.join(layers)}")
    return (name if dot else None), field


def _meets(layer: LayerSpace, field: str, demand: object, key: str, *, strict: bool) -> Mask:
    """Which options meet a demand. A strict one names a value only if some option of the layer has it."""
    if isinstance(demand, Mapping):
        if set(demand) == {"not"}:
            return ~matches(layer, field, values_of(demand["not"], key), key, strict=False)
        if demand and set(demand) <= {"least", "most"} and field not in (*SHAPE_FIELDS, *WORDS):
            column = _column(layer, field)
            least, most = (number(demand.get(side, default), f"{key}.{side}")
                           for side, default in (("least", -np.inf), ("most", np.inf)))
            within: Mask = (column >= least) & (column <= most)
            return within
        raise DesignError(f"is {dict(demand)!r}", where=key,
                          remedy='Use a value, a list, {"not": ...} or {"least": ..., "most": ...} of a figure')
    return matches(layer, field, values_of(demand, key), key, strict=strict)


def values_of(demand: object, where: str) -> list[object]:
    """One value, or several, as a list.

    Raises:
        DesignError: for none, or for something that is neither.
    """
    if isinstance(demand, (str, bytes)) or is_shape(demand, where) or not isinstance(demand, Iterable) or (
            isinstance(demand, np.ndarray) and demand.ndim == 0):
        several: list[object] = [demand]
    else:
        several = list(demand)
    if not several:
        raise DesignError("no value is given", where=where)
    return several


def is_shape(value: object, where: str) -> bool:
    """Whether a value is one microtile (M, K, N), or one register blocking (rows, columns), of a choice so named."""
    size = len(SHAPE_FIELDS.get(where.rpartition(".")[2], ()))
    return isinstance(value, tuple) and len(value) == size and all(isinstance(v, (int, np.integer)) for v in value)


def matches(layer: LayerSpace, field: str, values: list[object], where: str, *, strict: bool = True) -> Mask:
    """Which options have one of some values.

    Raises:
        DesignError: for a value of the wrong kind and, if strict, for one no option has, with the legal ones.
    """
    table, found = layer.table, np.zeros(len(layer.table), np.bool_)
    for value in values:
        if field == "microtile":
            M, K, N = parse_microtile(value, where)
            same = (table["M"] == M) & (table["K"] == K) & (table["N"] == N)
        elif field == "blocking":
            blocking = parse_blocking(value, where)
            same = (table["block_rows"] == blocking.rows) & (table["block_columns"] == blocking.columns)
        elif field in WORDS:
            if not isinstance(value, str) or value not in WORDS[field]:
                words = ", ".join(f'"{word}"' for word in WORDS[field])
                raise DesignError(f"{field} is {value!r}", where=where, remedy=f"Use one of {words}")
            same = _column(layer, field) == WORDS[field].index(value)
        elif field in CYCLE_FIGURES:
            same = np.isclose(_column(layer, field), number(value, where), rtol=AS_SHOWN, atol=0)
        else:
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise DesignError(f"{value!r} is not a whole number", where=where)
            same = _column(layer, field) == value
        if strict and not same.any():
            raise DesignError(f"no legal option has the value {value!r}", where=where,
                              remedy=f"Legal values: {_present(layer, field)}")
        found |= same
    return found


def _column(layer: LayerSpace, field: str) -> npt.NDArray[Any]:
    if field == "validity":  # as far from what was measured as the kernel or how PLIOs reach it
        return np.maximum(layer.cycles["validity"], layer.cycles["ports_validity"])
    return layer.table[field] if field in (*CHOICES, *TABLE_FIGURES) else layer.cycles[field]


def _present(layer: LayerSpace, field: str) -> str:
    """The values that a layer's options have, in words."""
    if field in SHAPE_FIELDS:
        shapes = np.unique(np.stack([layer.table[axis] for axis in SHAPE_FIELDS[field]], axis=1), axis=0)
        return ", ".join(shape_name(tuple(shape)) for shape in shapes.tolist())
    if field in WORDS:
        return ", ".join(WORDS[field][code] for code in np.unique(_column(layer, field)).tolist())
    values = np.unique(_column(layer, field))
    return ", ".join(f"{v:g}" for v in values) if len(values) <= 20 else f"{values[0]:g} to {values[-1]:g}"
