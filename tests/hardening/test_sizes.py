"""Networks of one layer and of two hundred, layers of one feature and of 65,536: they work, or are refused in words."""

import numpy as np
import pytest
from frontends.conftest import BITS8, dense, layer, sequential, write_h5
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError


def saved(folder, layers, width):
    """A model of so many square layers, as a file."""
    rng = np.random.default_rng(0)
    names = [f"d{i}" for i in range(layers)]
    weights = {name: [rng.integers(-8, 8, (width, width)).astype(np.float32) / 128] for name in names}
    return write_h5(folder / "m.h5", sequential(
        layer("QActivation", "q", activation=BITS8), *(dense(name, width, activation="quantized_relu(8,0)")
                                                       for name in names), shape=(width,)), {"q": [], **weights})


def test_one_layer(tmp_path):
    explorer = aie.Explorer(aie.load(saved(tmp_path, 1, 8)))
    assert len(explorer.pareto()) > 1
    assert explorer.best("interval").plan().buffers is not None


def test_two_hundred_layers(tmp_path):
    network = aie.load(saved(tmp_path, 200, 8))
    assert len(network.layers) == 200
    explorer = aie.Explorer(network)
    assert len(explorer.pareto()) >= 1
    best = explorer.best("tiles")
    assert best.tiles == 200
    assert len(best.place()) == 200
    assert len(best.plan().buffers) + len(best.plan().direct) >= 199


def test_more_layers_than_tiles(tmp_path):
    with pytest.raises(AieExplorerError, match="tiles"):
        aie.Explorer(aie.load(saved(tmp_path, 310, 4))).best("tiles")


@pytest.mark.parametrize("dims", [[1, 1], [1, 8], [8, 1], [65_536, 1], [1, 65_536], [65_536, 8]])
def test_thin_and_wide_layers(dims):
    """A weight a tile holds at most 64 KB, so that the widest have no design; that is found at once."""
    try:
        design = aie.Explorer(mlp(dims, batch=8)).best("tiles")
    except AieExplorerError as error:
        assert max(dims) == 65_536
        assert 20 < len(str(error)) < 500  # noqa: PT017
    else:
        x = np.zeros((8, dims[0]))
        assert design.simulate(x).shape == (8, dims[-1])
