"""The data movement of a placed design, as data: memory-tile buffers with their ports and tilings, and PLIOs.

Where a layer's slices are just what the cascades of its producer make, results go from tile to tile. Every other layer
reads through one memory-tile stage, also what comes from the graph's inputs and what stands side by side, so it gets
microtiles in the order its kernel wants, whatever the cut of the producers. A tensor that several layers read is sent
to each in its own way. What enters and leaves the graph goes through a memory tile, or straight from PLIOs into tiles
and from tiles to PLIOs where the choice of the layer says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aie_explorer import html
from aie_explorer.ir import storage_bytes
from aie_explorer.space.usage import COPIES

Way = Literal["input", "output"]


@dataclass(frozen=True)
class Tiling:
    """How a DMA walks a buffer of columns x rows; the fields are those of adf::tiling, dimension 0 being columns.

    A read that leaves the buffer is zero-filled (memory tiles only). The buffer of a tile has one dimension.

    Attributes:
        buffer, tile, offset: (columns, rows), or (elements,) of a tile.
        traversal: (dimension, stride, wrap), innermost first.
    """

    buffer: tuple[int, ...]
    tile: tuple[int, ...]
    offset: tuple[int, ...]
    traversal: tuple[tuple[int, int, int], ...] = ()

    @property
    def elements(self) -> int:
        """Elements moved by one walk."""
        return int(np.prod([*self.tile, *(wrap for _, _, wrap in self.traversal)], dtype=np.int64))

    @property
    def pads(self) -> bool:
        """Whether the walk leaves the buffer."""
        reach = [first + size for first, size in zip(self.offset, self.tile, strict=True)]
        for dimension, stride, wrap in self.traversal:
            reach[dimension] += stride * (wrap - 1)
        return any(end > size for end, size in zip(reach, self.buffer, strict=True))


@dataclass(frozen=True)
class KernelEnd:
    """The input or output buffer of one tile: cascade `chain` of `layer`, tile `position` of it."""

    layer: str
    chain: int
    position: int


@dataclass(frozen=True)
class PlioEnd:
    """A PLIO, by its index among those of its direction."""

    index: int


@dataclass(frozen=True)
class BufferPort:
    """One port of a memory-tile buffer: a walk and what it connects to (several readers are a broadcast)."""

    tiling: Tiling
    ends: tuple[KernelEnd | PlioEnd, ...]


@dataclass(frozen=True)
class Part:
    """Columns of a tensor in a buffer.

    Attributes:
        tensor: which.
        column: where they begin in the buffer.
        first_column: where they begin in the tensor.
        columns: how many; those beyond the tensor's only fill up.
    """

    tensor: str
    column: int
    first_column: int
    columns: int


@dataclass(frozen=True)
class MemoryBuffer:
    """A buffer in a memory tile.

    Attributes:
        name: identifier, unique in the plan.
        parts: what it holds, side by side.
        storage: element type.
        columns, rows: its size in elements.
        first_row: where it begins in the tensors.
        writers, readers: its ports.
        memory_tile: (column, row) of the memory tile.
        copies: how many calls of the graph it holds; more than two where a short way waits for a long one, one where
            memory tiles are short and the interval allows it.
        offsets_bytes: where its copies begin there.
    """

    name: str
    parts: tuple[Part, ...]
    storage: str
    columns: int
    rows: int
    first_row: int
    writers: tuple[BufferPort, ...]
    readers: tuple[BufferPort, ...]
    memory_tile: tuple[int, int] = (0, 0)
    copies: int = COPIES
    offsets_bytes: tuple[int, ...] = ()

    @property
    def tensor(self) -> str:
        """The tensor it holds, or all of them."""
        return " + ".join(part.tensor for part in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes of one copy."""
        return self.columns * self.rows * storage_bytes(self.storage)


@dataclass(frozen=True)
class DirectEdge:
    """What one cascade makes, handed from its tile to those that read it: microtiles of M x N, row after row.

    Attributes:
        name: identifier, unique in the plan.
        tensor: of which.
        storage: element type.
        rows, columns: the size of the buffer in elements.
        first_row, first_column: where it begins in the tensor.
        microtile: (M, N) of the buffers that are read.
        producer: the tile that makes it.
        readers: the tiles of one layer that read it.
        kind: "shared_memory" where the one reader's core reaches the producer's memory and reads it there; else
            "tile_dma", or "broadcast" where the producer sends to several, layers or memory tiles.
        walk: how the DMA of each reader writes what arrives, where that has microtiles of another shape.
    """

    name: str
    tensor: str
    storage: str
    rows: int
    columns: int
    first_row: int
    first_column: int
    microtile: tuple[int, int]
    producer: KernelEnd
    readers: tuple[KernelEnd, ...]
    kind: Literal["shared_memory", "tile_dma", "broadcast"]
    walk: Tiling | None = None

    @property
    def bytes(self) -> int:
        """Bytes of one copy."""
        return self.columns * self.rows * storage_bytes(self.storage)


@dataclass(frozen=True)
class PlioEdge:
    """What a PLIO sends straight into tiles, or takes straight from one: all of a tile's buffer.

    Attributes:
        name: identifier, unique in the plan.
        plio: among those of its direction.
        into: whether the tiles are fed.
        tiles: those that get the same, or the one that sends.
        window: what the PLIO carries.
        microtile: of the tiles' buffers.
        walk: how the DMA of each tile walks its buffer, where the PLIO carries rows.
    """

    name: str
    plio: PlioEnd
    into: bool
    tiles: tuple[KernelEnd, ...]
    window: Plio
    microtile: tuple[int, int]
    walk: Tiling | None = None

    @property
    def kind(self) -> str:
        """How it looks in a table: "plio_in", "plio_broadcast" where several tiles get the same, or "plio_out"."""
        return "plio_out" if not self.into else "plio_in" if len(self.tiles) == 1 else "plio_broadcast"


@dataclass(frozen=True)
class Plio:
    """A port between the programmable logic and the array.

    It carries the window that begins at (first_row, first_column) of the tensor: row by row, or, where `microtile` is
    given, one microtile of (rows, columns) after the other, row after row of them. Beyond the true tensor the host
    sends zeros and ignores what it receives.
    """

    name: str
    tensor: str
    storage: str
    first_row: int
    first_column: int
    rows: int
    columns: int
    microtile: tuple[int, int] | None = None

    @property
    def order(self) -> str:
        """In what order it carries its window, in words."""
        return "row by row" if self.microtile is None else "microtiles of {} x {}".format(*self.microtile)

    @property
    def bytes(self) -> int:
        """Bytes of one call."""
        return self.rows * self.columns * storage_bytes(self.storage)


@dataclass(frozen=True)
class Plan:
    """Everything that moves, one call of the graph.

    Attributes:
        inputs, outputs: PLIOs.
        buffers: in memory tiles.
        direct: from tile to tile.
        plio_edges: from PLIOs into tiles, and out of them.
        word_bytes: what a DMA channel of a tile moves in a cycle.
    """

    inputs: tuple[Plio, ...]
    outputs: tuple[Plio, ...]
    buffers: tuple[MemoryBuffer, ...]
    direct: tuple[DirectEdge, ...] = ()
    plio_edges: tuple[PlioEdge, ...] = ()
    word_bytes: int = 4
    single: frozenset[tuple[str, Way]] = frozenset()
    """The (layer, way) whose buffers in tiles have one copy; all others have two."""

    def tile_copies(self, layer: str, way: Way) -> int:
        """Copies of every input or output buffer of a layer's tiles; what is read in shared memory is an output."""
        return 1 if (layer, way) in self.single else COPIES

    def edge_copies(self, edge: DirectEdge) -> int:
        """Buffers that a direct edge takes, at both of its ends: one lot in shared memory."""
        out = self.tile_copies(edge.producer.layer, "output")
        if edge.kind == "shared_memory":
            return out
        return out + sum(self.tile_copies(end.layer, "input") for end in edge.readers)

    def __str__(self) -> str:
        tiles = {buffer.memory_tile for buffer in self.buffers}
        moved = sum(buffer.bytes * buffer.copies for buffer in self.buffers)
        return (f"{len(self.inputs)} input and {len(self.outputs)} output PLIOs, {len(self.buffers)} buffers in "
                f"{len(tiles)} memory tiles, {moved:,} bytes of them")

    def _repr_html_(self) -> str:
        frame = self.to_frame().reset_index()
        plios = [(port.name, way, port.tensor, f"{port.rows} x {port.columns} {port.storage}", port.order,
                  f"{port.bytes:,}")
                 for way, ports in (("in", self.inputs), ("out", self.outputs)) for port in ports]
        return (html.paragraph(str(self)) + html.table(list(frame.columns), frame.itertuples(index=False))
                + html.table(["PLIO", "way", "tensor", "window", "order", "bytes"], plios))

    def tile_buffers(self) -> dict[tuple[str, Way], tuple[str, str, int, int]]:
        """(tensor, storage, bytes of one copy, tiles) of the input and output buffers of every layer's tiles.

        What a core reads in the memory of another tile is that tile's output.
        """
        found: dict[tuple[str, Way], dict[KernelEnd, tuple[str, str, int]]] = {}
        for held in self.buffers:
            sides: tuple[tuple[Way, tuple[BufferPort, ...]], ...] = (("output", held.writers), ("input", held.readers))
            for way, ports in sides:
                for port in ports:
                    moved = port.tiling.elements * storage_bytes(held.storage)
                    for end in port.ends:
                        if isinstance(end, KernelEnd):
                            found.setdefault((end.layer, way), {})[end] = (held.tensor, held.storage, moved)
        for edge in self.direct:
            what = (edge.tensor, edge.storage, edge.bytes)
            found.setdefault((edge.producer.layer, "output"), {})[edge.producer] = what
            if edge.kind != "shared_memory":
                for end in edge.readers:
                    found.setdefault((end.layer, "input"), {})[end] = what
        for of in self.plio_edges:
            for end in of.tiles:
                found.setdefault((end.layer, "input" if of.into else "output"), {})[end] = \
                    (of.window.tensor, of.window.storage, of.window.bytes)
        return {key: (*next(iter(ends.values())), len(ends)) for key, ends in found.items()}

    def to_frame(self) -> pd.DataFrame:
        """One memory-tile buffer, direct edge or PLIO of tiles a row, then the buffers of each layer's tiles.

        The buffers of a layer's tiles are alike. `count` says how many of `copies` copies of `bytes` there are; those
        of direct edges and of PLIOs are among those of tiles. `dma_cycles` is how long the busiest DMA channel needs
        for one copy, in cycles of the array clock; 0 where nothing moves, because the reader's core reaches the buffer,
        and in rows of tiles, whose data the rows above move. `retiles` is whether the DMA of a tile changes the order.
        """
        staged = [{
            "buffer": b.name, "kind": "memory_tile", "tensor": b.tensor, "storage": b.storage, "columns": b.columns,
            "rows": b.rows, "writers": len(b.writers), "readers": len(b.readers), "bytes": b.bytes, "copies": b.copies,
            "count": 1, "memory_tile": b.memory_tile, "zero_padding": any(port.tiling.pads for port in b.readers),
            "retiles": False,
            "dma_cycles": max(port.tiling.elements for port in (*b.writers, *b.readers)) * storage_bytes(b.storage)
            / self.word_bytes,
        } for b in self.buffers]
        direct = [{
            "buffer": d.name, "kind": d.kind, "tensor": d.tensor, "storage": d.storage, "columns": d.columns,
            "rows": d.rows, "writers": 1, "readers": len(d.readers), "bytes": d.bytes,
            "copies": self.edge_copies(d), "count": 1, "memory_tile": None, "zero_padding": False,
            "retiles": d.walk is not None,
            "dma_cycles": 0.0 if d.kind == "shared_memory" else d.bytes / self.word_bytes,
        } for d in self.direct]
        ports = [{
            "buffer": e.name, "kind": e.kind, "tensor": e.window.tensor, "storage": e.window.storage,
            "columns": e.window.columns, "rows": e.window.rows, "writers": 1, "readers": len(e.tiles) if e.into else 1,
            "bytes": e.window.bytes, "copies": COPIES * len(e.tiles), "count": 1, "memory_tile": None,
            "zero_padding": False, "retiles": e.walk is not None, "dma_cycles": e.window.bytes / self.word_bytes,
        } for e in self.plio_edges]
        tiles = [{
            "buffer": f"{layer} {way}", "kind": "tile", "tensor": tensor, "storage": storage,
            "columns": size // storage_bytes(storage), "rows": 1, "writers": 1, "readers": 1, "bytes": size,
            "copies": self.tile_copies(layer, way), "count": count, "memory_tile": None, "zero_padding": False,
            "retiles": False, "dma_cycles": 0.0,
        } for (layer, way), (tensor, storage, size, count) in self.tile_buffers().items()]
        return pd.DataFrame([*staged, *direct, *ports, *tiles]).set_index("buffer")
