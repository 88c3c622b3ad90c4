"""Pins are part of a design: its placement, plan, project and file keep them."""

import json

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import DesignError, PlacementError
from aie_explorer.placement import Region, Rules


@pytest.fixture(scope="module")
def design():
    return aie.Explorer(mlp([64, 64, 32, 10])).best("interval", max_tiles=20)


@pytest.fixture(scope="module")
def pinned(design):
    return design.pinned({"dense1": (20, 3)})


def test_place_and_plan_respect_them(design, pinned):
    assert design.place()["dense1"] != (20, 3)
    assert pinned.place()["dense1"] == (20, 3)
    assert pinned.plan() != design.plan()
    assert pinned.placement_problem.broken(pinned.place()) == []
    assert pinned.place().cost > design.place().cost


def test_a_pinned_design_is_another_one(design, pinned):
    assert pinned != design
    assert pinned.pinned({}) == design
    assert hash(pinned.pinned({})) == hash(design)
    one, other = ({"dense0": (0, 0), "dense1": (20, 3)}, {"dense1": [20, 3], "dense0": [0, 0]})
    assert design.pinned(one) == design.pinned(other)
    assert "pinned to (20, 3)" in str(pinned)


def test_a_call_may_add_pins(pinned):
    first = pinned.place(pins={"dense0": (30, 0)})
    assert (first["dense0"], first["dense1"]) == ((30, 0), (20, 3))


def test_json_keeps_them(design, pinned):
    again = aie.Design.from_json(json.loads(json.dumps(pinned.to_json())))
    assert again == pinned
    assert again.place() == pinned.place()
    older = design.to_json()
    del older["pins"]  # files written before designs had pins
    assert aie.Design.from_json(older) == design


def test_the_project_has_them(pinned, tmp_path):
    project = pinned.export(tmp_path / "p", verify=False)
    assert aie.load_design(tmp_path / "p") == pinned
    graph = "".join((tmp_path / "p" / name).read_text() for name in map(str, project.files) if name.endswith("graph.h"))
    assert "create_dense1(20, 3)" in graph


@pytest.mark.parametrize("pins", [{"nolayer": (0, 0)}, {"dense0": "a"}, {"dense0": "ab"}, {"dense0": (1,)},
                                  {"dense0": (1, 2, 3)}, {"dense0": (0.5, 0)}, {"dense0": (-1, 0)}, {"dense0": 3}, 7,
                                  "dense0", ["dense0"]], ids=str)
def test_other_things_are_refused(design, pins):
    with pytest.raises(DesignError) as kept:
        design.pinned(pins)
    with pytest.raises(DesignError) as asked:
        design.place(pins=pins)
    assert str(asked.value) == str(kept.value)


@pytest.mark.parametrize(("asked", "words"), [
    (5, "is 5. Give columns"), ("a", "is 'a'. Give columns"), ({0: 1}, "Give columns"),
    ([None], "is None. Use a whole"), ([1.5], "is 1.5. Use a whole"), ([-1], "is -1. Use a whole"),
    ([99], "no column 99. Use 0 to 37")], ids=str)
def test_columns_that_are_none_of_the_array_are_refused(design, asked, words):
    with pytest.raises(DesignError, match=f"^forbidden_columns: .*{words}"):
        design.place(forbidden_columns=asked)


@pytest.mark.parametrize("asked", [5, "a", [None], [(0, 0, 1, 1)], Region(0, 0, 1, 1)], ids=str)
def test_what_is_no_region_is_refused(design, asked):
    with pytest.raises(DesignError, match=r"^reserved: .*Give regions"):
        design.place(reserved=asked)


def test_forms_other_than_lists_are_taken(design):
    import numpy as np

    with_lists = design.place(pins={"dense0": [9, 0]}, forbidden_columns=[5, 6])
    assert design.place(pins=(("dense0", (9, 0)),), forbidden_columns=np.array([6, 5])) == with_lists


@pytest.mark.parametrize("rules", [
    {"pins": {"a": "x"}}, {"pins": {"a": (1.5, 0)}}, {"pins": 5}, {"forbidden_columns": 5},
    {"forbidden_columns": [None]}, {"forbidden_columns": [1.5]}, {"reserved": 5}], ids=str)
def test_rules_of_a_placement_problem_are_refused_in_words(rules):
    with pytest.raises((DesignError, PlacementError)):
        Rules(**rules)
    with pytest.raises(DesignError, match=r"column: is 0\.5"):
        Region(0.5, 0, 1, 1)


def test_an_impossible_place_is_told(design):
    with pytest.raises(PlacementError):
        design.pinned({"dense0": (500, 0)}).place()
    assert design.pinned({"dense0": (500, 0)}).check()


def test_copies_cannot_be_pinned(design):
    with pytest.raises(DesignError, match="pattern"):
        aie.Design(design.network, design.device, design.choices, 2, {"dense0": (0, 0)})
