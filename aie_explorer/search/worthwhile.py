"""The options of every layer that can be part of a design on the front.

An option is left out where another of the same layer is better, accepted by its neighbours wherever the option is, and
better even by all that the option might save by direct edges and the other might not: it can take the option's place in
every design. What is left out may leave options of the neighbours with nothing to save, so this is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from aie_explorer.search.filled import filled_by, rows_of_sides
from aie_explorer.search.joints import (
    DIRECTLY,
    NO_FACES,
    Rows,
    joints,
    lost,
    producer_sides,
    savings,
    unbeaten,
)
from aie_explorer.search.pareto import Points
from aie_explorer.search.segments import layer_costs
from aie_explorer.search.space import DesignSpace, LayerSpace

ROUNDS = 2


def worthwhile(space: DesignSpace, added: Sequence[str]) -> tuple[DesignSpace, list[Rows]]:
    """The space without what `exact_front` need not look at.

    Args:
        space: the design space.
        added: names of `objectives.ADDED` that count beside tiles, interval and latency.

    Returns:
        (the smaller space, for each layer the rows of its table that are left).
    """
    rows: list[Rows] = [np.arange(len(layer.table)) for layer in space.layers]
    for _ in range(ROUNDS):
        made: dict[object, tuple[Rows, LayerSpace]] = {}
        kept: list[tuple[Rows, LayerSpace]] = []
        for i, layer in enumerate(space.layers):
            key = _context(space, i)
            if key not in made:
                best = _best(space, i, added)
                made[key] = best, replace(layer, table=layer.table[best], cycles=layer.cycles[best])
            best, few = made[key]
            kept.append((best, few.named(layer.name)))
        fewer = any(len(best) < len(all_) for (best, _), all_ in zip(kept, rows, strict=True))
        rows = [all_[best] for (best, _), all_ in zip(kept, rows, strict=True)]
        space = replace(space, layers=tuple(few for _, few in kept))
        if not fewer:
            break
    return space, rows


def _context(space: DesignSpace, i: int) -> object:
    """Equal for layers of equal options between equal neighbours."""
    def identity(layer: LayerSpace) -> object:
        return id(layer.table), id(layer.cycles), layer.work

    edges = [(id(edge.legal), edge.consumer == i, tuple(p == i for p in edge.producers),
              identity(space.layers[edge.consumer])) for edge in space.edges if i in (edge.consumer, *edge.producers)]
    return identity(space.layers[i]), tuple(edges), i in space.input_layers, space.output_layers.count(i)


def _best(space: DesignSpace, i: int, added: Sequence[str]) -> Rows:
    """The rows of a layer's table that none can replace, in order."""
    costs = layer_costs(space, i, added)
    figures = [costs.tiles, costs.interval]
    figures += [costs.entry] * (i in space.input_layers) + [costs.leave] * (i in space.output_layers)
    points = np.concatenate([np.stack([*figures, costs.latency], axis=1).astype(np.float64), costs.added], axis=1)
    firsts, side = producer_sides(space, i)
    faces = np.stack([space.layers[i].readers[1], side], axis=1)
    margins = _as_reader(space, i, added), _as_producer(space, i, firsts, added)
    return unbeaten(points, len(figures), faces, margins)


def _as_reader(space: DesignSpace, i: int, added: Sequence[str]) -> Points:
    """`lost` of the sides that a layer reads by."""
    for edge in space.edges:
        if edge.consumer == i:
            joint = joints(edge)
            return _lost(joint.reshape(-1, joint.shape[-1]).T, [part[:, None] for part in savings(space, i, added)])
    return NO_FACES


def _as_producer(space: DesignSpace, i: int, firsts: Rows, added: Sequence[str]) -> Points:
    """`lost` of the sides that a layer makes; each of its readers must be fed no later, and what adds up adds up."""
    total = np.zeros((len(firsts), len(firsts), 1 + len(added)))
    latency = np.full(total.shape[:2], 0.0 if i in space.output_layers else -np.inf)
    edges = 0
    for edge in space.edges:
        saved = savings(space, edge.consumer, added)
        for position, producer in enumerate(edge.producers):
            if producer != i:
                continue
            joint = np.moveaxis(joints(edge), position, 0)[firsts]
            others = joint[0].size // len(saved[0])  # producers beside this one; nothing is direct then
            one = _lost(joint.reshape(len(joint), -1), [np.concatenate([part] * others)[None] for part in saved])
            latency = np.maximum(latency, one[:, :, 0])
            total[:, :, 1:] += one[:, :, 1:]
            if filled_by(space, edge.consumer) == i:  # an input of more rows would take longer
                rows = rows_of_sides(space, i)[firsts]
                latency[rows[:, None] < rows] = np.inf
            edges += 1
    if not edges:
        return NO_FACES
    total[:, :, 0] = latency
    return total


def _lost(joint: npt.NDArray[np.int8], saved: Sequence[npt.NDArray[np.float64]]) -> Points:
    """`lost` of faces [faces, others], from what each pair saves (latency, what adds up) where it is direct."""
    direct = joint == DIRECTLY
    return lost(joint > 0, direct * saved[0], direct[:, :, None] * saved[1])
