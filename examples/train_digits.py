"""Train a small quantized network on the digits of scikit-learn and save what the tutorial and the tests load.

    python examples/train_digits.py        # needs: pip install "aie-explorer[qkeras]" scikit-learn

Writes digits_mlp.h5 (the model) and digits_vectors.npz (test inputs, labels, QKeras's own predictions) beside itself.
"""

from pathlib import Path

import keras
import numpy as np
from portable import make_portable
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SEED = 7


def build() -> keras.Model:
    """64-64-32-10: 8-bit weights, activations of 8 and 6 bits, and 8-bit logits."""
    def weights() -> quantized_bits:
        return quantized_bits(8, 0, alpha=1)

    return keras.Sequential([
        keras.layers.Input((64,), name="pixels"),
        QActivation(quantized_bits(8, 0, alpha=1), name="quantize_pixels"),
        QDense(64, kernel_quantizer=weights(), bias_quantizer=weights(), name="dense0"),
        QActivation(quantized_relu(8, 2), name="relu0"),
        QDense(32, kernel_quantizer=weights(), bias_quantizer=weights(), name="dense1"),
        QActivation(quantized_relu(6, 2), name="relu1"),
        QDense(10, kernel_quantizer=weights(), bias_quantizer=weights(), name="dense2"),
        QActivation(quantized_bits(8, 3, alpha=1), name="logits"),
    ], name="digits_mlp")


def main() -> None:
    """Train, save, report."""
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    pixels = (digits.data / 16).astype(np.float32)
    x, x_test, y, y_test = train_test_split(pixels, digits.target, test_size=0.2, random_state=SEED,
                                            stratify=digits.target)
    model = build()
    model.compile(keras.optimizers.Adam(2e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"])
    model.fit(x, y, epochs=60, batch_size=32, verbose=0)
    predictions = model.predict(x_test, verbose=0)
    print(f"test accuracy {np.mean(predictions.argmax(axis=1) == y_test):.1%} on {len(y_test)} samples")
    model.save(HERE / "digits_mlp.h5", include_optimizer=False)
    make_portable(HERE / "digits_mlp.h5")
    np.savez_compressed(HERE / "digits_vectors.npz", inputs=x_test, labels=y_test, predictions=predictions)


if __name__ == "__main__":
    main()
