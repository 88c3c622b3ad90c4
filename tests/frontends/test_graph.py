import pytest

from aie_explorer.errors import ModelError
from aie_explorer.frontends.graph import parse_graph
from aie_explorer.frontends.layers import layer_steps
from aie_explorer.frontends.raw import RawModel

from .conftest import layer


def functional(edges, outputs, inputs=("x",)):
    """A Functional model: `edges` gives the sources of each layer, each call a list."""
    items = [layer("InputLayer", name, batch_shape=[None, 4]) | {"inbound_nodes": []} for name in inputs]
    items += [layer("ReLU", name) | {"inbound_nodes": [[[source, 0, 0, {}] for source in call] for call in calls]}
              for name, calls in edges.items()]
    config = {"name": "f", "layers": items, "input_layers": [[name, 0, 0] for name in inputs],
              "output_layers": [[name, 0, 0] if isinstance(name, str) else list(name) for name in outputs]}
    return RawModel({"class_name": "Functional", "config": config}, {}, "file")


def calls(raw):
    """(layer, values read, value made) of every call."""
    return [(call.layer.name, call.inputs, call.output) for call in parse_graph(raw).calls]


def test_order_follows_the_graph_not_the_file():
    assert calls(functional({"b": [["a"]], "a": [["x"]]}, ["b"])) == [("a", (0,), 1), ("b", (1,), 2)]


def test_branches_merges_and_several_ends():
    raw = functional({"a": [["x"]], "b": [["a", "y"]], "c": [["a"]]}, ["c", "b"], ("y", "x"))
    assert calls(raw) == [("a", (1,), 2), ("c", (2,), 3), ("b", (2, 0), 4)]
    graph = parse_graph(raw)
    assert [name for name, _ in graph.inputs] == ["y", "x"]
    assert graph.outputs == (3, 4)


def test_a_shared_layer_is_called_twice():
    raw = functional({"a": [["x"], ["y"]], "b": [["x"]]}, [("a", 1, 0), "b", ("a", 0, 0)], ("x", "y"))
    assert calls(raw) == [("a", (1,), 2), ("b", (0,), 3), ("a", (0,), 4)]


def test_what_no_output_needs_is_left_out():
    assert calls(functional({"a": [["x"]], "b": [["x"]]}, ["a"])) == [("a", (0,), 1)]


def test_nested_models_are_put_in_their_place():
    inner = functional({"a": [["x"]], "b": [["a"]]}, ["b"]).config
    inner = {**inner, "config": {**inner["config"], "name": "inner"}}
    raw = functional({"c": [["inner"]], "inner": [["x"], ["c"]]}, [("inner", 1, 0)])
    raw.config["config"]["layers"][2] = inner | {"inbound_nodes": [[["x", 0, 0, {}]], [["c", 0, 0, {}]]]}
    assert calls(raw) == [("inner/a", (0,), 1), ("inner/b", (1,), 2), ("c", (2,), 3), ("inner/a", (3,), 4),
                          ("inner/b", (4,), 5)]


def nested(depth):
    inner = functional({"a": [["x"]]}, ["a"]).config
    for _ in range(depth):
        outer = functional({"f": [["x"]]}, ["f"]).config
        outer["config"]["layers"][1] = inner | {"inbound_nodes": [[["x", 0, 0, {}]]]}
        inner = outer
    return RawModel(inner, {}, "file")


BAD = {
    "loop": (functional({"a": [["a"]]}, ["a"]), "reads its own output"),
    "long loop": (functional({"a": [["b"]], "b": [["a"]]}, ["a"]), "reads its own output"),
    "no source": (functional({"a": [[]]}, ["a"]), "reads nothing"),
    "unknown source": (functional({"a": [["z"]]}, ["a"]), "not connected"),
    "no such call": (functional({"a": [["x"]]}, [("a", 3, 0)]), "not connected"),
    "no such output": (functional({"a": [["x"]]}, [("a", 0, 3)]), "does not exist"),
    "no output": (functional({"a": [["x"]]}, []), "names no output"),
    "deep": (nested(20), "nests models"),
}


@pytest.mark.parametrize(("raw", "reason"), BAD.values(), ids=list(BAD))
def test_malformed_graphs(raw, reason):
    with pytest.raises(ModelError, match=reason):
        parse_graph(raw)


@pytest.mark.parametrize("call", [
    [["x", 0, 0, {"training": True}]], {"args": [["x", 0, 0]], "kwargs": {"training": True}}])
def test_dropout_that_drops_at_inference(call):
    raw = functional({"a": [["x"]]}, ["a"])
    raw.config["config"]["layers"][1] |= {"inbound_nodes": [call], "class_name": "Dropout"}
    (dropout,) = parse_graph(raw).calls
    with pytest.raises(ModelError, match="at random"):
        layer_steps(dropout.layer, (), [(4,)])
