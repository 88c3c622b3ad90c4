"""The designs a session looks at, and the filters that all views share."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.design import Design
from aie_explorer.errors import MissingExtraError
from aie_explorer.explorer import Explorer
from aie_explorer.search.over import WHOLE_DESIGN
from aie_explorer.widgets.options import FIELDS, shown
from aie_explorer.widgets.query import Mask, matching

SAMPLE = 2_000
"""Designs drawn from the space beside the exact front when a session starts."""

Span = tuple[tuple[float, float], ...] | tuple[str, ...]
"""Of a column of figures the intervals kept, of a column of words the words kept."""


@dataclass(frozen=True)
class Lasso:
    """A polygon drawn around points of two columns; only designs inside are kept."""

    x: str
    y: str
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Filters:
    """What all views are filtered by.

    Attributes:
        spans: by column what is kept of it.
        lasso: drawn in the scatter.
        words: see `query`.
    """

    spans: tuple[tuple[str, Span], ...] = ()
    lasso: Lasso | None = None
    words: str = ""

    def with_span(self, column: str, span: Span | None) -> Filters:
        """With another span of a column, or none."""
        rest = {name: kept for name, kept in self.spans if name != column}
        return Filters(tuple(rest.items() if span is None else {**rest, column: span}.items()), self.lasso, self.words)

    def __bool__(self) -> bool:
        return bool(self.spans or self.lasso or self.words.strip())


@dataclass(frozen=True, eq=False)
class Table:
    """Designs, one a row.

    Attributes:
        frame: as `Explorer.sweep` gives it.
        note: where its rows come from.
        front: how many of its first rows are the exact front.
    """

    frame: pd.DataFrame
    note: str
    front: int = 0
    _codes: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def layers(self) -> list[str]:
        """Layers whose choices it holds."""
        return [name.removesuffix(f".{FIELDS[0]}") for name in self.frame.columns if name.endswith(f".{FIELDS[0]}")]

    @property
    def figures(self) -> list[str]:
        """Columns of numbers that are no choice."""
        return [name for name in self.frame.columns if "." not in name
                and pd.api.types.is_numeric_dtype(self.frame[name])]

    def choice_column(self, layer: str) -> npt.NDArray[np.object_]:
        """[designs] a layer's choice, in words."""
        if layer not in self._codes:
            parts = [self.frame[f"{layer}.{name}"].astype(str).to_numpy(object) for name in FIELDS
                     if f"{layer}.{name}" in self.frame.columns]
            joined = parts[0]
            for part in parts[1:]:
                joined = joined + " " + part
            codes, names = pd.factorize(joined)
            names = np.array([str(name).removesuffix(" auto") for name in names], object)
            self._codes[layer] = names[codes]
        found: npt.NDArray[np.object_] = self._codes[layer]
        return found


def start_table(explorer: Explorer) -> Table:
    """The exact front, then a sample of the rest."""
    front = explorer.pareto()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is a sample is said in the note
        others = explorer.sweep(limit=SAMPLE)
    frame = _joined(front, others[front.columns])
    sampled = "a sample of the rest" if others.attrs.get("sampled") else "all other combinations of the best options"
    return Table(frame, f"the exact front ({len(front):,}) and {sampled} ({len(frame) - len(front):,})", len(front))


def append(table: Table, more: pd.DataFrame, what: str) -> Table:
    """A table with further designs; those that it has already are left out."""
    frame = _joined(table.frame, more)
    return Table(frame, f"{table.note}; {what} ({len(frame) - len(table.frame):,} new)", table.front)


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Both tables, each design once, words as categories."""
    frame = pd.concat([first, second], ignore_index=True)
    words = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    frame[words] = frame[words].astype("category")
    keys = [name for name in frame.columns if "." in name or name in WHOLE_DESIGN]
    return frame[~frame.duplicated(keys)].reset_index(drop=True)


def kept(table: Table, filters: Filters) -> Mask:
    """Which designs the filters keep.

    Raises:
        DesignError: when the filter in words is not understood.
    """
    frame = table.frame
    mask = matching(frame, filters.words)
    for name, span in filters.spans:
        if name not in frame.columns or not span:
            continue
        if isinstance(span[0], str):
            mask &= frame[name].astype(str).isin(list(map(str, span))).to_numpy()
        elif pd.api.types.is_numeric_dtype(frame[name]):
            values = frame[name].to_numpy()
            mask &= np.logical_or.reduce([(values >= low) & (values <= high) for low, high in span])
    lasso = filters.lasso
    if lasso is not None and {lasso.x, lasso.y} <= set(frame.columns):
        mask &= inside(frame[lasso.x].to_numpy(np.float64), frame[lasso.y].to_numpy(np.float64), lasso.corners)
    return mask


def inside(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], corners: tuple[tuple[float, float], ...]) -> Mask:
    """Which points lie in a polygon: a ray from each crosses its border an odd number of times."""
    found = np.zeros(len(x), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y0 != y1:
            found ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found


FIGURES = {"interval": ("interval_cycles", -1), "latency": ("latency_cycles", -1), "tiles": ("tiles", -1),
           "throughput": ("samples_per_s", 1)}
"""Objectives by which designs of the front can be compared: the figure, and whether less or more of it is better."""


def row_of(table: Table, design: Design) -> int | None:
    """The row of a design, if the table has it."""
    frame, estimate = table.frame, design.estimate()
    values: Mapping[str, object] = {
        "device": design.device.name, "batch": design.network.batch, "plio_bits": design.device.plio_bits,
        "clock_mhz": design.device.clock_mhz, "pl_clock_mhz": design.device.pl_clock_mhz, "copies": design.copies}
    near = (frame["tiles"].to_numpy() == design.tiles) & np.isclose(
        frame["interval_cycles"].to_numpy(), estimate.interval_cycles, rtol=1e-9)
    for index in np.flatnonzero(near).tolist():
        row = frame.iloc[index]
        if all(row[name] == value for name, value in values.items()) and all(
                str(row[f"{layer}.{name}"]) == shown(getattr(choice, name)) for layer, choice in design.layers.items()
                for name in FIELDS if f"{layer}.{name}" in frame.columns):
            return int(index)
    return None


def refused(table: Table, design: Design, objective: str, max_tiles: int) -> int:
    """Designs of the front that are better than the best one found: those that cannot be placed or fed."""
    if objective not in FIGURES:
        return 0
    name, sign = FIGURES[objective]
    front, found = table.frame.iloc[:table.front], getattr(design.estimate(), name)
    better = sign * front[name].to_numpy(np.float64) > sign * found + 1e-9 * abs(found)
    return int((better & (front["tiles"].to_numpy() <= max_tiles)).sum())


def alike(table: Table, mask: Mask, row: int, columns: tuple[str, str]) -> npt.NDArray[np.intp]:
    """Rows with the figures of one in two columns, the best first; those that filters leave out only if it is one."""
    frame = table.frame
    same = mask.copy() if mask[row] else ~mask
    for name in columns:
        values = frame[name].to_numpy(np.float64)
        same &= np.isclose(values, values[row], rtol=1e-9, atol=0)
    rows: npt.NDArray[np.intp] = np.flatnonzero(same)
    keys = [frame[name].to_numpy(np.float64)[rows] for name in ("tiles", "latency_cycles", "interval_cycles")]
    best: npt.NDArray[np.intp] = rows[np.lexsort(keys)]
    return best


def ordered(table: Table, mask: Mask, column: str, descending: bool) -> npt.NDArray[np.intp]:
    """Rows kept, in the order of a column; a layer's name orders by its choice."""
    rows: npt.NDArray[np.intp] = np.flatnonzero(mask)
    if column in table.layers:
        values: Any = table.choice_column(column)[rows]
        values = np.unique(values.astype(str), return_inverse=True)[1]
    elif column in table.frame.columns:
        values = table.frame[column].iloc[rows]
        values = (values.to_numpy() if pd.api.types.is_numeric_dtype(values)
                  else np.unique(values.astype(str).to_numpy(str), return_inverse=True)[1])
    else:
        return rows
    order = np.argsort(-values if descending else values, kind="stable")
    return rows[order]


COLUMNS = ("tiles", "interval_cycles", "latency_cycles", "samples_per_s", "efficiency", "bottleneck")
MORE_COLUMNS = ("interval_ns", "latency_ns", "validity", "plio", "memory_tile_bytes", "macs_issued")


def columns_shown(table: Table) -> list[str]:
    """Columns of the grid: the figures, what differs among the designs as a whole, and a choice a layer."""
    varied = [name for name in ("device", "batch", "plio_bits", "clock_mhz", "copies")
              if name in table.frame.columns and table.frame[name].nunique() > 1]
    return [*varied, *(name for name in COLUMNS if name in table.frame.columns), *table.layers,
            *(name for name in MORE_COLUMNS if name in table.frame.columns)]


def cells(table: Table, rows: npt.NDArray[np.intp], columns: list[str]) -> list[list[str]]:
    """The text of some rows."""
    part = table.frame.iloc[rows]
    texts = []
    for name in columns:
        if name in table.layers and name not in table.frame.columns:
            texts.append(list(map(str, table.choice_column(name)[rows])))
        elif name == "efficiency":
            texts.append([f"{value:.1%}" for value in part[name]])
        elif pd.api.types.is_float_dtype(part[name]):
            texts.append([_figure(value) for value in part[name]])
        elif pd.api.types.is_numeric_dtype(part[name]):
            texts.append([f"{value:,}" for value in part[name]])
        else:
            texts.append([str(value) for value in part[name]])
    return [list(row) for row in zip(*texts, strict=True)]


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:,.1f}"


def rounded(table: Table, column: str, span: tuple[float, float]) -> tuple[float, float]:
    """An interval as a user reads it: of a column of whole numbers whole ones, of others four digits."""
    low, high = span
    if column in table.frame.columns and pd.api.types.is_integer_dtype(table.frame[column]):
        return float(math.ceil(low)), float(math.floor(high))
    if low == 0 or high == 0 or not (math.isfinite(low) and math.isfinite(high)):
        return low, high
    step_low, step_high = (10.0 ** (math.floor(math.log10(abs(end))) - 3) for end in (low, high))
    return math.floor(low / step_low) * step_low, math.ceil(high / step_high) * step_high


def choice_words(table: Table, row: int) -> str:
    """A design in a line: its figures, what limits it, and every choice."""
    if not 0 <= row < len(table.frame):
        return ""
    one = table.frame.iloc[row]
    figures = (f"{one['tiles']} tiles, interval {one['interval_cycles']:.0f}, latency {one['latency_cycles']:.0f} "
               f"cycles, {one['efficiency']:.1%} of peak, limited by {one['bottleneck']}")
    return "; ".join([figures, *(f"{layer}: {table.choice_column(layer)[row]}" for layer in table.layers)])


def as_parquet(frame: pd.DataFrame) -> bytes:
    """A table as a Parquet file.

    Raises:
        MissingExtraError: without pyarrow.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "a Parquet file") from None
    data = io.BytesIO()
    plain = frame.copy()
    plain.attrs = {}
    plain.to_parquet(data, index=False)
    return data.getvalue()
