import contextlib
import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import AieExplorerError, PlacementError
from aie_explorer.placement import Block, Edge, Region, load_problem, parse_problem

DATA = Path(__file__).parent / "data"
SMALL = {
    "array": {"cols": 6, "rows": 4},
    "blocks": [{"id": "a", "w": 2, "h": 2}, {"id": "b", "w": 1, "h": 2}],
    "edges": [{"src": "a", "dst": "b", "direct": True, "exclusive": True}],
    "objective": {"lambda": 2.0, "mu": 0.5, "keepout": 1},
    "pins": {"b": [3, 0]}, "forbidden_columns": [5], "reserved": [{"col": 0, "row": 3, "w": 2, "h": 1}],
}


def test_every_entry_is_read():
    problem = parse_problem(SMALL)
    assert problem.blocks == (Block("a", 2, 2), Block("b", 1, 2))
    assert problem.edges == (Edge("a", "b", "direct", True),)
    assert (problem.array.columns, problem.array.rows) == (6, 4)
    assert (problem.weights.vertical, problem.weights.row) == (2.0, 0.5)
    rules = problem.rules
    assert (rules.keepout_columns, rules.keepout_shared, rules.forbidden_columns) == (1, True, (5,))
    assert rules.pins == (("b", (3, 0)),)
    assert rules.reserved == (Region(0, 3, 2, 1, "reserved region 0"),)


def test_the_rule_in_words():
    problem = load_problem(DATA / "p11_residual4.json")
    assert (problem.rules.keepout_columns, problem.rules.keepout_shared) == (1, True)
    assert sum(edge.may_abut for edge in problem.edges) == 9
    plain = copy.deepcopy(SMALL)
    plain["objective"]["keepout"] = "each block reserves 1 column to its left; rectangles must not intersect"
    assert parse_problem(plain).rules.keepout_shared is False
    del plain["objective"]
    rules = parse_problem(plain).rules
    assert rules.keepout_columns == 0


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("array",), None, "array: is None"),
        (("array", "cols"), 0, r"array.cols"),
        (("blocks", 0, "w"), "2", r"blocks\[0\].w: is '2'"),
        (("blocks", 0, "w"), 10**9, r"blocks\[0\].w: is 1000000000"),
        (("blocks", 0, "id"), 3, r"blocks\[0\].id: is 3"),
        (("blocks",), {}, "blocks: is {}"),
        (("edges", 0, "direct"), 1, r"edges\[0\].direct: is 1"),
        (("edges", 0, "dst"), "z", "z: the edge a -> z names no block"),
        (("objective", "lambda"), -1, "vertical: the weight is -1"),
        (("objective", "mu"), "x", "objective.mu: is 'x'"),
        (("objective", "keepout"), "blocks like each other", "objective.keepout: the rule"),
        (("objective", "keepout"), 2, "keepout_columns: a keepout of 2 columns"),
        (("pins", "b"), [1], r"pins.b: is \[1\]"),
        (("pins", "b"), [1, -1], "pins.b: is -1"),
        (("reserved", 0, "w"), 0, r"reserved\[0\].w"),
        (("forbidden_columns",), [-1], "forbidden_columns: is -1"),
    ],
)
def test_what_is_wrong_is_named(path, value, words):
    data = copy.deepcopy(SMALL)
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(PlacementError, match=words):
        parse_problem(data)


def test_a_missing_entry_is_named():
    with pytest.raises(PlacementError, match="has no 'blocks'"):
        parse_problem({"array": SMALL["array"]})
    with pytest.raises(PlacementError, match="problem: is 3"):
        parse_problem(3)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(PlacementError, match="No such file"):
        load_problem(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(PlacementError, match="is not JSON"):
        load_problem(broken)
    broken.write_bytes(b"\xff\xfe{}")
    with pytest.raises(PlacementError, match="is not JSON"):
        load_problem(broken)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=6)


@given(st.sampled_from([*SMALL, "name"]), JSON)
@settings(max_examples=200, deadline=None)
def test_no_json_makes_it_crash(key, value):
    data = {**json.loads(json.dumps(SMALL)), key: value}
    with contextlib.suppress(AieExplorerError):
        assert parse_problem(data).blocks
