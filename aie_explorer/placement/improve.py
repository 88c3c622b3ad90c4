"""Improve a placement: take some blocks off the array and place them again, the best way the others allow.

Blocks that exchange data, or that lie side by side, are taken off together and placed by a small beam search. The
choice of blocks follows a random sequence of a fixed seed, so the same problem is always improved the same way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from aie_explorer.placement.beam import Effort, Floor, search
from aie_explorer.placement.lookahead import guide_of
from aie_explorer.placement.tables import Tables, reduced

Anchors = tuple[int, ...]

_EFFORT = Effort(width=24, branch=8)
_MOST = 24  # blocks taken off together
_SKEW = 2  # the higher, the more often few
_JITTER = 3.0  # tiles of noise on distances, so that the same block has different neighbours


def improve(
    tables: Tables, anchors: Anchors, rounds: int, *, seed: int = 0, heat: float = 0.0, floor: int = 0,
    enough: Callable[[], bool] = lambda: False,
) -> tuple[int, Anchors]:
    """A placement that costs no more.

    Args:
        tables: the problem.
        anchors: a legal placement.
        rounds: how often blocks are taken off.
        seed: of the choice of blocks.
        heat: columns by which a placement on the way may cost more than the last one, at first; less and less later.
            Long searches so leave what short ones cannot.
        floor: a cost that cannot be beaten; reaching it ends the search.
        enough: asked before each round; ends the search early, for a limit of wall time.

    Returns:
        Its whole cost and its anchors.
    """
    cost, numbers = tables.cost(anchors), random.Random(seed)
    best = cost, anchors
    movable = [i for i, allowed in enumerate(tables.allowed) if allowed.sum() > 1]
    for step in range(rounds if movable else 0):
        if best[0] <= floor or enough():
            break
        chosen = _chosen(tables, anchors, movable, numbers)
        part = reduced(tables, chosen, anchors)
        # at least one more than the cost, so that a different placement of equal cost may be taken, and lead on
        slack = 1 + int(heat * tables.factor * (1 - step / rounds) * numbers.random())
        before = tuple(anchors[block] for block in chosen)
        found = search(Floor(part), guide_of(part, range(len(chosen))), _EFFORT, cost + slack).placements
        other = next((one for one in found if one[1] != before), None)
        if other is not None:
            cost, moved = other[0], list(anchors)
            for block, anchor in zip(chosen, other[1], strict=True):
                moved[block] = anchor
            anchors = tuple(moved)
            if cost < best[0]:
                best = cost, anchors
    return best


def _chosen(tables: Tables, anchors: Sequence[int], movable: Sequence[int], numbers: random.Random) -> list[int]:
    """Blocks to take off, in the order of placing them again."""
    count = min(len(movable), 2 + int(numbers.random() ** _SKEW * (_MOST - 1)))
    first = movable[int(numbers.random() * len(movable))]
    grow = _linked if numbers.random() < 0.5 else _nearby
    chosen = grow(tables, anchors, movable, first, count, numbers)
    return sorted(chosen) if numbers.random() < 0.5 else chosen


def _linked(tables: Tables, _: Sequence[int], movable: Sequence[int], first: int, count: int, numbers: random.Random
            ) -> list[int]:
    """Blocks joined by edges."""
    chosen, allowed = [first], set(movable)
    while len(chosen) < count:
        around = {tables.links[link].other(block) for block in chosen for link in tables.links_of[block]}
        choices = sorted((around & allowed) - set(chosen))
        if not choices:
            break
        chosen.append(choices[int(numbers.random() * len(choices))])
    return chosen


def _nearby(tables: Tables, anchors: Sequence[int], movable: Sequence[int], first: int, count: int,
            numbers: random.Random) -> list[int]:
    """Blocks that lie close together."""
    x, y = divmod(anchors[first], tables.rows)
    apart = {b: abs(anchors[b] // tables.rows - x) + abs(anchors[b] % tables.rows - y) for b in movable if b != first}
    far = sorted((distance + _JITTER * numbers.random(), b) for b, distance in apart.items())
    return [first, *(b for _, b in far[:count - 1])]
