import pytest

from aie_explorer.errors import PlacementError
from aie_explorer.placement import Array, Block, Edge, Region, Rules, floorplan_text

BLOCKS = [Block("dense0", 3, 2), Block("dense1", 1, 1)]

EXPECTED = """\
VE2302: 17 columns x 2 rows, 7 of 34 tiles used (21 %)
  1 A>A>A . . . . . . . . . . . . . .
  0 A>A>A B . . . . . . . . . . . . .
    0         5         10        15
A dense0  3 x 2 = 6 tiles at column 0, row 0
B dense1  1 x 1 = 1 tile at column 3, row 0
> cascade, west to east"""


def test_the_array_with_ticks_and_a_legend():
    assert floorplan_text({"dense0": (0, 0), "dense1": (3, 0)}, BLOCKS, "VE2302") == EXPECTED


def test_neighbouring_blocks_are_not_joined_and_rows_count_from_the_bottom():
    lines = floorplan_text({"dense0": (0, 6), "dense1": (3, 7)}, BLOCKS, "VCK190").splitlines()
    assert lines[1].startswith("  7 A-A-A B .")
    assert lines[2].startswith("  6 A-A-A . .")
    assert "alternates" in lines[-1]


def test_many_blocks_still_show():
    blocks = [Block(f"b{i}", 1, 1) for i in range(70)]
    text = floorplan_text({f"b{i}": divmod(i, 8) for i in range(70)}, blocks, "VEK280")
    assert text.count("# b") == 8


def test_an_illegal_placement_is_not_drawn():
    with pytest.raises(PlacementError, match="dense1 overlaps dense0"):
        floorplan_text({"dense0": (0, 0), "dense1": (0, 0)}, BLOCKS, "VEK280")


def test_edges_memory_tiles_plio_and_what_is_taken():
    text = floorplan_text(
        {"dense0": (0, 0), "dense1": (4, 1)}, BLOCKS, Array(7, 2, "small", pl_columns=(1, 2)),
        edges=[("dense0", "dense1"), Edge("dense1", "dense0", "direct")], memory_tiles=[(2, 0), (5, 1)],
        rules=Rules(forbidden_columns=(6,), reserved=(Region(3, 1, 1, 1),)))
    assert text == """\
small: 7 columns x 2 rows, 7 of 14 tiles used (50 %)
  1 A>A>A x B . x
  0 A>A>A . . . x
mem . . . . . m .
mem . . m . . . .
 PL   ^ ^
    0         5
A dense0  3 x 2 = 6 tiles at column 0, row 0
B dense1  1 x 1 = 1 tile at column 4, row 1
A ~> B  through a memory tile, 2 columns and 0 rows apart
B -> A  direct, 4 columns and 0 rows apart
> cascade, west to east"""
