"""How data move: PLIOs, direct edges, memory-tile buffers, tilings."""

from aie_explorer.transport.plan import (
    BufferPort,
    DirectEdge,
    KernelEnd,
    MemoryBuffer,
    Part,
    Plan,
    Plio,
    PlioEdge,
    PlioEnd,
    Tiling,
    Way,
)
from aie_explorer.transport.stages import located, staged

__all__ = [
    "BufferPort", "DirectEdge", "KernelEnd", "MemoryBuffer", "Part", "Plan", "Plio", "PlioEdge", "PlioEnd", "Tiling",
    "Way", "located", "staged",
]
