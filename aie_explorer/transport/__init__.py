"""How data move: PLIOs, memory-tile buffers, tilings."""

from aie_explorer.transport.plan import BufferPort, KernelEnd, MemoryBuffer, Plan, Plio, PlioEnd, Tiling, plan

__all__ = ["BufferPort", "KernelEnd", "MemoryBuffer", "Plan", "Plio", "PlioEnd", "Tiling", "plan"]
