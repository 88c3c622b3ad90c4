"""What the blocks still to come will cost at least, as seen from those already placed.

The edges are cut down to a tree: each block hangs on one neighbour that is placed before it. On a tree in which only
neighbours must keep out of each other's way, the cheapest completion is found exactly, from the leaves to the root: by
block, [A] what its subtree costs at least, given the anchor of the block it hangs on. The edges outside the tree count
with the least they can cost alone. The sum never exceeds the true cost, so it is a bound on the whole problem, and a
guide that knows, for instance, that a chain longer than the array must turn back somewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aie_explorer.placement.tables import FAR, Ints, Tables


@dataclass(frozen=True, eq=False)
class Guide:
    """An order of placing, and bounds on what follows.

    Attributes:
        order: numbers of the blocks.
        parent: by block, the link it hangs on, -1 for a root.
        ahead: by block, [A of its parent] the least cost of its subtree with the link to the parent.
        within: by block, [A] its own cost and the least of what hangs on it.
        least: by link, the least it costs for any two anchors that do not conflict.
        bound: no placement costs less, in whole numbers, the constant of the tables included.
    """

    order: tuple[int, ...]
    parent: tuple[int, ...]
    ahead: tuple[Ints | None, ...]
    within: tuple[Ints, ...]
    least: tuple[int, ...]
    bound: int


def guide_of(tables: Tables, order: Sequence[int]) -> Guide:
    """Look ahead along an order of placing."""
    place_of = {block: i for i, block in enumerate(order)}
    parent = [-1] * len(order)
    for block in order:
        earlier = [(place_of[tables.links[i].other(block)], i) for i in tables.links_of[block]
                   if place_of[tables.links[i].other(block)] < place_of[block]]
        if earlier:
            parent[block] = max(earlier)[1]
    costs = _link_costs(tables)
    least = [int(costs[_kind(tables, i)].min()) for i in range(len(tables.links))]
    within = [own.copy() for own in tables.own]
    ahead: list[Ints | None] = [None] * len(order)
    bound = tables.constant
    for block in reversed(order):
        link = parent[block]
        if link < 0:
            bound += int(within[block].min())
            continue
        pair = costs[_kind(tables, link)]
        if tables.links[link].producer == block:
            pair = pair.T
        reach: Ints = (pair + within[block][None, :]).min(axis=1)
        reach = np.minimum(reach, FAR)
        ahead[block] = reach
        above = tables.links[link].other(block)
        within[above] = np.minimum(within[above] + reach, FAR)
    in_tree = set(parent)
    bound += sum(least[i] for i in range(len(tables.links)) if i not in in_tree)
    return Guide(tuple(order), tuple(parent), tuple(ahead), tuple(within), tuple(least), bound)


def _link_costs(tables: Tables) -> dict[tuple[object, ...], Ints]:
    costs: dict[tuple[object, ...], Ints] = {}
    for i in range(len(tables.links)):
        kind = _kind(tables, i)
        if kind not in costs:
            costs[kind] = tables.pair_costs(tables.links[i])
    return costs


def _kind(tables: Tables, number: int) -> tuple[object, ...]:
    """Links of one kind cost the same."""
    link = tables.links[number]
    return tables.kind(link.producer, link.consumer)


def orders(tables: Tables) -> tuple[tuple[int, ...], ...]:
    """Orders of placing: with the data and against them, pinned blocks first."""
    pinned = [i for i, block in enumerate(tables.blocks) if tables.problem.rules.pin_of(block.name) is not None]
    forward = _following(tables, pinned, downstream=True)
    backward = _following(tables, pinned, downstream=False)
    return (forward,) if forward == backward else (forward, backward)


def _following(tables: Tables, first: Sequence[int], *, downstream: bool) -> tuple[int, ...]:
    """Each block after those that feed it (or that it feeds), otherwise as given; a cycle is entered as given."""
    before: list[set[int]] = [set() for _ in tables.blocks]
    for link in tables.links:
        if downstream:
            before[link.consumer].add(link.producer)
        else:
            before[link.producer].add(link.consumer)
    done = list(first)
    waiting = [i for i in range(len(tables.blocks)) if i not in set(first)]
    if not downstream:
        waiting.reverse()
    while waiting:
        block = next((b for b in waiting if before[b] <= set(done)), waiting[0])
        waiting.remove(block)
        done.append(block)
    return tuple(done)
