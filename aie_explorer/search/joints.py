"""How the options of two layers go together, as the exact front sees it, and what a direct edge saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import load_constants
from aie_explorer.search.objectives import SPARED
from aie_explorer.search.pareto import Points
from aie_explorer.search.space import DesignSpace, Edge

Rows = npt.NDArray[np.intp]
NO_FACES = np.zeros((1, 1, 1))
"""Of `lost`, where there is only one face."""
MOST_COMPARED = 2500
"""Options that are compared with one another whatever their faces."""

EXACT = 1e6
"""Latencies are counted in this fraction of a cycle, as whole numbers: sums of them do not depend on their order."""
DIRECTLY = 2
"""Of `joints`."""


def producer_sides(space: DesignSpace, i: int) -> tuple[Rows, Rows]:
    """The producer sides of a layer that its readers can tell apart.

    Returns:
        (for each side a unique writer that stands for it, the side of each option).
    """
    writers = space.layers[i].writers
    joined = [np.moveaxis(joints(edge), position, 0).reshape(len(writers[0]), -1) for edge in space.edges
              for position, producer in enumerate(edge.producers) if producer == i]
    if not joined:
        return np.zeros(1, np.intp), np.zeros(len(writers[1]), np.intp)
    first, inverse = distinct(np.concatenate(joined, axis=1))
    return first, inverse[writers[1]]


def joints(edge: Edge) -> npt.NDArray[np.int8]:
    """[unique writers of each producer..., unique readers] 0 where they cannot be joined, 2 where directly, else 1."""
    joint: npt.NDArray[np.int8] = edge.legal.astype(np.int8) + edge.direct  # DIRECTLY
    return joint


def distinct(rows: npt.NDArray[Any]) -> tuple[Rows, Rows]:
    """One index of each distinct row, and which of them each row is."""
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    return first.astype(np.intp), inverse.ravel().astype(np.intp)


def savings(space: DesignSpace, i: int, added: Sequence[str]) -> tuple[npt.NDArray[np.float64], Points]:
    """([unique readers], [unique readers, objectives]) what each reader of layer i saves where it is fed directly.

    As `cycles.network_cycles` counts it; a cascade makes and a tile reads as many bytes, at the same rate.
    """
    layer = space.layers[i]
    first = np.unique(layer.readers[1], return_index=True)[1]
    latency = np.round((load_constants().hand_over_cycles + layer.cycles["dma_in_cycles"][first]) * EXACT)
    columns = [SPARED[name](layer.table[first]) if name in SPARED else np.zeros(len(first)) for name in added]
    return latency, np.stack(columns, axis=1).astype(np.float64) if columns else np.zeros((len(first), 0))


def lost(accepts: npt.NDArray[np.bool_], saves: npt.NDArray[np.float64], spares: Points) -> Points:
    """What it costs at most to take one face in place of another.

    Args:
        accepts: [faces, others] which go together.
        saves, spares: [faces, others(, objectives)] what each pair saves.

    Returns:
        [a, b, latency and what adds up] the most that a saves and b does not; without end where a is accepted and b is
        not.
    """
    worth = np.concatenate([saves[:, :, None], spares], axis=2)
    found = np.full((len(worth), len(worth), worth.shape[2]), np.inf)
    for a, (taken, saved) in enumerate(zip(accepts, worth, strict=True)):
        as_well = accepts[:, taken].all(axis=1)
        found[a, as_well] = (saved[taken] - worth[as_well][:, taken]).max(axis=1) if taken.any() else 0.0
    return found


def beaten(points: Points, first: int, faces: Rows, margins: Sequence[Points]) -> npt.NDArray[np.bool_]:
    """Which options another beats, whatever its faces: better even by what the option saves there and it does not.

    Of options that beat each other the first stays.

    Args:
        points: [options, figures] to be made small.
        first: the figure that `margins` begin at: latency, then what adds up.
        faces: [options, sides].
        margins: for each side [faces, faces, figures] what `lost` says, or NO_FACES.
    """
    count = len(points)
    no_worse = np.ones((count, count), np.bool_)  # [a, b] b than a
    for column in range(points.shape[1]):
        margin = points[:, column][:, None] - points[:, column]
        for side, costs in enumerate(margins):
            if costs is not NO_FACES and 0 <= column - first < costs.shape[2]:
                margin = margin - costs[:, :, column - first][np.ix_(faces[:, side], faces[:, side])]
        no_worse &= margin >= 0
    found: npt.NDArray[np.bool_] = (no_worse & ~(no_worse.T & np.triu(np.ones_like(no_worse)))).any(axis=1)
    return found


def best_of_each_face(points: Points, faces: Rows) -> Rows:
    """The options that no other of the same faces beats; of equal ones the first. All pairs of a face are compared,
    those at the same distance at once."""
    _, face = distinct(faces)
    order = np.argsort(face, kind="stable")
    ordered, face = points[order], face[order]
    out = np.zeros(len(order), np.bool_)
    for apart in range(1, int(np.bincount(face).max(initial=1))):
        first, second = ordered[:-apart], ordered[apart:]
        same = face[apart:] == face[:-apart]
        no_worse = same & (first <= second).all(axis=1)
        out[apart:] |= no_worse
        out[:-apart] |= same & ~no_worse & (second <= first).all(axis=1)
    return order[~out]
