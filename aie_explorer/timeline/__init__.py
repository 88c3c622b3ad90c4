"""A design over time: a discrete-event simulation of its kernels, buffers, DMA channels and PLIOs."""

from aie_explorer.timeline.timeline import Event, Occupancy, Timeline, timeline

__all__ = ["Event", "Occupancy", "Timeline", "timeline"]
