"""The dynamic programme against brute force over every joinable combination."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp

from aie_explorer.devices import find
from aie_explorer.search.figures import figures, joinable
from aie_explorer.search.front import exact_front
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import DesignSpace, design_space

VEK280 = find("vek280")


def thinned(space: DesignSpace, most: int, seed: int) -> DesignSpace:
    """The same space with at most `most` random options a layer."""
    rng = np.random.default_rng(seed)
    layers = []
    for layer in space.layers:
        rows = np.sort(rng.permutation(len(layer.table))[:most])
        layers.append(dataclasses.replace(layer, table=layer.table[rows], cycles=layer.cycles[rows]))
    return dataclasses.replace(space, layers=tuple(layers))


def front_points(space: DesignSpace, picks: np.ndarray) -> set:
    f = figures(space, picks)
    points = np.stack([f.tiles, f.interval_cycles, f.latency_cycles], axis=1).astype(float)
    return {tuple(p) for p in points[nondominated(points)].round(6).tolist()}


@given(dims=st.lists(st.sampled_from([5, 16, 40, 64, 130, 300]), min_size=2, max_size=4),
       batch=st.sampled_from([1, 8, 40]),
       seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_equals_brute_force(dims, batch, seed):
    space = thinned(design_space(mlp(dims, batch=batch), VEK280), 14, seed)
    every = np.array(list(itertools.product(*(range(len(layer.table)) for layer in space.layers))), np.intp)
    every = every[joinable(space, every)]
    tiles = sum(layer.table["tiles"][pick] for layer, pick in zip(space.layers, every.T, strict=True))
    every = every[tiles <= VEK280.tiles]
    if len(every) == 0:
        return
    found = exact_front(space)
    assert joinable(space, found).all()
    assert front_points(space, found) == front_points(space, every)
    assert len(found) == len(front_points(space, found))  # nothing dominated, nothing twice


def test_respects_the_device():
    space = design_space(mlp([784, 512, 256, 10]), VEK280)
    assert figures(space, exact_front(space)).tiles.max() <= 304


@pytest.mark.parametrize("dims", [[64, 32, 10], [300, 200, 100, 10]])
def test_no_sampled_design_beats_the_front(dims):
    space = design_space(mlp(dims), VEK280)
    front = np.array(sorted(front_points(space, exact_front(space))))
    rng = np.random.default_rng(0)
    picks = np.stack([rng.integers(0, len(layer.table), 5000) for layer in space.layers], axis=1)
    picks = picks[joinable(space, picks)]
    f = figures(space, picks)
    for tiles, interval, latency in zip(f.tiles, f.interval_cycles, f.latency_cycles, strict=True):
        if tiles <= 304:
            assert np.any(np.all(front <= np.array([tiles, interval, latency]) + 1e-6, axis=1))
