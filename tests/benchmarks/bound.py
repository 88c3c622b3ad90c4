"""Whether anything is cheaper than the best known placement, by a model that shares nothing with the package.

    python tests/benchmarks/bound.py PROBLEM.json COST

Pairs of blocks keep apart by plain disjunctions. Windows of consecutive blocks are solved first; what a window costs at
least, it costs in every placement of the whole. On p11_residual4 and 26.35 it says that nothing cheaper exists, in
about a minute on two cores; `aie-explorer place` finds 26.35 but bounds it less well.
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

from ortools.sat.python import cp_model


def solved(problem, names, cuts, *, seconds, below=None):
    """(status, bound) of the least cost of some blocks; of a cost below a limit, whether there is one.

    Costs are whole: multiplied by `problem["factor"]`.
    """
    model, factor = cp_model.CpModel(), problem["factor"]
    blocks = {block["id"]: block for block in problem["blocks"] if block["id"] in names}
    columns, rows = problem["array"]["cols"], problem["array"]["rows"]
    x = {name: model.NewIntVar(0, columns - block["w"], "") for name, block in blocks.items()}
    y = {name: model.NewIntVar(0, rows - block["h"], "") for name, block in blocks.items()}
    shares = {(edge["src"], edge["dst"]) for edge in problem["edges"] if edge["direct"] and edge["exclusive"]}
    for pair in combinations(blocks, 2):
        ways = []
        for a, b in (pair, pair[::-1]):
            west, under = model.NewBoolVar(""), model.NewBoolVar("")
            model.Add(x[a] + blocks[a]["w"] <= x[b] - 1).OnlyEnforceIf(west)  # the keepout of b
            model.Add(y[a] + blocks[a]["h"] <= y[b]).OnlyEnforceIf(under)
            ways += [west, under]
            if (a, b) in shares and blocks[a]["h"] == blocks[b]["h"]:
                beside = model.NewBoolVar("")
                model.Add(x[a] + blocks[a]["w"] == x[b]).OnlyEnforceIf(beside)
                model.Add(y[a] == y[b]).OnlyEnforceIf(beside)
                ways.append(beside)
        model.AddBoolOr(ways)
    gaps = {}
    for edge in problem["edges"]:
        a, b = edge["src"], edge["dst"]
        if a in blocks and b in blocks:
            dx, dy = model.NewIntVar(0, columns, ""), model.NewIntVar(0, rows, "")
            model.AddAbsEquality(dx, x[b] - (x[a] + blocks[a]["w"] - 1))
            model.AddMaxEquality(dy, [0, y[b] - (y[a] + blocks[a]["h"] - 1), y[a] - (y[b] + blocks[b]["h"] - 1)])
            gaps[a, b] = factor * dx + round(factor * problem["objective"]["lambda"]) * dy
    model.AddMinEquality(0, list(x.values()))  # shifted to the west a placement stays legal

    def cost(some):
        return (sum(gap for ends, gap in gaps.items() if some.issuperset(ends))
                + round(factor * problem["objective"]["mu"]) * sum(y[name] for name in some))

    for window, least in cuts:
        if window <= set(blocks):
            model.Add(cost(window) >= least)
    if below is None:
        model.Minimize(cost(set(blocks)))
    else:
        model.Add(cost(set(blocks)) < below)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.max_time_in_seconds = 8, seconds
    status = solver.Solve(model)
    return status, round(solver.BestObjectiveBound()) if below is None else None


def main():
    """Solve the windows, then ask for something cheaper."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", type=Path)
    parser.add_argument("cost", type=float)
    parser.add_argument("--seconds", type=float, default=600, help="of every step")
    arguments = parser.parse_args()
    problem = json.loads(arguments.problem.read_text("utf-8")) | {"factor": 1000}
    names, cuts = [block["id"] for block in problem["blocks"]], []
    for size in (4, 5, 7, 8, 10):
        for first in range(len(names) - size):
            window = set(names[first:first + size])
            least = solved(problem, window, cuts, seconds=arguments.seconds)[1]
            cuts.append((window, least))
            print(f"{names[first]} to {names[first + size - 1]}: at least {least / problem['factor']:g}", flush=True)
    below = round(problem["factor"] * arguments.cost)
    status, _ = solved(problem, set(names), cuts, seconds=arguments.seconds, below=below)
    print({cp_model.INFEASIBLE: f"nothing costs less than {arguments.cost:g}", cp_model.OPTIMAL: "something costs less",
           cp_model.FEASIBLE: "something costs less"}.get(status, "not settled in time"))


if __name__ == "__main__":
    main()
