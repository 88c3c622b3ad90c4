"""The constraint program alone, without the search that gives it a placement to start from."""

import itertools
from pathlib import Path

import pytest
from placement import oracle

from aie_explorer.placement import load_problem
from aie_explorer.placement.quick import quick
from aie_explorer.placement.solver import prove
from aie_explorer.placement.tables import tables_of

ENOUGH = {"deterministic_seconds": 20.0, "wall_seconds": 60.0}


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_from_nothing_it_finds_the_best_or_that_there_is_none(first):
    for seed in range(first, first + 20):
        problem = oracle.random_problem(seed, columns=5, rows=3, blocks=4, fill=0.9, least=(4, 2, 3))
        tables, best = tables_of(problem), oracle.best_cost(problem)
        proof = prove(tables, None, 0, (), **ENOUGH)
        assert proof.complete
        assert not proof.timed_out
        if best is None:
            assert proof.anchors is None
            continue
        assert oracle.faults(problem, tables.named(proof.anchors)) == []
        assert tables.cost(proof.anchors) / tables.factor == pytest.approx(best)
        assert proof.bound == tables.cost(proof.anchors)


def test_a_better_placement_than_the_known_one_is_found():
    found = 0
    for seed in range(40):
        tables = tables_of(oracle.random_problem(seed, columns=6, rows=3, blocks=4, fill=0.8, least=(5, 2, 3)))
        best = quick(tables)
        if best.cost is None:
            continue
        moves = itertools.product(range(len(best.anchors)), range(len(tables.allowed[0])))
        for block, anchor in moves:
            anchors = (*best.anchors[:block], anchor, *best.anchors[block + 1:])
            if tables.legal(anchors) and tables.cost(anchors) > best.cost:
                proof = prove(tables, anchors, 0, (), **ENOUGH)
                assert proof.complete
                assert tables.cost(proof.anchors) <= best.cost
                found += 1
                break
    assert found > 15


def test_a_limit_of_work_leaves_a_bound():
    tables = tables_of(load_problem(Path(__file__).parent / "data" / "p12_attention.json"))
    best = quick(tables)
    proof = prove(tables, best.anchors, 0, (), deterministic_seconds=0.1, wall_seconds=60)
    assert not proof.complete
    assert not proof.timed_out
    assert 0 <= proof.bound <= best.cost
    hurried = prove(tables, best.anchors, 0, (), deterministic_seconds=60, wall_seconds=1e-6)
    assert hurried.timed_out
