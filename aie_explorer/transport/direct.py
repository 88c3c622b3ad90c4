"""Results that go from tile to tile: who reads what a cascade makes, and whether in its memory or through DMA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from aie_explorer.devices.hardware import Dma
from aie_explorer.ir import storage_bytes
from aie_explorer.placement import Placement
from aie_explorer.search.space import LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.space.direct import microtile_of
from aie_explorer.space.usage import COPIES
from aie_explorer.space.walks import Loops, descriptors, fits, linear, walk
from aie_explorer.transport.plan import DirectEdge, KernelEnd, MemoryBuffer, Plio, PlioEdge, PlioEnd, Tiling

REACHED = ((1, 0), (0, 1), (0, -1))
"""(columns, rows) from a tile to those whose cores reach its memory: of its east, north and south neighbours.

A core reaches the memories of its own tile and of its west, north and south neighbours (AM020 ch2).
"""


def direct_edges(producer: LayerSpace, consumer: LayerSpace, tensor: str, stem: str) -> list[DirectEdge]:
    """What each cascade of a producer hands to a consumer with the same slices, as if every tile were distant."""
    made, read = producer.table[0], consumer.table[0]
    by_rows = made["split"] == ROWS
    rows, columns, microtile = int(made["rows"]), int(made["n"]), (int(read["M"]), int(read["K"]))
    loops = walk(rows, columns, microtile_of(made, "N", "n"), microtile_of(read, "K", "k"))
    edges = []
    for chain in range(int(made["cas_num"])):
        readers = [(chain, 0)] if by_rows else [(other, chain) for other in range(int(read["cas_num"]))]
        edges.append(DirectEdge(
            f"{stem}_{chain}", tensor, producer.work.output.storage, rows, columns, chain * rows * by_rows,
            chain * columns * (not by_rows), microtile, KernelEnd(producer.name, chain, int(made["cas_length"]) - 1),
            tuple(KernelEnd(consumer.name, *end) for end in readers), "tile_dma",
            None if linear(loops) else tiling_of(loops, rows * columns)))
    return edges


def tiling_of(loops: Loops, elements: int) -> Tiling:
    """The walk of a tile's DMA over a buffer of so many elements."""
    return Tiling((elements,), (loops[0][1],), (0,), tuple((0, step, wrap) for step, wrap in loops[1:]))


def into_tiles(layer: LayerSpace, tensor: str, stem: str, first_plio: int, dma: Dma) -> list[PlioEdge]:
    """The PLIOs that feed the tiles of a layer: one a slice, to all cascades, or to one where they split the rows.

    They carry rows where the tiles have descriptors to put those into microtiles; else microtiles.
    """
    row = layer.table[0]
    by_rows, rows, columns = row["split"] == ROWS, int(row["rows"]), int(row["k"])
    microtile, held = (int(row["M"]), int(row["K"])), microtile_of(row, "K", "k")
    loops = walk(rows, columns, (1, columns), held)
    sorts = fits(loops, dma, storage_bytes(layer.work.input.storage), COPIES)
    found: list[PlioEdge] = []
    for part in range(int(row["cas_num"]) if by_rows else 1):
        chains = (part,) if by_rows else range(int(row["cas_num"]))
        for position in range(int(row["cas_length"])):
            name = f"{stem}_{len(found)}"
            window = Plio(name, tensor, layer.work.input.storage, part * rows, position * columns, rows, columns,
                          None if sorts else microtile)
            found.append(PlioEdge(name, PlioEnd(first_plio + len(found)), True,
                                  tuple(KernelEnd(layer.name, chain, position) for chain in chains), window, microtile,
                                  tiling_of(loops, rows * columns) if sorts and not linear(loops) else None))
    return found


def out_of_tiles(layer: LayerSpace, tensor: str, stem: str, first_plio: int, dma: Dma, taken: int) -> list[PlioEdge]:
    """The PLIOs that the cascades of a layer feed, one each.

    They carry rows where the tiles have descriptors left for that, beside the `taken`; else microtiles.
    """
    row = layer.table[0]
    by_rows, rows, columns, length = row["split"] == ROWS, int(row["rows"]), int(row["n"]), int(row["cas_length"])
    microtile, held = (int(row["M"]), int(row["N"])), microtile_of(row, "N", "n")
    loops = walk(rows, columns, (1, columns), held)
    sorts = fits(loops, dma, storage_bytes(layer.work.output.storage), taken)
    found = []
    for chain in range(int(row["cas_num"])):
        name = f"{stem}_{chain}"
        window = Plio(name, tensor, layer.work.output.storage, chain * rows * by_rows, chain * columns * (not by_rows),
                      rows, columns, None if sorts else microtile)
        found.append(PlioEdge(name, PlioEnd(first_plio + chain), False, (KernelEnd(layer.name, chain, length - 1),),
                              window, microtile,
                              tiling_of(loops, rows * columns) if sorts and not linear(loops) else None))
    return found


def walk_descriptors(tiling: Tiling | None, dma: Dma, copies: int = COPIES) -> int:
    """Buffer descriptors of a port of a tile that walks each copy of its buffer so, or from end to end."""
    if tiling is None:
        return copies
    return descriptors(((1, tiling.tile[0]), *((step, wrap) for _, step, wrap in tiling.traversal)), dma, copies)


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
        elif placement is not None and edge.walk is None and (
                _apart(edge.producer, edge.readers[0], placement) in REACHED):
            kind = "shared_memory"
        found.append(edge if kind == edge.kind else replace(edge, kind=kind))
    return tuple(found)


def direct_kinds(edges: Iterable[DirectEdge | PlioEdge]) -> str:
    """How many of some edges are of which kind, in words."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(edge.kind for edge in edges).items()))


def tile_of(end: KernelEnd, placement: Placement) -> tuple[int, int]:
    """(column, row) of a tile of a layer: cascades run east, and are stacked to the north."""
    column, row = placement[end.layer]
    return column + end.position, row + end.chain


def _apart(producer: KernelEnd, reader: KernelEnd, placement: Placement) -> tuple[int, int]:
    source, target = tile_of(producer, placement), tile_of(reader, placement)
    return target[0] - source[0], target[1] - source[1]
