"""Samples of a space: what is drawn, how often, and that large networks have one."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp, nested, residual

import aie_explorer as aie
from aie_explorer.errors import DesignError
from aie_explorer.search import draw, sweep
from aie_explorer.search.sweep import layer_candidates, realisable


def candidates(space):
    return [layer_candidates(layer, {}) for layer in space.layers]


def sampled(ex, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says is tested in test_sweep.py
        return ex.sweep(**arguments)


def picks_of(places, rows):
    digits = np.stack(np.unravel_index(places, [len(own) for own in rows]), axis=1) if places.ndim == 1 else places
    return np.stack([own[digit] for own, digit in zip(rows, digits.T, strict=True)], axis=1)


def product(space, rows, tiles):
    """Every design of the rows that can be joined and takes so many tiles at most."""
    picks = np.stack([grid.ravel() for grid in np.meshgrid(*rows, indexing="ij")], axis=1)
    used = sum(layer.table["tiles"][pick] for layer, pick in zip(space.layers, picks.T, strict=True))
    return realisable(space, picks[used <= tiles])


@given(dims=st.lists(st.sampled_from([5, 16, 40, 64, 130]), min_size=2, max_size=4), batch=st.sampled_from([1, 8, 20]),
       tiles=st.integers(3, 40), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("often", [1e-9, 2.0], ids=["from the product", "layer by layer"])
def test_what_is_drawn_is_what_can_be_joined_and_fits(often, dims, batch, tiles, seed):
    space = aie.Explorer(mlp(dims, batch=batch)).space
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(len(layer.table), min(len(layer.table), 7), replace=False)) for layer in space.layers]
    legal = {tuple(pick) for pick in product(space, rows, tiles).tolist()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "OFTEN", often)
        made = picks_of(draw.random_sample(space, rows, 50 * (len(legal) + 1), tiles, seed), rows)
    assert {tuple(pick) for pick in made.tolist()} <= legal
    assert len(made) == len({tuple(pick) for pick in made.tolist()})
    assert len(made) >= 0.9 * len(legal)  # of so many draws hardly one is not met


@pytest.mark.parametrize("guided", [True, False])
@pytest.mark.parametrize(("dims", "tiles"), [([64, 64, 32, 10], 304), ([64, 64, 32, 10], 9), ([40, 130, 16], 7)])
def test_every_design_of_a_chain_is_drawn_equally_often(dims, tiles, guided, monkeypatch):
    space = aie.Explorer(mlp(dims)).space
    rows = candidates(space)
    legal = product(space, rows, tiles)
    layers = [draw._layer(space, i, own, {edge.consumer: edge for edge in space.edges}.get(i))
              for i, own in enumerate(rows)]
    rng = np.random.default_rng(1)
    if guided:
        made = draw._draw(layers, draw._completions(layers, tiles), 200 * len(legal), tiles, rng)
    else:
        monkeypatch.setattr(draw, "OFTEN", 0.0)
        made = draw._drawing(space, rows, tiles, rng)(200 * len(legal))
    designs, count = np.unique(picks_of(made, rows), axis=0, return_counts=True)
    mean = len(made) / len(legal)
    assert mean > 190
    assert designs.tolist() == legal.tolist()
    chi_square = ((count - mean) ** 2 / mean).sum()
    free = len(legal) - 1
    assert abs(chi_square - free) < 5 * np.sqrt(2 * free)


@pytest.mark.parametrize("network", [residual(3, 32), residual(8, 64), nested(4, 3), nested(16, 3)],
                         ids=["residual", "deep residual", "nested", "deep nested"])
def test_graphs(network):
    space = aie.Explorer(network).space
    rows = candidates(space)
    made = picks_of(draw.random_sample(space, rows, 500, space.device.tiles, 0), rows)
    assert len(realisable(space, made)) == len(made) == 500
    for own, column in zip(rows, made.T, strict=True):
        assert len(np.unique(column)) > len(own) / 4


@pytest.mark.parametrize("layers", [9, 24, 100])
def test_a_deep_network_has_as_many_designs_as_asked_for(layers):
    ex = aie.Explorer(mlp([64] * (layers + 1)))
    frame = ex.sweep(limit=300, sample="random")
    assert len(frame) == 300
    assert frame["tiles"].max() <= 304
    assert ex.design(frame.iloc[7]).estimate().interval_cycles == pytest.approx(frame["interval_cycles"].iloc[7])


def test_nothing_that_fits_is_nothing_drawn():
    space = aie.Explorer(mlp([256, 256, 256])).space
    rows = candidates(space)
    assert draw.random_sample(space, rows, 100, 1, 0).shape == (0,)


def test_copies_leave_each_its_share_of_the_tiles():
    ex = aie.Explorer(mlp([64, 128, 128, 64, 32, 10]))
    frame = ex.sweep({"copies": 12}, limit=400, sample="random")
    assert len(frame) > 300  # what was drawn for one copy would be left out
    assert frame["tiles"].max() <= 304


def test_a_latin_hypercube_draws_every_option_equally_often():
    first, second = np.unravel_index(draw.latin_hypercube((100, 300), 300, 1), (100, 300))
    assert np.bincount(first).tolist() == [3] * 100
    assert np.bincount(second).tolist() == [1] * 300
    assert (np.diff(draw.latin_hypercube((2, 3), 60, 0)) > 0).all()  # each design once


@pytest.mark.parametrize("sample", ["random", "latin_hypercube"])
def test_a_product_beyond_what_counts_in_64_bits(sample):
    ex = aie.Explorer(mlp([128] * 21))
    assert math.prod(map(len, candidates(ex.space))) > 2**63
    frame = sampled(ex, limit=500, sample=sample)
    assert all(ex.design(frame.iloc[i]).tiles == frame["tiles"].iloc[i] for i in range(0, len(frame), 50))
    assert len(frame) == 500 or sample == "latin_hypercube"
    assert draw.latin_hypercube((4000,) * 21, 50, 0).shape == (50, 21)


def test_a_sample_is_drawn_once_for_all_its_chunks(monkeypatch):
    drawn = []
    real = sweep.random_sample
    monkeypatch.setattr(sweep, "random_sample", lambda *given: drawn.append(given) or real(*given))
    made = sweep.plan_sweep(aie.Explorer(mlp([64, 48, 32, 10])).combinations(limit=300, sample="random"), chunk=100)
    for chunk in made.chunks:  # as they reach a process of its own
        sweep.cost_chunk(*pickle.loads(pickle.dumps((made.combinations[0], chunk))))
    assert len(made.chunks) == 3
    assert len(drawn) == 1


def test_a_sample_of_all_is_all():
    ex = aie.Explorer(mlp([40, 32, 10]))
    assert ex.sweep(sample="random", limit=10**6).equals(ex.sweep(limit=None))


def test_more_than_can_be_drawn_is_refused():
    with pytest.raises(DesignError, match=r"limit: would draw .* designs\. Use at most 20,000,000"):
        aie.Explorer(mlp([64] * 10)).sweep(sample="random", limit=None)


def test_graphs_with_dead_ends_are_drawn_from_too(monkeypatch):
    monkeypatch.setattr(draw, "FEW", 0.5)  # more than the share of what is begun that can be completed here
    space = aie.Explorer(residual(30, 64)).space
    rows = [np.arange(len(layer.table)) for layer in space.layers]
    picks = picks_of(draw.random_sample(space, rows, 100, space.device.tiles, 0), rows)
    assert len(picks) > 80
    assert len(realisable(space, picks)) == len(picks)
