"""The dynamic programme against brute force over every joinable combination, of chains and of other graphs."""

import dataclasses

import numpy as np
import pytest
from by_hand import designs_by_hand
from graphs import random_graph
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from networks import mlp, residual

from aie_explorer.devices import find
from aie_explorer.errors import AieExplorerError
from aie_explorer.ir import Concat, Dense, FixedPoint, Network, Quantize, QuantizedArray, Tensor
from aie_explorer.passes import lower
from aie_explorer.search import segments as module
from aie_explorer.search.constraints import constrained
from aie_explorer.search.figures import direct_edges, figures, joinable
from aie_explorer.search.frame import to_frame
from aie_explorer.search.front import exact_front
from aie_explorer.search.objectives import ADDED, PATH
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


def alike(space: DesignSpace, most: int, seed: int) -> DesignSpace:
    """Few options a layer, most of one kind of microtile, so that many can hand over directly, and by random routes."""
    rng = np.random.default_rng(seed)
    layers = []
    for layer in space.layers:
        table = layer.table
        small = (table["cas_length"] <= 3) & (table["cas_num"] <= 3)
        usual = ((table["K"] == 8) & (table["N"] == 8)) | (rng.random(len(table)) < 0.1)
        rows = np.flatnonzero(usual & small & (table["block_rows"] * table["block_columns"] <= 2))
        rows = np.sort(rng.permutation(rows)[:most])
        table = table[rows]
        table["route"] = rng.choice(3, len(rows), p=[0.7, 0.15, 0.15])
        layers.append(dataclasses.replace(layer, table=table, cycles=layer.cycles[rows]))
    return dataclasses.replace(space, layers=tuple(layers))


def points_of(space: DesignSpace, picks: np.ndarray, objectives=PATH) -> np.ndarray:
    """The objectives of designs, cycles to a thousandth."""
    frame = to_frame(space, picks)
    return frame[list(objectives)].to_numpy(float).round(3)


def front_points(space: DesignSpace, picks: np.ndarray, objectives=PATH) -> set:
    points = points_of(space, picks, objectives)
    return {tuple(p) for p in points[nondominated(points)].tolist()}


def agrees_with_brute_force(space: DesignSpace, objectives=PATH) -> None:
    every, points = designs_by_hand(space, objectives)
    found = exact_front(space, objectives)
    assert found.lost == 0
    if len(every) == 0:
        assert len(found.picks) == 0
        return
    assert {tuple(pick) for pick in found.picks.tolist()} <= {tuple(pick) for pick in every.tolist()}
    assert np.array_equal(points_of(space, every, objectives), points)
    best = {tuple(p) for p in points[nondominated(points)].tolist()}
    assert front_points(space, found.picks, objectives) == best
    assert len(found.picks) == len(front_points(space, found.picks, objectives))  # nothing dominated, nothing twice


@given(dims=st.lists(st.sampled_from([5, 16, 40, 64, 130, 300]), min_size=2, max_size=4),
       batch=st.sampled_from([1, 8, 40]), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_chains_equal_brute_force(dims, batch, seed):
    agrees_with_brute_force(thinned(design_space(mlp(dims, batch=batch), VEK280), 14, seed))


@given(dims=st.lists(st.sampled_from([16, 24, 40, 64]), min_size=3, max_size=4), batch=st.sampled_from([1, 8, 12]),
       more=st.sampled_from([(), ("memory_tile_bytes",)]), seed=st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_chains_of_direct_edges_equal_brute_force(dims, batch, more, seed):
    space = alike(design_space(mlp(dims, batch=batch), VEK280), 12, seed)
    picks = exact_front(space).picks
    direct = sum(int(found.sum()) for _, _, found in direct_edges(space, picks))
    event("direct edges on the front" if direct else "no direct edge on the front")
    agrees_with_brute_force(space, (*PATH, *more))


@given(seed=st.integers(0, 10**6), steps=st.integers(2, 5), heads=st.integers(1, 2),
       more=st.lists(st.sampled_from(list(ADDED)), max_size=2, unique=True))
@settings(max_examples=60, deadline=None)
def test_graphs_with_direct_edges_equal_brute_force(seed, steps, heads, more):
    space = random_space(seed, steps, heads, alike)
    if space is not None:
        agrees_with_brute_force(space, (*PATH, *more))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_residual_blocks_with_direct_edges_equal_brute_force(seed):
    agrees_with_brute_force(alike(design_space(residual(1, 16), VEK280), 6, seed))


def random_space(seed, steps, heads, few=thinned):
    """A small space of a random graph, of several the first with a join if one has it; None if all are refused."""
    found = None
    for i in range(6):
        space = one_random_space(seed + i * 10**6, steps, heads, few)
        if space is not None and any(len(sources) > 1 for sources in space.sources):
            return space
        found = found or space
    return found


def one_random_space(seed, steps, heads, few):
    graph = random_graph(seed, steps, heads)
    batch = (1, 3, 4, 8, 12)[seed % 5]
    try:
        network = lower(graph.network(tuple(dict.fromkeys(op.output for op in graph.ops[-2:]))))
        space = design_space(network.replace(batch=batch), VEK280)
    except AieExplorerError:
        return None
    count = len(space.layers)
    if count > 5:
        return None
    space = few(space, {1: 40, 2: 20, 3: 12, 4: 7, 5: 5}[count], seed)
    return space if all(len(layer.table) for layer in space.layers) else None


@given(seed=st.integers(0, 10**6), steps=st.integers(1, 5), heads=st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_graphs_equal_brute_force(seed, steps, heads):
    space = random_space(seed, steps, heads)
    if space is not None:
        event(f"{len(space.layers)} layers, at most {max(map(len, space.sources))} inputs")
        agrees_with_brute_force(space)


@given(seed=st.integers(0, 10**6), steps=st.integers(1, 4),
       objectives=st.lists(st.sampled_from([*PATH, *ADDED]), min_size=1, max_size=5, unique=True))
@settings(max_examples=60, deadline=None)
def test_any_objectives_equal_brute_force(seed, steps, objectives):
    space = random_space(seed, steps, 1)
    if space is not None:
        agrees_with_brute_force(thinned(space, 8, seed), tuple(objectives))


@given(dims=st.lists(st.sampled_from([40, 64, 300, 512]), min_size=2, max_size=4), tiles=st.integers(3, 60),
       seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_fewer_tiles(dims, tiles, seed):
    space = thinned(design_space(mlp(dims), VEK280), 14, seed)
    found, (_, points) = exact_front(space, most_tiles=tiles).picks, designs_by_hand(space, PATH)
    points = points[points[:, 0] <= tiles]
    best = {tuple(p) for p in points[nondominated(points)].tolist()} if len(points) else set()
    assert (front_points(space, found) if len(found) else set()) == best


@given(dims=st.lists(st.sampled_from([16, 40, 64, 130]), min_size=3, max_size=5), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_segments_change_nothing(dims, seed):
    """A chain cut at every layer, and the same chain as one segment."""
    space = thinned(design_space(mlp(dims), VEK280), 40, seed)
    whole = module._Inside(space, range(len(space.layers)), ()).segment()
    found = points_of(space, whole.picks)
    assert {tuple(p) for p in found[nondominated(found)].tolist()} == front_points(space, exact_front(space).picks)


def test_respects_the_device():
    space = design_space(mlp([784, 512, 256, 10]), VEK280)
    assert figures(space, exact_front(space).picks).tiles.max() <= 304


@pytest.mark.parametrize("dims", [[64, 32, 10], [300, 200, 100, 10]])
def test_no_sampled_design_beats_the_front(dims):
    space = design_space(mlp(dims), VEK280)
    front = np.array(sorted(front_points(space, exact_front(space).picks)))
    rng = np.random.default_rng(0)
    picks = np.stack([rng.integers(0, len(layer.table), 5000) for layer in space.layers], axis=1)
    points = points_of(space, picks[joinable(space, picks)])
    for point in points[points[:, 0] <= 304]:
        assert np.any(np.all(front <= point, axis=1))


def test_what_does_not_fit_in_memory_is_joined_in_parts(monkeypatch):
    space = design_space(mlp([64, 64, 64]), VEK280)
    whole = module._Inside(space, range(2), ()).segment()
    monkeypatch.setattr(module, "MOST_JOINED", 100)
    parts = module._Inside(space, range(2), ()).segment()
    assert front_points(space, parts.picks) == front_points(space, whole.picks)
    assert parts.lost == 0


def test_a_thinned_front_says_what_it_may_have_lost(monkeypatch):
    space = constrained(design_space(mlp([300, 200, 100, 10]), VEK280), {"blocking": (2, 2)})
    exact = points_of(space, exact_front(space).picks)
    monkeypatch.setattr(module, "MOST_KEPT", 400)
    found = module._Inside(space, range(3), ()).segment()
    assert 0 < found.lost < 2
    assert len(found.tiles) <= 400
    near = points_of(space, found.picks)
    for tiles, interval, latency in exact:
        no_more = (near[:, 0] <= tiles) & (near[:, 1] <= interval * (1 + found.lost)) \
            & (near[:, 2] <= latency * (1 + found.lost))
        assert no_more.any()


@given(seed=st.integers(0, 10**6), most=st.integers(3, 4))
@settings(max_examples=12, deadline=None)
def test_residual_blocks_equal_brute_force(seed, most):
    """Segments of several layers behind others, whose interface to the layer before matters."""
    agrees_with_brute_force(thinned(design_space(residual(2, 48), VEK280), most, seed))


@given(seed=st.integers(0, 10**6), batch=st.sampled_from([1, 3, 9, 12, 20]), width=st.sampled_from([16, 48, 512]),
       more=st.sampled_from([(), ("memory_tile_bytes",)]))
@example(seed=129, batch=20, width=512, more=())  # no option of the reader goes with one of the layer
@settings(max_examples=60, deadline=None)
def test_inputs_beside_a_layer_that_fills_up_the_batch_equal_brute_force(seed, batch, width, more):
    """They have the rows of that layer, so how long they take and how many bytes depends on its option."""
    space = thinned(design_space(joined_input(width, batch), VEK280), 16, seed)
    agrees_with_brute_force(space, (*PATH, *more))


def joined_input(width, batch):
    """A layer on an input of 16 features, and one that reads its result beside an input of `width` features."""
    rng, inputs = np.random.default_rng(0), {"x": 16, "wide": width}
    tensors = {name: Tensor(name, (n,), FixedPoint(8, 7)) for name, n in inputs.items()}
    tensors |= {name: Tensor(name, (n,), fixed) for name, n, fixed in (
        ("a_s", 16, None), ("a_y", 16, FixedPoint(8, 5)), ("joined", 16 + width, None), ("b_s", 8, None),
        ("b_y", 8, FixedPoint(8, 3)))}
    first, second = (QuantizedArray(rng.integers(-128, 128, shape), FixedPoint(8, 7))
                     for shape in ((16, 16), (16 + width, 8)))
    ops = (Dense("a", "a", ("x",), "a_s", first), Quantize("a_q", "a_q", ("a_s",), "a_y"),
           Concat("join", "join", ("a_y", "wide"), "joined"),
           Dense("b", "b", ("joined",), "b_s", second), Quantize("b_q", "b_q", ("b_s",), "b_y"))
    return lower(Network("beside", batch, ops, tensors, tuple(inputs), ("b_y",)))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_an_output_in_the_middle_may_be_the_last_to_leave(seed):
    network = mlp([16, 400, 4])
    both = network.replace(outputs=("dense0_y", "dense1_y"))
    agrees_with_brute_force(thinned(design_space(both, VEK280), 25, seed))


def test_latencies_are_whole_so_that_their_sums_do_not_depend_on_the_order():
    for segment in module.cut_into_segments(design_space(mlp([300, 200, 10]), VEK280), ()):
        assert np.array_equal(segment.latency, np.round(segment.latency))


def test_deep_chains_hold_no_design_twice():
    """Latencies are sums of many fractions, equal or not whatever their order."""
    space = design_space(mlp([256] * 25), VEK280)
    points = points_of(space, exact_front(space).picks)
    assert len(nondominated(points)) == len(points)
