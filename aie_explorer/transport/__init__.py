"""How data move: PLIOs, memory-tile buffers, tilings."""

from aie_explorer.transport.plan import BufferPort, KernelEnd, MemoryBuffer, Part, Plan, Plio, PlioEnd, Tiling
from aie_explorer.transport.stages import plan

__all__ = ["BufferPort", "KernelEnd", "MemoryBuffer", "Part", "Plan", "Plio", "PlioEnd", "Tiling", "plan"]
