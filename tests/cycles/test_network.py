"""Whole designs: chains, joins, hand-over from tile to tile."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.cycles import CYCLES, gap_factors, network_cycles


def layers(count, designs=3, seed=0):
    rng = np.random.default_rng(seed)
    out = np.zeros((count, designs), CYCLES)
    for name in CYCLES.names:
        if CYCLES[name] == np.float64:
            out[name] = rng.integers(1, 1000, (count, designs))
    return list(out)


NAMES = [f"layer{i}" for i in range(8)]


def test_along_a_chain_latencies_add_up():
    chain = layers(4)
    found = network_cycles(NAMES[:4], chain)
    through = sum(layer["latency_cycles"] for layer in chain) + chain[0]["entry_cycles"]
    np.testing.assert_allclose(found.first_out, through + chain[-1]["first_out_cycles"])
    np.testing.assert_allclose(found.last_out, through + chain[-1]["last_out_cycles"])


@given(seed=st.integers(0, 100), order=st.permutations(range(1, 5)))
@settings(max_examples=30, deadline=None)
def test_independent_branches_may_be_named_in_any_order(seed, order):
    """A layer that feeds four others, which a last one joins."""
    made = layers(6, seed=seed)
    edges = [(0, i) for i in range(1, 5)] + [(i, 5) for i in range(1, 5)]
    usual = network_cycles(NAMES[:6], made, edges)
    place = [0, *order, 5]
    moved = network_cycles([NAMES[i] for i in place], [made[i] for i in place], edges)
    for field in ("interval", "first_out", "last_out"):
        np.testing.assert_array_equal(getattr(usual, field), getattr(moved, field))


def test_a_join_waits_for_its_latest_input():
    made = layers(4)
    found = network_cycles(NAMES[:4], made, [(0, 1), (0, 2), (1, 3), (2, 3)])
    alone = [network_cycles(NAMES[:3], [made[0], made[i], made[3]]).last_out for i in (1, 2)]
    np.testing.assert_allclose(found.last_out, np.maximum(*alone))


def test_from_tile_to_tile_saves_a_leg():
    made = layers(3)
    through = network_cycles(NAMES[:3], made)
    direct = network_cycles(NAMES[:3], made, direct=[np.array([True, False, True]), np.zeros(3, bool)])
    assert (direct.last_out < through.last_out).tolist() == [True, False, True]
    np.testing.assert_array_equal(direct.interval, through.interval)
    assert direct.validity.tolist() == [2, 0, 2]  # such designs have not been measured


def test_the_interval_is_the_slowest_resource():
    made = layers(3)
    found = network_cycles(NAMES[:3], made)
    fields = ("tile_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_busy_cycles")
    every = [layer[field] for layer, field in itertools.product(made, fields)]
    every += [made[0]["plio_in_cycles"], made[-1]["plio_out_cycles"]]
    np.testing.assert_array_equal(found.interval, np.max(every, axis=0))


def test_circles_are_refused():
    with pytest.raises(ValueError, match="circle"):
        network_cycles(NAMES[:2], layers(2), [(0, 1), (1, 0)])


@given(steps=st.lists(st.floats(1, 1e6), min_size=7, max_size=7))
@settings(max_examples=50, deadline=None)
def test_the_factors_of_the_gap_multiply_to_it(steps):
    ideal, padded, mac, pace, block, tile, interval = sorted(steps)
    row = np.zeros(1, CYCLES)[0]
    for field, value in (("mac_cycles", mac), ("pace_cycles", pace), ("block_cycles", block), ("tile_cycles", tile),
                         ("interval_cycles", tile)):
        row[field] = value
    factors = gap_factors(row, ideal, padded, interval, interval)
    assert np.prod(list(factors.values())) == pytest.approx(interval / ideal)
    assert all(factor >= 1 for factor in factors.values())
