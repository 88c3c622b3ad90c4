import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.frontends import load
from aie_explorer.ir import Dense, FixedPoint, Network, QuantizedArray, Tensor
from aie_explorer.passes import BoundAccumulators
from aie_explorer.reference import quantized, simulate, simulate_ints


def network(weights, bias=None, width=8, out=None):
    """One Dense layer on signed integers of `width` bits."""
    weights = np.asarray(weights, dtype=np.int64)
    out = out or FixedPoint(32, 0)
    op = Dense("fc", "fc", ("x",), "y", QuantizedArray(weights, FixedPoint(16, 0)),
               None if bias is None else QuantizedArray(np.asarray(bias), FixedPoint(32, 0)),
               None if out.width == 32 else (out.min_int, out.max_int))
    tensors = {"x": Tensor("x", weights.shape[:1], FixedPoint(width, 0)), "y": Tensor("y", weights.shape[1:], out)}
    return BoundAccumulators().apply(Network("n", 1, (op,), tensors, ("x",), ("y",)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), width=st.sampled_from([4, 8, 13, 16]), size=st.sampled_from([1, 20, 300]))
def test_every_arithmetic_gives_the_exact_integers(seed, width, size):
    rng = np.random.default_rng(seed)
    top = 2 ** (width - 1)
    weights = rng.integers(-top, top, (size, 3))
    net = network(weights, rng.integers(-1000, 1000, 3), width, FixedPoint(16, -8))
    ints = rng.integers(-top, top, (5, size))
    exact = ints.astype(object) @ weights.astype(object) + net.layers[0].bias.values.astype(object)
    expected = [[min(max(round(v / 256), -(2**15)), 2**15 - 1) for v in row] for row in exact]
    assert simulate_ints(net, ints)["y"].tolist() == expected
    whole = net.replace(ops=(dataclasses.replace(net.layers[0], clamp=None),))
    assert simulate_ints(whole, ints)["y"].tolist() == exact.tolist()


def test_chunks_and_no_samples(monkeypatch):
    import sys
    module = sys.modules["aie_explorer.reference.simulate"]
    net = network(np.eye(3) * 2, [1, 2, 3])
    x = np.random.default_rng(0).integers(-100, 100, (50, 3))
    whole = simulate(net, x)
    monkeypatch.setattr(module, "CHUNK_ELEMENTS", 20)
    assert np.array_equal(simulate(net, x), whole)
    assert simulate(net, np.empty((0, 3))).shape == (0, 3)


def test_layers_give_every_tensor():
    net = network(np.eye(2))
    tensors = simulate_ints(net, quantized(net, [[1.5, -300.0]])["x"])
    assert {name: values.tolist() for name, values in tensors.items()} == {"x": [[2, -128]], "y": [[2, -128]]}
    assert simulate(net, [[1.5, -300.0]]).tolist() == [[2.0, -128.0]]


def test_inputs_of_several_dimensions_are_flattened():
    net = network(np.eye(6))
    x = np.arange(12).reshape(2, 2, 3)
    assert np.array_equal(simulate(net, x), x.reshape(2, 6))


BAD = {
    "features": (np.zeros((2, 3)), "shape"), "one sample": (np.zeros(2), "x\\[None\\]"),
    "text": (["a"], "real numbers"), "ragged": ([[1, 2], [3]], "real numbers"),
    "nan": ([[0, np.nan]], "NaN"), "inf": ([[0, np.inf]], "NaN"), "scalar": (1.0, "shape"),
    "complex": (np.ones((1, 2)) * 1j, "real numbers"),
}


@pytest.mark.parametrize(("x", "reason"), BAD.values(), ids=list(BAD))
def test_wrong_inputs(x, reason):
    with pytest.raises(ModelError, match=reason):
        simulate(network(np.eye(2)), x)


def test_wrong_integers():
    with pytest.raises(ModelError, match="outside -128 to 127"):
        simulate_ints(network(np.eye(2)), np.array([[0, 128]]))
    with pytest.raises(ModelError, match="expects integers"):
        simulate_ints(network(np.eye(2)), np.zeros((1, 2)))


TWO = load(Path(__file__).parents[1] / "frontends" / "data" / "many.h5")
GOOD = {name: np.zeros((2, *TWO.tensors[name].shape)) for name in TWO.inputs}


@pytest.mark.parametrize(("x", "reason"), [
    ({TWO.inputs[0]: GOOD[TWO.inputs[0]]}, "no numbers are given for the input"),
    (GOOD | {"other": 1}, "has no input 'other'"),
    (GOOD | {TWO.inputs[0]: GOOD[TWO.inputs[0]][:1]}, "the inputs have 1 and 2 samples"),
    (GOOD[TWO.inputs[0]], "has 2 inputs")])
def test_several_inputs_must_be_told_apart(x, reason):
    assert all(len(values) == 2 for values in simulate(TWO, GOOD).values())
    assert all(len(values) == 2 for values in simulate(TWO, list(GOOD.values())).values())
    with pytest.raises(ModelError, match=reason):
        simulate(TWO, x)
