"""Random graphs through the passes against a slow model of what the operations mean, in exact rationals."""

import numpy as np
import pytest
from graphs import TWO, random_graph
from hypothesis import event, given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.ir import (
    Add,
    Concat,
    Dense,
    FixedPoint,
    Network,
    Permute,
    Quantize,
    QuantizedArray,
    Relu,
    Scale,
    Tensor,
)
from aie_explorer.ir.serialize import network_from_json, network_to_json
from aie_explorer.passes import lower
from aie_explorer.reference import simulate_ints


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.integers(1, 7), ends=st.integers(1, 2), heads=st.integers(1, 2))
def test_lowered_graphs_mean_the_same_or_are_refused(seed, steps, ends, heads):
    graph = random_graph(seed, steps, heads)
    rng = graph.rng
    outputs = tuple(rng.permutation([op.output for op in graph.ops[-3:]])[:ends].tolist())
    try:
        network = lower(graph.network(outputs))
    except ModelError as error:
        assert error.where  # noqa: PT017
        event(f"refused: {error.problem[:40]}")
        return
    event("lowered")
    assert all(isinstance(op, Dense) for op in network.ops)
    for op in network.layers:
        assert len({network.type_of(name).storage for name in op.inputs}) == 1
        assert len(op.inputs) == 1 or all(network.tensors[name].shape[0] % 16 == 0 for name in op.inputs)
        assert op.k == sum(network.tensors[name].shape[0] for name in op.inputs)
        if op.finer is not None:
            assert (op.finer.reshape(-1, 8) == op.finer.reshape(-1, 8)[:, :1]).all()
    again = network_from_json(network_to_json(network))
    assert again.digest == network.digest
    given = {}
    for name, (width, fixed) in graph.inputs.items():
        kept = network.type_of(name)  # a ReLU or a second quantizer at the input may have made it narrower
        assert kept.frac == fixed.frac
        given[name] = rng.integers(kept.min_int, kept.max_int + 1, (3, width))
    placed = {name: network.tensors[name].from_model(values) for name, values in given.items()}
    found = simulate_ints(again, placed)
    for sample in range(3):
        expected = graph.mean({name: values[sample] for name, values in given.items()})
        for asked, name in zip(outputs, network.outputs, strict=True):
            tensor = network.tensors[name]
            got = tensor.to_model(found[name])[sample]
            assert [int(v) * TWO ** -network.type_of(name).frac for v in got] == expected[asked]


@pytest.mark.parametrize("orders", [[[1, 2, 0], [1, 2, 0]], [[2, 0, 1], [1, 2, 0]], [[1, 0, 2], [0, 2, 1]]])
def test_orders_of_orders(orders):
    """Before a layer, and where the network ends."""
    def ordered(names, source, tensors):
        ops = []
        for name, order in zip(names, orders, strict=False):
            ops.append(Permute(name, name, (source,), f"{name}_out", np.array(order)))
            source = f"{name}_out"
            tensors[source] = Tensor(source, (3,), None)
        return ops, source

    rng = np.random.default_rng(0)
    tensors = {"x": Tensor("x", (3,), FixedPoint(8, 4)), "d_out": Tensor("d_out", (3,), None),
               "q_out": Tensor("q_out", (3,), FixedPoint(8, 2))}
    before, source = ordered("abc", "x", tensors)
    weights = rng.integers(-50, 50, (3, 3))
    middle = [Dense("d", "d", (source,), "d_out", QuantizedArray(weights, FixedPoint(8, 5))),
              Quantize("q", "q", ("d_out",), "q_out")]
    after, end = ordered("efg", "q_out", tensors)
    network = lower(Network("net", 1, (*before, *middle, *after), tensors, ("x",), (end,)))
    assert len(network.layers) == 1  # nothing is moved
    x = rng.integers(-128, 128, (20, 3))
    expected = x
    for order in orders:
        expected = expected[:, order]
    expected = np.clip(np.round(expected @ weights / 2**7), -128, 127)
    for order in orders:
        expected = expected[:, order]
    (output,) = network.outputs
    assert np.array_equal(network.tensors[output].to_model(simulate_ints(network, {"x": x})[output]), expected)


@pytest.mark.parametrize("between", ["permute", "concat"])
def test_an_input_that_is_read_as_it_is_and_rectified_behind_a_rearrangement(between):
    """The host sends it once, as it is read first; a layer of ones rectifies it for the other reader."""
    order = np.array([2, 0, 1])
    rng = np.random.default_rng(0)
    middle = Permute("p", "p", ("q_out",), "p_out", order) if between == "permute" else Concat(
        "p", "p", ("q_out", "q_out"), "p_out")
    wide = 3 if between == "permute" else 6
    one, two = (QuantizedArray(rng.integers(-50, 50, (k, 3)), FixedPoint(8, 5)) for k in (wide, 3))
    ops = (Quantize("q", "q", ("x",), "q_out"), middle, Relu("r", "r", ("p_out",), "r_out"),
           Dense("a", "a", ("r_out",), "a_out", one), Dense("b", "b", ("q_out",), "b_out", two),
           Add("s", "s", ("a_out", "b_out"), "s_out"), Quantize("z", "z", ("s_out",), "z_out"))
    fixed = FixedPoint(8, 4)
    tensors = {"x": Tensor("x", (3,), None), "q_out": Tensor("q_out", (3,), fixed),
               "p_out": Tensor("p_out", (wide,), fixed),
               "r_out": Tensor("r_out", (wide,), fixed), "z_out": Tensor("z_out", (3,), FixedPoint(8, 2))}
    tensors |= {name: Tensor(name, (3,), None) for name in ("a_out", "b_out", "s_out")}
    network = lower(Network("net", 1, ops, tensors, ("x",), ("z_out",)))
    x = rng.integers(-128, 128, (50, 3))
    placed = network.tensors["x"].from_model(x)
    middle_x = np.maximum(x[:, order] if between == "permute" else np.concatenate([x, x], axis=1), 0)
    expected = np.clip(np.round((middle_x @ one.values + x @ two.values) / 2**7), -128, 127)
    (output,) = network.outputs
    assert np.array_equal(network.tensors[output].to_model(simulate_ints(network, {"x": placed})[output]), expected)


def test_a_scale_of_features_in_another_order():
    """Batch normalisation behind a transpose: gains and offsets are those of the features, wherever they stand."""
    order, gain, offset = np.array([2, 0, 1]), np.array([1.5, 0.375, 3.0]), np.array([0.125, -1.75, 0.5])
    weights = np.array([[3, -7, 11], [20, 5, -9], [-4, 8, 2]])
    ops = (Dense("d", "d", ("x",), "d_out", QuantizedArray(weights, FixedPoint(8, 5))),
           Permute("p", "p", ("d_out",), "p_out", order),
           Scale("s", "s", ("p_out",), "s_out", gain, offset), Quantize("q", "q", ("s_out",), "q_out"))
    tensors = {"x": Tensor("x", (3,), FixedPoint(8, 4)), "q_out": Tensor("q_out", (3,), FixedPoint(8, 3))}
    tensors |= {name: Tensor(name, (3,), None) for name in ("d_out", "p_out", "s_out")}
    network = lower(Network("net", 1, ops, tensors, ("x",), ("q_out",)))
    x = np.random.default_rng(0).integers(-128, 128, (50, 3))
    (output,) = network.outputs
    expected = np.clip(np.round(8 * (gain * ((x / 16) @ (weights / 32))[:, order] + offset)), -128, 127)
    assert np.array_equal(network.tensors[output].to_model(simulate_ints(network, {"x": x})[output]), expected)


def one_dense(weights, finer, *after, width=8):
    weights = np.array(weights)
    k, n = weights.shape
    ops = [Quantize("q", "q", ("x",), "q_out"),
           Dense("d", "d", ("q_out",), "d_out", QuantizedArray(weights, FixedPoint(8, 7)), finer=np.array(finer))]
    tensors = {"x": Tensor("x", (k,), None), "q_out": Tensor("q_out", (k,), FixedPoint(width, 4)),
               "d_out": Tensor("d_out", (n,), None)}
    for i, fixed in enumerate(after):
        ops.append(Quantize(f"a{i}", f"a{i}", (ops[-1].output,), f"a{i}_out"))
        tensors[f"a{i}_out"] = Tensor(f"a{i}_out", (n,), fixed)
    return lower(Network("net", 8, tuple(ops), tensors, ("x",), (ops[-1].output,)))


def test_channel_scales_that_fit_one_matrix():
    network = one_dense([[3, -1, 2]], [0, 2, 1], FixedPoint(8, 4))
    (op,) = network.layers
    assert op.finer is None
    assert op.weights.values.tolist() == [[12, -1, 4]]
    assert "one scale" in network.rewrites[0]


def test_channel_scales_that_do_not_are_ordered_in_blocks():
    weights, finer = np.full((4, 32), 127), np.arange(32) % 2
    network = one_dense(weights, finer, FixedPoint(8, 4))
    (op,) = network.layers
    assert op.weights.type.storage == "int8"
    assert op.finer.tolist() == [1] * 16 + [0] * 16
    assert network.tensors[op.output].features == (*range(1, 32, 2), *range(0, 32, 2))
    assert "block" in network.rewrites[0]


def test_few_channels_of_many_scales_take_16_bits():
    network = one_dense([[127, 127, 127, 127, 127, 127, 127, 127]], range(8), FixedPoint(8, 4), width=16)
    (op,) = network.layers
    assert op.weights.type.storage == "int16"
    assert op.finer is None


def test_an_exact_output_has_one_scale():
    network = one_dense(np.full((4, 32), 127), np.arange(32) % 2)
    assert network.layers[0].weights.type.storage == "int16"
    with pytest.raises(ModelError, match="of 16"):
        one_dense(np.full((4, 32), 127), np.arange(32) % 2 * 10)
