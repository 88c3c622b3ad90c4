import numpy as np
import pytest

from aie_explorer import devices
from aie_explorer.placement import Block, Weights, placement_cost
from aie_explorer.placement.cost import anchor_costs, edge_gap

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


def test_the_cost_of_every_tile_is_the_objective_there():
    device = devices.find("VE2302")
    before, after, block = Block("before", 2, 1), Block("after", 3, 2), Block("block", 2, 1)
    at = {"before": (1, 1), "after": (9, 0)}
    weights = Weights(vertical=0.7, row=0.3)
    costs = anchor_costs(block, [(before, at["before"])], [(after, at["after"])], device, weights)
    edges = [("before", "block"), ("block", "after")]
    rest = weights.row * sum(row for _, row in at.values())
    by_hand = [[placement_cost({**at, "block": (x, y)}, [before, after, block], edges, weights) - rest
                for y in range(device.rows)] for x in range(device.columns)]
    np.testing.assert_allclose(costs, by_hand)
