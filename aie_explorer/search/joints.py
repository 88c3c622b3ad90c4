"""How the options of two layers go together, as the exact front sees it, and what a direct edge saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import load_constants
from aie_explorer.search.filled import filled_by, rows_of_sides
from aie_explorer.search.objectives import SPARED
from aie_explorer.search.pareto import Points
from aie_explorer.search.space import DesignSpace, Edge

Rows = npt.NDArray[np.intp]
NO_FACES = np.zeros((1, 1, 1))
"""Of `lost`, where there is only one face."""
BLOCK = 64
"""Options that clear away what they beat, at a time."""
COMPARED_AT_ONCE = 500_000
"""Figures of pairs of faces; 8 bytes each."""

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
    if any(filled_by(space, edge.consumer) == i for edge in space.edges):
        joined.append(rows_of_sides(space, i)[:, None].view(np.int8))  # an input that is read beside has as many
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
    many = accepts.astype(np.float64)
    as_well = many @ (1 - many).T == 0  # nothing that a is accepted by refuses b
    at_once = max(1, COMPARED_AT_ONCE // max(worth.size, 1))
    for begin in range(0, len(worth), at_once):
        some = slice(begin, begin + at_once)
        more = np.where(accepts[some, None, :, None], worth[some, None] - worth, -np.inf).max(axis=2, initial=-np.inf)
        more[~accepts[some].any(axis=1)] = 0.0
        found[some] = np.where(as_well[some, :, None], more, np.inf)
    return found


def unbeaten(points: Points, first: int, faces: Rows, margins: Sequence[Points]) -> Rows:
    """The options that no other beats, whatever its faces: better even by what they save there and it does not.

    Of options that beat each other one stays.

    Args:
        points: [options, figures] to be made small.
        first: the figure that `margins` begin at: latency, then what adds up.
        faces: [options, sides].
        margins: for each side [faces, faces, figures] what `lost` says, or NO_FACES.

    Returns:
        their indices, ascending.
    """
    places = [np.unique(column, return_inverse=True)[1].ravel() for column in points.T]
    left = np.argsort(np.sum(places, axis=0), kind="stable")  # those likely to beat many are compared first
    done = 0
    while done < len(left):
        some = left[done:done + BLOCK]
        beaten = _no_worse(points, first, faces, margins, left, some)
        # of those that beat each other the first in this order stays
        before, own = left[:done + len(some)], done + np.arange(len(some))
        mutual = _no_worse(points, first, faces, margins, some, before).T
        beaten[:len(before)] &= ~mutual | (np.arange(len(before))[:, None] > own)
        kept = ~beaten.any(axis=1)
        done += int(kept[done:done + BLOCK].sum()) - int((~kept[:done]).sum())
        left = left[kept]
    return np.sort(left)


def _no_worse(points: Points, first: int, faces: Rows, margins: Sequence[Points], which: Rows, than: Rows
              ) -> npt.NDArray[np.bool_]:
    """[which, than] whether the latter is no worse in place of the former."""
    found = np.ones((len(which), len(than)), np.bool_)
    for column in range(first):
        found &= points[which, column][:, None] >= points[than, column]
    a, b = np.nonzero(found)  # what sides may save is looked up for the pairs that are left alone
    for column in range(first, points.shape[1]):
        margin = points[which[a], column] - points[than[b], column]
        for side, costs in enumerate(margins):
            if costs is not NO_FACES and column - first < costs.shape[2]:
                margin -= costs[faces[which[a], side], faces[than[b], side], column - first]
        passed = margin >= 0
        a, b = a[passed], b[passed]
    found[:] = False
    found[a, b] = True
    return found
