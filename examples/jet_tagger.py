"""Build the 16-64-32-32-5 jet tagger and save it as jet_tagger.h5 beside this script.

    python examples/jet_tagger.py          # needs: pip install "aie-explorer[qkeras]"

The shape is that of Duarte et al., "Fast inference of deep neural networks in FPGAs for particle physics",
JINST 13 (2018) P07027. The weights are random: the file is for exploring designs, not for physics.
"""

from pathlib import Path

import keras
from portable import make_portable
from qkeras import QActivation, QDense, quantized_bits, quantized_relu


def build() -> keras.Model:
    """8-bit weights and activations; the logits are left for the host's softmax."""
    layers = [keras.layers.Input((16,), name="features"),
              QActivation(quantized_bits(8, 3, alpha=1), name="quantize_features")]
    for index, units in enumerate((64, 32, 32)):
        layers += [QDense(units, kernel_quantizer=quantized_bits(8, 0, alpha=1),
                          bias_quantizer=quantized_bits(8, 0, alpha=1),
                          bias_initializer=keras.initializers.RandomUniform(-0.5, 0.5, seed=100 + index),
                          kernel_initializer=keras.initializers.HeNormal(seed=index), name=f"dense{index}"),
                   QActivation(quantized_relu(8, 3), name=f"relu{index}")]
    layers += [QDense(5, kernel_quantizer=quantized_bits(8, 0, alpha=1),
                      bias_quantizer=quantized_bits(8, 0, alpha=1),
                      kernel_initializer=keras.initializers.HeNormal(seed=3), name="dense3"),
               QActivation(quantized_bits(8, 4, alpha=1), name="logits")]
    return keras.Sequential(layers, name="jet_tagger")


if __name__ == "__main__":
    path = Path(__file__).parent / "jet_tagger.h5"
    build().save(path, include_optimizer=False)
    make_portable(path)
