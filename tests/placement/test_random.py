"""Random problems with pins, forbidden columns, reserved regions and keepouts, judged by `oracle`."""

import pytest
from placement import oracle

from aie_explorer.errors import PlacementError
from aie_explorer.placement import solve
from aie_explorer.placement.improve import improve
from aie_explorer.placement.quick import quick
from aie_explorer.placement.tables import tables_of


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_placements_of_random_problems_are_legal(first):
    placed, refused = 0, set()
    for seed in range(first, first + 100):
        problem = oracle.random_problem(seed, columns=10, rows=5, blocks=7)
        try:
            solution = solve(problem)
        except PlacementError as error:
            refused.add(error.where)
            continue
        placed += 1
        assert oracle.faults(problem, solution.placement) == []
        assert problem.broken(solution.placement) == []
        assert solution.cost == pytest.approx(oracle.cost(problem, solution.placement))
        assert solution.bound <= solution.cost
    assert placed > 60
    assert refused <= {f"b{i}" for i in range(7)}


@pytest.mark.parametrize("first", range(0, 260, 20))
def test_small_problems_are_solved_to_the_optimum_that_exhaustive_search_finds(first):
    for seed in range(first, first + 20):
        problem = oracle.random_problem(seed, columns=5, rows=3, blocks=5, fill=0.9, least=(4, 2, 4))
        best = oracle.best_cost(problem)
        if best is None:
            with pytest.raises(PlacementError, match=r"b\d: "):
                solve(problem, 10)
            with pytest.raises(PlacementError, match=r"b\d: "):
                solve(problem)
            continue
        fast, solution = solve(problem), solve(problem, 10)
        assert solution.optimal
        assert solution.cost == pytest.approx(best), seed
        assert fast.bound <= best + 1e-9 <= fast.cost + 2e-9
        assert oracle.faults(problem, solution.placement) == []


def test_the_same_problem_is_always_placed_the_same_way():
    for seed in range(40):
        problem = oracle.random_problem(seed, columns=12, rows=6, blocks=8, fill=0.6)
        try:
            first = solve(problem)
        except PlacementError:
            continue
        again = solve(problem)
        assert (dict(first.placement), first.bound) == (dict(again.placement), again.bound)
        assert first.repeatable


def test_improvement_never_costs_more():
    gained = 0
    for seed in range(30):
        tables = tables_of(oracle.random_problem(seed, columns=16, rows=8, blocks=16, fill=0.8))
        rough = quick(tables, 0)
        if rough.cost is None:
            continue
        for heat in (0.0, 5.0):
            cost, anchors = improve(tables, rough.anchors, 10, heat=heat)
            assert cost <= rough.cost
            assert tables.legal(anchors)
            assert tables.cost(anchors) == cost
            gained += cost < rough.cost
    assert gained
