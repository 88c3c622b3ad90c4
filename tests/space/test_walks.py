"""Walks of a tile's DMA against the order of elements, spelled out, and what they take."""

import dataclasses

import numpy as np
import pytest
from by_hand import descriptors as counted
from by_hand import order
from hypothesis import event, given
from hypothesis import strategies as st

from aie_explorer.devices import find
from aie_explorer.space.walks import descriptors, fits, linear, walk

DMA = find("vek280").generation.dma
SIDES = st.tuples(st.sampled_from([1, 2, 4, 8]), st.sampled_from([4, 8, 16, None]))


def addresses(loops):
    at = np.zeros(1, np.int64)
    for step, wrap in loops:
        at = (at[None] + step * np.arange(wrap)[:, None]).ravel()
    return at


@given(rows=st.sampled_from([8, 16, 24, 40]), columns=st.sampled_from([16, 48, 64, 80]), moved=SIDES, held=SIDES)
def test_a_walk_visits_every_element_in_the_order_it_arrives(rows, columns, moved, held):
    moved, held = ((height, width or columns) for height, width in (moved, held))
    loops = walk(rows, columns, moved, held)
    stream, buffer = (order(0, 0, rows, columns, *blocks) for blocks in (moved, held))
    place = {element: i for i, element in enumerate(np.frombuffer(buffer, np.int64).tolist())}
    assert addresses(loops).tolist() == [place[element] for element in np.frombuffer(stream, np.int64).tolist()]
    assert linear(loops) == (stream == buffer)
    assert descriptors(loops, DMA) == counted(stream, buffer)
    event(f"{len(loops)} loops")


def test_what_a_tile_can_walk():
    """Rows into microtiles of 4 x 8: two descriptors a row of microtiles, one for each copy."""
    for rows, legal in ((28, True), (32, False)):
        loops = walk(rows, 64, (1, 64), (4, 8))
        assert loops == ((1, 8), (32, 8), (8, 4), (256, rows // 4))
        assert descriptors(loops, DMA) == 2 * rows // 4
        assert fits(loops, DMA, 1, others=2) == legal
    assert fits(walk(32, 64, (1, 64), (4, 8)), DMA, 1, others=0)


@pytest.mark.parametrize(("loops", "element", "legal"), [
    (((1, 8), (16, 255), (4080, 2)), 1, True), (((1, 8), (16, 256), (4096, 2)), 1, False),  # wraps of 8 bits
    (((1, 4), (4 * 8191, 2)), 1, True), (((1, 4), (4 * 8192, 2)), 1, False),  # steps of 13 bits
    (((1, 4 * 255), (2048, 2)), 1, True), (((1, 4 * 256), (2048, 2)), 1, False),
    (((1, 2), (4, 2), (2, 2)), 1, False), (((1, 2), (4, 2), (2, 2)), 2, True),  # words of 32 bits
    (((1, 1 << 16),), 1, True),
])
def test_fields_of_a_descriptor(loops, element, legal):
    assert fits(loops, DMA, element, others=2) == legal


def test_more_dimensions_need_fewer_descriptors():
    loops = walk(28, 64, (1, 64), (4, 8))
    assert descriptors(loops, dataclasses.replace(DMA, dims=4)) == 2
    assert descriptors(loops, dataclasses.replace(DMA, dims=2)) == 2 * 4 * 7
