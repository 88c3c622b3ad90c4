"""The shipped example: no mismatch against the predictions QKeras made when it was trained."""

from pathlib import Path

import numpy as np

from aie_explorer.frontends import load
from aie_explorer.reference import simulate

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_digits_model_matches_qkeras_bit_for_bit():
    vectors = np.load(EXAMPLES / "digits_vectors.npz")
    network = load(EXAMPLES / "digits_mlp.h5")
    found = simulate(network, vectors["inputs"])
    assert found.shape == (360, 10)
    assert np.array_equal(found, vectors["predictions"])
    assert np.mean(found.argmax(axis=1) == vectors["labels"]) > 0.95


def test_jet_tagger_loads():
    network = load(EXAMPLES / "jet_tagger.h5")
    assert [(op.k, op.n) for op in network.layers] == [(16, 64), (64, 32), (32, 32), (32, 5)]
