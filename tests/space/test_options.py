import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.devices import find
from aie_explorer.errors import DesignError
from aie_explorer.ir import FixedPoint
from aie_explorer.space import ROWS, RULES, Choice, Work, choice_of, layer_options, option_row, parse_choice, refusals
from aie_explorer.space.layer import layer_microtiles
from aie_explorer.space.options import candidates, cut
from aie_explorer.space.rules import legal

VEK280 = find("vek280")
INT8, UINT8, INT16 = FixedPoint(8, 7), FixedPoint(8, 7, signed=False), FixedPoint(16, 10)


def work(rows=8, k=64, n=64, x=INT8, w=INT8, y=UINT8, bits=24):
    return Work(rows, k, n, x, w, y, bits)


@given(rows=st.integers(1, 64), k=st.integers(1, 600), n=st.integers(1, 600), x=st.sampled_from([INT8, UINT8, INT16]),
       w=st.sampled_from([INT8, INT16]), y=st.sampled_from([INT8, INT16, FixedPoint(32, 14)]))
@settings(max_examples=60, deadline=None)
def test_slices_cover_the_layer_and_no_tile_is_idle(rows, k, n, x, w, y):
    layer = work(rows, k, n, x, w, y)
    try:
        table = layer_options(layer, VEK280)
    except DesignError:
        return  # large buffers of wide types may leave no option
    by_rows = table["split"] == ROWS
    assert np.all(table["cas_length"].astype(int) * table["k"] >= k)
    assert np.all((table["cas_length"] - 1) * table["k"] < k)
    covered_n = np.where(by_rows, 1, table["cas_num"]) * table["n"]
    covered_rows = np.where(by_rows, table["cas_num"], 1) * table["rows"]
    assert np.all((covered_n >= n) & (covered_rows >= rows))
    assert np.all(table["k"] % table["K"] == 0)
    assert np.all((table["n"] % (table["block_columns"] * table["N"]) == 0)
                  & (table["rows"] % (table["block_rows"] * table["M"]) == 0))
    # but in 2 x 2, no part of a register block is idle throughout
    other = (table["block_rows"] != 2) | (table["block_columns"] != 2)
    assert np.all(((table["block_rows"] - 1) * table["M"] < rows)[other])
    assert np.all(((table["block_columns"] - 1) * table["N"] < n)[other])
    # conservation of work: what the tiles issue is at least what the layer needs
    issued = table["rows"].astype(float) * table["k"] * table["n"] * table["tiles"]
    assert np.all(issued >= rows * k * n)


def test_every_rule_forbids_something():
    """A rule that no case breaks would not be a rule."""
    cases = [work(), work(k=4096, n=4096), work(rows=512, k=512), work(bits=40, x=INT16, w=INT8), work(k=17, n=3),
             work(rows=64, x=INT16, w=INT16, y=INT16), work(n=30000, k=8), work(y=FixedPoint(32, 14)),
             work(y=FixedPoint(20, 8)), dataclasses.replace(work(n=48), beside=True)]
    broken = {rule.id for layer in cases for device in (VEK280, find("vck190")) for rule in RULES
              if rule.broken(candidates(layer, layer_microtiles(layer, device), device), layer, device).any()}
    assert broken == {rule.id for rule in RULES}


@pytest.mark.parametrize(("k", "n"), [(75, 32), (10, 10), (17, 3), (1000, 500), (784, 512), (1, 1)])
def test_any_size_has_options(k, n):
    assert len(layer_options(work(k=k, n=n), VEK280)) > 0


def test_too_large_a_layer_says_which_rule():
    with pytest.raises(DesignError, match=r"4096 x 8192.*bytes of weights of one tile is \d+, at most 32768"):
        layer_options(work(k=4096, n=8192), VEK280)


def test_weights_may_take_two_banks_and_no_more():
    fits = work(k=128, n=256)   # 32768 bytes in one tile
    assert (1 in layer_options(fits, VEK280)["tiles"])
    assert (1 not in layer_options(work(k=136, n=256), VEK280)["tiles"])
    assert len(layer_options(work(k=4096, n=2048), VEK280)) > 0  # 8 MiB: more than a bank in each of 304 tiles


def test_weights_of_two_banks_leave_less_room_for_activations():
    """Bias, stack and heap are then in the bank of the first buffers."""
    tiles = {(k, rows): set(layer_options(work(k=k, n=256, rows=rows), VEK280)["tiles"]) for k in (64, 72)
             for rows in (40, 48)}
    # one bank of weights: 48 x (64 + 256) bytes fit the other; two: 48 x (72 + 256) and 4 x 256 + 2080 do not
    assert [1 in tiles[key] for key in ((64, 40), (64, 48), (72, 40), (72, 48))] == [True, True, True, False]


def test_options_are_unique_and_sorted_by_tiles():
    table = layer_options(work(), VEK280)
    choices = [choice_of(row) for row in table]
    assert len(set(choices)) == len(choices)
    assert np.all(np.diff(table["tiles"]) >= 0)


def test_option_row_agrees_with_the_table():
    layer = work(k=100, n=50)
    for row in layer_options(layer, VEK280)[::7]:
        assert option_row(layer, VEK280, choice_of(row), "dense0")[0] == row


@pytest.mark.parametrize(("choice", "words"), [
    (Choice((4, 8, 9), 1, 1), "no 4x8x9"),
    (Choice((4, 8, 8), 39, 1), "cas_length is 39"),
    (Choice((4, 8, 8), 1, 9), "cas_num is 9"),
    (Choice((4, 8, 8), 7, 1), "would have no work"),
])
def test_an_illegal_choice_says_why(choice, words):
    with pytest.raises(DesignError, match=words):
        option_row(work(), VEK280, choice, "dense0")


def test_an_illegal_choice_names_the_broken_rule_in_numbers():
    with pytest.raises(DesignError, match="bytes of weights of one tile is 65536, at most 32768"):
        option_row(work(k=512, n=512), VEK280, Choice((4, 8, 8), 2, 2), "dense0")


def test_refusals_agree_with_legal():
    layer = work(rows=32, k=300, n=300)
    table = candidates(layer, layer_microtiles(layer, VEK280), VEK280)
    allowed = legal(table, layer, VEK280)
    for i in range(0, len(table), 97):
        assert bool(refusals(table[i:i + 1], layer, VEK280)) != allowed[i]


def test_cut_keeps_idle_options_on_request():
    shape, one, block = np.array([[4, 8, 8, 1, 32]]), np.array([1]), np.array([[2, 2]])
    assert len(cut(work(), shape, np.array([20]), one, np.array([0]), block)) == 0
    assert len(cut(work(), shape, np.array([20]), one, np.array([0]), block, drop_idle=False)) == 1


@pytest.mark.parametrize("y", [INT8, INT16, FixedPoint(32, 14)])
def test_cascades_carry_whole_beats(y):
    table = layer_options(work(rows=1, y=y), VEK280)
    cascaded = table[table["cas_length"] > 1]
    assert np.all(cascaded["M"] * cascaded["N"] * cascaded["acc_bits"] % 512 == 0)


def test_a_single_cascade_has_one_split():
    assert Choice((4, 8, 8), 2, 1, "rows") == Choice((4, 8, 8), 2, 1, "features")


@pytest.mark.parametrize("value", [{"cas_length": 1, "cas_num": 1}, {"microtile": "4x8", "cas_length": 1, "cas_num": 1},
                                   {"microtile": "4x8x8", "cas_length": "a", "cas_num": 1},
                                   {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1, "split": "columns"},
                                   {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1, "colour": 1}])
def test_malformed_choices_are_refused(value):
    with pytest.raises(DesignError):
        parse_choice(value, "dense0")
