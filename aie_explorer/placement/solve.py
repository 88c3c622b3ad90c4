"""Place a problem: quickly, or as long as it takes to prove the best placement.

The quick answer (`seconds` of 0) is the work of `quick` and of the bounds in `clusters`, needs no solver, and is the
same on every machine, with OR-Tools installed or not.

With seconds to spend, OR-Tools first tries a short proof. Where that does not settle it, the search for better
placements goes on beside a longer proof. Both are limited by counted work that a machine of today finishes within the
seconds asked for; the wall clock is only the last resort. `Solution.repeatable` says whether it was needed: where not,
the same problem and seconds give the same placement and bound everywhere with the same release of OR-Tools.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from aie_explorer.errors import PlacementError
from aie_explorer.placement import solver
from aie_explorer.placement.clusters import Cluster, cluster_bound, clusters
from aie_explorer.placement.feasible import check_problem, packed, refusal
from aie_explorer.placement.geometry import Placement
from aie_explorer.placement.improve import Anchors, improve
from aie_explorer.placement.lookahead import guide_of, orders
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.quick import quick
from aie_explorer.placement.tables import Tables, tables_of

# blocks and number of forms of the groups that give bounds, without and with seconds to spend
_SMALL, _LARGE = (4, 40), (5, 200)
_FIRST_PROOF = 0.3  # deterministic seconds of the first proof
_PROOF_SHARE = 0.35  # of the seconds, in deterministic ones: these take up to twice as long
_ROUNDS_A_SECOND = 80  # of improvement beside the proof, on the slower of two shared cores
_HEAT = 1.0  # columns; see `improve`
_USED = 0.97  # share of the seconds after which work stops, so that the answer is there in time
_ROUNDS_AFTER_PACKING = 100  # a packing ignores distance, so there is much to improve
_MOST_SECONDS = 86_400.0


class _Clock:
    """A limit of wall time, and whether it ever cut work short."""

    def __init__(self, end: float) -> None:
        self.end, self.struck = end, False

    def left(self) -> float:
        """Seconds left, 0 when it is over."""
        return max(0.0, self.end - time.monotonic())

    def out(self) -> bool:
        """Whether it is over, noting that work stopped for it."""
        self.struck = self.struck or not self.left()
        return self.struck

    def after(self, timed_out: bool) -> None:
        """Note whether something else was cut short."""
        self.struck = self.struck or timed_out


@dataclass(frozen=True)
class Solution:
    """A placement and how good it is.

    Attributes:
        placement: of every block, with its cost and bound.
        cost: its objective.
        bound: no placement costs less.
        seconds: wall time it took.
        repeatable: whether no limit of wall time cut the work short.
    """

    placement: Placement
    cost: float
    bound: float
    seconds: float
    repeatable: bool

    @property
    def optimal(self) -> bool:
        """Whether it is proven that nothing costs less."""
        return self.placement.optimal

    @property
    def gap(self) -> float:
        """By how much the cost may exceed the best one, as a fraction of the bound; infinite above a bound of 0."""
        if self.optimal:
            return 0.0
        return (self.cost - self.bound) / self.bound if self.bound > 0 else float("inf")


def solve(problem: Problem, seconds: float = 0.0) -> Solution:
    """A legal placement of low cost, with a bound.

    Args:
        problem: what to place.
        seconds: what may be spent on a better placement and a proof; 0 asks for the quick answer.

    Raises:
        PlacementError: when nothing fits, naming a block and the reason.
        MissingExtraError: when seconds are given and OR-Tools is not installed.
    """
    if not 0 <= seconds <= _MOST_SECONDS:
        raise PlacementError(f"is {seconds!r}", where="seconds", remedy=f"Use 0 to {_MOST_SECONDS:.0f}")
    begin = time.monotonic()
    check_problem(problem)
    if seconds:
        solver.require()
    tables = tables_of(problem)
    clock = _Clock(begin + _USED * seconds)
    anchors, bound = _start(tables, seconds, clock)
    groups: list[Cluster] = []
    if tables.cost(anchors) > bound:
        guide = guide_of(tables, orders(tables)[0])
        for size in (_SMALL, _LARGE) if seconds else (_SMALL,):  # larger groups need not bound better
            groups = clusters(tables, guide.least, *size)
            bound = max(bound, cluster_bound(tables, groups, guide.least))
    if seconds and tables.cost(anchors) > bound:
        anchors, bound = _settled(tables, anchors, bound, groups, seconds, clock)
    placement = tables.named(anchors, bound)
    assert placement.cost is not None
    assert placement.bound is not None
    return Solution(placement, placement.cost, placement.bound, time.monotonic() - begin, not clock.struck)


def _start(tables: Tables, seconds: float, clock: _Clock) -> tuple[Anchors, int]:
    """The quick placement and its bound; where every search dead-ends a packing, and with seconds to spend the solver.

    Raises:
        PlacementError: when there is none, or none was found.
    """
    found = quick(tables)
    if found.cost is not None:
        return found.anchors, found.bound
    packing = packed(tables.problem)
    if packing.positions is not None:
        anchors = tables.anchors_of(packing.positions)
    elif packing.proven or not seconds:
        raise refusal(tables.problem, packing)
    else:
        proof = solver.prove(tables, None, found.bound, (), deterministic_seconds=_PROOF_SHARE * seconds,
                             wall_seconds=clock.left())
        clock.after(proof.timed_out)
        if proof.anchors is None:
            raise refusal(tables.problem, replace(packing, proven=proof.complete))
        anchors = proof.anchors
    _, anchors = improve(tables, anchors, _ROUNDS_AFTER_PACKING, floor=found.bound)
    return anchors, found.bound


def _settled(tables: Tables, anchors: Anchors, bound: int, groups: list[Cluster], seconds: float, clock: _Clock
             ) -> tuple[Anchors, int]:
    """A better placement or a better bound."""
    first = solver.prove(tables, anchors, bound, groups, deterministic_seconds=min(_FIRST_PROOF, seconds),
                         wall_seconds=clock.left())
    clock.after(first.timed_out)
    anchors, bound = first.anchors or anchors, first.bound
    if first.complete or clock.out():
        return anchors, bound
    with ThreadPoolExecutor(1) as pool:
        proof = pool.submit(solver.prove, tables, anchors, bound, groups,
                            deterministic_seconds=_PROOF_SHARE * seconds, wall_seconds=clock.left())
        # when the proof is complete, what the other search finds does not matter, so it may stop at once
        settled: Callable[[], bool] = lambda: (proof.done() and proof.result().complete) or clock.out()  # noqa: E731
        _, other = improve(tables, anchors, round(_ROUNDS_A_SECOND * seconds), seed=1, heat=_HEAT,
                           floor=bound, enough=settled)
        last = proof.result()
    clock.struck = (clock.struck or last.timed_out) and not last.complete
    best = min((candidate for candidate in (last.anchors, anchors, other) if candidate is not None), key=tables.cost)
    return (last.anchors or anchors) if last.complete else best, last.bound
