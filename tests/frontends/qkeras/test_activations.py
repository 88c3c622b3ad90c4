"""Activation functions against QKeras itself, number by number."""

from dataclasses import replace

import numpy as np
import pytest
import qkeras
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.activations import activation, apply, float32_values, table
from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
from aie_explorer.ir import FixedPoint

from .reference import by_qkeras

FLAGS = st.booleans()
BITS, INTEGER = st.integers(1, 16), st.integers(-3, 6)
ALPHA = st.sampled_from([None, 1, 0.5, 4])
UNIFORM = st.one_of(
    st.builds("quantized_bits({},{},{:d},keep_negative={},alpha={})".format, BITS, INTEGER, FLAGS, FLAGS, ALPHA),
    st.builds("quantized_bits({},{},use_ste=False,use_stochastic_rounding=1)".format, BITS, INTEGER),
    st.builds("quantized_linear({},{},{:d},keep_negative={},alpha={})".format, BITS, INTEGER, FLAGS, FLAGS, ALPHA),
    st.builds("quantized_hswish({},{},{:d})".format, st.integers(2, 12), st.integers(0, 4), FLAGS))
RELU = st.one_of(
    st.builds("quantized_relu({},{},{:d})".format, BITS, st.integers(0, 6), FLAGS),
    st.builds("quantized_relu({},{},0,{})".format, st.integers(7, 16), st.integers(0, 6),
              st.sampled_from([1.0, 0.5, 0.25, 0.015625])),
    st.builds("quantized_relu({},4,relu_upper_bound={},is_quantized_clip={})".format, st.integers(4, 16),
              st.sampled_from([6, 6.0, 3, 0, 40]), FLAGS),
    st.builds("quantized_relu({},3,0,0.25,is_quantized_clip=False)".format, st.integers(4, 16)))
SIGN = st.one_of(
    st.builds("binary({:d},alpha={})".format, FLAGS, st.sampled_from([None, 1, 0.5, 0.75, 3])),
    st.builds("ternary(alpha={},threshold={})".format, st.sampled_from([None, 1, 0.5, 0.75, 3]),
              st.sampled_from([None, 0.5, 0.1, 0, 2])),
    st.sampled_from(["stochastic_ternary", "stochastic_binary", "binary", "ternary", "binary_tanh", "binary_sigmoid"]))
LINE = st.one_of(st.builds("quantized_tanh({},symmetric={})".format, BITS, FLAGS),
                 st.builds("quantized_sigmoid({},{})".format, BITS, FLAGS))


def probes(frac, seed):
    """Numbers of a fixed-point network around a grid: ties, their neighbours, zero, saturation, any of few bits."""
    rng = np.random.default_rng(seed)
    near = np.arange(-400, 401) * 2.0 ** -(frac + 2)
    fine = np.arange(-60, 60) * 0.5 * 2.0**-frac + rng.choice([-1, 1], 120) * 2.0 ** -(frac + 6)
    wide = rng.integers(-(2**15), 2**15, 600) * 2.0 ** rng.integers(-frac - 4, -frac + 4, 600)
    few = [*rng.integers(-128, 128, 400) / 32, 0, 0.33, -0.33, 0.3315, 1, -1, 0.5, -0.5]
    return np.concatenate([near, fine, wide, few]).astype(np.float32)


def compare(text, seed, internal="hard"):
    found = activation(parse_quantizer(text, "here"), "here", internal)
    x = probes(found.type.frac, seed)
    expected = by_qkeras(text, x)
    as_float32 = float32_values(found, x)
    wrong = np.flatnonzero(as_float32 != expected)
    assert wrong.size == 0, (text, x[wrong[0]], as_float32[wrong[0]], expected[wrong[0]])
    exact = apply(found, x.astype(np.float64))
    # Six digits after the point are exact in float32; the sums with 0.5 and the division by 6 are not always.
    coarse = (x == np.round(x * 2.0**10) / 2.0**10) & (np.abs(x) < 64) if found.function in ("affine", "hswish") else (
        np.abs(x) < 2.0**20)
    wrong = np.flatnonzero(coarse & (exact * found.type.scale != expected))
    assert wrong.size == 0, (text, x[wrong[0]], exact[wrong[0]] * found.type.scale, expected[wrong[0]])
    assert found.type.min_int <= found.low <= exact.min()
    assert exact.max() <= found.high <= found.type.max_int


@settings(max_examples=60, deadline=None)
@given(text=UNIFORM | RELU | SIGN | LINE, seed=st.integers(0, 10**6))
def test_functions(text, seed):
    compare(text, seed)


@pytest.mark.parametrize("text", ["quantized_tanh(6)", "quantized_sigmoid(6,1)", "quantized_relu(5,2,1)"])
def test_smooth_internal_sigmoid(text):
    qkeras.set_internal_sigmoid("smooth")
    try:
        compare(text, 1, "smooth")
    finally:
        qkeras.set_internal_sigmoid("hard")


INPUTS = [FixedPoint(8, 7), FixedPoint(8, 4), FixedPoint(6, 2), FixedPoint(8, 5, signed=False), FixedPoint(3, -1)]


@pytest.mark.parametrize("text", [
    "quantized_tanh(8,use_real_tanh=True)", "quantized_sigmoid(8,use_real_sigmoid=True)",
    "quantized_tanh(16,use_real_tanh=True,symmetric=True)", "quantized_sigmoid(16,1,use_real_sigmoid=1)",
    "quantized_tanh(5)", "quantized_sigmoid(5)", "quantized_hswish(6,2)", "quantized_relu(6,2)", "ternary"])
@pytest.mark.parametrize("internal", ["hard", "real"])
def test_tables(text, internal):
    qkeras.set_internal_sigmoid(internal)
    try:
        found = activation(parse_quantizer(text, "here"), "here", internal)
        for fixed in INPUTS:
            entries = table(found, fixed)
            x = np.arange(fixed.min_int, fixed.max_int + 1) * fixed.scale
            assert (entries.first, len(entries.outputs)) == (fixed.min_int, len(x))
            expected = by_qkeras(text, x.astype(np.float32)) / found.type.scale
            assert np.array_equal(entries.outputs[~entries.uncertain], expected[~entries.uncertain])
            assert entries.uncertain.mean() < (0.1 if found.type.width == 16 else 0.02)
    finally:
        qkeras.set_internal_sigmoid("hard")


def test_table_says_where_float32_rounds():
    found = activation(parse_quantizer("quantized_sigmoid(4)", "here"), "here")
    entries = table(found, FixedPoint(4, 40))  # inputs of 2**-40, lost beside 0.5
    assert not entries.uncertain.any()
    entries = table(activation(parse_quantizer("binary_sigmoid", "here"), "here"), FixedPoint(4, 40))
    # Exactly, anything above 0 is above the tie of 0.5; in float32 it is the tie.
    assert entries.outputs.tolist() == [0] * 9 + [1] * 7
    assert entries.uncertain.tolist() == [False] * 9 + [True] * 7
    huge = table(activation(parse_quantizer("quantized_bits(4,0,alpha=1)", "here"), "here"), FixedPoint(4, -40))
    assert huge.uncertain.sum() == 15  # all but zero: x + (q(x) - x) is no longer q(x)


def test_uncertain_near_a_tie():
    found = activation(parse_quantizer("quantized_sigmoid(10,use_real_sigmoid=True)", "here"), "here")
    value = (1000 + 0.5) * 2.0**-10
    moved = replace(found, gain=np.log(value / (1 - value)) / 100)  # so that 100 is on a tie, as no dyadic number is
    assert table(moved, FixedPoint(8, 0)).uncertain[128 + 100]
    assert table(moved, FixedPoint(8, 0)).uncertain.sum() < 3


def test_table_of_too_many_bits():
    with pytest.raises(ModelError, match=r"quantized_relu\(bits=6\).*2\*\*9 entries.*at most 8 input bits.*8 bits or"):
        table(activation(parse_quantizer("quantized_relu(6)", "here"), "here"), FixedPoint(9, 0))


@pytest.mark.parametrize(("text", "reason", "remedy"), [
    ("quantized_bits(8,0,alpha='auto')", "from the data it is given", "alpha=1"),
    ("quantized_bits(8,0,alpha='auto_po2')", "from the data it is given", "alpha=1"),
    ("quantized_bits(8,0,alpha=0.3)", "no power of two", "alpha=1"),
    ("quantized_linear(8,0,alpha=0.3)", "no power of two", "alpha=1"),
    ("quantized_bits(8,0,alpha=[1.0 0.5])", "each channel", "one alpha"),
    ("binary(alpha=0.3)", "more than 15 bits", "0.75"),
    ("binary(use_stochastic_rounding=1)", "at random", "use_stochastic_rounding out"),
    ("ternary(alpha=1,use_stochastic_rounding=1)", "at random", "use_stochastic_rounding out"),
    ("bernoulli", "draws at random", "Use binary"),
    ("quantized_ulaw(8)", "logarithm", "quantized_bits"),
    ("quantized_po2(4)", "powers of two", "quantized_bits"),
    ("quantized_relu_po2(4)", "powers of two", "quantized_bits"),
    ("hard_tanh", "does not quantize", "quantized_tanh"),
    ("quantized_relu(8,-1)", "negative integer bits", "0 integer bits"),
    ("quantized_relu(8,0,0,0.3)", "negative slope of 0.3", "power of two"),
    ("quantized_relu(4,0,0,0.0625)", "at least the size of one step", "2\\*\\*-3 to 1"),
    ("quantized_relu(8,0,1,0.25)", "a negative slope and a sigmoid", "one of the two"),
    ("quantized_relu(8,4,relu_upper_bound=6.01,is_quantized_clip=False)", "no multiple of its step", "multiple of"),
    ("quantized_hswish(1)", "no hard swish", "quantized_hswish"),
])
def test_refused(text, reason, remedy):
    with pytest.raises(ModelError, match=f"model: layer q: .*{reason}.*{remedy}") as error:
        activation(parse_quantizer(text, "model: layer q"), "model: layer q")
    assert text.partition("(")[0] in str(error.value)


def test_a_bound_that_was_not_saved():
    config = qkeras.quantized_relu(6, 3, relu_upper_bound=6.0, is_quantized_clip=False).get_config()
    saved = {"class_name": "qkeras>quantized_relu", "config": config}
    with pytest.raises(ModelError, match=r"does not save whether it acts.*relu_upper_bound=None"):
        activation(parse_quantizer(saved, "here"), "here")
    config["relu_upper_bound"] = 8.0
    assert activation(parse_quantizer(saved, "here"), "here").high == 63
