import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placement import oracle

from aie_explorer.errors import PlacementError
from aie_explorer.placement import (
    Array,
    Block,
    Edge,
    Problem,
    Region,
    Rules,
    Weights,
    fits,
    most_copies,
    place_copies,
    place_replicas,
)
from aie_explorer.placement.replicas import patterns

SHAPE = st.tuples(st.integers(1, 4), st.integers(1, 3))


def chain(*shapes):
    blocks = [Block(f"b{i}", *shape) for i, shape in enumerate(shapes)]
    return blocks, [Edge(a.name, b.name) for a, b in itertools.pairwise(blocks)]


def judged(blocks, edges, found, array, rules):
    """The faults of all copies together; edges stay within a copy."""
    copies = range(len(found.origins))
    every = tuple(Block(f"{b.name}#{i}", b.width, b.height) for i in copies for b in blocks)
    joined = tuple(Edge(f"{e.producer}#{i}", f"{e.consumer}#{i}", e.kind, e.exclusive) for i in copies for e in edges)
    return oracle.faults(Problem(every, joined, array, rules=rules), found.all())


@given(st.lists(SHAPE, min_size=1, max_size=4), st.integers(0, 1), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_as_many_copies_as_are_said_to_fit_are_placed_legally_and_alike(shapes, keepout, reserve, direct):
    blocks, edges = chain(*shapes)
    edges = [Edge(e.producer, e.consumer, "direct" if direct else "memory_tile") for e in edges]
    array = Array(14, 6)
    rules = Rules(keepout, reserved=(Region(5, 2, 2, 1),) if reserve else ())
    most = most_copies(blocks, array, rules)
    assert most * sum(b.tiles for b in blocks) <= array.tiles
    if most == 0:
        return
    found = place_replicas(blocks, edges, array, most, rules=rules)
    assert judged(blocks, edges, found, array, rules) == []
    column, row = found.origins[0]
    for i, (x, y) in enumerate(found.origins):
        assert {n: (a - x, b - y) for n, (a, b) in found.placement(i).items()} == {
            n: (a - column, b - row) for n, (a, b) in found.copy.items()}
    with pytest.raises(PlacementError, match=f"at most {most} do"):
        place_replicas(blocks, edges, array, most + 1, rules=rules)


def test_a_network_that_fills_its_rectangle_fills_the_array():
    blocks, edges = chain((2, 2), (1, 2), (1, 2))
    assert most_copies(blocks, "vek280") == 38  # 2 x 4 tiles: 19 side by side, two above each other
    found = place_replicas(blocks, edges, "vek280", 38)
    assert (found.pattern.width, found.pattern.height, len(found.origins)) == (2, 4, 38)
    # nine of 4 x 2 fit side by side and four above each other, and in a row the blocks are closer to each other
    flat = place_replicas(blocks, edges, "vek280", 36)
    assert (flat.pattern.width, flat.pattern.height, len(flat.origins)) == (4, 2, 36)
    assert flat.copy.cost == 2.0
    assert flat.copy.optimal


def test_fewer_copies_may_take_more_room_to_cost_less():
    blocks, edges = chain((3, 1), (3, 1))
    array = Array(6, 4)
    close, roomy = place_replicas(blocks, edges, array, 4), place_replicas(blocks, edges, array, 2)
    assert len(close.origins) == 4
    assert roomy.copy.cost <= close.copy.cost


def test_plios_limit_the_copies():
    blocks, _ = chain((1, 1))
    assert most_copies(blocks, "vek280") == 304
    assert most_copies(blocks, "vek280", inputs=1) == 112  # four 128-bit PLIOs into each of 28 columns
    assert most_copies(blocks, "vek280", inputs=1, outputs=1) == 84
    assert most_copies(blocks, "vek280", inputs=200) == 0


def test_every_block_of_every_copy_has_its_place_in_the_problem_of_all():
    blocks, edges = chain((3, 2), (1, 4))
    one = Problem(tuple(blocks), tuple(edges), Array(20, 8), Weights(plio=0.05), inputs=("b0",))
    every = Problem(tuple(Block(f"{b.name}_{i}", *b.shape) for i in range(9) for b in blocks),
                    tuple(Edge(f"{e.producer}_{i}", f"{e.consumer}_{i}") for i in range(9) for e in edges),
                    one.array, one.weights, inputs=tuple(f"b0_{i}" for i in range(9)))
    placement = place_copies(one, every)
    assert oracle.faults(every, placement) == []
    assert placement.cost == pytest.approx(oracle.cost(every, placement))
    assert 0 < placement.bound <= placement.cost
    steps = {(placement[f"b1_{i}"][0] - placement[f"b0_{i}"][0], placement[f"b1_{i}"][1] - placement[f"b0_{i}"][1])
             for i in range(9)}
    assert len(steps) == 1
    with pytest.raises(PlacementError, match="not those of whole copies"):
        place_copies(one, replace(every, blocks=every.blocks[:-1], edges=every.edges[:-1]))


def test_copies_for_which_a_pattern_wastes_too_much_are_placed_block_by_block():
    blocks, edges = chain((2, 2), (1, 1))
    one = Problem(tuple(blocks), tuple(edges), Array(5, 2))
    assert most_copies(blocks, one.array) == 1  # a rectangle of 3 x 2; the single tiles of two copies share a column
    every = Problem(tuple(Block(f"{b.name}_{i}", *b.shape) for i in range(2) for b in blocks),
                    tuple(Edge(f"b0_{i}", f"b1_{i}") for i in range(2)), one.array)
    assert oracle.faults(every, place_copies(one, every)) == []


def test_a_network_too_large_for_one_copy():
    blocks, edges = chain((38, 5), (38, 5))
    assert most_copies(blocks, "vek280") == 0
    assert patterns(blocks, "vek280") == ()
    with pytest.raises(PlacementError, match=r"1 copies of 380 tiles do not fit; at most 0 do.*fewer tiles"):
        place_replicas(blocks, edges, "vek280", 1)


def test_a_pin_cannot_hold_every_copy():
    blocks, edges = chain((1, 1))
    with pytest.raises(PlacementError, match="b0: a pin holds one block"):
        place_replicas(blocks, edges, "vek280", 2, rules=Rules(pins={"b0": (0, 0)}))
    with pytest.raises(PlacementError, match="0 copies"):
        place_replicas(blocks, edges, "vek280", 0)


@given(st.lists(SHAPE, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_fits_can_be_placed(shapes):
    blocks, edges = chain(*shapes)
    array = Array(6, 5)
    try:
        place_replicas(blocks, edges, array, 1)
        placed = True
    except PlacementError:
        placed = False
    if placed:
        assert fits(blocks, array)
