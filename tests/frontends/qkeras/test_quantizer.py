"""Reading quantizers: strings, configurations and names; what is not QKeras's is refused."""

import inspect

import numpy as np
import pytest
import qkeras
from qkeras import quantizers

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import SIGNATURES, parse_quantizer


@pytest.mark.parametrize("kind", [kind for kind, arguments in SIGNATURES.items() if arguments])
def test_signatures_are_qkeras_s(kind):
    parameters = inspect.signature(getattr(quantizers, kind).__init__).parameters
    expected = {name: one.default for name, one in parameters.items() if name != "self"}
    if kind == "quantized_hswish":  # of QKeras 0.9.0 alone
        expected = {name: expected.get(name, True) for name in SIGNATURES[kind]}
    assert list(SIGNATURES[kind].items()) == list(expected.items())


@pytest.mark.parametrize("text", [
    "quantized_bits(6,1,1,alpha='auto_po2')", "quantized_bits(6, 1, keep_negative=False, alpha=0.5)",
    "quantized_relu(6,2,negative_slope=0.25)", "ternary(threshold=0.5)", "binary(1)", "quantized_po2(4,2)",
    "quantized_linear(4,1)", "quantized_tanh(5,symmetric=1)", "quantized_sigmoid(5)", "stochastic_ternary()"])
def test_text_and_configuration_agree(text):
    live = qkeras.get_quantizer(text)
    saved = parse_quantizer({"class_name": f"qkeras>{type(live).__name__}", "config": live.get_config()}, "here")
    told = parse_quantizer(text, "here")
    same = dict(told.settings)
    if live.get_config().get("symmetric") != same.get("symmetric"):  # QKeras turns it on for a scale from the data
        same["symmetric"] = True
    assert dict(saved.settings) == same


def test_nothing_and_functions():
    assert parse_quantizer(None, "here") is None
    assert parse_quantizer("ternary", "here").settings["number_of_unrolls"] == 5
    assert parse_quantizer({"class_name": "function", "config": "binary_tanh"}, "here").kind == "binary_tanh"


def test_arrays_and_tensors():
    spaced = parse_quantizer("quantized_bits(4,0,alpha=[0.5 0.25\n 1. 2])", "here")
    assert spaced.settings["alpha"] == (0.5, 0.25, 1.0, 2.0)
    assert parse_quantizer("quantized_bits(4,0,alpha=[[0.5 2.0]])", "here").settings["alpha"] == (0.5, 2.0)
    config = {"bits": 4, "integer": {"class_name": "__tensor__", "config": {"value": 1.0, "dtype": "float32"}},
              "alpha": {"class_name": "__numpy__", "config": {"value": [[0.5, 2.0]], "dtype": "float32"}},
              "qnoise_factor": {"class_name": "__tensor__", "config": {"value": 1.0, "dtype": "float32"}}}
    found = parse_quantizer({"class_name": "quantized_bits", "config": config}, "here")
    assert (found.settings["integer"], found.settings["alpha"]) == (1, (0.5, 2.0))
    live = {"bits": np.int64(4), "alpha": np.array([[0.5, 2.0]]), "integer": np.array([2]).tolist()}
    found = parse_quantizer({"class_name": "quantized_bits", "config": live}, "here")
    assert (found.settings["bits"], found.settings["integer"], found.settings["alpha"]) == (4, 2, (0.5, 2.0))


@pytest.mark.parametrize(("spec", "reason"), [
    ("quantized_bit(8)", "not a quantizer of QKeras.*quantized_bits"),
    ("relu", "not a quantizer of QKeras.*quantized_relu"),
    ("quantized_bits(8,", "cannot read the quantizer"),
    ("quantized_bits(8)(x)", "cannot read the quantizer"),
    ("quantized_bits(__import__('os').getcwd())", "cannot read the quantizer"),
    ("quantized_bits(8, bits=4)", "cannot read the quantizer"),
    ("quantized_bits(" + "1," * 20 + ")", "cannot read the quantizer"),
    ("quantized_hswish(8,0,0,1,0,None,1.0,None)", "cannot read the quantizer"),
    ("(" * 500, "cannot read the quantizer"),
    ("quantized_bits(" + "[" * 300 + "]" * 300 + ")", "cannot read|bits of quantized_bits"),
    ("x" * 10**6, "cannot read the quantizer"),
    ("quantized_bits(bit=8)", "quantized_bits has no argument 'bit'.*Its arguments are bits"),
    ("quantized_bits(17)", "bits of quantized_bits is 17.*1 to 16.*at most 16"),
    ("quantized_bits(0)", "bits of quantized_bits is 0.*1 to 16.*at least 1"),
    ("quantized_bits('8')", "bits of quantized_bits is not a whole number"),
    ("quantized_bits(None)", "bits of quantized_bits is not a whole number"),
    ("quantized_bits(8,99)", "integer of quantized_bits is 99"),
    ("quantized_bits(8,0,2)", "symmetric of quantized_bits is 2.*True or False"),
    ("quantized_bits(8,0,alpha=0)", "alpha of quantized_bits is 0.*positive"),
    ("quantized_bits(8,0,alpha=-1)", "alpha of quantized_bits is -1.*positive"),
    ("quantized_bits(8,0,alpha='best')", "alpha of quantized_bits is 'best'.*auto_po2"),
    ("quantized_bits(8,0,alpha=1e300)", "alpha of quantized_bits"),
    ("quantized_bits(8,0,alpha=[[1],[2]])", "the shape \\(2, 1\\).*one scale for each output"),
    ("quantized_bits(8,0,alpha=[[1],[2,3]])", "alpha of quantized_bits is"),
    ("quantized_bits(8,qnoise_factor=0.5)", "mixes in the unquantized value.*qnoise_factor=1"),
    ("ternary(number_of_unrolls=0)", "number_of_unrolls of ternary is 0"),
    ("ternary(threshold='auto')", "threshold of ternary is 'auto'.*number"),
    ("quantized_relu(8,negative_slope=1e999)", "negative_slope of quantized_relu"),
    (["quantized_bits"], "the quantizer is not an object"),
    (7, "the quantizer is not an object"),
    ({"class_name": "mine>quantized_bits", "config": {}}, "'mine>quantized_bits' is not a quantizer of QKeras"),
    ({"class_name": "quantized_bits", "config": [1]}, "the quantizer's config is not an object"),
    ({"class_name": "quantized_bits", "config": {"bits": {"class_name": "__tensor__", "config": 1}}}, "bits of"),
    ({"config": {}}, "class_name is not a string"),
])
def test_refused(spec, reason):
    with pytest.raises(ModelError, match=f"(?s)model: layer q: .*({reason})"):
        parse_quantizer(spec, "model: layer q")
