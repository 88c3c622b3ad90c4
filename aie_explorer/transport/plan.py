"""The data movement of a placed design: memory-tile buffers with their ports and tilings, and PLIOs.

Version one of the plan joins every pair of layers through one memory-tile stage and feeds the graph's inputs and
outputs through memory tiles too, so every layer reads microtiles in the order its kernel wants, whatever the
producer's cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aie_explorer.devices import Device
from aie_explorer.errors import DesignError
from aie_explorer.ir import storage_bytes
from aie_explorer.placement import Placement
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import (
    CHANNELS,
    Group,
    edge_groups,
    input_width,
    input_window_rows,
    output_windows_of,
)

PADDED_TILES = 15
COPIES = 2  # ping-pong: one half is filled while the other is drained


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
class MemoryBuffer:
    """A buffer in a memory tile.

    Attributes:
        name: identifier, unique in the plan.
        tensor: the tensor it holds, or holds a part of.
        storage: element type.
        columns, rows: its size in elements.
        first_column, first_row: where it begins in the tensor.
        writers, readers: its ports.
        memory_tile: (column, row) of the memory tile.
        offsets_bytes: where its two copies begin there.
    """

    name: str
    tensor: str
    storage: str
    columns: int
    rows: int
    first_column: int
    first_row: int
    writers: tuple[BufferPort, ...]
    readers: tuple[BufferPort, ...]
    memory_tile: tuple[int, int] = (0, 0)
    offsets_bytes: tuple[int, int] = (0, 0)

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

    def to_frame(self) -> pd.DataFrame:
        """One memory-tile buffer a row."""
        return pd.DataFrame([{
            "buffer": b.name, "tensor": b.tensor, "storage": b.storage, "columns": b.columns, "rows": b.rows,
            "writers": len(b.writers), "readers": len(b.readers), "bytes": b.bytes, "copies": COPIES,
            "memory_tile": b.memory_tile, "zero_padding": any(port.tiling.pads for port in b.readers),
        } for b in self.buffers]).set_index("buffer")


def plan(space: DesignSpace, placement: Placement) -> Plan:
    """Plan the data movement of a single-design space.

    Raises:
        DesignError: when the memory tiles do not suffice.
    """
    layers = space.layers
    ops = space.network.layers
    inputs, buffers = _input_stage(layers[0], ops[0].input, space.device)
    for a, b, op in zip(layers, layers[1:], ops, strict=False):
        buffers += _edge(a, b, op.output)
    outputs, last = _output_stage(layers[-1], ops[-1].output, space.device)
    return Plan(tuple(inputs), tuple(outputs), _locate(buffers + last, placement, space.device))


def _row(layer: LayerSpace) -> dict[str, int]:
    return {name: int(layer.table[0][name]) for name in layer.table.dtype.names or ()}


def _reader(layer: LayerSpace, position: int, buffer: tuple[int, int], first_column: int) -> list[BufferPort]:
    """Ports through which a slice of the reduction reaches its tiles: one, or one a cascade if rows are split."""
    o = _row(layer)
    traversal = ((0, o["K"], o["k"] // o["K"]), (1, o["M"], o["rows"] // o["M"]))
    ports = []
    for chain in range(o["cas_num"] if o["split"] == ROWS else 1):
        tiling = Tiling(buffer, (o["K"], o["M"]), (position * o["k"] - first_column, chain * o["rows"]), traversal)
        chains = [chain] if o["split"] == ROWS else range(o["cas_num"])
        ports.append(BufferPort(tiling, tuple(KernelEnd(layer.name, c, position) for c in chains)))
    return ports


def _writer(layer: LayerSpace, chain: int, buffer: tuple[int, int], first: tuple[int, int]) -> BufferPort:
    """The port through which a cascade writes its results; `first` is the buffer's (column, row) in the tensor."""
    o = _row(layer)
    column, row = (0, chain * o["rows"]) if o["split"] == ROWS else (chain * o["n"], 0)
    tiling = Tiling(buffer, (o["N"], o["M"]), (column - first[0], row - first[1]),
                    ((0, o["N"], o["n"] // o["N"]), (1, o["M"], o["rows"] // o["M"])))
    return BufferPort(tiling, (KernelEnd(layer.name, chain, o["cas_length"] - 1),))


def _edge(a: LayerSpace, b: LayerSpace, tensor: str) -> list[MemoryBuffer]:
    p, c = _row(a), _row(b)
    by_rows = p["split"] == ROWS
    streams = c["cas_num"] if c["split"] == ROWS else 1
    groups = edge_groups(p["n"], p["cas_num"], by_rows, c["k"], c["cas_length"], streams)
    rows = p["rows"] * (p["cas_num"] if by_rows else 1)
    return [_group_buffer(f"{tensor}_{i}", tensor, a, b, group, rows) for i, group in enumerate(groups)]


def _group_buffer(name: str, tensor: str, a: LayerSpace, b: LayerSpace, group: Group, rows: int) -> MemoryBuffer:
    begin, end = group.columns
    size = (end - begin, rows)
    writers = tuple(_writer(a, chain, size, (begin, 0)) for chain in group.writers)
    readers = tuple(port for position in group.readers for port in _reader(b, position, size, begin))
    return MemoryBuffer(name, tensor, a.work.output.storage, *size, begin, 0, writers, readers)


def _input_stage(layer: LayerSpace, tensor: str, device: Device) -> tuple[list[Plio], list[MemoryBuffer]]:
    o, work = _row(layer), layer.work
    element = storage_bytes(work.input.storage)
    rows = input_window_rows(work.k, o["k"], o["K"], work.rows, element, device.plio_bits // 8)
    width = input_width(work.k, o["K"])
    plios = [Plio(f"{tensor}_{p}", tensor, work.input.storage, 0, p * o["k"], rows, min(o["k"], width - p * o["k"]))
             for p in range(o["cas_length"])]
    per_group = CHANNELS // (o["cas_num"] if o["split"] == ROWS else 1)
    buffers: list[MemoryBuffer] = []
    for begin in range(0, len(plios), per_group):
        part = range(begin, min(begin + per_group, len(plios)))
        first = plios[begin].first_column
        size = (sum(plios[p].columns for p in part), rows)
        writers = tuple(BufferPort(Tiling(size, (plios[p].columns, rows), (plios[p].first_column - first, 0)),
                                   (PlioEnd(p),)) for p in part)
        readers = tuple(port for p in part for port in _reader(layer, p, size, first))
        buffers.append(MemoryBuffer(f"{tensor}_{len(buffers)}", tensor, work.input.storage, *size, first, 0, writers,
                                    readers))
    return plios, buffers


def _output_stage(layer: LayerSpace, tensor: str, device: Device) -> tuple[list[Plio], list[MemoryBuffer]]:
    o, work = _row(layer), layer.work
    by_rows = o["split"] == ROWS
    plios = []
    for chain, shape in enumerate(output_windows_of(layer.table[0], work, device)):
        first = (chain * o["rows"], 0) if by_rows else (0, chain * o["n"])
        plios.append(Plio(f"{tensor}_{chain}", tensor, work.output.storage, *first, shape.rows, shape.columns))
    buffers: list[MemoryBuffer] = []
    for begin in range(0, len(plios), CHANNELS):
        part = range(begin, min(begin + CHANNELS, len(plios)))
        size = (o["n"], o["rows"] * len(part)) if by_rows else (o["n"] * len(part), o["rows"])
        origin = (plios[begin].first_column, plios[begin].first_row)
        writers = tuple(_writer(layer, chain, size, origin) for chain in part)
        readers = tuple(BufferPort(Tiling(size, (plios[p].columns, plios[p].rows),
                                          (plios[p].first_column - origin[0], plios[p].first_row - origin[1])),
                                   (PlioEnd(p),)) for p in part)
        buffers.append(MemoryBuffer(f"{tensor}_{len(buffers)}", tensor, work.output.storage, *size, *origin, writers,
                                    readers))
    return plios, buffers


def runs(tiling: Tiling) -> int:
    """Stretches of equal tiles in a walk: whole ones, cut ones, and zeros; each needs descriptors of its own.

    A stretch of zeros after whole tiles folds into their padding (measured by the authors of aie4ml 0.2.1 with
    Vitis 2026.1.1, up to 15 tiles on AIE-ML; `check` counts longer ones as well).
    """
    if not tiling.traversal:
        return 1
    per_dimension = []
    for dimension in (0, 1):
        stride, wrap = next(((s, w) for d, s, w in tiling.traversal if d == dimension), (1, 1))
        left = tiling.buffer[dimension] - tiling.offset[dimension]
        cut = min(wrap, left // tiling.tile[dimension] if stride == tiling.tile[dimension] else wrap)
        partial = cut < wrap and left > cut * tiling.tile[dimension]
        zeros = wrap - cut - partial
        folded = not partial and zeros <= PADDED_TILES
        per_dimension.append((1 + partial + (zeros > 0 and not folded), wrap))
    columns, rows = per_dimension[0][0], per_dimension[1][0]
    return rows if columns == 1 else columns * max(1, per_dimension[1][1])


def descriptors(port: BufferPort) -> int:
    """Buffer descriptors of a memory-tile port: two a run and copy (aie4ml 0.2.1, measured with Vitis 2026.1.1)."""
    return 2 * runs(port.tiling) * COPIES


@dataclass
class _Free:
    """What is left of a memory tile while buffers are assigned.

    Even channels share one pool of descriptors, odd ones the other (AM020 ch5); ports take channels in order.
    """

    inputs: int
    outputs: int
    pools: list[int]
    taken: list[int]
    next_byte: int = 0

    def after(self, buffer: MemoryBuffer) -> list[int]:
        """What the pools would have left with one more buffer."""
        pools = list(self.pools)
        for way, ports in enumerate((buffer.writers, buffer.readers)):
            for i, port in enumerate(ports):
                pools[(self.taken[way] + i) % 2] -= descriptors(port)
        return pools


def _locate(buffers: list[MemoryBuffer], placement: Placement, device: Device) -> tuple[MemoryBuffer, ...]:
    """Give every buffer the memory tile nearest to the tiles it serves that has the ports and bytes left."""
    memory = device.generation.memory_tile
    assert memory is not None  # design_space refuses such devices
    rows = (device.geometry and device.geometry.memory_tile_rows) or 1
    pool = memory.dma.buffer_descriptors // 2
    free = {(column, row): _Free(memory.dma.channels_in, memory.dma.channels_out, [pool, pool], [0, 0])
            for column in range(device.columns) for row in range(rows)}
    located = []
    for buffer in buffers:
        ends = [end for port in (*buffer.readers, *buffer.writers) for end in port.ends if isinstance(end, KernelEnd)]
        wanted = sum(placement[end.layer][0] + end.position for end in ends) / len(ends)
        need = COPIES * buffer.bytes
        fitting = [tile for tile, left in free.items() if left.inputs >= len(buffer.writers)
                   and left.outputs >= len(buffer.readers) and left.next_byte + need <= memory.size_bytes
                   and min(left.after(buffer)) >= 0]
        if not fitting:
            most = sum(descriptors(port) for port in (*buffer.writers, *buffer.readers))
            raise DesignError(f"no memory tile has {len(buffer.writers)} inputs, {len(buffer.readers)} outputs, "
                              f"{need} bytes and {most} buffer descriptors left for {buffer.tensor}",
                              where=device.name, rule="AM020 ch5",
                              remedy="Use smaller cascades, a smaller batch, or slices that need less padding")
        tile = min(fitting, key=lambda t: (abs(t[0] - wanted), t[1], t[0]))
        left = free[tile]
        left.pools = left.after(buffer)
        left.taken = [left.taken[0] + len(buffer.writers), left.taken[1] + len(buffer.readers)]
        left.inputs -= len(buffer.writers)
        left.outputs -= len(buffer.readers)
        located.append(replace(buffer, memory_tile=tile,
                               offsets_bytes=(left.next_byte, left.next_byte + buffer.bytes)))
        left.next_byte += need
    return tuple(located)
