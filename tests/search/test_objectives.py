"""Objectives, limits, the best few, and what it takes to be fast enough."""

import itertools

import numpy as np
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.design.cheapest import Cheapest
from aie_explorer.errors import DesignError
from aie_explorer.search.copies import memory_tile_ports
from aie_explorer.search.objectives import OBJECTIVES

EX = aie.Explorer(mlp([64, 48, 32, 10]))


@pytest.fixture(scope="module")
def designs():
    """Very many designs, those of the front among them."""
    return EX.sweep({f"dense{i}.split": ["features", "rows"] for i in range(3)}, limit=200_000, sample="random")


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if name != "throughput"])
@pytest.mark.parametrize("limits", [{}, {"max_tiles": 20}, {"max_latency_cycles": 900.0}, {"max_plio": 3},
                                    {"min_samples_per_s": 40e6, "max_macs_issued": 50_000}])
def test_nothing_sampled_is_better_than_the_best(designs, objective, limits):
    column, more = OBJECTIVES[objective][0]
    found = EX.top(1, objective, **limits).iloc[0]
    rivals = designs
    for name, value in limits.items():
        figure = {"max_tiles": "tiles", "max_latency_cycles": "latency_cycles", "max_plio": "plio",
                  "min_samples_per_s": "samples_per_s", "max_macs_issued": "macs_issued"}[name]
        rivals = rivals[rivals[figure] <= value if name.startswith("max") else rivals[figure] >= value]
        assert found[figure] <= value if name.startswith("max") else found[figure] >= value
    best = rivals[column].max() if more else rivals[column].min()
    assert found[column] >= best * (1 - 1e-9) if more else found[column] <= best * (1 + 1e-9)


def test_the_first_of_several_objectives_counts_most():
    rows = [EX.top(1, names).iloc[0] for names in itertools.permutations(["plio", "interval", "tiles"])]
    assert {row["plio"] for row in rows[:2]} == {EX.pareto(objectives=("plio",))["plio"].min()}
    assert rows[0]["interval_cycles"] < rows[1]["interval_cycles"]
    assert rows[0]["tiles"] > rows[1]["tiles"]


def test_weights_move_the_best_between_its_extremes():
    tiles = [EX.top(1, {"tiles": 1, "interval_cycles": weight}).iloc[0]["tiles"] for weight in (0, 0.5, 2, 1000)]
    assert tiles == sorted(tiles)
    assert tiles[0] == EX.best("tiles").tiles
    assert tiles[-1] == EX.top(1, "interval").iloc[0]["tiles"]
    assert len(set(tiles)) > 2


def test_a_weighted_best_is_best_of_the_front():
    weights = {"tiles": 3, "latency_cycles": 1, "plio": 2}
    front = EX.pareto(objectives=("tiles", "interval_cycles", "latency_cycles", "plio"))
    cost = sum(weight * front[name] / front[name].min() for name, weight in weights.items())
    found = EX.top(1, weights).iloc[0]
    own = sum(weight * found[name] / front[name].min() for name, weight in weights.items())
    assert own == pytest.approx(cost.min())


def test_top_gives_different_designs_in_order():
    found = EX.top(7, "latency", max_tiles=30)
    assert len(found) == 7
    assert found["latency_cycles"].is_monotonic_increasing
    assert not found[[c for c in found if "." in c]].astype(str).duplicated().any()
    assert EX.design(found.iloc[0]) == EX.best("latency", max_tiles=30)
    assert len(EX.top(10**6)) <= len(EX.pareto())


def test_figures_of_designs_are_those_of_their_plans():
    for ex in (EX, aie.Explorer(residual(1))):
        front = ex.top(5, "interval", max_tiles=40)
        for i in range(len(front)):
            design = ex.design(front.iloc[i])
            plan = design.plan()
            assert front["memory_tile_bytes"].iloc[i] == 2 * sum(buffer.bytes for buffer in plan.buffers)
            ports = memory_tile_ports(design.space, np.zeros((1, len(design.layers)), np.intp))
            assert ports["memory_tile_ports_in"] == sum(len(buffer.writers) for buffer in plan.buffers)
            assert ports["memory_tile_ports_out"] == sum(len(buffer.readers) for buffer in plan.buffers)
            assert front["plio"].iloc[i] == len(plan.inputs) + len(plan.outputs)
            table = design.space.layers
            assert front["macs_issued"].iloc[i] == sum(
                int(layer.table["rows"][0]) * int(layer.table["k"][0]) * int(layer.table["n"][0])
                * int(layer.table["tiles"][0]) for layer in table)


def test_the_cheapest_says_why_more_costs_more():
    answer = EX.cheapest(max_interval_cycles=200)
    front = EX.pareto(objectives=("tiles", "interval_cycles"))
    within = front[front.interval_cycles <= 200]
    assert answer.design.tiles == within.tiles.min()
    faster = front[front.interval_cycles < answer.design.estimate().interval_cycles]
    assert answer.faster.tiles == faster.tiles.min()
    assert answer.changed
    assert all(name in answer.reason for name in answer.changed)
    assert answer.design.estimate().bottleneck in answer.reason
    assert f"{answer.faster.tiles - answer.design.tiles} more tile" in answer.reason


def test_the_cheapest_says_what_else_differs_where_the_cascades_are_the_same():
    before = aie.Explorer(mlp([32, 16])).design({"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})
    after = aie.Explorer(mlp([32, 16])).design({"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1,
                                                           "blocking": "1x2"}})
    words = Cheapest(before, after).reason
    assert "dense0 from 4x8x8, 1 x 1, split by features to 4x8x8, 1 x 1, split by features, blocks of 1x2" in words


def test_a_limit_that_is_no_number_is_refused():
    with pytest.raises(DesignError, match="max_tiles: is not a number"):
        aie.Explorer(mlp([32, 16])).best("interval", max_tiles=float("nan"))


def test_the_cheapest_of_several_copies():
    one, two = EX.cheapest(max_interval_cycles=200), EX.cheapest(copies=2, max_interval_cycles=200)
    assert (two.design.copies, two.design.layers) == (2, one.design.layers)
    assert (two.faster.copies, two.faster.tiles) == (2, 2 * one.faster.tiles)
    assert f"{two.faster.tiles - two.design.tiles} more tile" in two.reason
    assert EX.cheapest(copies=1, max_interval_cycles=200).design == one.design
    fastest = EX.cheapest(copies=2, max_interval_cycles=float(EX.pareto().interval_cycles.min()))
    assert "no design of 2 copies of this network is faster" in fastest.reason


def test_nothing_is_faster_than_the_fastest():
    answer = EX.cheapest(max_interval_cycles=float(EX.pareto().interval_cycles.min()))
    assert answer.faster is None
    assert "no design of this network is faster" in str(answer)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: EX.best({"speed": 1}), "no figure 'speed' to weigh"),
    (lambda: EX.best({"tiles": -1}), "has the weight -1"),
    (lambda: EX.best({"tiles": float("inf")}), "objective.tiles: has the weight inf. Use a finite number of 0 or more"),
    (lambda: EX.best({"tiles": float("nan")}), "has the weight nan"),
    (lambda: EX.best({"tiles": 0, "interval_cycles": 0.0}), "every weight is 0"),
    (lambda: EX.top(2, {"tiles": 0}), "every weight is 0"),
    (lambda: EX.best({}), "no figure is given"),
    (lambda: EX.best(("tiles", "speed")), "no objective 'speed'"),
    (lambda: EX.best(()), "no objective"),
    (lambda: EX.best("tiles", min_samples_per_s=1e15), "no design has samples_per_s of at least 1e.15. The most"),
    (lambda: EX.top(0), "whole number of 1 or more"),
    (lambda: EX.cheapest(copies=0), "copies: is 0. Use a whole number of 1 or more"),
    (lambda: EX.cheapest(copies=10**6), "no design has room for 1000000 copies"),
    (lambda: EX.cheapest(max_interval_cycles=1), "no design has interval_cycles of at most 1"),
    (lambda: EX.pareto(objectives=("colour",)), "no objective of an exact front: 'colour'"),
])
def test_mistakes_are_answered_in_words(call, words):
    with pytest.raises(DesignError, match=words):
        call()


def test_objectives_of_a_front_beyond_three():
    front = EX.pareto(objectives=("tiles", "interval_cycles", "plio", "memory_tile_bytes"))
    assert len(front) > len(EX.pareto(objectives=("tiles", "interval_cycles")))
    assert (front["plio"] == front["plio_in"] + front["plio_out"]).all()
    assert front.attrs["lost"] == 0
    points = front[["tiles", "interval_cycles", "plio", "memory_tile_bytes"]].to_numpy()
    for point in points:
        assert np.all(points <= point, axis=1).sum() == 1
