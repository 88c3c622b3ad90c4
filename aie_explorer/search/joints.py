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
