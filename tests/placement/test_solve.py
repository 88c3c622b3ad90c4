import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from placement import oracle

from aie_explorer.errors import MissingExtraError, PlacementError
from aie_explorer.placement import Array, Block, Edge, Problem, Region, Rules, load_problem, solve

DATA = Path(__file__).parent / "data"
KNOWN = json.loads((DATA / "peer.json").read_text(encoding="utf-8"))
PROVEN = ("p01_chain3_mlp384", "p03_chain10_mixed", "p05_chain16_2x4", "p09_chain4_8x8")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_the_quick_placement_costs_no_more_than_the_peers(name):
    problem = load_problem(DATA / f"{name}.json")
    solution = solve(problem)
    assert oracle.faults(problem, solution.placement) == []
    assert solution.cost == pytest.approx(oracle.cost(problem, solution.placement))
    assert solution.cost <= KNOWN[name]["peer"] + 1e-9
    assert 0 < solution.bound <= solution.cost
    assert solution.repeatable


@pytest.mark.parametrize("name", PROVEN)
def test_what_is_proven_is_what_is_known(name):
    problem = load_problem(DATA / f"{name}.json")
    solution = solve(problem, 30)
    assert solution.optimal
    assert solution.gap == 0
    assert solution.cost == pytest.approx(KNOWN[name]["best_known"])
    assert oracle.faults(problem, solution.placement) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(KNOWN) - set(PROVEN)))
def test_with_seconds_to_spend_nothing_known_is_better(name):
    problem = load_problem(DATA / f"{name}.json")
    solution = solve(problem, 20)
    assert oracle.faults(problem, solution.placement) == []
    assert solution.bound < solution.cost <= KNOWN[name]["best_known"]


SCRIPT = """
import json, sys
from aie_explorer.placement import load_problem, solve
for path in sys.argv[1:]:
    found = solve(load_problem(path), 0 if "p12" in path else 5)
    print(json.dumps([list(found.placement.items()), found.cost, found.bound]))
"""


def test_another_process_with_another_hash_seed_finds_the_same():
    files = [str(DATA / f"{name}.json") for name in ("p12_attention", "p03_chain10_mixed", "p05_chain16_2x4")]
    outputs = {subprocess.run([sys.executable, "-c", SCRIPT, *files], check=True, capture_output=True, text=True,
                              env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}).stdout
               for seed in ("1", "2")}
    assert len(outputs) == 1


def test_without_the_solver_the_quick_answer_works_and_seconds_name_the_extra(monkeypatch):
    problem = load_problem(DATA / "p01_chain3_mlp384.json")
    with_solver = solve(problem)
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    assert solve(problem).placement == with_solver.placement
    with pytest.raises(MissingExtraError, match=r'pip install "aie-explorer\[place\]"'):
        solve(problem, 1)


A, B, C = Block("a", 2, 2), Block("b", 2, 2), Block("c", 2, 2)


@pytest.mark.parametrize(
    ("blocks", "rules", "words"),
    [
        ((Block("a", 7, 1),), Rules(), "a: the block is 7 columns wide and the array has 6"),
        ((Block("a", 1, 5),), Rules(), "a: the block is 5 rows high and the array has 4"),
        ((A, Block("b", 6, 4)), Rules(), "b: the 2 blocks need 28 tiles and the array has 24"),
        ((A, Block("b", 5, 4)), Rules(forbidden_columns=(2,)), "b: the 2 blocks need 24 tiles and the array has 24, 4 "
                                                               "of which are forbidden or reserved"),
        ((A,), Rules(pins={"a": (5, 0)}), "a: it is pinned to column 5, row 0, but a .* leaves the array of 6 x 4"),
        ((A, B), Rules(pins={"a": (0, 0), "b": (1, 1)}), "b: it is pinned to column 1, row 1, but b overlaps a"),
        ((A,), Rules(pins={"a": (0, 0)}, reserved=(Region(0, 0, 1, 1, "dma"),)), "a: it is pinned .* overlaps dma"),
        ((A,), Rules(pins={"a": (0, 0)}, forbidden_columns=(1,)), "a: .* overlaps column 1, which is forbidden"),
        ((A, B), Rules(1, pins={"a": (0, 0), "b": (2, 0)}), "a: .* a lies in the column west of b"),
        ((Block("a", 3, 3),), Rules(forbidden_columns=(1, 3)),
         "a: beside what is forbidden and reserved the array has no free 3 x 3 tiles"),
        ((Block("a", 3, 3), B), Rules(pins={"b": (2, 1)}), "a: beside the pinned blocks the array has no free 3 x 3"),
        ((Block("a", 3, 3), Block("b", 3, 3), Block("c", 6, 1), Block("d", 1, 1)), Rules(),
         "a: the 4 blocks need 25 tiles"),
        ((Block("a", 4, 3), Block("b", 3, 2)), Rules(), "b: no arrangement leaves 3 x 2 free tiles"),
        ((Block("a", 3, 4), Block("b", 3, 4)), Rules(1),
         "a: no arrangement leaves 3 x 4 free tiles together for it and the column west of it"),
    ],
)
@pytest.mark.parametrize("seconds", [0, 5])
def test_a_refusal_names_the_block_and_the_reason(blocks, rules, words, seconds):
    with pytest.raises(PlacementError, match=words):
        solve(Problem(blocks, (), Array(6, 4), rules=rules), seconds)


def test_two_blocks_fit_only_where_the_producer_lies_in_the_keepout():
    blocks, array = (Block("a", 3, 4), Block("b", 3, 4)), Array(6, 4)
    direct = Problem(blocks, (Edge("a", "b", "direct"),), array, rules=Rules(1))
    assert dict(solve(direct).placement) == {"a": (0, 0), "b": (3, 0)}
    for problem in (replace(direct, edges=(Edge("a", "b"),)), replace(direct, rules=Rules(1, keepout_shared=False)),
                    replace(direct, edges=(Edge("a", "b", "direct", exclusive=False),))):
        with pytest.raises(PlacementError, match="a: no arrangement leaves 3 x 4"):
            solve(problem)


def test_pins_and_regions_are_respected():
    rules = Rules(pins={"b": (3, 2)}, forbidden_columns=(0,), reserved=(Region(1, 0, 2, 2),))
    problem = Problem((A, B, C), (Edge("a", "b"), Edge("b", "c")), Array(9, 4), rules=rules)
    solution = solve(problem, 5)
    assert solution.placement["b"] == (3, 2)
    assert solution.optimal
    assert oracle.faults(problem, solution.placement) == []
    assert dict(solution.placement) == {"a": (1, 2), "b": (3, 2), "c": (4, 0)}  # c below b's east column


def test_plio_draws_the_ends_of_a_network_to_its_columns():
    weights = replace(Problem((A,), (), Array(4, 4)).weights, plio=0.5)
    problem = Problem((A, B), (Edge("a", "b"),), Array(20, 4, pl_columns=(9, 10)), weights, inputs=("a",),
                      outputs=("b",))
    solution = solve(problem)
    # b upon the east column of a: one row apart, two rows high, and only a's input a column away from a PL column
    assert dict(solution.placement) == {"a": (8, 0), "b": (9, 2)}
    assert solution.cost == 1 + 2 * 0.05 + 0.5
    assert solution.optimal


def test_nothing_to_place():
    solution = solve(Problem((), (), Array(3, 3)), 1)
    assert (solution.cost, solution.optimal, dict(solution.placement)) == (0, True, {})


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_seconds_must_make_sense(seconds):
    with pytest.raises(PlacementError, match="seconds: is"):
        solve(Problem((A,), (), Array(3, 3)), seconds)


def test_time_improves_what_cannot_be_proven():
    problem = load_problem(DATA / "p12_attention.json")
    quick, longer = solve(problem), solve(problem, seconds=3)
    assert oracle.faults(problem, longer.placement) == []
    assert longer.cost == pytest.approx(oracle.cost(problem, longer.placement))
    assert quick.bound <= longer.bound <= longer.cost <= quick.cost
