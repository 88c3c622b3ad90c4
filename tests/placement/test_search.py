import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer import devices
from aie_explorer.errors import PlacementError
from aie_explorer.placement import Block, place, placement_cost, problems
from aie_explorer.placement.packing import pack

VEK280 = devices.find("VEK280")


def chain(*shapes):
    blocks = [Block(f"b{i}", width, height) for i, (width, height) in enumerate(shapes)]
    return blocks, [(f"b{i}", f"b{i + 1}") for i in range(len(blocks) - 1)]


def assert_legal(placement, blocks, columns, rows):
    """Written without the package's own checker: every tile once, inside the array."""
    tiles = [(x, y) for block in blocks for x in range(placement[block.name][0], placement[block.name][0] + block.width)
             for y in range(placement[block.name][1], placement[block.name][1] + block.height)]
    assert set(placement) == {block.name for block in blocks}
    assert len(set(tiles)) == len(tiles) == sum(block.width * block.height for block in blocks)
    assert all(0 <= x < columns and 0 <= y < rows for x, y in tiles)


@st.composite
def problem(draw):
    """Up to 12 blocks with random edges, of any direction, on a small array."""
    columns, rows = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    geometry = devices.Geometry(columns, rows)
    device = dataclasses.replace(VEK280, tiles=columns * rows, geometry=geometry)
    shapes = draw(st.lists(st.tuples(st.integers(1, columns), st.integers(1, rows)), max_size=12))
    blocks, _ = chain(*shapes)
    names = st.sampled_from([block.name for block in blocks] or [""])
    return blocks, draw(st.lists(st.tuples(names, names), max_size=15)) if blocks else [], device


@given(problem())
@settings(max_examples=60, deadline=None)
def test_a_placement_is_legal_or_refused_and_always_the_same(case):
    blocks, edges, device = case
    try:
        placement = place(blocks, edges, device)
    except PlacementError:
        packing = pack(blocks, device.columns, device.rows)
        assert packing.positions is None or sum(b.tiles for b in blocks) > device.tiles
        return
    assert_legal(placement, blocks, device.columns, device.rows)
    assert problems(placement, blocks, device) == []
    assert place(blocks, edges, device) == placement
    assert list(placement) == [block.name for block in blocks]


@pytest.mark.parametrize(
    "shapes",
    [[(1, 8)] * 37, [(4, 4)] * 18, [(3, 8)] * 12, [(4, 1)] * 72, [(2, 2)] * 30, [(1, 1)] * 30, [(38, 8)], [],
     # 268 tiles that a search by distance alone does not fit in
     [(6, 3), (2, 3), (6, 2), (2, 6), (2, 3), (4, 3), (7, 6), (7, 2), (6, 1), (2, 2), (7, 4), (7, 3), (6, 2), (7, 1),
      (2, 1), (2, 3), (2, 2), (6, 4), (6, 3), (2, 4), (2, 3)]],
    ids=len,
)
def test_crowded_arrays_are_placed(shapes):
    blocks, edges = chain(*shapes)
    assert_legal(place(blocks, edges, "VEK280"), blocks, 38, 8)


@pytest.mark.parametrize(
    ("shapes", "cost"),
    [
        ([(3, 2), (1, 4), (1, 1)], 2.0),  # abutting blocks: one column an edge, all on row 0
        ([(2, 4)] * 16, 15.0),
        ([(8, 8)] * 4, 3.0),
        ([(1, 8)] * 38, 37.0),
        ([(5, 5)], 0.0),
    ],
)
def test_a_chain_that_fits_side_by_side_costs_one_column_an_edge(shapes, cost):
    blocks, edges = chain(*shapes)
    assert placement_cost(place(blocks, edges, "VEK280"), blocks, edges) == pytest.approx(cost)


def test_a_chain_longer_than_the_array_turns():
    # Straight east and back along the next rows costs 63.8; turning from the start stays below one column more an edge.
    blocks, edges = chain(*[(4, 4)] * 18)
    assert placement_cost(place(blocks, edges, "VEK280"), blocks, edges) < 40


def test_producers_are_placed_before_consumers_whatever_the_order_given():
    blocks, edges = chain((2, 2), (2, 2), (2, 2))
    assert place(blocks[::-1], edges, "VEK280") == place(blocks, edges, "VEK280")


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([(8, 4)] * 9, "b8: no arrangement leaves 8 x 4 free tiles together for it, although the blocks need only 288"),
        ([(3, 3)] * 25, "no arrangement was found"),
        ([(2, 5)] * 20, "cannot be stacked"),
    ],
)
def test_fragmentation_is_told_from_a_lack_of_tiles(shapes, words):
    with pytest.raises(PlacementError, match=words):
        place(*chain(*shapes), "VEK280")
