"""Against the real QKeras: models by `predict`, live against saved."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
import qkeras

from aie_explorer.errors import ModelError
from aie_explorer.frontends import load
from aie_explorer.reference import simulate


def random_model(seed, functional=False):
    """A small QKeras model whose float32 sums are exact, with weights drawn to use the whole range."""
    rng = np.random.default_rng(seed)

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    def bits(low, high, integer=0):
        return qkeras.quantized_bits(int(rng.integers(low, high + 1)), integer, symmetric=int(rng.integers(2)), alpha=1)

    def activation(last):
        return pick("linear", "relu", bits(4, 8, 3)) if last else pick(
            qkeras.quantized_relu(int(rng.integers(2, 9)), int(rng.integers(0, 4))), bits(3, 8, 2),
            qkeras.quantized_bits(5, 2, keep_negative=False, alpha=1))

    layers = [qkeras.QActivation(pick(bits(4, 8), qkeras.quantized_relu(8, 1)), name="Quantize-In")]
    if functional:
        layers.insert(0, keras.layers.Flatten())
    depth = int(rng.integers(1, 4))
    for index in range(depth):
        kernel = pick(bits(2, 8), bits(1, 1), qkeras.quantized_bits(4, 0, keep_negative=False, alpha=2.0), bits(9, 12))
        inside, how = activation(index == depth - 1), rng.integers(3)
        layers.append(qkeras.QDense(int(rng.integers(1, 20)), kernel_quantizer=kernel, use_bias=bool(rng.integers(4)),
                                    bias_quantizer=pick(bits(8, 8), bits(4, 4, 1), qkeras.quantized_bits(6, 1)),
                                    activation=inside if how == 0 else None, name=f"Dense-{index}"))
        if how == 1:
            layers += [keras.layers.Dropout(0.5), _layer(inside)]
        elif how == 2:
            layers += [keras.layers.ReLU(), _layer(inside)]
    source = keras.layers.Input((2, 6) if functional else (12,))
    if functional:
        result = source
        for layer in layers:
            result = layer(result)
        model = keras.Model(source, result, name="functional")
    else:
        model = keras.Sequential([source, *layers], name="sequential")
    model.set_weights([rng.uniform(-1.2, 1.2, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def _layer(activation):
    return keras.layers.Activation(activation) if isinstance(activation, str) else qkeras.QActivation(activation)


@pytest.mark.parametrize("seed", range(24))
def test_models_match_predict_bit_for_bit(seed, tmp_path):
    model = random_model(seed, functional=seed % 3 == 0)
    inputs = np.random.default_rng(seed).normal(0, 0.7, (64, *model.input_shape[1:])).astype(np.float32)
    try:
        network = load(model)
    except ModelError as error:
        pytest.fail(f"seed {seed}: {error}")
    assert np.array_equal(simulate(network, inputs), np.asarray(model(inputs)))
    if seed < 4:
        assert np.array_equal(simulate(network, inputs), model.predict(inputs, verbose=0))
        for suffix in ("h5", "keras"):
            model.save(tmp_path / f"model.{suffix}")
            assert load(tmp_path / f"model.{suffix}").digest == network.digest


def test_live_models_that_cannot_be_read():
    with pytest.raises(ModelError, match="built"):
        load(keras.Sequential([qkeras.QDense(3)]))

    class Subclassed(keras.Model):
        def call(self, x):
            return x

    model = Subclassed()
    model(np.zeros((1, 4)))
    with pytest.raises(ModelError, match="Sequential or Functional"):
        load(model)


def test_quantizers_that_hold_variables(tmp_path):
    quantizer = qkeras.quantized_bits(6, 0, alpha=1, use_variables=True)
    model = keras.Sequential([keras.layers.Input((4,)), qkeras.QActivation(quantizer),
                              qkeras.QDense(2, kernel_quantizer=qkeras.quantized_bits(4, 0, alpha=1))])
    model.save(tmp_path / "model.keras")  # Keras itself cannot save these as .h5
    assert load(tmp_path / "model.keras").digest == load(model).digest
    quantizer.update_qnoise_factor(0.5)
    with pytest.raises(ModelError, match="qnoise_factor"):
        load(model)


def test_quantizer_objects_as_input_type():
    model = keras.Sequential([keras.layers.Input((4,)),
                              qkeras.QDense(2, kernel_quantizer=qkeras.quantized_bits(4, 0, alpha=1), use_bias=False)])
    text = "quantized_bits(6,1,alpha=1)"
    assert load(model, input_type=qkeras.quantized_bits(6, 1, alpha=1)).digest == load(model, input_type=text).digest
