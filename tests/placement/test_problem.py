import pytest

from aie_explorer import devices
from aie_explorer.placement import Block, Weights, placement_cost
from aie_explorer.placement.problem import named, numbered, problem_of

BLOCKS = [Block("last", 1, 1), Block("left", 2, 1), Block("right", 1, 2), Block("first", 2, 2)]
EDGES = [("first", "left"), ("first", "right"), ("left", "last"), ("right", "last"), ("right", "last"),
         ("left", "left")]
PLACED = {"first": (0, 0), "left": (4, 3), "right": (2, 1), "last": (9, 5)}


def make(edges):
    return problem_of(BLOCKS, edges, devices.find("VEK280"), Weights())


def test_producers_come_before_consumers_and_otherwise_the_given_order_holds():
    assert [block.name for block in make(EDGES).blocks] == ["first", "left", "right", "last"]


def test_a_cycle_is_entered_where_it_was_given():
    order = [block.name for block in make([("last", "left"), ("left", "last")]).blocks]
    assert order == ["right", "first", "last", "left"]


def test_costs_by_number_agree_with_the_objective():
    problem = make(EDGES)
    tiles = numbered(problem, PLACED)
    assert named(problem, tiles) == PLACED
    edges = [edge for edge in EDGES if edge[0] != edge[1]]
    assert problem.cost(tiles) == pytest.approx(placement_cost(PLACED, BLOCKS, edges))
    # left and right: every edge of the graph is at one of them; right and last: the double edge counts twice.
    free_rows = Weights(row=0.0)
    assert problem.pair_cost(1, 2, tiles) == pytest.approx(placement_cost(PLACED, BLOCKS, edges, free_rows))
    assert problem.pair_cost(2, 3, tiles) == pytest.approx(placement_cost(PLACED, BLOCKS, edges[1:], free_rows))
