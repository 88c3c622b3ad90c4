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
    config = {"name": "f", "layers": items, "output_layers": [[name, 0, 0] for name in outputs]}
    return RawModel({"class_name": "Functional", "config": config}, {}, "file")


def test_order_follows_the_graph_not_the_file():
    chain = parse_graph(functional({"b": [["a"]], "a": [["x"]]}, ["b"]))
    assert [one.name for one in chain.layers] == ["a", "b"]


BAD = {
    "branch": (functional({"a": [["x"]], "b": [["x"]]}, ["a"]), "branches"),
    "merge": (functional({"a": [["x"]], "b": [["a", "x"]]}, ["b"]), "reads 2 tensors"),
    "shared": (functional({"a": [["x"], ["x"]]}, ["a"]), "shared"),
    "two inputs": (functional({"a": [["x"]]}, ["a"], ("x", "y")), "2 inputs"),
    "two outputs": (functional({"a": [["x"]], "b": [["a"]]}, ["a", "b"]), "one output"),
    "loop": (functional({"a": [["a"]]}, ["a"]), "not connected"),
}


@pytest.mark.parametrize(("raw", "reason"), BAD.values(), ids=list(BAD))
def test_graphs_that_are_no_chain(raw, reason):
    with pytest.raises(ModelError, match=reason):
        parse_graph(raw)


@pytest.mark.parametrize("call", [
    [["x", 0, 0, {"training": True}]], {"args": [["x", 0, 0]], "kwargs": {"training": True}}])
def test_dropout_that_drops_at_inference(call):
    raw = functional({"a": [["x"]]}, ["a"])
    raw.config["config"]["layers"][1] |= {"inbound_nodes": [call], "class_name": "Dropout"}
    (dropout,) = parse_graph(raw).layers
    with pytest.raises(ModelError, match="at random"):
        layer_steps(dropout, (), (4,))
