"""Results that go from tile to tile: who reads what a cascade makes, and whether in its memory or through DMA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from aie_explorer.placement import Placement
from aie_explorer.search.space import LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.transport.plan import DirectEdge, KernelEnd, MemoryBuffer

REACHED = ((1, 0), (0, 1), (0, -1))
"""(columns, rows) from a tile to those whose cores reach its memory: of its east, north and south neighbours.

A core reaches the memories of its own tile and of its west, north and south neighbours (AM020 ch2).
"""


def direct_edges(producer: LayerSpace, consumer: LayerSpace, tensor: str, stem: str) -> list[DirectEdge]:
    """What each cascade of a producer hands to a consumer with the same layout, as if every tile were distant."""
    made, read = producer.table[0], consumer.table[0]
    by_rows = made["split"] == ROWS
    rows, columns, microtile = int(made["rows"]), int(made["n"]), (int(made["M"]), int(made["N"]))
    edges = []
    for chain in range(int(made["cas_num"])):
        readers = [(chain, 0)] if by_rows else [(other, chain) for other in range(int(read["cas_num"]))]
        edges.append(DirectEdge(
            f"{stem}_{chain}", tensor, producer.work.output.storage, rows, columns, chain * rows * by_rows,
            chain * columns * (not by_rows), microtile, KernelEnd(producer.name, chain, int(made["cas_length"]) - 1),
            tuple(KernelEnd(consumer.name, *end) for end in readers), "tile_dma"))
    return edges


def placed(edges: Iterable[DirectEdge], buffers: Iterable[MemoryBuffer], placement: Placement | None
           ) -> tuple[DirectEdge, ...]:
    """The edges with their kinds, which depend on where the tiles are and who else reads the same results."""
    edges = tuple(edges)
    sinks = Counter(end for buffer in buffers for port in buffer.writers for end in port.ends)
    for edge in edges:
        sinks[edge.producer] += len(edge.readers)
    found = []
    for edge in edges:
        kind = edge.kind
        if sinks[edge.producer] > 1:
            kind = "broadcast"
        elif placement is not None and _apart(edge.producer, edge.readers[0], placement) in REACHED:
            kind = "shared_memory"
        found.append(edge if kind == edge.kind else replace(edge, kind=kind))
    return tuple(found)


def direct_kinds(edges: Iterable[DirectEdge]) -> str:
    """How many of some edges are of which kind, in words."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(edge.kind for edge in edges).items()))


def tile_of(end: KernelEnd, placement: Placement) -> tuple[int, int]:
    """(column, row) of a tile of a layer: cascades run east, and are stacked to the north."""
    column, row = placement[end.layer]
    return column + end.position, row + end.chain


def _apart(producer: KernelEnd, reader: KernelEnd, placement: Placement) -> tuple[int, int]:
    source, target = tile_of(producer, placement), tile_of(reader, placement)
    return target[0] - source[0], target[1] - source[1]
