import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.placement import Array, Block, Edge, Problem, Rules
from aie_explorer.placement.feasible import packed
from aie_explorer.placement.occupancy import anchors, bits, full_mask, shape_mask
from aie_explorer.placement.packing import pack


@given(st.integers(0, 2**20 - 1), st.integers(1, 6), st.integers(1, 5))
def test_anchors_are_the_tiles_where_the_whole_block_is_free(free, width, height):
    columns, rows = 5, 4
    by_hand = [
        x * rows + y for x, y in itertools.product(range(columns - width + 1), range(rows - height + 1))
        if all(free >> ((x + i) * rows + y + j) & 1 for i in range(width) for j in range(height))
    ]
    assert list(bits(anchors(free, width, height, columns, rows))) == by_hand


def test_masks_count_tiles():
    assert full_mask(38, 8).bit_count() == 304
    assert shape_mask(3, 2, 8).bit_count() == 6


def fits_by_brute_force(shapes, columns, rows):
    """Every combination of places, for a handful of blocks."""
    def extend(free, left):
        return not left or any(
            extend(free & ~(shape_mask(*left[0], rows) << bit), left[1:])
            for bit in bits(anchors(free, *left[0], columns, rows))
        )
    return extend(full_mask(columns, rows), shapes)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=5))
@settings(max_examples=80, deadline=None)
def test_small_cases_are_decided_exactly(shapes):
    blocks = [Block(f"b{i}", *shape) for i, shape in enumerate(shapes)]
    packing = pack(blocks, 5, 4)
    assert packing.proven
    assert (packing.positions is not None) == fits_by_brute_force(shapes, 5, 4)


def test_a_keepout_that_may_be_shared_leaves_open_whether_blocks_fit():
    blocks, array = (Block("a", 3, 4), Block("b", 3, 4)), Array(6, 4)
    apart = packed(Problem(blocks, (Edge("a", "b"),), array, rules=Rules(1)))
    assert (apart.positions, apart.proven) == (None, True)
    shared = packed(Problem(blocks, (Edge("a", "b", "direct"),), array, rules=Rules(1)))
    assert (shared.positions, shared.proven) == (None, False)
    neither = packed(Problem((*blocks, Block("c", 1, 1)), (Edge("a", "b", "direct"),), array, rules=Rules(1)))
    assert (neither.positions, neither.proven) == (None, True)


def test_a_refusal_names_the_block_that_found_no_place():
    packing = pack([Block("large", 3, 2), Block("square", 2, 2)], 4, 3)
    assert (packing.positions, packing.proven, packing.left_over) == (None, True, "square")
