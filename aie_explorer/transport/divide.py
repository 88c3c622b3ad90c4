"""Divide memory-tile buffers where one memory tile has not the bytes or descriptors for all of their ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from aie_explorer.devices import Device
from aie_explorer.transport.locate import fits_alone
from aie_explorer.transport.plan import BufferPort, KernelEnd, MemoryBuffer, Part, Plan, Tiling


def clipped(parts: Sequence[Part], begin: int, end: int) -> list[Part]:
    """What of a buffer's contents lies between two columns."""
    found = []
    for part in parts:
        first, last = max(part.column, begin), min(part.column + part.columns, end)
        if first < last:
            found.append(Part(part.tensor, first, part.first_column + first - part.column, last - first))
    return found


def divide(held: MemoryBuffer, readers: Sequence[int], taken: Collection[str]) -> list[MemoryBuffer]:
    """Buffers of the same contents, each for so many of a buffer's readers; what writes it is sent to all of them.

    Args:
        held: what to divide.
        readers: how many of its readers each part gets, all together.
        taken: names that no part may have.
    """
    if len(readers) == 1:
        return [held]
    stem = _stem(held, taken)
    ends = [sum(readers[:i]) for i in range(len(readers) + 1)]
    return [replace(held, name=f"{stem}{i}", readers=held.readers[ends[i]:ends[i + 1]]) for i in range(len(readers))]


def cut_to_fit(held: MemoryBuffer, device: Device, taken: Collection[str]) -> list[MemoryBuffer]:
    """A buffer cut where no walk crosses, along columns or else rows, into the fewest parts that each fit alone.

    Each port stays with the part that it walks, so there are no more ports than before. Parts that cannot be cut
    further may still not fit.
    """
    if fits_alone(held, device):
        return [held]
    for dimension in (0, 1):
        size = held.columns if dimension == 0 else held.rows
        spans = [_span(port.tiling, dimension) for port in (*held.writers, *held.readers)]
        cuts = sorted({begin for begin, _ in spans if 0 < begin < size
                       and not any(first < begin < end for first, end in spans)})
        if not cuts:
            continue
        parts: list[MemoryBuffer] = []
        begin = 0
        for here, following in zip(cuts, [*cuts[1:], size], strict=True):
            if not fits_alone(_cut(held, dimension, begin, following), device):
                parts.append(_cut(held, dimension, begin, here))
                begin = here
        parts.append(_cut(held, dimension, begin, size))
        stem = _stem(held, taken)
        return [replace(part, name=f"{stem}{i}") for i, part in enumerate(parts)]
    return [held]


def _stem(held: MemoryBuffer, taken: Collection[str]) -> str:
    stem = f"{held.name}_part"
    while any(name.startswith(stem) for name in taken):
        stem += "_"
    return stem


def _span(tiling: Tiling, dimension: int) -> tuple[int, int]:
    """From where to where a walk goes, along columns (0) or rows (1); beyond the buffer it reads zeros."""
    begin = tiling.offset[dimension]
    end = begin + tiling.tile[dimension] + sum(
        stride * (wrap - 1) for d, stride, wrap in tiling.traversal if d == dimension)
    return begin, min(end, tiling.buffer[dimension])


def _cut(held: MemoryBuffer, dimension: int, begin: int, end: int) -> MemoryBuffer:
    """What of a buffer lies between two columns or rows, with the ports that walk there."""
    last = end == (held.columns if dimension == 0 else held.rows)
    size = (end - begin, held.rows) if dimension == 0 else (held.columns, end - begin)

    def ports(every: tuple[BufferPort, ...]) -> tuple[BufferPort, ...]:
        found = []
        for port in every:
            offset = list(port.tiling.offset)
            if begin <= offset[dimension] and (offset[dimension] < end or last):
                offset[dimension] -= begin
                found.append(replace(port, tiling=replace(port.tiling, buffer=size, offset=(offset[0], offset[1]))))
        return tuple(found)

    cut = replace(held, columns=size[0], rows=size[1], writers=ports(held.writers), readers=ports(held.readers))
    if dimension == 1:
        return replace(cut, first_row=held.first_row + begin)
    return replace(cut, parts=tuple(replace(part, column=part.column - begin)
                                    for part in clipped(held.parts, begin, end)))


def divided_to_fit(held: MemoryBuffer, device: Device, taken: Collection[str]) -> list[MemoryBuffer]:
    """A buffer in the fewest parts that a memory tile each can hold; whole where that does not help.

    What a PLIO writes stays whole: it would have to go to several memory tiles at once.
    """
    if fits_alone(held, device) or not all(isinstance(port.ends[0], KernelEnd) for port in held.writers):
        return [held]
    for parts in range(2, len(held.readers) + 1):
        sizes = [len(held.readers[i::parts]) for i in range(parts)]
        found = divide(held, sizes, taken)
        if all(fits_alone(part, device) for part in found):
            return found
    return [held]


def parted(plan: Plan, device: Device, how: Callable[[MemoryBuffer, Device, Collection[str]], list[MemoryBuffer]]
           ) -> Plan:
    """A plan whose buffers are divided in some way where they have to be; itself where none has."""
    buffers: list[MemoryBuffer] = []
    for held in plan.buffers:
        buffers += how(held, device, {other.name for other in (*plan.buffers, *buffers)})
    return plan if len(buffers) == len(plan.buffers) else replace(plan, buffers=tuple(buffers))
