"""Which designs a sweep costs: products of per-layer options, restricted by the user's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import DesignError, nearest
from aie_explorer.search.figures import Picks, joinable
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import SPLITS, microtile_name, parse_microtile

LAYER_KEYS = ("microtile", "cas_length", "cas_num", "split")


def layer_candidates(layer: LayerSpace, over: Mapping[str, Iterable[object]]) -> npt.NDArray[np.intp]:
    """Rows of a layer's table that a sweep uses: those with the given values, or its Pareto options if none is given.

    A layer's Pareto options are those that no other beats in tiles, interval and latency.

    Raises:
        DesignError: for a value no legal option has, with the legal ones.
    """
    if not over:
        points = np.stack([layer.table["tiles"].astype(np.float64), layer.cycles["interval_cycles"],
                           layer.cycles["latency_cycles"]], axis=1)
        return nondominated(points)
    keep = np.ones(len(layer.table), np.bool_)
    for key, values in over.items():
        where = f"{layer.name}.{key}"
        if key not in LAYER_KEYS:
            raise DesignError(f"a layer has no {key!r} to sweep", where=where,
                              remedy=f"Close ones: {nearest(key, LAYER_KEYS)}")
        keep &= _matches(layer, key, list(values), where)
    if not keep.any():
        raise DesignError("no legal option has this combination of values", where=layer.name,
                          remedy=f"See layer_options({layer.name!r})")
    return np.flatnonzero(keep)


def _matches(layer: LayerSpace, key: str, values: list[object], where: str) -> npt.NDArray[np.bool_]:
    table, found = layer.table, np.zeros(len(layer.table), np.bool_)
    for value in values:
        if key == "microtile":
            M, K, N = parse_microtile(value, where)
            same = (table["M"] == M) & (table["K"] == K) & (table["N"] == N)
            legal = sorted({microtile_name((int(r["M"]), int(r["K"]), int(r["N"]))) for r in table})
        elif key == "split":
            if not isinstance(value, str) or value not in SPLITS:
                raise DesignError(f"split is {value!r}", where=where, remedy='Use "features" or "rows"')
            same, legal = table["split"] == SPLITS.index(value), list(SPLITS)
        else:
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise DesignError(f"{value!r} is not a whole number", where=where)
            same, legal = table[key] == value, [str(v) for v in np.unique(table[key])]
        if not same.any():
            raise DesignError(f"no legal option has the value {value!r}", where=where,
                              remedy=f"Legal values: {', '.join(legal)}")
        found |= same
    return found


def product(space: DesignSpace, candidates: list[npt.NDArray[np.intp]], limit: int, seed: int) -> tuple[Picks, int]:
    """Combine the candidates of the layers, keep what can be joined and fits the device.

    Args:
        space: the design space.
        candidates: rows of each layer's table.
        limit: most combinations to look at; of a larger product that many are drawn at random, repetitions dropped.
        seed: of the sample.

    Returns:
        ([designs, layers] rows, size of the whole product).
    """
    sizes = [len(rows) for rows in candidates]
    total = 1
    for size in sizes:
        total *= size
    if total <= limit:
        flat: npt.NDArray[np.int64] = np.arange(total)
        digits = np.stack(np.unravel_index(flat, sizes), axis=1)
    else:
        rng = np.random.default_rng(seed)
        digits = np.stack([rng.integers(0, size, limit) for size in sizes], axis=1)
        digits = np.unique(digits, axis=0)
    picks = np.stack([rows[digit] for rows, digit in zip(candidates, digits.T, strict=True)], axis=1)
    tiles = sum(layer.table["tiles"][pick] for layer, pick in zip(space.layers, picks.T, strict=True))
    picks = picks[(tiles <= space.device.tiles) & joinable(space, picks)]
    return picks, total
