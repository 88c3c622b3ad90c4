import pytest

from aie_explorer.placement import Block, Weights, placement_cost
from aie_explorer.placement.cost import edge_gap

WIDE, HIGH = Block("wide", 3, 2), Block("high", 1, 4)


@pytest.mark.parametrize(
    ("target", "gap"),
    [
        ((3, 0), (1, 0)),  # beside the producer
        ((2, 2), (0, 1)),  # on top of its east column
        ((0, 2), (2, 1)),  # on top of its west column
        ((10, 1), (8, 0)),  # a row in common
        ((3, 4), (1, 3)),
    ],
)
def test_the_gap_runs_from_the_east_face_to_the_west_face(target, gap):
    assert edge_gap(WIDE, (0, 0), HIGH, target) == gap


def test_a_consumer_below_its_producer():
    assert edge_gap(WIDE, (0, 6), HIGH, (3, 0)) == (1, 3)


def test_the_objective_by_hand():
    blocks, edges = [WIDE, HIGH], [("wide", "high"), ("wide", "high")]
    placement = {"wide": (0, 0), "high": (4, 3)}
    assert placement_cost(placement, blocks, edges) == pytest.approx(2 * (2 + 2) + 0.05 * 3)
    assert placement_cost(placement, blocks, edges, Weights(vertical=0.5, row=1.0)) == pytest.approx(2 * (2 + 1) + 3)
