"""Each refusal names the layer, the reason and a remedy."""

import re

import numpy as np
import pytest

from aie_explorer.errors import ModelError
from aie_explorer.frontends import load
from aie_explorer.ir import FixedPoint

from .conftest import BITS8, dense, layer

QUANTIZERS = {  # those of single kinds are in qkeras/
    "quantized_bits(8,0,alpha='auto')": "no power of two",
    f"quantized_bits(8,0,alpha={10**400})": "alpha",
    f"quantized_bits(8,{10**400},alpha=1)": "integer",
    "quantized_bits(17,0,alpha=1)": "17",
    "quantized_bits(8,0.5,alpha=1)": "whole number",
    "quantized_bits(8,0,alpha=1,qnoise_factor=0.5)": "qnoise_factor",
    "quantized_bits(8,0,speed=1)": "speed",
    "quantized_bits(8,0,bits=1)": "cannot read",
    "quantized_bits(8": "cannot read",
    "__import__('os').getcwd()": "cannot read",
    "quantized_bits(__import__('os').getpid())": "cannot read",
    "bernoulli()": "bernoulli",
    "quantized_ulaw(8)": "quantized_ulaw",
}


@pytest.mark.parametrize(("text", "reason"), QUANTIZERS.items())
def test_kernel_quantizer(saved, quantize_input, text, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        load(saved(quantize_input, dense("fc", 2, kernel_quantizer=text)))
    assert "fc" in str(caught.value.where)
    assert caught.value.remedy


ACTIVATIONS = {
    "quantized_relu(6,0,negative_slope=0.3)": "negative slope",
    "quantized_relu(6,-1)": "negative integer",
    "quantized_bits(8,0,alpha='auto')": "from the data",
    "quantized_tanh(8,use_real_tanh=1)": "not quantized",
    "quantized_ulaw(8)": "quantized_ulaw",
    "quantized_po2(4)": "powers of two",
    "bernoulli()": "at random",
    "tanh": "tanh",
    "hard_tanh": "hard_tanh",
}


@pytest.mark.parametrize(("text", "reason"), ACTIVATIONS.items())
def test_activation(saved, quantize_input, text, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        load(saved(quantize_input, dense("fc", 2), layer("QActivation", "act", activation=text)))
    assert "act" in str(caught.value.where)
    assert caught.value.remedy


def test_a_softmax_at_the_end_is_left_to_the_host(saved, quantize_input):
    network = load(saved(quantize_input, dense("fc", 2), layer("Activation", "act", activation="softmax")))
    assert [op.name for op in network.layers] == ["fc"]
    assert any("softmax is left to the host" in note for note in network.rewrites)


LAYERS = {
    "BatchNormalization": (layer("BatchNormalization", "odd"), "asks for gamma"),
    "Softmax": (layer("Softmax", "odd"), "very end"),
    "Conv": (layer("QConv2D", "odd"), "not supported"),
    "Permute": (layer("Permute", "odd", dims=[2, 1]), "each of 1 to 1 stands once"),
    "foreign": (layer("mine>QDense", "odd"), "mine>QDense"),
    "capped relu": (layer("ReLU", "odd", max_value=6.0), "max_value"),
    "reshape": (layer("Reshape", "odd", target_shape=[2, 3]), "as many numbers"),
    "half": (layer("QActivation", "odd", activation=BITS8, dtype="float16"), "float16"),
    "policy": (layer("QActivation", "odd", activation=BITS8, dtype={"config": {"name": "mixed_float16"}}), "mixed"),
}


@pytest.mark.parametrize(("odd", "reason"), LAYERS.values(), ids=list(LAYERS))
def test_layer(saved, quantize_input, odd, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        load(saved(quantize_input, odd, dense("fc", 2)))
    assert "odd" in str(caught.value.where)


def test_unquantized_input_asks_for_a_type(saved):
    path = saved(dense("fc", 2))
    with pytest.raises(ModelError, match="input_type"):
        load(path)
    by_text, by_type = load(path, input_type=BITS8), load(path, input_type=FixedPoint(8, 7))
    assert by_text.digest == by_type.digest
    assert by_text.type_of("x") == FixedPoint(8, 7)


def test_input_type_may_not_contradict_the_model(saved, quantize_input):
    path = saved(quantize_input, dense("fc", 2))
    assert load(path, input_type=BITS8).digest == load(path).digest
    with pytest.raises(ModelError, match="Leave input_type out"):
        load(path, input_type="quantized_bits(6,0,alpha=1)")


def test_plain_dense_is_taken_only_with_exact_weights(saved, quantize_input):
    plain = dense("fc", 2, kind="Dense", kernel_quantizer=None)
    exact = load(saved(quantize_input, plain, weights={"fc": [np.float32([[0.5, 3], [0.25, -1], [0, 0], [1, 1]])]}))
    (op,) = exact.layers
    assert op.weights.values.tolist() == [[2, 12], [1, -4], [0, 0], [4, 4]]
    assert op.weights.type.frac == 2
    with pytest.raises(ModelError, match=re.escape("quantized_bits(8,0,alpha=1)")):
        load(saved(quantize_input, plain))


def test_unquantized_in_the_middle(saved, quantize_input):
    with pytest.raises(ModelError, match="not quantized before the next layer"):
        load(saved(quantize_input, dense("fc", 2), dense("fc2", 2)))
    few = {"kernel_quantizer": "quantized_bits(2,0,alpha=1)"}
    network = load(saved(quantize_input, dense("fc", 2, **few), dense("fc2", 2, **few)))
    assert any("nothing quantizes its output" in note for note in network.rewrites)


def test_bias_finer_than_the_weights_can_follow(saved, quantize_input):
    odd = dense("fc", 2, use_bias=True)
    weights = {"fc": [np.full((4, 2), 0.5, np.float32), np.float32([0.1, 0.7])]}
    with pytest.raises(ModelError, match="bias_quantizer"):
        load(saved(quantize_input, odd, weights=weights))


def test_weights_far_beyond_the_range(saved, quantize_input):
    # QKeras computes w + (q - w) in float32, which is 0 here and not the saturated value.
    with pytest.raises(ModelError, match="far beyond"):
        load(saved(quantize_input, dense("fc", 2), weights={"fc": [np.full((4, 2), 1e9, np.float32)]}))


@pytest.mark.parametrize("batch", [0, -1, 2.5, True, "8"])
def test_batch(saved, quantize_input, batch):
    with pytest.raises(ModelError, match="batch"):
        load(saved(quantize_input, dense("fc", 2)), batch=batch)


@pytest.mark.parametrize("model", [None, 3, {"a": 1}])
def test_not_a_model(model):
    with pytest.raises(ModelError, match="cannot load"):
        load(model)
