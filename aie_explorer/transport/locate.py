"""Give every memory-tile buffer a memory tile with the ports, bytes and buffer descriptors it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aie_explorer.devices import Device
from aie_explorer.devices.hardware import MemoryTile
from aie_explorer.errors import DesignError
from aie_explorer.placement import Placement
from aie_explorer.transport.plan import BufferPort, KernelEnd, MemoryBuffer, Tiling


@dataclass(frozen=True)
class Stretches:
    """The tiles of a walk along one dimension of its buffer: whole ones, perhaps a cut one, then zeros."""

    whole: int
    cut: bool
    zeros: int


def stretches(tiling: Tiling, dimension: int) -> Stretches:
    """How many tiles of a walk lie inside its buffer, along columns (0) or rows (1)."""
    stride, wrap = next(((s, w) for d, s, w in tiling.traversal if d == dimension), (1, 1))
    left = tiling.buffer[dimension] - tiling.offset[dimension]
    whole = min(wrap, left // tiling.tile[dimension] if stride == tiling.tile[dimension] else wrap)
    cut = whole < wrap and left > whole * tiling.tile[dimension]
    return Stretches(whole, cut, wrap - whole - cut)


def runs(tiling: Tiling, memory: MemoryTile) -> int:
    """Stretches of equal tiles in a walk: whole ones, cut ones, and zeros; each needs descriptors of its own.

    A stretch of zeros after whole tiles folds into their padding (measured by the authors of aie4ml 0.2.1 with
    Vitis 2026.1.1), as long as it is no longer than a descriptor of the memory tile can fold.
    """
    if not tiling.traversal:
        return 1
    per_dimension = []
    for dimension in (0, 1):
        found = stretches(tiling, dimension)
        folded = not found.cut and found.zeros <= memory.pad_tiles_max
        per_dimension.append((1 + found.cut + (found.zeros > 0 and not folded),
                              found.whole + found.cut + found.zeros))
    columns, rows = per_dimension[0][0], per_dimension[1][0]
    return rows if columns == 1 else columns * max(1, per_dimension[1][1])


def descriptors(port: BufferPort, copies: int, memory: MemoryTile) -> int:
    """Buffer descriptors of a memory-tile port: two a run and copy (aie4ml 0.2.1, measured with Vitis 2026.1.1)."""
    return 2 * runs(port.tiling, memory) * copies


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

    def after(self, needs: _Needs) -> list[int]:
        """What the pools would have left with one more buffer."""
        pools = list(self.pools)
        for way, need in enumerate(needs):
            for parity in (0, 1):
                pools[(self.taken[way] + parity) % 2] -= need[parity]
        return pools

    def holds(self, buffer: MemoryBuffer, needs: _Needs, memory: MemoryTile) -> bool:
        """Whether one more buffer has its ports, bytes and descriptors."""
        return (self.inputs >= len(buffer.writers) and self.outputs >= len(buffer.readers)
                and self.next_byte + buffer.copies * buffer.bytes <= memory.size_bytes
                and min(self.after(needs)) >= 0)


def _empty(memory: MemoryTile) -> _Free:
    pool = memory.dma.buffer_descriptors // 2
    return _Free(memory.dma.channels_in, memory.dma.channels_out, [pool, pool], [0, 0])


def fits_alone(buffer: MemoryBuffer, device: Device) -> bool:
    """Whether a memory tile with nothing else in it can hold a buffer."""
    memory = device.generation.memory_tile
    assert memory is not None
    return _empty(memory).holds(buffer, _needs(buffer, memory), memory)


_Needs = tuple[tuple[int, int], tuple[int, int]]
"""Descriptors of the writers and of the readers of a buffer: of every second port from the first, and of the others."""


def _needs(buffer: MemoryBuffer, memory: MemoryTile) -> _Needs:
    counts = [[descriptors(port, buffer.copies, memory) for port in ports]
              for ports in (buffer.writers, buffer.readers)]
    writers, readers = ((sum(one[0::2]), sum(one[1::2])) for one in counts)
    return writers, readers


def _crowded(buffer: MemoryBuffer, free: dict[tuple[int, int], _Free], memory: MemoryTile) -> set[int]:
    """Columns whose memory tiles would have more streams than reach them from the south and the north."""
    streams: dict[int, list[int]] = {}
    for (column, _), left in free.items():
        taken = streams.setdefault(column, [len(buffer.writers), len(buffer.readers)])
        taken[0] += left.taken[0]
        taken[1] += left.taken[1]
    most_in = memory.streams_from_south + memory.streams_from_north
    most_out = memory.streams_to_south + memory.streams_to_north
    return {column for column, (into, out) in streams.items() if into > most_in or out > most_out}


def locate(buffers: Sequence[MemoryBuffer], placement: Placement, device: Device) -> tuple[MemoryBuffer, ...]:
    """Give every buffer the memory tile nearest to the tiles it serves that has the ports and bytes left.

    Columns whose switches would have more streams than ports come last: only an estimate counts against them.
    """
    memory = device.generation.memory_tile
    assert memory is not None  # design_space refuses such devices
    free = {(column, row): _empty(memory) for column in range(device.columns)
            for row in range(device.memory_tile_rows)}
    located = []
    for buffer in buffers:
        ends = [end for port in (*buffer.readers, *buffer.writers) for end in port.ends if isinstance(end, KernelEnd)]
        wanted = sum(placement[end.layer][0] + end.position for end in ends) / len(ends)
        need, needs = buffer.copies * buffer.bytes, _needs(buffer, memory)
        fitting = [tile for tile, left in free.items() if left.holds(buffer, needs, memory)]
        if not fitting:
            most = sum(descriptors(port, buffer.copies, memory) for port in (*buffer.writers, *buffer.readers))
            raise DesignError(f"no memory tile has {len(buffer.writers)} inputs, {len(buffer.readers)} outputs, "
                              f"{need} bytes and {most} buffer descriptors left for {buffer.tensor}",
                              where=device.name, rule="AM020 ch5",
                              remedy="Use smaller cascades, a smaller batch, or slices that need less padding")
        crowded = _crowded(buffer, free, memory)
        tile = min(fitting, key=lambda t: (t[0] in crowded, abs(t[0] - wanted), t[1], t[0]))
        left = free[tile]
        left.pools = left.after(needs)
        left.taken = [left.taken[0] + len(buffer.writers), left.taken[1] + len(buffer.readers)]
        left.inputs -= len(buffer.writers)
        left.outputs -= len(buffer.readers)
        located.append(replace(buffer, memory_tile=tile, offsets_bytes=tuple(
            left.next_byte + i * buffer.bytes for i in range(buffer.copies))))
        left.next_byte += need
    return tuple(located)
