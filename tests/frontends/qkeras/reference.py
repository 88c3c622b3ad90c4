"""What QKeras itself computes, and numbers that try its rounding."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import qkeras


def by_qkeras(text, values, role="bias"):
    """QKeras's float32 numbers; a kernel's quantizer is completed as a QKeras layer does it."""
    quantizer = qkeras.get_quantizer(text)
    if role == "kernel" and hasattr(quantizer, "_set_trainable_parameter"):
        quantizer._set_trainable_parameter()
    return np.asarray(quantizer(values))


def matrix(seed, rows=40, columns=48):
    """Float32 weights whose columns differ in size by powers of two: normal, few-bit, zeros, ties, one outlier."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (rows, columns)) * 2.0 ** rng.integers(-9, 4, columns)
    grid = 2.0 ** rng.integers(-8, 1, columns)
    some = rng.integers(0, 6, columns)
    x = np.where(some == 1, np.round(x / grid) * grid, x)
    x = np.where(some == 2, (np.round(x / grid) + 0.5) * grid, x)
    x[:, some == 3] = 0
    x[0, some == 4] *= 100
    x[rng.integers(0, rows, columns // 2), rng.integers(0, columns, columns // 2)] = 0
    x[:, 0] = rng.choice([-0.75, 0.75, 0.0], rows)
    x[:, 1] *= 1e-9
    x[:, 2] = np.abs(x[:, 2])
    x[1:5, 3] = [0.33, 0.3315, -0.3315, -0.33]  # about the default threshold of ternary
    x = x.astype(np.float32)
    x[np.abs(x) < 1e-37] = 0
    return x
