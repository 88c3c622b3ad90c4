"""Which of many designs can be realised: placed, fed and exported. Checking one takes longer than costing thousands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from aie_explorer.design.design import Design
from aie_explorer.search.copies import memory_tile_ports, resources

SLACK = 1 + 1e-9  # of rates that are equal but for rounding


def realisable(designs: Iterable[Design], reasons: list[str]) -> Iterator[Design]:
    """Those that break no rule of severity error; why the others do is added to `reasons`."""
    from aie_explorer.checks import errors

    for design in designs:
        violations = errors(design)
        if not violations:
            yield design
        reasons += map(str, violations[:1])


def fill(promises: Iterable[tuple[Design, float]], reasons: list[str]) -> Design | None:
    """The design whose copies are fastest together; where not all can be realised, as many as can.

    Args:
        promises: designs with the copies that might fit and the samples a second they would make, best first.
        reasons: why designs cannot be realised is added.
    """
    from aie_explorer.checks import errors

    best, best_rate = None, 0.0
    for design, rate in promises:
        if rate <= best_rate * SLACK:
            break  # those that follow promise no more
        # the most copies that can be realised, between as many as would be no better than the best, and all
        low, high = int(best_rate / rate * design.copies), design.copies
        copies = high
        while low < high:
            tried = dataclasses.replace(design, copies=copies)
            violations = errors(tried)
            if violations:
                reasons.append(str(violations[0]))
                high = copies - 1
            else:
                best, best_rate, low = tried, rate / design.copies * copies, copies
            copies = (low + high + 1) // 2
    return best


def stops_more_copies(design: Design) -> str:
    """Which resource of the array has no room for one more copy, in words and numbers."""
    one, zero = dataclasses.replace(design, copies=1).estimate(), np.zeros((1, len(design.space.layers)), np.intp)
    used = {"tiles": one.tiles, "plio_in": one.plio_in, "plio_out": one.plio_out}
    used |= {name: int(ports[0]) for name, ports in memory_tile_ports(design.space, zero).items()}
    limits = resources(design.device)
    short = [f"{(design.copies + 1) * used[name]} {name.replace('_', ' ')} of {limits[name]}" for name in used
             if name in limits and (design.copies + 1) * used[name] > limits[name]]
    if short:
        return f"one more copy would need {' and '.join(short)}"
    return "one more copy finds no place on the array, or none found it yet"
