"""Random QKeras models over everything the front end takes; TensorFlow is imported when one is made."""

import numpy as np


def bits(rng, most=8):
    width = int(rng.integers(2, most + 1))
    return width, int(rng.integers(0, min(width, 4)))


def activation(rng):
    """The spelling of an activation's quantizer."""
    width, integer = bits(rng, 16 if rng.integers(6) == 0 else 8)
    kind = rng.choice(["relu", "relu", "bits", "bits", "symmetric", "unsigned", "binary", "leaky", "tanh", "sigmoid",
                       "real_tanh"])
    return {
        "relu": f"quantized_relu({width},{integer})",
        "bits": f"quantized_bits({width},{integer},alpha=1)",
        "symmetric": f"quantized_bits({width},{integer},symmetric=1,alpha=1)",
        "unsigned": f"quantized_bits({width},{integer},keep_negative=0,alpha=1)",
        "binary": "binary(alpha=1)",
        "leaky": f"quantized_relu({max(width, 5)},{integer},negative_slope=0.25)",
        "tanh": f"quantized_tanh({width})",
        "sigmoid": f"quantized_sigmoid({width})",
        "real_tanh": f"quantized_tanh({width},use_real_tanh=1)",
    }[str(kind)]


def inner_activation(rng):
    """One that takes sums that nothing has quantized."""
    while "real_tanh" in (spec := activation(rng)):
        pass
    return spec


def kernel(rng):
    """The spelling of a kernel's quantizer."""
    width, integer = bits(rng, 16 if rng.integers(8) == 0 else 8)
    return str(rng.choice([
        f"quantized_bits({width},{integer})", f"quantized_bits({width},{integer},alpha=1)",
        f"quantized_bits({width},{integer},1,alpha='auto_po2')", f"quantized_bits({width},{integer},alpha=0.5)",
        f"quantized_linear({width},{integer})", "ternary()", "binary()", "ternary(alpha=1)", "binary(alpha=1)",
        "stochastic_ternary(alpha=1)", "stochastic_binary(alpha=1)", "quantized_po2(4)", "quantized_relu_po2(3)"]))


def bias(rng):
    """The spelling of a bias's quantizer."""
    width, integer = bits(rng)
    return str(rng.choice([f"quantized_bits({width},{integer})", f"quantized_bits({width},{integer},alpha=1)",
                           "quantized_po2(4)"]))


class Builder:
    """A Functional model, grown layer by layer."""

    def __init__(self, seed):
        import keras
        import qkeras

        self.keras, self.qkeras, self.L = keras, qkeras, keras.layers
        self.rng = np.random.default_rng(seed)
        positions = int(self.rng.integers(2, 4)) if self.rng.integers(8) == 0 else 0
        self.inputs, self.values = [], []
        for _ in range(1 if positions or self.rng.integers(4) else 2):
            width = int(self.rng.choice([3, 10, 16, 20, 75]))
            x = self.L.Input((positions, width) if positions else (width,))
            self.inputs.append(x)
            self.values.append(self.qkeras.QActivation(str(self.rng.choice(
                ["quantized_bits(8,2)", "quantized_bits(6,1)", "quantized_relu(8,2)"])))(x))

        if len(self.values) == 2:
            self.values = [self.L.Concatenate()(self.values)] if self.rng.integers(2) else [self.quantized(
                self.L.Add()([self.dense_to(x, 12) for x in self.values]))]

    def dense_to(self, x, width):
        return self.qkeras.QDense(width, kernel_quantizer=kernel(self.rng), bias_quantizer=bias(self.rng))(x)

    def pick(self):
        return self.values[int(self.rng.integers(len(self.values)))]

    def quantized(self, x):
        spec = activation(self.rng)
        if "real_tanh" in spec:  # by table
            x = self.qkeras.QActivation(f"quantized_bits({int(self.rng.integers(3, 9))},2,alpha=1)")(x)
        return self.qkeras.QActivation(spec)(x)

    def dense(self, *, bare=False):
        rng = self.rng
        return self.qkeras.QDense(
            int(rng.choice([1, 5, 10, 16, 20, 33])), kernel_quantizer=kernel(rng), bias_quantizer=bias(rng),
            use_bias=bool(rng.integers(4)),
            activation=inner_activation(rng) if not bare and rng.integers(4) == 0 else None)

    def grow(self):
        rng, x = self.rng, self.pick()
        kind = rng.choice(["dense", "dense", "dense", "normalised", "residual", "concat", "shared", "relu", "again",
                           "nested", "batchnorm_layer", "folded"])
        if kind == "concat" and len(x.shape) == 2:
            other = self.pick()
            if len(other.shape) == 2 and other is not x:
                self.values.append(self.L.Concatenate()([x, other]))
                return
        if kind == "residual":
            y = self.qkeras.QDense(int(x.shape[-1]), kernel_quantizer=kernel(rng), bias_quantizer=bias(rng))(x)
            y = self.quantized(y) if rng.integers(2) else y
            self.values.append(self.quantized(self.L.Add()([x, y])))
        elif kind == "shared":
            layer = self.qkeras.QDense(int(x.shape[-1]), kernel_quantizer=kernel(rng), bias_quantizer=bias(rng))
            self.values.append(self.quantized(layer(self.quantized(layer(x)))))
        elif kind == "again":
            self.values.append(self.quantized(x))
        elif kind == "relu":
            self.values.append(self.quantized(self.L.ReLU()(self.dense()(x))))
        elif kind == "normalised":
            y = self.dense(bare=True)(x)
            self.values.append(self.quantized(self.L.BatchNormalization(epsilon=1e-3)(y)))
        elif kind == "batchnorm_layer":
            self.values.append(self.quantized(self.qkeras.QBatchNormalization()(self.dense()(x))))
        elif kind == "folded":
            y = self.qkeras.QDenseBatchnorm(int(rng.choice([5, 16])), kernel_quantizer=kernel(rng),
                                            bias_quantizer=bias(rng))
            self.values.append(self.quantized(y(x)))
        elif kind == "nested":
            inner = self.keras.Sequential([self.L.Input(tuple(x.shape[1:])), self.dense(),
                                           self.qkeras.QActivation(inner_activation(rng))])
            self.values.append(inner(x))
        else:
            self.values.append(self.quantized(self.dense()(x)))

    def build(self):
        """The model, with random weights."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 5))):
            self.grow()
        ends = [self.values[-1]]
        if len(self.values) > 3 and rng.integers(3) == 0:
            ends.append(self.values[-2])
        if len(ends[0].shape) == 3 and rng.integers(2):
            ends[0] = self.L.Flatten()(ends[0])
        ends = [self.qkeras.QDense(4, kernel_quantizer=kernel(rng), bias_quantizer=bias(rng))(end) for end in ends]
        ends = [self.quantized(end) if rng.integers(2) else end for end in ends]
        if len(ends) == 1 and rng.integers(4) == 0:
            ends = [self.L.Softmax()(ends[0])]
        model = self.keras.Model(self.inputs, ends)
        model.set_weights([self.weights(weight) for weight in model.weights])
        return model

    def weights(self, weight):
        rng, shape = self.rng, tuple(weight.shape)
        if shape == ():
            return np.zeros(())
        if "variance" in weight.path:
            return rng.uniform(0.1, 3, shape)
        if "gamma" in weight.path:
            return rng.uniform(0.3, 2, shape) * rng.choice([1, 1, 1, -1], shape)
        return rng.normal(0, 0.5, shape)
