"""The placement problem as a constraint program, for OR-Tools CP-SAT: proves bounds, and finds what searches miss.

By block a column and a row; the blocks, widened by their keepouts, must not overlap. Each edge has its distance along
the columns and along the rows, and is of one of four kinds: the consumer lies east, west, above or below. What each
kind costs at least, and what groups of blocks cost at least (`clusters`), are added as cuts, because the overlap
constraint alone says little about cost.

One worker with a fixed seed and a limit in deterministic time gives the same answer on every machine. A limit of wall
time does not: where it strikes first, the answer depends on the speed of the machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_explorer.errors import MissingExtraError
from aie_explorer.placement.clusters import Cluster
from aie_explorer.placement.improve import Anchors
from aie_explorer.placement.tables import FAR, Link, Tables

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


_NEARLY = 0.99  # of a limit of work: the solver may stop a little before it
_ROUNDING = 1e-3  # of the solver's bound, a floating-point number


@dataclass(frozen=True)
class Proof:
    """What the solver found.

    Attributes:
        anchors: a placement cheaper than the one it was given; None where it found none.
        bound: nothing costs less, in whole numbers.
        complete: whether it finished: the better of its placement and the given one is optimal, or nothing fits.
        timed_out: whether the wall clock ended it, so that another run may find another answer.
    """

    anchors: Anchors | None
    bound: int
    complete: bool
    timed_out: bool


def require() -> Any:
    """The solver's module.

    Raises:
        MissingExtraError: when it is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise MissingExtraError("OR-Tools", "place", "a proof of the best placement") from None
    return cp_model


def prove(
    tables: Tables, known: Anchors | None, bound: int, groups: Sequence[Cluster], *, deterministic_seconds: float,
    wall_seconds: float, workers: int = 1,
) -> Proof:
    """Find a placement cheaper than the one known, or prove that there is none.

    Args:
        tables: the problem.
        known: a legal placement; None where none is known.
        bound: a bound that is known, in whole numbers.
        groups: cuts.
        deterministic_seconds: limit in the solver's own measure of work, which is about a second each.
        wall_seconds: limit of time.
        workers: strategies that take turns in a fixed order.

    Raises:
        MissingExtraError: when OR-Tools is not installed.
    """
    cp = require()
    model = _model(cp, tables)
    _keep_apart(model)
    for group in groups:
        model.cp.Add(sum(model.costs[link] for link in group.links) >= group.least)
    limit = int(FAR) if known is None else tables.cost(known) - 1
    total = sum(model.costs) + sum(model.own) + tables.constant + model.cp.NewIntVar(0, 0, "an expression at least")
    model.cp.Add(total >= bound)
    if known is not None:
        model.cp.Add(total <= limit)
    model.cp.Minimize(total)
    solver = cp.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.interleave_search = workers > 1
    solver.parameters.random_seed = 0
    # raises the bound step by step; on these problems it climbs higher than the default
    solver.parameters.optimize_with_lb_tree_search = True
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = deterministic_seconds
    solver.parameters.max_time_in_seconds = wall_seconds
    status = solver.Solve(model.cp)
    # what did not end by its work was ended by the clock
    late = solver.ResponseProto().deterministic_time < _NEARLY * deterministic_seconds
    if status == cp.INFEASIBLE:
        return Proof(None, limit + 1, True, False)
    proven = max(bound, math.ceil(solver.BestObjectiveBound() - _ROUNDING))
    if status in (cp.OPTIMAL, cp.FEASIBLE):
        anchors = tuple(solver.Value(x) * tables.rows + solver.Value(y)
                        for x, y in zip(model.x, model.y, strict=True))
        return Proof(anchors, proven, status == cp.OPTIMAL, late and status != cp.OPTIMAL)
    return Proof(None, min(proven, limit + 1), False, late)


@dataclass(frozen=True, eq=False)
class _Model:
    """The model under construction, with its variables.

    Attributes:
        x, y: by block, column and row of its lower left tile.
        own: by block, what it costs alone.
        costs: by link, what it costs.
        shared: by block, conditions under which its keepout lies on its producer.
    """

    cp: cp_model.CpModel
    tables: Tables
    x: list[Any]
    y: list[Any]
    own: list[Any]
    costs: list[Any]
    shared: list[list[Any]]


def _model(cp: Any, tables: Tables) -> _Model:
    """Variables and costs."""
    found = _Model(cp.CpModel(), tables, [], [], [], [], [[] for _ in tables.blocks])
    for number, block in enumerate(tables.blocks):
        found.x.append(found.cp.NewIntVar(0, max(0, tables.columns - block.width), f"x{number}"))
        found.y.append(found.cp.NewIntVar(0, max(0, tables.rows - block.height), f"y{number}"))
        found.own.append(_own_cost(found, number))
    for link in tables.links:
        found.costs.append(_link_cost(found, link))
    return found


def _own_cost(model: _Model, number: int) -> Any:
    """What a block costs alone: a row's weight where that says it all, else a table of what is allowed."""
    tables, block = model.tables, model.tables.blocks[number]
    costs = tables.own[number].reshape(tables.columns, tables.rows)
    inside = costs[:tables.columns - block.width + 1, :tables.rows - block.height + 1]
    first = int(inside[0, 0]) if inside.size else int(FAR)
    slope = int(inside[0, 1]) - first if inside.shape[1] > 1 else 0
    by_row = first + slope * np.arange(inside.shape[1])
    if first < FAR and np.array_equal(inside, np.broadcast_to(by_row, inside.shape)):
        return slope * model.y[number] + first
    allowed = [(int(x), int(y), int(inside[x, y])) for x, y in zip(*np.nonzero(inside < FAR), strict=True)]
    cost = model.cp.NewIntVar(0, max((c for _, _, c in allowed), default=0), f"own{number}")
    model.cp.AddAllowedAssignments([model.x[number], model.y[number], cost], allowed)
    return cost


def _link_cost(model: _Model, link: Link) -> Any:
    """Distance between two faces, and the four ways in which two blocks can keep out of each other's way."""
    cp, tables = model.cp, model.tables
    one, other = tables.blocks[link.producer], tables.blocks[link.consumer]
    x, y, keepout = model.x, model.y, tables.problem.rules.keepout_columns
    dx, dy = cp.NewIntVar(0, tables.columns, ""), cp.NewIntVar(0, tables.rows, "")
    gap = x[link.consumer] - x[link.producer] - (one.width - 1)
    cp.Add(dx >= gap)
    cp.Add(dx >= -gap)
    cp.Add(dy >= y[link.consumer] - y[link.producer] - (one.height - 1))
    cp.Add(dy >= y[link.producer] - y[link.consumer] - (other.height - 1))
    east, west, above, below = (cp.NewBoolVar(name) for name in ("east", "west", "above", "below"))
    ways = [east, west, above, below]
    least = (1 + keepout) * east + (one.width + other.width - 1 + keepout) * west
    if link.shares and keepout and one.height == other.height:
        beside = cp.NewBoolVar("beside")
        cp.Add(x[link.consumer] == x[link.producer] + one.width).OnlyEnforceIf(beside)
        cp.Add(y[link.consumer] == y[link.producer]).OnlyEnforceIf(beside)
        model.shared[link.consumer].append(beside)
        ways.append(beside)
        least = least + beside
    cp.AddExactlyOne(ways)
    cp.Add(x[link.consumer] >= x[link.producer] + one.width + keepout).OnlyEnforceIf(east)
    cp.Add(x[link.producer] >= x[link.consumer] + other.width + keepout).OnlyEnforceIf(west)
    cp.Add(y[link.consumer] >= y[link.producer] + one.height).OnlyEnforceIf(above)
    cp.Add(y[link.producer] >= y[link.consumer] + other.height).OnlyEnforceIf(below)
    cp.Add(y[link.consumer] >= one.height * above)
    cp.Add(y[link.producer] >= other.height * below)
    cp.Add(dx >= least)
    cp.Add(dy >= above + below)
    whole, _ = tables.problem.weights.scaled()
    return whole["column"] * dx + whole["vertical"] * dy


def _keep_apart(model: _Model) -> None:
    """No two blocks, each with the keepout to its west, overlap; nor does one reach what stays (`Tables.own`)."""
    cp, tables = model.cp, model.tables
    keepout = tables.problem.rules.keepout_columns
    across, upright, sizes = [], [], []
    for number, block in enumerate(tables.blocks):
        x, y = model.x[number], model.y[number]
        if model.shared[number]:
            kept = keepout - sum(model.shared[number])
            start = cp.NewIntVar(-keepout, tables.columns, "")
            size = cp.NewIntVar(block.width, block.width + keepout, "")
            cp.Add(start == x - kept)
            cp.Add(size == block.width + kept)
            across.append(cp.NewIntervalVar(start, size, x + block.width, ""))
            sizes.append(block.width)
        else:
            across.append(cp.NewFixedSizeIntervalVar(x - keepout, block.width + keepout, ""))
            sizes.append(block.width + keepout)
        upright.append(cp.NewFixedSizeIntervalVar(y, block.height, ""))
    cp.AddNoOverlap2D(across, upright)
    # implied: in every column the heights, and in every row the widths, fit; both cut more than the rectangles alone
    cp.AddCumulative(across, [block.height for block in tables.blocks], tables.rows)
    cp.AddCumulative(upright, sizes, tables.columns + keepout)
