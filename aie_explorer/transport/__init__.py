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
)
from aie_explorer.transport.stages import located, plan, staged

__all__ = [
    "BufferPort", "DirectEdge", "KernelEnd", "MemoryBuffer", "Part", "Plan", "Plio", "PlioEdge", "PlioEnd", "Tiling",
    "located", "plan", "staged",
]
