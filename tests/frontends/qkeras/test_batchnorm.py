"""Batch normalization against Keras and QKeras, called and by predict."""

import keras
import numpy as np
import pytest
import qkeras
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.batchnorm import RSQRT_UNITS, folded_dense, normalization

CHANNELS = 203
NONE = {f"{name}_quantizer": None for name in ("gamma", "beta", "mean", "variance")}


def arrays_for(seed, *, scale=True, center=True):
    """Statistics as training leaves them, some extreme."""
    rng = np.random.default_rng(seed)
    found = {"gamma": rng.normal(1, 0.5, CHANNELS), "beta": rng.normal(0, 1, CHANNELS),
             "moving_mean": rng.normal(0, 2, CHANNELS), "moving_variance": 2.0 ** rng.uniform(-12, 6, CHANNELS)}
    found["gamma"][:2], found["beta"][:2], found["moving_mean"][:2], found["moving_variance"][:3] = 0, 0, 0, [0, 1, 4]
    if not scale:
        del found["gamma"]
    if not center:
        del found["beta"]
    return {name: values.astype(np.float32) for name, values in found.items()}


def built(layer, arrays, width=CHANNELS):
    model = keras.Sequential([keras.layers.Input((width,)), layer])
    for variable in layer.weights:
        name = variable.path.split("/")[-1]
        if name in arrays:
            variable.assign(arrays[name])
    return model


def inputs(seed):
    rng = np.random.default_rng(seed)
    return (rng.integers(-128, 128, (60, CHANNELS)) * 2.0 ** -rng.integers(0, 9)).astype(np.float32)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.booleans(), center=st.booleans(),
       quantizers=st.sampled_from([{}, NONE, {**NONE, "gamma_quantizer": "quantized_bits(8,1)"},
                                   {**NONE, "variance_quantizer": "quantized_relu(12,4)"}]))
def test_qkeras_called(seed, scale, center, quantizers):
    arrays = arrays_for(seed, scale=scale, center=center)
    layer = qkeras.QBatchNormalization(scale=scale, center=center, epsilon=2.0**-9, **quantizers)
    model = built(layer, arrays)
    found = normalization(layer.get_config(), arrays, "here", quantized=True)
    x = inputs(seed)
    assert np.array_equal(x * found.scale + found.offset, np.asarray(model(x)))


def observed(model):
    """The scale and offset a model of one layer applies, by predict: of 0, and of 2**40, beside which o is nothing."""
    zero = model.predict(np.zeros((1, CHANNELS), np.float32), verbose=0)[0]
    return model.predict(np.full((1, CHANNELS), 2.0**40, np.float32), verbose=0)[0] * np.float32(2.0**-40), zero


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("layer", [keras.layers.BatchNormalization, qkeras.QBatchNormalization])
def test_bounds_hold_under_predict(layer, scale):
    seed = 0
    arrays = arrays_for(seed, scale=scale)
    made = layer(scale=scale, **(NONE if layer is qkeras.QBatchNormalization else {}))
    model = built(made, arrays)
    found = normalization(made.get_config(), arrays, "here", quantized=layer is qkeras.QBatchNormalization)
    factor, offset = observed(model)
    low, high = found.scale_bounds
    assert np.all((np.nextafter(low, np.float32(-9e9)) <= factor) & (factor <= np.nextafter(high, np.float32(9e9))))
    assert np.all((found.offset_bounds[0] <= offset) & (offset <= found.offset_bounds[1]))
    used = arrays.get("gamma", np.ones(CHANNELS)) != 0
    assert np.all(np.abs(high - low)[used] <= 5 * RSQRT_UNITS * np.spacing(np.abs(high))[used])


def test_quantized_inverse_is_exact_under_predict():
    seed = 0
    arrays = arrays_for(seed)
    layer = qkeras.QBatchNormalization(
        gamma_quantizer=None, variance_quantizer=None, beta_quantizer="quantized_bits(8,2,alpha=1)",
        mean_quantizer="quantized_bits(8,2,alpha=1)", inverse_quantizer="quantized_bits(10,3,alpha=1)")
    model = built(layer, arrays)
    found = normalization(layer.get_config(), arrays, "here", quantized=True)
    assert found.exact.mean() > 0.9
    x = inputs(seed)
    wrong = x * found.scale + found.offset != model.predict(x, verbose=0)
    assert not np.any(wrong[:, found.exact])


@pytest.mark.parametrize("mode", ["ema_stats_folding", "batch_stats_folding"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_folded_dense(mode, use_bias):
    rng = np.random.default_rng(1)
    seed = 0
    arrays = {**arrays_for(seed), "kernel": rng.normal(0, 0.3, (12, CHANNELS)).astype(np.float32)}
    if use_bias:
        arrays["bias"] = rng.normal(0, 1, CHANNELS).astype(np.float32)
    layer = qkeras.QDenseBatchnorm(CHANNELS, use_bias=use_bias, folding_mode=mode)
    model = built(layer, arrays, 12)
    kernel, bias = folded_dense(layer.get_config(), arrays, "here")
    one = np.eye(12, dtype=np.float32)
    assert np.array_equal(np.asarray(model(np.zeros((1, 12), np.float32)))[0], bias)
    assert np.array_equal(np.asarray(model(one)), kernel + bias)
    low, high = (folded_dense(layer.get_config(), arrays, "here", rsqrt_units=units)
                 for units in (-RSQRT_UNITS, RSQRT_UNITS))
    predicted = model.predict(np.zeros((1, 12), np.float32), verbose=0)[0]
    assert np.all((np.minimum(low[1], high[1]) <= predicted) & (predicted <= np.maximum(low[1], high[1])))


def test_defaults_are_qkeras_s():
    arrays = arrays_for(3)
    config = qkeras.QBatchNormalization().get_config()
    bare = {key: value for key, value in config.items() if not key.endswith("_quantizer")}
    said, unsaid = (normalization(one, arrays, "here", quantized=True) for one in (config, bare))
    assert np.array_equal(said.scale, unsaid.scale)
    assert np.array_equal(said.offset, unsaid.offset)


@pytest.mark.parametrize(("change", "reason"), [
    ({"axis": 2}, "along axis 2.*axis=-1"),
    ({"axis": [1, 2]}, "along axis"),
    ({"epsilon": "small"}, "epsilon is 'small'"),
    ({"gamma": None}, "no gamma of one dimension"),
    ({"beta": np.ones(3, np.float32)}, "different sizes.*Save the model again"),
    ({"moving_variance": np.full(CHANNELS, -1, np.float32), "variance_quantizer": None},
     "no positive number.*Train again"),
    ({"moving_mean": np.full(CHANNELS, np.nan, np.float32)}, "NaN"),
    ({"inverse_quantizer": "quantized_bits(8,2)", "gamma_quantizer": "quantized_po2(4)"}, "both gamma and the inverse"),
    ({"mean_quantizer": "bernoulli"}, "mean: bernoulli.*at random"),
])
def test_refused(change, reason):
    arrays, config = arrays_for(0), {"epsilon": 1e-3}
    for key, value in change.items():
        if key in arrays:
            arrays[key] = value
        else:
            config[key] = value
    with pytest.raises(ModelError, match=f"model: layer b.*{reason}"):
        normalization(config, {k: v for k, v in arrays.items() if v is not None}, "model: layer b", quantized=True)


@pytest.mark.parametrize(("config", "kernel", "reason"), [
    ({"scale": False}, CHANNELS, "scale=False.*QKeras itself fails.*scale=True"),
    ({"center": False}, CHANNELS, "center=False.*QKeras itself fails.*center=True"),
    ({"folding_mode": "x"}, CHANNELS, "folding mode is 'x'.*ema_stats_folding"),
    ({}, 5, f"do not fit {CHANNELS} channels")])
def test_folding_refused(config, kernel, reason):
    arrays = {**arrays_for(0), "kernel": np.ones((4, kernel), np.float32)}
    with pytest.raises(ModelError, match=f"model: layer d: .*{reason}"):
        folded_dense(config, arrays, "model: layer d")


def test_rank_three():
    arrays = arrays_for(0)
    assert normalization({"axis": 2}, arrays, "here", quantized=False, rank=3).scale.shape == (CHANNELS,)
    with pytest.raises(ModelError, match="along axis 1"):
        normalization({"axis": 1}, arrays, "here", quantized=False, rank=3)


def test_a_key_without_a_name_means_nothing():
    arrays = arrays_for(0)
    plain, odd = (normalization(config, arrays, "here", quantized=False) for config in ({}, {"": False}))
    assert np.array_equal(plain.offset, odd.offset)
