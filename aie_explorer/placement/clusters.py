"""What small groups of blocks cost at least, wherever they lie: cuts for the solver, and a bound without one.

A group of a few blocks joined by edges is placed alone, the best way, on an array of the same rows and as many columns
as it can use; the row a block stands on costs nothing there. In no placement of the whole do the edges of the group
cost less. Groups of one form (shapes and edges) are placed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aie_explorer.placement.beam import Effort, Floor, search
from aie_explorer.placement.geometry import DIRECT, MEMORY_TILE, Array, Block, Edge
from aie_explorer.placement.lookahead import guide_of
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.rules import Rules
from aie_explorer.placement.tables import FAR, Tables, tables_of

_FIRST = (Effort(width=16, branch=8), Effort(width=16, branch=8, from_east=True))
_LAST = Effort(width=300, branch=1 << 20)
_MOST_COLUMNS = 96  # wider groups are left out
_MOST_GROUPS = 400


@dataclass(frozen=True)
class Cluster:
    """A group of blocks.

    Attributes:
        blocks: their numbers, ascending.
        links: the numbers of the links between them.
        least: whole cost of these links, at least.
    """

    blocks: tuple[int, ...]
    links: tuple[int, ...]
    least: int


def clusters(tables: Tables, least_of: Sequence[int], size: int, forms: int) -> list[Cluster]:
    """The groups of up to `size` blocks whose edges cost more together than the groups inside them show.

    Args:
        tables: the problem.
        least_of: by link, what it costs at least alone.
        size: blocks of the largest groups.
        forms: how many forms of groups are placed at most.
    """
    found = [Cluster(tuple(sorted((link.producer, link.consumer))), (i,), least)
             for i, (link, least) in enumerate(zip(tables.links, least_of, strict=True)) if least]
    known: dict[object, int] = {}
    for blocks in _groups(tables, size):
        inside = set(blocks)
        links = tuple(i for i, link in enumerate(tables.links) if {link.producer, link.consumer} <= inside)
        form, shown = _form(tables, blocks, links), _shown(found, set(links))
        if form not in known:
            if len(known) == forms:
                continue
            known[form] = _least(tables, blocks, links, shown)
        least = known[form]
        if least > shown:
            found.append(Cluster(blocks, links, least))
    return found


def cluster_bound(tables: Tables, found: Iterable[Cluster], least: Iterable[int]) -> int:
    """A bound on the whole cost: groups without a common edge, the tightest first, and every other edge alone.

    Args:
        tables: the problem.
        found: groups.
        least: by link, what it costs at least.
    """
    alone = list(least)
    free = set(range(len(alone)))
    bound = tables.constant + sum(int(own.min()) for own in tables.own)
    for cluster in sorted(found, key=lambda c: (sum(alone[i] for i in c.links) / max(1, c.least), c.blocks)):
        if free.issuperset(cluster.links):
            free.difference_update(cluster.links)
            bound += cluster.least
    return min(bound + sum(alone[i] for i in free), int(FAR))


def _groups(tables: Tables, size: int) -> list[tuple[int, ...]]:
    """Groups of three blocks or more joined by edges, small ones first."""
    level = {frozenset([i]) for i in range(len(tables.blocks))}
    groups: list[tuple[int, ...]] = []
    for count in range(2, size + 1):
        level = {group | {tables.links[link].other(block)} for group in level for block in group
                 for link in tables.links_of[block] if tables.links[link].other(block) not in group}
        if count > 2:
            groups += sorted(tuple(sorted(group)) for group in level)
        if len(groups) > _MOST_GROUPS:
            break
    return groups[:_MOST_GROUPS]


def _form(tables: Tables, blocks: tuple[int, ...], links: tuple[int, ...]) -> object:
    """Groups of one form cost the same."""
    number = {block: i for i, block in enumerate(blocks)}
    ends = tuple((number[tables.links[i].producer], number[tables.links[i].consumer], tables.links[i].shares)
                 for i in links)
    return tuple(tables.blocks[b].shape for b in blocks), ends


def _shown(found: Iterable[Cluster], links: set[int]) -> int:
    """What groups inside these links already show them to cost, without counting a link twice."""
    free, total = set(links), 0
    for cluster in sorted(found, key=lambda c: -len(c.links)):
        if free.issuperset(cluster.links):
            free.difference_update(cluster.links)
            total += cluster.least
    return total


def _least(tables: Tables, blocks: tuple[int, ...], links: tuple[int, ...], shown: int) -> int:
    """The least whole cost of a group's edges, or a bound on it; `shown` is a bound that is known."""
    shapes = tuple(tables.blocks[b] for b in blocks)
    widths = sum(b.width for b in shapes)
    reach = widths + 2 * len(shapes)
    while 2 * reach < _MOST_COLUMNS:
        alone = _alone(tables, shapes, links, reach)
        guide = guide_of(alone, _connected(alone))
        # the factors differ where a weight that is left out has more decimals
        times = tables.factor // alone.factor
        known = -(-shown // times)
        best = min((found.best[0] for effort in _FIRST if (found := search(Floor(alone), guide, effort)).best),
                   default=int(FAR))
        # a group of that cost cannot stretch further than this from any of its blocks
        if best < FAR and widths + -(-best // alone.factor) > reach:
            reach = widths + -(-best // alone.factor)
            continue
        if best > known:
            found = search(Floor(alone), guide, _LAST, best)
            best = min(best, found.dropped, found.best[0] if found.best else best)
        return 0 if best >= FAR else max(shown, best * times)
    return shown


def _alone(tables: Tables, shapes: tuple[Block, ...], links: tuple[int, ...], reach: int) -> Tables:
    """A group on an array of its own, its first block in the middle column."""
    problem = tables.problem
    edges = tuple(Edge(tables.blocks[tables.links[i].producer].name, tables.blocks[tables.links[i].consumer].name,
                       DIRECT if tables.links[i].shares else MEMORY_TILE) for i in links)
    rules = Rules(problem.rules.keepout_columns, problem.rules.keepout_shared)
    alone = tables_of(Problem(shapes, edges, Array(2 * reach + 1, tables.rows),
                              replace(problem.weights, row=0.0, plio=0.0, memory_tile=0.0), rules))
    middle = np.full(alone.own[0].shape, FAR)
    columns = slice(reach * tables.rows, (reach + 1) * tables.rows)
    middle[columns] = alone.own[0][columns]
    return replace(alone, own=(middle, *alone.own[1:]))


def _connected(tables: Tables) -> tuple[int, ...]:
    """Each block beside one that is placed before it."""
    order = [0]
    while len(order) < len(tables.blocks):
        order.append(min(tables.links[i].other(b) for b in order for i in tables.links_of[b]
                         if tables.links[i].other(b) not in order))
    return tuple(order)
