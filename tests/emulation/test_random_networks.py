"""Random networks, cut at random, exported, compiled, run, and compared with the reference at every layer."""

import numpy as np
import pytest
from networks import mlp, some_picks

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError
from aie_explorer.ir import FixedPoint
from aie_explorer.space import choice_of


def fixed(rng, most=16):
    width = int(rng.integers(2, most + 1))
    return FixedPoint(width, int(rng.integers(0, width)), bool(rng.integers(2)))


def random_design(seed):
    """A design of a random network of 1 to 5 layers; the first draw that can be realised."""
    rng = np.random.default_rng(seed)
    while True:
        dims = [int(rng.choice([1, 3, 10, 17, 32, 64, 75, 96])) for _ in range(int(rng.integers(2, 7)))]
        small = bool(rng.integers(3))  # two of three networks of at most 8 bits
        x, y, last = (fixed(rng, 8 if small else 16) for _ in range(3))
        w = FixedPoint(int(rng.integers(2, 9 if small else 17)), 7)
        # an output finer than the sums would need a left shift, which lowering removes
        y, last = (FixedPoint(t.width, min(t.frac, x.frac + 7, y.frac + 7), t.signed) for t in (y, last))
        network = mlp(dims, batch=int(rng.choice([1, 3, 8, 20])), seed=seed, x=x, w=w, y=y, last=last,
                      bias=bool(rng.integers(2)))
        try:
            ex = aie.Explorer(network)
            rows = [rng.permutation(len(layer.table))[:30] for layer in ex.space.layers]
            picks = some_picks(ex.space, rows, 500, seed)
            tiles = sum(layer.table["tiles"][pick] for layer, pick in zip(ex.space.layers, picks.T, strict=True))
            picks = picks[tiles <= 60]
            if len(picks) == 0:
                continue
            pick = picks[rng.integers(len(picks))]
            design = ex.design({layer.name: choice_of(layer.table[i])
                                for layer, i in zip(ex.space.layers, pick, strict=True)})
            if not design.check():
                return design
        except AieExplorerError:
            continue


def check(seed, tmp_path):
    design = random_design(seed)
    verdict = design.export(tmp_path / "project", verify=False).verify(samples=max(64, 2 * design.network.batch))
    assert verdict.mismatches == 0, f"{design}\n{verdict.to_frame()}"


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_reference(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 200))
def test_equals_the_reference_at_length(seed, tmp_path):
    check(seed, tmp_path)
