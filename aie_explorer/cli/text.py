"""Plain text for the terminal: tables, JSON, a progress bar."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import numpy as np
import pandas as pd


def table(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows of equal keys as aligned columns, the keys as heads."""
    frame = pd.DataFrame(list(rows))
    return frame_text(frame)


def frame_text(frame: pd.DataFrame, rows: int = 20) -> str:
    """The head of a table, no column left out; floats with few digits."""
    text = frame.head(rows).to_string(index=False, float_format=lambda value: f"{value:.4g}" if abs(value) < 1e4
                                      else f"{value:,.0f}", na_rep="-")
    more = len(frame) - rows
    return text + (f"\n... and {more:,} more" if more > 0 else "")


def print_json(value: object) -> None:
    """Strict JSON on standard output."""
    print(json.dumps(plain(value), indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """numpy and pandas values as JSON data; NaN and the infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (np.generic,)):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is pd.NA:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


class Progress:
    """A bar on standard error, drawn only on a terminal and only once the work has taken a second."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what, self._stream, self._begin, self._drawn = what, stream or sys.stderr, time.monotonic(), False

    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""
        spent = time.monotonic() - self._begin
        if not self._stream.isatty() or (spent < 1.0 and not self._drawn):
            return
        self._drawn = done < total
        filled = "#" * (30 * done // max(total, 1))
        end = "\r" if self._drawn else "\n"
        rate = done / spent if spent else 0.0
        left = f", {(total - done) / rate:.0f} s left" if rate and self._drawn else ""
        self._stream.write(f"{self._what} [{filled:<30}] {done:,}/{total:,} {spent:.0f} s, {rate:,.0f}/s{left}\x1b[K"
                           f"{end}")
        self._stream.flush()
