"""A good placement in a fraction of a second, always the same.

Beam searches place the blocks with the data flow and against it, each spreading them over the columns to another
degree. If all of them dead-end on a crowded array, a packing that ignores distance takes over. The best are improved by
placing groups of blocks again. All choices are made on whole numbers and a fixed random sequence, and the work is
counted, not timed.
"""

from __future__ import annotations

from dataclasses import dataclass

from aie_explorer.placement.beam import Effort, Floor, search
from aie_explorer.placement.improve import Anchors, improve
from aie_explorer.placement.lookahead import Guide, guide_of, orders
from aie_explorer.placement.tables import Tables

_WIDTH, _BRANCH = 24, 8
# Columns of cost per column in use. On chains of random blocks many spreads gain more than a wider beam of one.
_SPREADS = (0.05, 0.0, 0.3, 1.0)
_STARTS = 1  # placements that are improved
_ROUNDS = 24  # of improving each


@dataclass(frozen=True, eq=False)
class Quick:
    """What the quick search found.

    Attributes:
        cost: whole cost; None where nothing fits.
        anchors: of the blocks, in the order of the tables.
        bound: nothing costs less, in whole numbers.
    """

    cost: int | None
    anchors: Anchors
    bound: int


def quick(tables: Tables, rounds: int = _ROUNDS) -> Quick:
    """Place all blocks; `rounds` of 0 leaves out the improvement."""
    if not tables.blocks:
        return Quick(tables.constant, (), tables.constant)
    guides = [guide_of(tables, order) for order in orders(tables)]
    bound = max(guide.bound for guide in guides)
    starts = beams(tables, guides, bound)
    if not starts:
        return Quick(None, (), bound)
    if starts[0][0] > bound and rounds:
        improved = [improve(tables, anchors, rounds, floor=bound) for _, anchors in starts[:_STARTS]]
        starts = sorted([*improved, *starts])
    return Quick(*starts[0], bound)


def beams(tables: Tables, guides: list[Guide], bound: int) -> list[tuple[int, Anchors]]:
    """The results of several beam searches, the cheapest first, each once."""
    floor, found = Floor(tables), dict[Anchors, int]()
    for spread in _SPREADS:
        for backward, guide in enumerate(guides):
            effort = Effort(_WIDTH, _BRANCH, round(spread * tables.factor), from_east=bool(backward))
            best = search(floor, guide, effort).best
            if best is not None:
                found[best[1]] = best[0]
                if best[0] <= bound:
                    return [best]
    return sorted((cost, anchors) for anchors, cost in found.items())
