import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.errors import DesignError
from aie_explorer.widgets.query import matching

FRAME = pd.DataFrame({
    "tiles": [1, 2, 3, 4], "efficiency": [0.1, 0.5, 0.2, 0.9], "bottleneck": pd.Categorical(
        ["dense0 kernel", "input PLIO", "dense1 kernel", "input PLIO"]),
    "dense0.cas_length": [1, 1, 2, 4], "dense0.split": ["rows", "features", "rows", "features"]})


@pytest.mark.parametrize(("text", "rows"), [
    ("", [0, 1, 2, 3]), ("tiles < 3", [0, 1]), ("1 < tiles <= 3", [1, 2]), ("tiles in [1, 4]", [0, 3]),
    ("tiles not in (1, 4)", [1, 2]), ("not tiles == 2", [0, 2, 3]), ("tiles * 2 + 1 == 5", [1]),
    ("tiles > 1 and efficiency > 0.3", [1, 3]), ("(tiles > 3) | (efficiency < 0.15)", [0, 3]),
    ("(tiles > 1) & ~(efficiency > 0.3)", [2]), ('dense0.split == "rows"', [0, 2]),
    ('`dense0.split` != "rows"', [1, 3]), ("dense0.cas_length >= 2", [2, 3]), ('"kernel" in bottleneck', [0, 2]),
    ('"kernel" not in bottleneck', [1, 3]), ('bottleneck in ["input PLIO"]', [1, 3]), ("tiles % 2 == 0", [1, 3]),
    ("-tiles < -3", [3]), ("tiles ** 2 > 8", [2, 3]), ("dense0.split == dense0.split", [0, 1, 2, 3]),
    ("10 ** 400 > tiles", [0, 1, 2, 3]),
])
def test_keeps_the_rows_it_says(text, rows):
    assert list(np.flatnonzero(matching(FRAME, text))) == rows


@pytest.mark.parametrize(("text", "words"), [
    ("tile < 3", "tiles"), ("tiles", "true or false"), ("tiles <", "not understood"), ("3", "true or false"),
    ("__import__('os').system('x')", "cannot be used"), ("tiles.__class__", "no column"), ("tiles.sum() > 1", "calls"),
    ("tiles[0] > 1", "indexing"), ("(lambda: 1)() > 0", "cannot be used"), ("dense0.split < 'rows'", "no order"),
    ("dense0.split == 3", "in quotes"), ("tiles and efficiency", "join comparisons"), ("tiles > 'a'", "number"),
    ("[t for t in tiles]", "cannot be used"), ("f'{tiles}' == 'a'", "cannot be used"), ("tiles is 3", "cannot"),
    ("x := 3", "not understood"), ("tiles > 1" + " " * 3000 + "and 1 < tiles", "longer"), ("tiles > 1j", "neither"),
    ("(" * 900 + "tiles" + ")" * 900 + " > 1", "not understood"), ("bottleneck in tiles", '"in" needs'),
])
def test_says_what_it_does_not_understand(text, words):
    with pytest.raises(DesignError, match=words):
        matching(FRAME, text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="tiles efcny.()[]<>=!&|~+-*/%'\"0123456789_,:andornti", max_size=40))
def test_any_text_gives_a_mask_or_words(text):
    try:
        mask = matching(FRAME, text)
    except DesignError:
        return
    assert mask.shape == (4,)
    assert mask.dtype == np.bool_


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=20), st.integers(-5, 5), st.sampled_from(
    ["<", "<=", ">", ">=", "==", "!="]))
def test_agrees_with_pandas(values, limit, sign):
    frame = pd.DataFrame({"a": values})
    text = f"a {sign} {limit}"
    assert matching(frame, text).tolist() == frame.index.isin(frame.query(text).index).tolist()
