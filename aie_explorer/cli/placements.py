"""The command `place`: a placement problem from a file."""

from __future__ import annotations

import argparse

from aie_explorer.cli.text import print_json
from aie_explorer.errors import MissingExtraError
from aie_explorer.placement import Problem, Solution, floorplan_text, load_problem, solve

SECONDS = 10.0


def place(arguments: argparse.Namespace) -> int:
    """Place the blocks of a file and say how good the placement is."""
    problem = load_problem(arguments.problem)
    solution = _solved(problem, arguments.seconds)
    if arguments.json:
        print_json({"cost": solution.cost, "bound": solution.bound, "optimal": solution.optimal,
                    "seconds": round(solution.seconds, 3), "solution": dict(solution.placement)})
    else:
        print(_text(problem, solution))
    return 0


def _solved(problem: Problem, seconds: float | None) -> Solution:
    """Without a wish of the user, the quick placement where there is no solver."""
    try:
        return solve(problem, SECONDS if seconds is None else seconds)
    except MissingExtraError:
        if seconds is not None:
            raise
        return solve(problem)


def _text(problem: Problem, solution: Solution) -> str:
    verdict = "optimal" if solution.optimal else (
        f"at most {100 * solution.gap:.1f} % above the best" if solution.bound > 0 else "bound 0")
    repeat = "" if solution.repeatable else ", cut short by the clock: another run may differ"
    return "\n".join([
        f"{problem.name}: {len(problem.blocks)} blocks, {len(problem.edges)} edges",
        f"cost    {solution.cost:g}  ({verdict})", f"bound   {solution.bound:g}",
        f"seconds {solution.seconds:.2f}{repeat}", "",
        floorplan_text(solution.placement, problem.blocks, problem.array, edges=problem.edges, rules=problem.rules)])
