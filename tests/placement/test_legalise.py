import pytest
from placement import oracle

from aie_explorer.errors import PlacementError
from aie_explorer.placement import Array, Block, Edge, Problem, Rules, legalise

BLOCKS = tuple(Block(name, 2, 2) for name in "abc")
PROBLEM = Problem(BLOCKS, (Edge("a", "b"), Edge("b", "c")), Array(12, 4))


def test_the_others_follow_a_block_that_was_put_somewhere():
    found = legalise(PROBLEM, {"b": (6, 1)})
    assert found.placement["b"] == (6, 1)
    assert oracle.faults(PROBLEM, found.placement) == []
    assert found.cost == pytest.approx(oracle.cost(PROBLEM, found.placement))
    # one row of height, the only thing that putting it there costs
    assert found.cost_of_choice == pytest.approx(0.05)
    assert found.moved == ()
    assert found.free_bound <= found.free_cost <= found.cost


def test_a_choice_that_costs_nothing():
    assert legalise(PROBLEM, {"a": (0, 0)}).cost_of_choice == 0


def test_blocks_in_each_others_way_are_an_error_unless_one_gives_way():
    put = {"a": (0, 0), "b": (1, 1)}
    with pytest.raises(PlacementError, match="b overlaps a"):
        legalise(PROBLEM, put)
    found = legalise(PROBLEM, put, give_way=True)
    assert found.moved == ("a",)
    assert found.placement["b"] == (1, 1)
    assert oracle.faults(PROBLEM, found.placement) == []


def test_pins_of_the_problem_stay():
    pinned = Problem(BLOCKS, PROBLEM.edges, PROBLEM.array, rules=Rules(pins={"a": (3, 0)}))
    found = legalise(pinned, {"c": (9, 2)})
    assert (found.placement["a"], found.placement["c"]) == ((3, 0), (9, 2))
    with pytest.raises(PlacementError, match="b overlaps a"):
        legalise(pinned, {"b": (3, 1)}, give_way=False)
    assert legalise(pinned, {"b": (3, 1)}, give_way=True).moved == ("b",)


def test_what_cannot_be_placed_even_then_is_refused():
    with pytest.raises(PlacementError, match="a: the block is 9 rows high"):
        legalise(Problem((Block("a", 1, 9),), (), Array(4, 4)), {"a": (0, 0)}, give_way=True)
