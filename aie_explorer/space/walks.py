"""How the DMA of a tile walks a buffer of microtiles, and the buffer descriptors that takes.

What arrives in one order is written where the kernel wants it, or what a kernel left in its order is sent in another:
row by row, or in microtiles of another shape. A descriptor of a tile has three address dimensions on AIE-ML, the
contiguous run included (AM020 ch2), no zero padding, and steps of whole 32-bit words; loops beyond are unrolled into
descriptors, of which a tile has 16.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from aie_explorer.devices.hardware import Dma
from aie_explorer.space.usage import COPIES

Loops = tuple[tuple[int, int], ...]
"""(step in elements, wrap) of each loop, innermost first; the first is the contiguous run."""

Microtile = tuple[int, int]
"""Rows and columns of the blocks of a buffer: they stand row after row of blocks, each row by row."""


@lru_cache(maxsize=1 << 16)
def walk(rows: int, columns: int, moved: Microtile, held: Microtile) -> Loops:
    """Where a buffer's elements lie, in the order they are moved in.

    Args:
        rows, columns: of the buffer, whole blocks of both kinds.
        moved: blocks of the stream; (1, columns) is row by row.
        held: blocks of the buffer.
    """
    (height, width), (M, W) = moved, held
    loops = [*_axis(width, 1, W, 1, M * W), *_axis(height, 1, M, W, M * columns),
             *_axis(columns // width, width, W, 1, M * W), *_axis(rows // height, height, M, W, M * columns)]
    joined: list[tuple[int, int]] = []
    for step, wrap in loops:
        if wrap == 1:
            continue
        if joined and step == joined[-1][0] * joined[-1][1]:
            joined[-1] = joined[-1][0], joined[-1][1] * wrap
        else:
            joined.append((step, wrap))
    return tuple(joined) if joined and joined[0][0] == 1 else ((1, 1), *joined)


def _axis(count: int, step: int, block: int, inside: int, between: int) -> list[tuple[int, int]]:
    """Loops of `count` steps of `step` along an axis of blocks: elements and blocks of it are so far apart."""
    if step >= block:
        return [(step // block * between, count)]
    if step * count <= block:
        return [(step * inside, count)]
    return [(step * inside, block // step), (between, step * count // block)]


def linear(loops: Loops) -> bool:
    """Whether a walk goes from end to end."""
    return len(loops) == 1


def port_descriptors(wraps: tuple[int, ...], dims: int, copies: int = COPIES) -> int:
    """Buffer descriptors of one port of a tile (aie4ml 0.2.1, measured with Vitis 2026.1.1).

    Args:
        wraps: of the loops the port walks beside its contiguous run, innermost first; none for a linear buffer.
        dims: address dimensions of the DMA, the contiguous run included.
        copies: of its buffer.
    """
    return copies * prod(wraps[dims - 1:])


def descriptors(loops: Loops, dma: Dma, copies: int = COPIES) -> int:
    """Buffer descriptors of a port that walks each of some copies of a buffer so."""
    return port_descriptors(tuple(wrap for _, wrap in loops[1:]), dma.dims, copies)


def fits(loops: Loops, dma: Dma, element_bytes: int, others: int) -> bool:
    """Whether a tile's DMA can walk so, beside ports that take `others` of its descriptors."""
    if linear(loops):
        return True
    words = [loops[0][1] * element_bytes / 4, *(wrap for _, wrap in loops[1:dma.dims])]
    steps = [step * element_bytes / 4 for step, _ in loops[1:dma.dims]]
    whole = words[0] % 1 == 0 and all(step % 1 == 0 for step in steps)
    return (whole and descriptors(loops, dma) + others <= dma.buffer_descriptors
            and max(words) <= (dma.wrap_max or 0) and max(steps) <= (dma.step_max_words or 0))
