"""Tables, JSON and the progress bar."""

import io

import numpy as np
import pandas as pd

from aie_explorer.cli.text import Progress, frame_text, plain, table


class Terminal(io.StringIO):
    def isatty(self):
        return True


def progress(stream, monkeypatch, *steps):
    """A bar told (time, done, total) at each step."""
    from aie_explorer.cli import text

    now = 0.0
    monkeypatch.setattr(text.time, "monotonic", lambda: now)
    bar = Progress("sweep", stream)
    for now, done, total in steps:  # noqa: B007
        bar(done, total)
    return stream.getvalue()


def test_nothing_is_drawn_of_quick_work_or_off_a_terminal(monkeypatch):
    assert progress(Terminal(), monkeypatch, (0.2, 1, 2), (0.9, 2, 2)) == ""
    assert progress(io.StringIO(), monkeypatch, (2.0, 1, 2), (4.0, 2, 2)) == ""


def test_a_bar_grows_and_ends_its_line(monkeypatch):
    drawn = progress(Terminal(), monkeypatch, (0.5, 1, 4), (1.5, 2, 4), (3.0, 4, 4))
    half, full = drawn.split("\r")
    assert half == f"sweep [{'#' * 15}{' ' * 15}] 2/4 2 s, 1/s, 2 s left\x1b[K"
    assert full == f"sweep [{'#' * 30}] 4/4 3 s, 1/s\x1b[K\n"


def test_plain_data():
    data = {"a": np.int64(3), "b": [np.float32(0.5), float("nan"), np.inf], "c": (pd.NA, "x", True), 4: None}
    assert plain(data) == {"a": 3, "b": [0.5, None, None], "c": [None, "x", True], "4": None}


def test_long_tables_say_how_much_is_left_out():
    frame = pd.DataFrame({"x": range(2500), "y": 0.123456})
    assert frame_text(frame).endswith("\n... and 2,480 more")
    assert "0.1235" in frame_text(frame)
    assert table([{"x": 1, "y": "a"}]).split() == ["x", "y", "1", "a"]
