"""Scales at the edge where a last bit of float32 decides them: the same as QKeras, or refused."""

import numpy as np
import pytest

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
from aie_explorer.frontends.qkeras.scales import Exponents, iterate, least_squares, nearest_exponents, sum_bounds
from aie_explorer.frontends.qkeras.weights import weight_integers, weight_values

from .reference import by_qkeras

EDGES = np.exp2(np.arange(-12, 3) + 0.5)


def around(values, steps):
    """Each number as float32 with every third of its `steps` neighbours on either side."""
    offsets = np.arange(-steps, steps + 1, 3, dtype=np.int32)
    return (values.astype(np.float32).view(np.int32)[:, None] + offsets).ravel().view(np.float32)


@pytest.mark.parametrize("text", ["binary", "ternary", "quantized_bits(4)", "quantized_linear(4)", "quantized_po2(8)"])
def test_refused_only_next_to_an_edge(text):
    # The scale of one weight is the weight itself, a little less by the epsilon below and above the fraction.
    edges = EDGES if "po2" in text else (EDGES - 1e-7) * (1 + 1.2e-7)
    kernel = around(edges * (7 if "(4)" in text else 1), 45)[None]
    quantizer = parse_quantizer(text, "here")
    expected = by_qkeras(text, kernel, "kernel")
    taken = 0
    for column in range(kernel.shape[1]):
        one = kernel[:, column: column + 1]
        try:
            found = weight_values(quantizer, one, "kernel", "here")
        except ModelError as error:
            assert "2**" in str(error) or "open" in str(error)  # noqa: PT017
        else:
            taken += 1
            assert found[0, 0] == expected[0, column]
    assert 0.3 * kernel.shape[1] < taken
    assert taken < kernel.shape[1] or "(4)" in text  # whose later rounds settle what the first leaves open


def test_names_the_output_that_is_open():
    kernel = np.array([[0.5, EDGES[3] - 1e-7]], np.float32)
    with pytest.raises(ModelError, match=r"output 1 between 2\*\*-9 and 2\*\*-8.*sum.*last digit"):
        weight_integers(parse_quantizer("binary", "here"), kernel, "kernel", "here")


def test_bounds_hold_tensorflow_means():
    import tensorflow as tf
    rng = np.random.default_rng(0)
    for rows, columns in ((3, 8), (16, 64), (100, 13), (784, 40), (3000, 5)):
        x = np.abs(rng.normal(0, 1, (rows, columns))).astype(np.float32)
        q = np.rint(x * 7)
        low, high = least_squares(x, q)
        eager = np.asarray(tf.reduce_mean(x * q, 0) / (tf.reduce_mean(q * q, 0) + 1e-7))
        compiled = np.asarray(tf.function(
            lambda a, b: tf.reduce_mean(a * b, 0) / (tf.reduce_mean(b * b, 0) + 1e-7), jit_compile=True)(x, q))
        for mean in (eager, compiled):
            assert np.all((low <= mean) & (mean <= high))
        assert np.all(high / low < 1 + 1e-4)
        low, high = sum_bounds(x)
        total = np.asarray(tf.reduce_sum(x, 0))[: columns // 8 * 8]  # of the columns that fill vectors
        assert np.all((low[: len(total)] <= total) & (total <= high[: len(total)]))


def test_both_ends_are_followed():
    ones, zero, one = np.ones((4, 3), np.float32), np.zeros(3, np.int64), np.array([0, 1, 2])
    found = iterate(ones, Exponents(zero, one, one > 1), lambda x, scale: x / scale, 3, (None, None))
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0, 0], [0, 1, 2])
    assert found.open.tolist() == [False, False, True]
    settled = iterate(ones, Exponents(zero, one, one > 1), lambda x, scale: x, 1, (None, None))
    assert settled.high.tolist() == [0, 0, 0]
    assert settled.open.tolist() == [False, False, True]  # what was wider than two was not followed


def test_bounds_hold_tensorflow_logarithms():
    import tensorflow as tf
    anywhere = np.exp2(np.random.default_rng(0).uniform(-20, 9, 20000))
    x = np.concatenate([around(EDGES, 400), anywhere.astype(np.float32)])
    found = nearest_exponents(x.astype(np.float64), x.astype(np.float64))
    for log in (tf.math.log, tf.function(tf.math.log, jit_compile=True)):
        exponents = np.asarray(tf.round(log(x + np.float32(1e-7)) / np.float32(np.log(2))))
        assert np.all((found.low <= exponents) & (exponents <= found.high))
    assert np.mean(found.low != found.high) < 0.05
