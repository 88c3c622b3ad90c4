import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placement import oracle

from aie_explorer.placement import Array, Block, Edge, Problem, Rules
from aie_explorer.placement.beam import Effort, Floor, search
from aie_explorer.placement.clusters import cluster_bound, clusters
from aie_explorer.placement.lookahead import guide_of, orders
from aie_explorer.placement.tables import FAR, tables_of

EVERYTHING = Effort(width=1 << 30, branch=1 << 30)


def tree_minimum(tables, guide):
    """The least cost when only blocks joined by a link of the tree must keep apart, by trying every combination."""
    tree = [tables.pair_costs(link) for link in tables.links]
    best = int(FAR)
    for anchors in itertools.product(*(np.flatnonzero(allowed) for allowed in tables.allowed)):
        cost = tables.constant + sum(int(own[a]) for own, a in zip(tables.own, anchors, strict=True))
        for i, link in enumerate(tables.links):
            cost += int(tree[i][anchors[link.producer], anchors[link.consumer]]) if i in guide.parent else int(
                tree[i].min())
        best = min(best, cost)
    return best


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_bound_is_the_minimum_of_the_tree_and_the_least_of_the_other_links(seed, backward):
    tables = tables_of(oracle.random_problem(seed, columns=4, rows=2, blocks=4, least=(3, 1, 3)))
    guide = guide_of(tables, orders(tables)[-1 if backward else 0])
    assert min(guide.bound, int(FAR)) == min(tree_minimum(tables, guide), int(FAR))


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_search_that_drops_nothing_finds_the_best(seed):
    problem = oracle.random_problem(seed, columns=5, rows=3, blocks=4, fill=0.9, least=(3, 2, 3))
    tables, best = tables_of(problem), oracle.best_cost(problem)
    for order in orders(tables):
        found = search(Floor(tables), guide_of(tables, order), EVERYTHING)
        if best is None:
            assert found.best is None
        elif found.dropped >= FAR:
            assert found.best[0] / tables.factor == pytest.approx(best)
        narrow = search(Floor(tables), guide_of(tables, order), Effort(3, 4))
        if best is not None:  # what is dropped is no better than the least bound among it
            assert min(narrow.dropped, narrow.best[0] if narrow.best else narrow.dropped) <= round(
                best * tables.factor)


def test_a_chain_longer_than_the_array_must_turn_back():
    blocks = tuple(Block(f"b{i}", 4, 1) for i in range(4))
    problem = Problem(blocks, tuple(Edge(f"b{i}", f"b{i + 1}") for i in range(3)), Array(8, 4))
    tables = tables_of(problem)
    # three steps of 3 columns inside the blocks cannot all lead east: the west ends of 4 blocks lie within 5 columns
    assert guide_of(tables, range(4)).bound / tables.factor > 3


def test_groups_show_what_single_edges_do_not():
    # a producer has one face, and of four consumers not all can touch it
    blocks = (Block("hub", 1, 1), *(Block(f"b{i}", 1, 1) for i in range(5)))
    problem = Problem(blocks, tuple(Edge("hub", f"b{i}") for i in range(5)), Array(9, 5))
    tables = tables_of(problem)
    guide = guide_of(tables, range(6))
    assert guide.bound == 5 * tables.factor
    groups = clusters(tables, guide.least, 6, 50)
    # four tiles touch the hub, the fifth is two away
    assert cluster_bound(tables, groups, guide.least) == 6 * tables.factor
    assert cluster_bound(tables, clusters(tables, guide.least, 3, 50), guide.least) == 5 * tables.factor


def test_groups_with_a_common_edge_count_it_once():
    blocks = tuple(Block(f"b{i}", 2, 4) for i in range(6))
    problem = Problem(blocks, tuple(Edge(f"b{i}", f"b{i + 1}") for i in range(5)), Array(38, 8), rules=Rules(1))
    tables = tables_of(problem)
    guide = guide_of(tables, range(6))
    groups = clusters(tables, guide.least, 3, 50)
    # an edge alone costs 1 (one block upon the other), two in a row 3, as the third finds no place as close
    assert sorted(group.least // tables.factor for group in groups) == [1] * 5 + [3] * 4
    assert cluster_bound(tables, groups, guide.least) == (3 + 3 + 1) * tables.factor


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_no_group_costs_less_in_the_whole(seed):
    problem = oracle.random_problem(seed, columns=6, rows=4, blocks=5, fill=0.8, least=(4, 2, 3))
    tables = tables_of(problem)
    found = search(Floor(tables), guide_of(tables, orders(tables)[0]), Effort(60, 20)).best
    if found is None:
        return
    guide = guide_of(tables, orders(tables)[0])
    for _, anchors in [found]:
        costs = [tables.link_cost(link, anchors[link.producer], anchors[link.consumer]) for link in tables.links]
        for group in clusters(tables, guide.least, 4, 50):
            assert sum(costs[i] for i in group.links) >= group.least
