"""Divide memory-tile buffers among their readers, where one memory tile has not the descriptors for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from aie_explorer.devices import Device
from aie_explorer.transport.locate import fits_alone
from aie_explorer.transport.plan import KernelEnd, MemoryBuffer


def divide(held: MemoryBuffer, readers: Sequence[int], taken: Collection[str]) -> list[MemoryBuffer]:
    """Buffers of the same contents, each for so many of a buffer's readers; what writes it is sent to all of them.

    Args:
        held: what to divide.
        readers: how many of its readers each part gets, all together.
        taken: names that no part may have.
    """
    if len(readers) == 1:
        return [held]
    stem = f"{held.name}_part"
    while any(name.startswith(stem) for name in taken):
        stem += "_"
    ends = [sum(readers[:i]) for i in range(len(readers) + 1)]
    return [replace(held, name=f"{stem}{i}", readers=held.readers[ends[i]:ends[i + 1]]) for i in range(len(readers))]


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
