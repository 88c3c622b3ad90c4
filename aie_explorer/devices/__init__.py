"""Devices: the AI Engine generations, the arrays that carry them, and the microtiles of their matrix units."""

from aie_explorer.devices.catalogue import devices, find, fmax_mhz, microtiles, peak_macs_per_cycle, to_frame
from aie_explorer.devices.describe import describe, described
from aie_explorer.devices.hardware import Device, Dma, Generation, Geometry, MemoryTile, Microtile, known

__all__ = [
    "Device", "Dma", "Generation", "Geometry", "MemoryTile", "Microtile", "describe", "described", "devices", "find",
    "fmax_mhz", "known", "microtiles", "peak_macs_per_cycle", "to_frame",
]
