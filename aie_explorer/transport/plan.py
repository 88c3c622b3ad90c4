"""The data movement of a placed design, as data: memory-tile buffers with their ports and tilings, and PLIOs.

Where a layer's slices are just what the cascades of its producer make, results go from tile to tile. Every other layer
reads through one memory-tile stage, also what comes from the graph's inputs and what stands side by side, so it gets
microtiles in the order its kernel wants, whatever the cut of the producers. A tensor that several layers read is sent
to each in its own way; what leaves the graph goes through a memory tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aie_explorer import html
from aie_explorer.ir import storage_bytes

COPIES = 2  # ping-pong: one half is filled while the other is drained; plans give some buffers more, or one
Way = Literal["input", "output"]


@dataclass(frozen=True)
class Tiling:
    """How a DMA walks a buffer of columns x rows; the fields are those of adf::tiling, dimension 0 being columns.

    A read that leaves the buffer is zero-filled (memory tiles only).

    Attributes:
        buffer, tile, offset: (columns, rows).
        traversal: (dimension, stride, wrap), innermost first.
    """

    buffer: tuple[int, int]
    tile: tuple[int, int]
    offset: tuple[int, int]
    traversal: tuple[tuple[int, int, int], ...] = ()

    @property
    def elements(self) -> int:
        """Elements moved by one walk."""
        return int(self.tile[0] * self.tile[1] * np.prod([wrap for _, _, wrap in self.traversal], dtype=np.int64))

    @property
    def pads(self) -> bool:
        """Whether the walk leaves the buffer."""
        reach = [self.offset[d] + self.tile[d] for d in (0, 1)]
        for dimension, stride, wrap in self.traversal:
            reach[dimension] += stride * (wrap - 1)
        return reach[0] > self.buffer[0] or reach[1] > self.buffer[1]


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
        microtile: (M, N).
        producer: the tile that makes it.
        readers: the tiles of one layer that read it.
        kind: "shared_memory" where the one reader's core reaches the producer's memory and reads it there; else
            "tile_dma", or "broadcast" where the producer sends to several, layers or memory tiles.
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

    @property
    def bytes(self) -> int:
        """Bytes of one copy."""
        return self.columns * self.rows * storage_bytes(self.storage)


@dataclass(frozen=True)
class Plio:
    """A port between the programmable logic and the array.

    It carries, row by row, the window that begins at (first_row, first_column) of the tensor. Beyond the true
    tensor the host sends zeros and ignores what it receives.
    """

    name: str
    tensor: str
    storage: str
    first_row: int
    first_column: int
    rows: int
    columns: int

    @property
    def bytes(self) -> int:
        """Bytes of one call."""
        return self.rows * self.columns * storage_bytes(self.storage)


@dataclass(frozen=True)
class Plan:
    """Everything that moves, one call of the graph."""

    inputs: tuple[Plio, ...]
    outputs: tuple[Plio, ...]
    buffers: tuple[MemoryBuffer, ...]
    direct: tuple[DirectEdge, ...] = ()
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
        plios = [(port.name, way, port.tensor, f"{port.rows} x {port.columns} {port.storage}", f"{port.bytes:,}")
                 for way, ports in (("in", self.inputs), ("out", self.outputs)) for port in ports]
        return (html.paragraph(str(self)) + html.table(list(frame.columns), frame.itertuples(index=False))
                + html.table(["PLIO", "way", "tensor", "window", "bytes"], plios))

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
        return {key: (*next(iter(ends.values())), len(ends)) for key, ends in found.items()}

    def to_frame(self) -> pd.DataFrame:
        """One memory-tile buffer or direct edge a row, then the buffers of each layer's tiles, which are alike.

        `count` says how many of `copies` copies of `bytes` there are; those of direct edges are among those of tiles.
        """
        staged = [{
            "buffer": b.name, "kind": "memory_tile", "tensor": b.tensor, "storage": b.storage, "columns": b.columns,
            "rows": b.rows, "writers": len(b.writers), "readers": len(b.readers), "bytes": b.bytes, "copies": b.copies,
            "count": 1, "memory_tile": b.memory_tile, "zero_padding": any(port.tiling.pads for port in b.readers),
        } for b in self.buffers]
        direct = [{
            "buffer": d.name, "kind": d.kind, "tensor": d.tensor, "storage": d.storage, "columns": d.columns,
            "rows": d.rows, "writers": 1, "readers": len(d.readers), "bytes": d.bytes,
            "copies": self.edge_copies(d), "count": 1, "memory_tile": None, "zero_padding": False,
        } for d in self.direct]
        tiles = [{
            "buffer": f"{layer} {way}", "kind": "tile", "tensor": tensor, "storage": storage,
            "columns": size // storage_bytes(storage), "rows": 1, "writers": 1, "readers": 1, "bytes": size,
            "copies": self.tile_copies(layer, way), "count": count, "memory_tile": None, "zero_padding": False,
        } for (layer, way), (tensor, storage, size, count) in self.tile_buffers().items()]
        return pd.DataFrame([*staged, *direct, *tiles]).set_index("buffer")
