import dataclasses
from dataclasses import replace

import pytest

from aie_explorer import devices
from aie_explorer.errors import DeviceError, PlacementError
from aie_explorer.placement import Block, Edge, Placement, Region, Rules, check, place, problems

A, B = Block("a", 3, 2), Block("b", 1, 4)


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ({"a": (0, 0), "b": (3, 0)}, []),
        ({"a": (35, 6), "b": (37, 0)}, []),
        ({"a": (36, 0), "b": (0, 0)}, ["a (3 x 2) at column 36, row 0 leaves the array"]),
        ({"a": (0, 0), "b": (0, 5)}, ["b (1 x 4) at column 0, row 5 leaves the array"]),
        ({"a": (-1, 0), "b": (5, 0)}, ["leaves the array"]),
        ({"a": (0, 0), "b": (2, 1)}, ["b overlaps a"]),
        ({"a": (0, 0)}, ["b is not placed"]),
        ({"a": (0, 0), "b": (3, 0), "c": (9, 0)}, ["c is placed but is no block"]),
    ],
)
def test_the_rules_of_a_placement(positions, words):
    found = problems(positions, [A, B], "VEK280")
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_an_illegal_placement_is_refused_in_words():
    check({"a": (0, 0), "b": (3, 0)}, [A, B], "VEK280")
    with pytest.raises(PlacementError, match="b overlaps a"):
        check({"a": (0, 0), "b": (0, 0)}, [A, B], "VEK280")


def test_a_placement_is_a_value():
    one, same = Placement({"a": (0, 0), "b": (3, 0)}), Placement({"b": (3, 0), "a": (0, 0)})
    assert one == same
    assert hash(one) == hash(same)
    assert one != Placement({"a": (0, 0), "b": (4, 0)})
    assert not hasattr(one, "__setitem__")


def test_a_block_has_tiles():
    with pytest.raises(PlacementError, match="0 x 2"):
        Block("a", 0, 2)
    assert A.tiles == len(list(A.tiles_at((4, 1)))) == 6


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([Block("wide", 39, 1)], "wide: the block is 39 columns wide and VE2802 has 38"),
        ([Block("high", 1, 9)], "high: the block is 9 rows high and VE2802 has 8"),
        ([A, Block("big", 38, 8)], "big: the 2 blocks need 310 tiles and VE2802 has 304"),
        ([Block(f"t{i}", 3, 5) for i in range(13)], "13 blocks higher than 4 rows cannot be stacked and need 39"),
        ([Block(f"w{i}", 20, 3) for i in range(3)], "3 blocks wider than 19 columns cannot share a row and need 9"),
    ],
)
def test_blocks_that_can_never_be_placed_are_named(blocks, words):
    with pytest.raises(PlacementError, match=words):
        place(blocks, [], "VEK280")


def test_a_keepout_is_broken_in_words():
    blocks, at = [A, B], {"a": (0, 0), "b": (3, 1)}
    rules = Rules(keepout_columns=1)
    assert problems(at, blocks, "VEK280", rules) == ["a lies in the column west of b, which it keeps free"]
    assert problems({**at, "b": (4, 1)}, blocks, "VEK280", rules) == []
    level = {"a": (0, 0), "b": (3, 0)}
    pair = [A, Block("b", 1, 2)]
    assert problems(level, pair, "VEK280", rules, [Edge("a", "b", "direct")]) == []
    assert problems(level, pair, "VEK280", rules, [Edge("a", "b")]) != []
    away = replace(rules, reserved=(Region(3, 0, 1, 1, "the host"),))
    assert problems({**at, "b": (4, 0)}, blocks, "VEK280", away) == [
        "the host lies in the column west of b, which it keeps free"]


def test_an_array_of_unknown_shape_is_refused():
    unknown = dataclasses.replace(devices.find("VEK280"), geometry=None)
    with pytest.raises(DeviceError, match="shape of the array"):
        problems({"a": (0, 0)}, [A], unknown)
