"""Models people really have, each against QKeras's predict, its saved twins, and the emulated firmware."""

import numpy as np
import pytest

import aie_explorer as aie
from aie_explorer.frontends.predict import layer_outputs
from aie_explorer.reference import compare

qkeras = pytest.importorskip("qkeras")
import keras  # noqa: E402

L = keras.layers


def dense(units, kernel="quantized_bits(8,0)", bias="quantized_bits(8,2,alpha=1)"):
    return qkeras.QDense(units, kernel_quantizer=kernel, bias_quantizer=bias)


def act(spec):
    return qkeras.QActivation(spec)


def chain(k, *layers, quantize="quantized_bits(8,2,alpha=1)"):
    x = L.Input((k,))
    y = act(quantize)(x)
    for one in layers:
        y = one(y)
    return keras.Model(x, y)


def residual():
    x = L.Input((20,))
    q = act("quantized_bits(8,2,alpha=1)")(x)
    a = act("quantized_relu(8,2)")(dense(32)(q))
    b = act("quantized_relu(8,2)")(dense(32)(a))
    return keras.Model(x, act("quantized_bits(8,3,alpha=1)")(dense(5)(act("quantized_relu(8,3)")(L.Add()([a, b])))))


def two_outputs():
    x = L.Input((20,))
    q = act("quantized_bits(8,2,alpha=1)")(x)
    a = act("quantized_relu(8,2)")(dense(32)(q))
    return keras.Model(x, [act("quantized_bits(8,3,alpha=1)")(dense(5)(a)), dense(3)(L.Concatenate()([a, q]))])


def mixer():
    """A block of an MLP mixer: features of each token, then, transposed, tokens of each feature."""
    x = L.Input((24,))
    tokens = L.Reshape((6, 4))(act("quantized_bits(8,2,alpha=1)")(x))
    a = act("quantized_relu(8,2)")(dense(4)(tokens))
    b = act("quantized_bits(8,3,alpha=1)")(dense(6)(L.Permute((2, 1))(a)))
    added = act("quantized_relu(8,3)")(L.Add()([L.Permute((2, 1))(b), a]))
    return keras.Model(x, act("quantized_bits(8,3,alpha=1)")(dense(5)(L.Flatten()(added))))


def transposed_output():
    x = L.Input((24,))
    tokens = L.Reshape((6, 4))(act("quantized_bits(8,2,alpha=1)")(x))
    y = act("quantized_relu(8,2)")(L.Permute((2, 1))(dense(3)(L.Permute((2, 1))(tokens))))
    return keras.Model(x, L.Flatten()(y))


MODELS = {
    "mixer": mixer,
    "transposed output": transposed_output,
    "qkeras defaults": lambda: chain(
        64, dense(32, "quantized_bits(8,0)", "quantized_bits(8,0)"), act("quantized_relu(8)"),
        dense(10, "quantized_bits(8,0)", "quantized_bits(8,0)"), quantize="quantized_bits(8,0)"),
    "6-bit": lambda: chain(
        64, dense(32, "quantized_bits(6,0,alpha=1)", "quantized_bits(6,0,alpha=1)"), act("quantized_relu(6,2)"),
        dense(10, "quantized_bits(6,0,alpha=1)", "quantized_bits(6,0,alpha=1)"), act("quantized_bits(6,3,alpha=1)"),
        quantize="quantized_bits(6,2,alpha=1)"),
    "4-bit": lambda: chain(
        64, dense(32, "quantized_bits(4,0,alpha=1)", "quantized_bits(4,0,alpha=1)"), act("quantized_relu(4,2)"),
        dense(10, "quantized_bits(4,0,alpha=1)", "quantized_bits(4,0,alpha=1)"), act("quantized_bits(4,3,alpha=1)"),
        quantize="quantized_bits(4,2,alpha=1)"),
    "ternary": lambda: chain(64, dense(32, "ternary()"), act("quantized_relu(4,2)"), dense(10, "ternary()")),
    "binary": lambda: chain(64, dense(32, "binary()"), act("binary(alpha=1)"), dense(10, "binary(alpha=1)")),
    "mixed 4/6/8/16": lambda: chain(
        64, dense(32, "quantized_bits(4,0,alpha=1)"), act("quantized_relu(6,2)"), dense(24, "quantized_bits(6,0)"),
        act("quantized_bits(16,4,alpha=1)"), dense(16, "quantized_bits(8,0,alpha=1)"), act("quantized_relu(8,3)"),
        dense(10, "quantized_bits(16,0,alpha=1)"), act("quantized_bits(16,5,alpha=1)")),
    "K=75": lambda: chain(75, dense(33), act("quantized_relu(8,2)"), dense(75), act("quantized_relu(8,2)"), dense(3)),
    "K=10": lambda: chain(10, dense(10), act("quantized_relu(8,2)"), dense(10)),
    "residual": residual,
    "two outputs": two_outputs,
    "batch normalisation": lambda: chain(
        64, dense(32), L.BatchNormalization(), act("quantized_relu(8,2)"), dense(16), qkeras.QBatchNormalization(),
        act("quantized_tanh(8)"), dense(10)),
    "tables": lambda: chain(
        64, dense(32), act("quantized_bits(8,2,alpha=1)"), act("quantized_tanh(6,use_real_tanh=1)"), dense(16),
        act("quantized_bits(7,2,alpha=1)"), act("quantized_sigmoid(8,use_real_sigmoid=1)"), dense(10)),
    "leaky": lambda: chain(64, dense(32), act("quantized_relu(8,2,negative_slope=0.125)"), dense(10)),
}


@pytest.mark.parametrize("build", MODELS.values(), ids=list(MODELS))
def test_bit_exact_everywhere(build, tmp_path):
    model = build()
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.2, 2, w.shape) if w.path.endswith(("variance", "gamma"))
                       else rng.normal(0, 0.5, w.shape) for w in model.weights])
    network = aie.load(model)
    for ending in ("keras", "h5"):
        model.save(tmp_path / f"m.{ending}")
        assert aie.load(tmp_path / f"m.{ending}", name=model.name).digest == network.digest
    x = rng.normal(0, 2, (500, *model.inputs[0].shape[1:])).astype(np.float32)
    found = layer_outputs(model, [x], {tensor.source for tensor in network.tensors.values()})
    compared = compare(network, x, found)
    assert {one.tensor for one in compared} >= set(network.outputs)
    for one in compared:
        assert one.mismatches == 0, one
        assert one.float32_artefacts <= one.values * 0.01, one
    project = aie.Explorer(network).best("tiles").export(tmp_path / "project", x=x[:64], verify=True)
    assert project.verdict is not None
    assert project.verdict.mismatches == 0
