"""Placement as designs use it."""

import dataclasses
import itertools
from pathlib import Path

import pytest
from networks import mlp
from placement import oracle

import aie_explorer as aie
from aie_explorer.errors import PlacementError
from aie_explorer.placement import Region, placement_cost
from aie_explorer.plots import floorplan_info

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def design():
    return aie.Explorer(mlp([64, 64, 32, 10])).best("interval", max_tiles=20)


@pytest.mark.parametrize("name", ["digits_mlp.h5", "jet_tagger.h5"])
def test_every_design_of_the_front_of_an_example_is_placed(name):
    explorer = aie.Explorer(aie.load(EXAMPLES / name))
    front = explorer.pareto()
    for i in range(len(front)):
        design = explorer.design(front.iloc[i])
        problem = design.placement_problem
        placement = design.place()
        assert oracle.faults(problem, placement) == []
        assert placement.cost == pytest.approx(oracle.cost(problem, placement))
        assert placement.bound <= placement.cost


def test_the_problem_of_a_design_has_its_layers_edges_and_ends(design):
    problem = design.placement_problem
    assert [(b.name, b.width, b.height) for b in problem.blocks] == [
        (name, choice.cas_length, choice.cas_num) for name, choice in design.layers.items()]
    names = list(design.layers)
    assert [(e.producer, e.consumer, e.exclusive) for e in problem.edges] == [
        (a, b, True) for a, b in itertools.pairwise(names)]
    assert (problem.inputs, problem.outputs) == ((names[0],), (names[-1],))
    assert problem.array.pl_columns == tuple(range(5, 33))


def test_the_first_layer_lies_at_the_first_plio(design):
    placement = design.place()
    assert placement[next(iter(design.layers))] == (5, 0)
    assert placement.optimal
    assert placement_cost(placement, design.placement_problem.blocks, design.placement_problem.edges) == placement.cost


def test_a_design_is_placed_around_wishes(design):
    first, last = next(iter(design.layers)), list(design.layers)[-1]
    free = design.place()
    placement = design.place(pins={last: (30, 3)}, forbidden_columns=[6], reserved=[Region(0, 0, 6, 1)])
    assert placement[last] == (30, 3)
    assert placement.cost > free.cost
    assert design.place() is free  # wishes are not remembered
    assert placement[first] != free[first]
    with pytest.raises(PlacementError, match=f"{last}: it is pinned to column 60"):
        design.place(pins={last: (60, 0)})


def test_copies_are_placed_as_a_pattern(design):
    several = dataclasses.replace(design, copies=3)
    placement, layers = several.place(), len(design.layers)
    assert oracle.faults(several.placement_problem, placement) == []
    assert placement == several.on_array.place()
    tiles = list(placement.values())
    first = tiles[:layers]
    for copy in range(1, 3):
        column, row = (a - b for a, b in zip(tiles[copy * layers], first[0], strict=True))
        assert tiles[copy * layers:(copy + 1) * layers] == [(x + column, y + row) for x, y in first]
    assert several.check() == []
    info = floorplan_info(several)
    assert len(info.blocks) == 3 * layers
    assert len(info.edges) == 3 * (layers - 1)


def test_with_seconds_a_design_is_placed_no_worse(design):
    assert design.place(seconds=5).cost <= design.place().cost
