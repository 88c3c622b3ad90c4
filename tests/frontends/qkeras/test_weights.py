"""Quantized weights against QKeras itself, number by number."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
from aie_explorer.frontends.qkeras.weights import weight_integers, weight_values

from .reference import by_qkeras, matrix

SEEDS = st.integers(0, 10**6)
FLAGS = st.booleans()
FIXED = st.builds("quantized_bits({},{},{:d},keep_negative={},alpha={})".format, st.integers(1, 16), st.integers(-3, 6),
                  FLAGS, FLAGS, st.sampled_from([1, 0.5, 4]))
UNSET = st.builds("quantized_bits({},{},{:d},keep_negative={})".format, st.integers(2, 16), st.integers(-3, 6), FLAGS,
                  FLAGS)
LIMITED = st.builds("quantized_bits({},{},alpha='auto_po2',min_po2_exponent={},max_po2_exponent={})".format,
                    st.integers(2, 8), st.integers(-1, 2), st.integers(-14, -8), st.integers(-8, -2))
LINEAR = st.builds("quantized_linear({},{},{:d},keep_negative={},alpha={})".format, st.integers(1, 16),
                   st.integers(-3, 6), FLAGS, FLAGS, st.sampled_from([None, "'auto_po2'", 1, 0.5, 4]))
TERNARY = st.one_of(
    st.builds("ternary(number_of_unrolls={})".format, st.integers(1, 6)), st.just("stochastic_ternary"),
    st.just("ternary(alpha='auto_po2',use_stochastic_rounding=True)"),
    st.builds("ternary(alpha={},threshold={})".format, st.sampled_from([1, 0.5, 0.7]),
              st.sampled_from([None, 0.5, 0.1, 0])))
BINARY = st.one_of(
    st.builds("binary({:d},alpha={})".format, FLAGS, st.sampled_from([None, 1, 2.0, 0.7, "'auto_po2'"])),
    st.just("binary(alpha='auto_po2',min_po2_exponent=-4,max_po2_exponent=-2)"),
    st.builds("stochastic_binary(alpha={})".format, st.sampled_from([None, 2.0, "'auto_po2'"])))
ACTIVATION = st.one_of(
    st.builds("quantized_relu({},{},{})".format, st.integers(1, 12), st.integers(0, 6), st.integers(0, 1)),
    st.builds("quantized_relu({},{},0,{})".format, st.integers(8, 12), st.integers(0, 6),
              st.sampled_from([0.5, 0.125, 1.0])),
    st.builds("quantized_tanh({},symmetric={})".format, st.integers(1, 12), FLAGS),
    st.builds("quantized_sigmoid({},{})".format, st.integers(1, 12), FLAGS))


def compare(text, values, role):
    """Whether it is taken, and then equal to QKeras's numbers."""
    reason = ""
    try:
        found = weight_integers(parse_quantizer(text, "here"), values, role, "here")
    except ModelError as error:
        reason = str(error)
    if reason:
        assert any(word in reason for word in ("open", "between", "beyond")), (text, reason)
        return False
    expected = by_qkeras(text, values, role)
    product = found.integers * found.scale
    wrong = np.argwhere(product != expected)
    assert wrong.size == 0, (text, role, values[tuple(wrong[0])], product[tuple(wrong[0])], expected[tuple(wrong[0])])
    assert found.integers.shape == values.shape
    assert found.scale.shape in ((), values.shape[-1:])
    assert found.integers.min() >= (-(2 ** (found.bits - 1)) if found.signed else 0)
    assert found.integers.max() < 2 ** (found.bits - found.signed)
    assert np.array_equal(weight_values(parse_quantizer(text, "here"), values, role, "here"), expected)
    return True


@settings(max_examples=25, deadline=None)
@given(text=FIXED | UNSET | LIMITED, seed=SEEDS)
def test_quantized_bits(text, seed):
    compare(text, matrix(seed), "kernel")
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=25, deadline=None)
@given(text=LINEAR, seed=SEEDS)
def test_quantized_linear(text, seed):
    compare(text, matrix(seed), "kernel")
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=25, deadline=None)
@given(text=TERNARY | BINARY, seed=SEEDS)
def test_binary_and_ternary(text, seed):
    role = "bias" if "threshold" in text else "kernel"
    compare(text, matrix(seed), role)
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=25, deadline=None)
@given(text=ACTIVATION, seed=SEEDS)
def test_activations_on_weights(text, seed):
    compare(text, matrix(seed), "kernel")


POWERS = st.builds("{}({},{},quadratic_approximation={})".format,
                   st.sampled_from(["quantized_po2", "quantized_relu_po2"]), st.integers(3, 7),
                   st.sampled_from([None, 1, 0.5, 4, 3]), FLAGS)
SLOPED = st.builds("quantized_relu_po2({},{},{})".format, st.integers(3, 7), st.sampled_from([None, 1, 4]),
                   st.sampled_from([0.25, 0.5]))


@settings(max_examples=25, deadline=None)
@given(text=POWERS | SLOPED, seed=SEEDS)
def test_powers_of_two(text, seed):
    values = matrix(seed)
    try:
        found = weight_values(parse_quantizer(text, "here"), values, "kernel", "here")
    except ModelError:
        return
    assert np.array_equal(found, by_qkeras(text, values))
