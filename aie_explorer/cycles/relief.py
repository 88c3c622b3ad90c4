"""The limiting resource of a design and what would relieve it, in a sentence."""

from __future__ import annotations

RELIEF = {
    "kernel": "more tiles for it (cas_length or cas_num) would shorten it",
    "input DMA": "a larger cas_length (or a split by rows) would shorten each tile's share",
    "output DMA": "a larger cas_num would shorten each cascade's share",
    "cascade": "a larger slice of the reduction would give each beat more work, a cas_length of 1 needs none",
}


def relief(bottleneck: str, interval_cycles: float, fixed_cycles: float = 0.0) -> str:
    """What limits the interval and what would relieve it.

    Args:
        bottleneck: a layer and its resource, such as "dense0 kernel", or "input PLIO" or "output PLIO".
        interval_cycles: of the design.
        fixed_cycles: of the limiting layer's kernel, what a call costs however little it computes.
    """
    cycles = f"the whole interval of {interval_cycles:.0f} cycles"
    for side, cut in (("input", "cas_length of the first"), ("output", "cas_num of the last")):
        if bottleneck == f"{side} PLIO":
            return (f"The busiest {side} PLIO sets {cycles}; a larger {cut} layer divides the data over more ports, a "
                    "wider or faster PLIO moves them faster.")
    resource = next(name for name in RELIEF if bottleneck.endswith(f" {name}"))
    layer = bottleneck.removesuffix(f" {resource}")
    if resource == "kernel" and fixed_cycles > interval_cycles / 2:
        return (f"The kernel of {layer} sets {cycles}; {fixed_cycles:.0f} of them are its call and locks, which more "
                "tiles do not shorten and a larger batch spreads over more samples.")
    return f"The {resource} of {layer} sets {cycles}; {RELIEF[resource]}."
