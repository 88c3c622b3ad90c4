"""The passes against a slow model of what the layers mean, in exact rationals."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, FixedPoint, Network, Quantize, QuantizedArray, Relu, Reshape, Tensor
from aie_explorer.passes import lower, sum_bits
from aie_explorer.reference import simulate_ints

KINDS = {"q": Quantize, "r": Relu, "-": Reshape}


def chain(*steps, shape=(2,)):
    """A network of: a FixedPoint (quantize), "relu", "reshape", or (weights, weight frac, bias, its frac)."""
    tensors = [Tensor("x", shape, None)]
    ops = []
    for index, step in enumerate(steps):
        name, source = f"op{index}", tensors[-1]
        names = (name, name, (source.name,), name + "_out")
        if isinstance(step, FixedPoint):
            ops.append(Quantize(*names))
            tensors.append(Tensor(name + "_out", source.shape, step))
        elif isinstance(step, str):
            ops.append({"relu": Relu, "reshape": Reshape}[step](*names))
            tensors.append(Tensor(name + "_out", (2,) if step == "reshape" else source.shape, source.type))
        else:
            weights, frac, bias, bias_frac = step
            weights = np.array(weights)
            held = None if bias is None else QuantizedArray(np.array(bias), FixedPoint(16, bias_frac))
            ops.append(Dense(*names, QuantizedArray(weights, FixedPoint(8, frac)), held))
            tensors.append(Tensor(name + "_out", (weights.shape[1],), None))
    return Network("net", 1, tuple(ops), {t.name: t for t in tensors}, ("x",), (tensors[-1].name,))


def meaning(steps, values):
    """The steps on rationals, spelled out from their definitions."""
    for step in steps:
        if isinstance(step, FixedPoint):
            unit = Fraction(2) ** -step.frac
            values = [min(max(round(v / unit), step.min_int), step.max_int) * unit for v in values]
        elif step == "relu":
            values = [max(v, Fraction(0)) for v in values]
        elif step != "reshape":
            weights, frac, bias, bias_frac = step
            biases = [0] * len(weights[0]) if bias is None else bias
            values = [sum(v * w[n] * Fraction(2) ** -frac for v, w in zip(values, weights, strict=True))
                      + biases[n] * Fraction(2) ** -bias_frac for n in range(len(weights[0]))]
    return values


TYPES = st.builds(FixedPoint, st.integers(2, 8), st.integers(-2, 9), st.booleans())
WEIGHTS = st.lists(st.lists(st.integers(-100, 100), min_size=2, max_size=2), min_size=2, max_size=2)
LAYER = st.tuples(WEIGHTS, st.integers(-1, 8), st.none() | st.lists(st.integers(-99, 99), min_size=2, max_size=2),
                  st.integers(-2, 14))
PLAIN = st.lists(st.sampled_from(["relu", "reshape"]), max_size=2)
AFTER = PLAIN | st.lists(TYPES | st.sampled_from(["relu", "reshape"]), max_size=3)
BETWEEN = st.tuples(PLAIN, TYPES, AFTER).map(lambda parts: [*parts[0], parts[1], *parts[2]])


@settings(max_examples=300, deadline=None)
@given(first=TYPES, before=AFTER, one=LAYER, between=BETWEEN, two=LAYER, after=AFTER, data=st.data())
def test_lowered_networks_mean_the_same_or_are_refused(first, before, one, between, two, after, data):
    steps = [first, *before, one, *between, two, *after]
    try:
        network = lower(chain(*steps))
    except ModelError as error:
        assert error.where  # noqa: PT017
        assert error.remedy  # noqa: PT017
        return
    assert all(isinstance(op, Dense) for op in network.ops)
    fixed = network.type_of("x")
    ints = data.draw(st.lists(st.integers(fixed.min_int, fixed.max_int), min_size=2, max_size=2))
    expected = meaning(steps, [v * Fraction(2) ** -fixed.frac for v in ints])
    (result,) = network.outputs
    found = simulate_ints(network, np.array([ints]))[result][0]
    assert [int(v) * Fraction(2) ** -network.type_of(result).frac for v in found] == expected


S8, U8 = FixedPoint(8, 7), FixedPoint(8, 8, signed=False)
EYE = ([[1, 0], [0, 1]], 0, None, 0)


def test_relu_at_the_input_makes_it_unsigned():
    assert lower(chain("relu", S8, EYE)).type_of("x") == FixedPoint(7, 7, signed=False)
    assert lower(chain(S8, "relu", EYE)).type_of("x") == FixedPoint(7, 7, signed=False)


def test_flatten_before_the_quantizer():
    network = lower(chain("reshape", S8, EYE, shape=(2, 1)))
    assert network.tensors["x"].shape == (2,)
    assert "2 x 1" in network.rewrites[0]


def test_clamp_carries_relu_and_width():
    (op,) = lower(chain(S8, EYE, "relu", FixedPoint(6, 5))).layers
    assert op.clamp == (0, 31)
    assert op.output == "op1_out"


@pytest.mark.parametrize(("second", "clamp"), [
    (FixedPoint(8, 7), (-128, 127)), (FixedPoint(6, 7), (-32, 31)), (FixedPoint(9, 8), (-128, 127)),
    (FixedPoint(10, 9, signed=False), (0, 127)), (FixedPoint(8, 6), None), (FixedPoint(8, 8), None)])
def test_a_second_quantizer_folds_only_where_it_does_not_round(second, clamp):
    network = chain(S8, EYE, S8, second)
    if clamp is None:  # a layer of ones rounds again
        lowered = lower(network)
        assert len(lowered.layers) == 2
        assert any("rounds again" in note for note in lowered.rewrites)
    else:
        assert lower(network).layers[0].clamp == clamp


def test_exact_sum_at_the_end():
    network = lower(chain(S8, EYE))
    assert network.type_of("op1_out") == FixedPoint(32, 7)
    assert network.layers[0].clamp is None
    assert lower(chain(S8, EYE, "relu")).layers[0].clamp == (0, 2**31 - 1)


def test_weights_are_scaled_for_a_finer_bias_and_the_note_says_so():
    network = lower(chain(S8, ([[3, 0], [0, -4]], 0, [1, 6], 9), S8))
    (op,) = network.layers
    assert op.weights.values.tolist() == [[12, 0], [0, -16]]
    assert op.bias.values.tolist() == [1, 6]
    assert "one scale with its bias" in network.rewrites[0]
    with pytest.raises(ModelError, match="bias_quantizer"):
        lower(chain(S8, ([[100, 0], [0, -4]], 0, [1, 6], 17), S8))


@pytest.mark.parametrize(("weight", "extra", "fits"), [(1, 14, True), (1, 15, False), (-1, 15, True), (-1, 16, False)])
def test_scaled_weights_use_all_of_16_bits_and_no_more(weight, extra, fits):
    network = chain(FixedPoint(8, 0), ([[weight, 0], [0, weight]], 0, [1, 0], extra), FixedPoint(8, 0))
    if not fits:
        with pytest.raises(ModelError, match="of 16"):
            lower(network)
    else:
        assert lower(network).layers[0].weights.type.width == 16


@settings(max_examples=100, deadline=None)
@given(weights=WEIGHTS, bias=st.none() | st.lists(st.integers(-999, 999), min_size=2, max_size=2), fixed=TYPES,
       order=st.permutations(range(3)))
def test_accumulator_bits_hold_every_partial_sum_and_are_reached(weights, bias, fixed, order):
    held = None if bias is None else QuantizedArray(np.array(bias), FixedPoint(32, 0))
    op = Dense("d", "d", ("x",), "y", QuantizedArray(np.array(weights), FixedPoint(8, 0)), held)
    bits = sum_bits(op, fixed.min_int, fixed.max_int)
    extremes = []
    for n in range(2):
        for high in (fixed.min_int, fixed.max_int):
            for low in (fixed.min_int, fixed.max_int):
                terms = [high * weights[0][n], low * weights[1][n], 0 if bias is None else bias[n]]
                extremes += np.cumsum([terms[index] for index in order]).tolist()
                extremes += [sum(t for t in terms if t > 0), sum(t for t in terms if t < 0)]
    assert all(-(1 << (bits - 1)) <= value < 1 << (bits - 1) for value in extremes)
    assert bits == 1 or any(not -(1 << (bits - 2)) <= value < 1 << (bits - 2) for value in extremes)


def test_no_dense_layer():
    with pytest.raises(ModelError, match="no Dense layer"):
        lower(chain(S8))


def test_exact_output_wider_than_32_bits():
    wide = QuantizedArray(np.full((40, 1), 2**15 - 1), FixedPoint(16, 0))
    network = chain(FixedPoint(16, 0), EYE)
    op = dataclasses.replace(network.layers[0], weights=wide)
    tensors = {**network.tensors, "x": Tensor("x", (40,), None)}
    with pytest.raises(ModelError, match="exact sums need"):
        lower(network.replace(ops=(network.ops[0], op), tensors=tensors))
