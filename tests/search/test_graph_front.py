"""The dynamic programme over graphs against brute force over every joinable combination."""

import dataclasses
import itertools

import numpy as np
import pytest
from graphs import random_graph
from hypothesis import event, given, settings
from hypothesis import strategies as st
from networks import mlp

from aie_explorer.devices import find
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.passes import lower
from aie_explorer.search import graph_front as module
from aie_explorer.search.figures import figures, joinable
from aie_explorer.search.front import exact_front
from aie_explorer.search.graph_front import graph_front
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import design_space

VEK280 = find("vek280")


def thinned(space, most, seed):
    """The same space with at most `most` random options a layer."""
    rng = np.random.default_rng(seed)
    layers = []
    for layer in space.layers:
        rows = np.sort(rng.permutation(len(layer.table))[:most])
        layers.append(dataclasses.replace(layer, table=layer.table[rows], cycles=layer.cycles[rows]))
    return dataclasses.replace(space, layers=tuple(layers))


def points(space, picks):
    f = figures(space, picks)
    found = np.stack([f.tiles, f.interval_cycles, f.latency_cycles], axis=1).astype(float).round(6)
    return {tuple(p) for p in found[nondominated(found)].tolist()}


def random_space(seed, steps, heads):
    """A small space of a random graph, or None."""
    graph = random_graph(seed, steps, heads)
    try:
        network = lower(graph.network(tuple(dict.fromkeys(op.output for op in graph.ops[-2:]))))
        space = design_space(network, VEK280)
    except AieExplorerError:
        return None
    count = len(space.layers)
    return None if count > 5 else thinned(space, {1: 40, 2: 20, 3: 12, 4: 8, 5: 6}[count], seed)


@given(seed=st.integers(0, 10**6), steps=st.integers(1, 5), heads=st.integers(1, 2))
@settings(max_examples=120, deadline=None)
def test_equals_brute_force(seed, steps, heads):
    space = random_space(seed, steps, heads)
    if space is None:
        return
    every = np.array(list(itertools.product(*(range(len(layer.table)) for layer in space.layers))), np.intp)
    every = every[joinable(space, every)]
    if len(every) == 0:
        return
    event(f"{len(space.layers)} layers, at most {max(map(len, space.sources))} inputs")
    found = exact_front(space)
    assert joinable(space, found).all()
    assert points(space, found) == points(space, every)


@given(dims=st.lists(st.sampled_from([16, 40, 64, 130]), min_size=2, max_size=5), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_a_chain_is_a_graph(dims, seed):
    space = thinned(design_space(mlp(dims), VEK280), 40, seed)
    assert points(space, graph_front(space)) == points(space, exact_front(space))


def test_more_partial_designs_than_can_be_looked_at(monkeypatch):
    monkeypatch.setattr(module, "MOST_PARTIALS", 10)
    with pytest.raises(DesignError, match="Use sweep"):
        graph_front(design_space(mlp([64, 64, 64]), VEK280))
