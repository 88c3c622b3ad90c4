"""Quantized weights against QKeras itself, number by number."""

import numpy as np
import pytest
import qkeras
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
    """Whether it is taken, and then equal to QKeras's numbers; a refused matrix is tried column by column."""
    reason = ""
    try:
        found = weight_integers(parse_quantizer(text, "here"), values, role, "here")
    except ModelError as error:
        reason = str(error)
    if reason:
        assert any(word in reason for word in ("open", "between", "beyond")), (text, reason)
        if values.ndim == 2 and values.shape[1] > 1:
            taken = [compare(text, values[:, column: column + 1], role) for column in range(values.shape[1])]
            assert np.mean(taken) > 0.3, text
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


@settings(max_examples=60, deadline=None)
@given(text=FIXED | UNSET | LIMITED, seed=SEEDS)
def test_quantized_bits(text, seed):
    compare(text, matrix(seed), "kernel")
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=60, deadline=None)
@given(text=LINEAR, seed=SEEDS)
def test_quantized_linear(text, seed):
    compare(text, matrix(seed), "kernel")
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=60, deadline=None)
@given(text=TERNARY | BINARY, seed=SEEDS)
def test_binary_and_ternary(text, seed):
    role = "bias" if "threshold" in text else "kernel"
    compare(text, matrix(seed), role)
    compare(text, matrix(seed)[3], "bias")


@settings(max_examples=60, deadline=None)
@given(text=ACTIVATION, seed=SEEDS)
def test_activations_on_weights(text, seed):
    compare(text, matrix(seed), "kernel")


POWERS = st.builds("{}({},{},quadratic_approximation={})".format,
                   st.sampled_from(["quantized_po2", "quantized_relu_po2"]), st.integers(3, 7),
                   st.sampled_from([None, 1, 0.5, 4, 3]), FLAGS)
SLOPED = st.builds("quantized_relu_po2({},{},{})".format, st.integers(3, 7), st.sampled_from([None, 1, 4]),
                   st.sampled_from([0.25, 0.5]))


@settings(max_examples=60, deadline=None)
@given(text=POWERS | SLOPED, seed=SEEDS)
def test_powers_of_two(text, seed):
    values = matrix(seed)
    try:
        found = weight_values(parse_quantizer(text, "here"), values, "kernel", "here")
    except ModelError:
        return
    assert np.array_equal(found, by_qkeras(text, values))


@pytest.mark.parametrize(("text", "role", "reason", "remedy"), [
    ("quantized_bits(8,0,alpha='auto')", "kernel", "no power of two, 0.00.*rounded in float32", "auto_po2"),
    ("quantized_bits(8,0,alpha=0.3)", "kernel", "no power of two, 0.300000012|no power of two, 0.0023", "auto_po2"),
    ("quantized_linear(8,0,alpha='auto')", "kernel", "no power of two", "auto_po2"),
    ("quantized_bits(8,0,alpha=[0.5 0.25])", "kernel", "has 2 scales.*48 outputs", "one scale for each output"),
    ("quantized_bits(8,0,alpha='auto_po2',post_training_scale=[0.5 0.25])", "kernel", "2 post-training", "Give 48"),
    ("quantized_bits(8,0,post_training_scale=[0.5])", "kernel", "post_training_scale.*only with", "auto_po2"),
    ("quantized_bits(8,0,alpha=1,min_po2_exponent=-3)", "kernel", "limits the exponent", "limits out"),
    ("quantized_bits(8,0,scale_axis=0)", "kernel", "each place of axis 0.*only the last axis", "scale_axis out"),
    ("quantized_bits(8,0,scale_axis=1,elements_per_scale=4)", "kernel", "groups of inputs", "elements_per_scale out"),
    ("binary(scale_axis=0)", "kernel", "each place of axis 0", "scale_axis out"),
    ("quantized_linear(scale_axis=[0,1])", "kernel", "each place of axis", "scale_axis out"),
    ("quantized_bits(1)", "kernel", "one bit and a scale from the data.*0 or NaN", "binary\\(alpha='auto_po2'\\)"),
    ("binary(alpha='auto')", "kernel", "mean of the weights", "auto_po2"),
    ("ternary(alpha='auto')", "kernel", "mean of the weights", "auto_po2"),
    ("binary(use_stochastic_rounding=1)", "kernel", "at random.*fails on it", "use_stochastic_rounding out"),
    ("ternary(threshold=0.5)", "kernel", "has a threshold.*every kernel without alpha", "alpha as a number"),
    ("ternary(alpha=1,use_stochastic_rounding=1)", "kernel", "at random", "use_stochastic_rounding out"),
    ("bernoulli", "kernel", "draws at random", "Use binary"),
    ("quantized_ulaw(8)", "kernel", "logarithm", "quantized_bits"),
    ("quantized_hswish(8)", "kernel", "is an activation", "quantized_bits"),
    ("hard_tanh", "kernel", "does not quantize", "quantized_bits"),
    ("quantized_tanh(8,use_real_tanh=1)", "bias", "float32 tanh.*between processors", "quantized_bits"),
    ("quantized_po2(1)", "kernel", "too few bits", "more"),
    ("quantized_po2(9,1)", "kernel", "below 2\\*\\*-126", "at most 8 bits"),
    ("quantized_po2(4,0)", "kernel", "no positive max_value", "positive max_value"),
    ("quantized_po2(4,log2_rounding='up')", "kernel", "rounds by 'up'", "rnd"),
    ("quantized_relu_po2(4,1,0.3)", "kernel", "no power of two", "power of two"),
])
def test_refused(text, role, reason, remedy):
    kernel = matrix(0)
    with pytest.raises(ModelError, match=f"(?s)model: layer d: .*({reason}).*{remedy}") as error:
        weight_integers(parse_quantizer(text, "model: layer d"), kernel, role, "model: layer d")
    assert text.partition("(")[0] in str(error.value)


@pytest.mark.parametrize(("text", "value", "reason"), [
    ("quantized_bits(8,0,alpha=1)", 1e9, "far beyond the range of quantized_bits.*such as 1e.09.*Clip the weights"),
    ("quantized_bits(8,0,alpha=1)", 3e38, "far beyond the range"),
    ("quantized_linear(8,0,alpha=1)", 1e9, "far beyond the range"),
    ("quantized_relu(8,0,is_quantized_clip=0)", 1e9, "far beyond the range"),
    ("binary(alpha=1)", 1e9, "far beyond the range"),
    ("quantized_po2(8)", 0, "from 2..-64 to 2..-1.*0 becomes the smallest.*at most 5 bits"),
    ("quantized_po2(8)", 1e-9, "far beyond the range of quantized_po2.*such as 1e-09"),
    ("quantized_bits(8,0,alpha=1)", np.nan, "NaN or infinite"),
    ("quantized_bits(8,0,alpha=1)", np.inf, "NaN or infinite"),
    ("binary", -1e-40, "below 2..-126.*flush to zero.*Set them to zero"),
])
def test_numbers_refused(text, value, reason):
    kernel = np.array([[0.5, value]], np.float32)
    with pytest.raises(ModelError, match=f"model: layer d: .*{reason}"):
        weight_integers(parse_quantizer(text, "model: layer d"), kernel, "kernel", "model: layer d")


def test_scales_given_for_each_output():
    kernel = matrix(2, 20, 4)
    for text, role in (("quantized_bits(6,1,alpha=[0.5 0.25 1.0 4.0])", "kernel"),
                       ("quantized_bits(3,1,alpha=[0.75 0.25 3.0 4.0])", "bias"),
                       ("quantized_linear(6,1,alpha=[0.5 0.25 1.0 4.0])", "kernel"),
                       ("quantized_bits(2,0,alpha='auto')", "kernel")):
        assert compare(text, kernel, role)
        assert weight_integers(parse_quantizer(text, "here"), kernel, role, "here").scale.shape == (4,)


def test_saved_scales():
    kernel = matrix(2, 20, 4)
    quantizer = qkeras.quantized_bits(6, 1, alpha="auto_po2", post_training_scale=np.array([[0.5, 0.25, 1.0, 4.0]]))
    saved = parse_quantizer({"class_name": "quantized_bits", "config": quantizer.get_config()}, "here")
    found = weight_integers(saved, kernel, "kernel", "here")
    assert np.array_equal(found.integers * found.scale, np.asarray(quantizer(kernel)))
    fitted = weight_integers(parse_quantizer("quantized_bits(6,1)", "here"), kernel, "kernel", "here")
    assert not np.array_equal(found.scale, fitted.scale)


def test_types():
    kernel = np.array([[0.5, -0.25], [-1, 0.9]], np.float32)
    for text, bits, signed in (("quantized_bits(4,0,alpha=1)", 4, True), ("quantized_bits(1,0,alpha=1)", 2, True),
                               ("quantized_bits(4,0,keep_negative=False,alpha=1)", 4, False),
                               ("binary(use_01=True,alpha=1)", 1, False), ("ternary", 2, True), ("binary", 2, True),
                               ("quantized_po2(4)", 4, True), ("quantized_relu(4)", 4, False),
                               ("quantized_linear(1)", 2, True), ("quantized_bits(5,0,keep_negative=False)", 5, True)):
        found = weight_integers(parse_quantizer(text, "here"), kernel, "kernel", "here")
        assert (found.bits, found.signed) == (bits, signed), text
