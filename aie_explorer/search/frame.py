"""Designs as a pandas table: one complete design a row, from which the design can be rebuilt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer import html
from aie_explorer.cycles import VALIDITY, load_constants
from aie_explorer.errors import DesignError
from aie_explorer.search.figures import Picks, direct_edges, figures, filled_inputs
from aie_explorer.search.objectives import ADDED, FILLED, SPARED
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import CHOICES, PORTS, ROUTES, SHAPE_FIELDS, SPLITS, Choice, parse_choice, shape_name

Words = tuple[npt.NDArray[np.intp], list[str]]
"""Of each row, which word; the words."""


def to_frame(space: DesignSpace, picks: Picks, copies: int | npt.NDArray[np.int64] = 1) -> pd.DataFrame:
    """Cost designs and lay them out.

    Args:
        space: the design space.
        picks: [designs, layers] rows of the layers' tables.
        copies: of each design side by side; tiles, throughput, ports, bytes and multiply-accumulates are of all.

    Returns:
        Columns device, batch, plio_bits, clocks; the figures of the design; and "<layer>.<choice>" for every layer and
        choice.
    """
    found = figures(space, picks)
    ns_per_cycle = 1e3 / space.device.clock_mhz
    columns: dict[str, object] = {
        "device": _labels(np.zeros(len(picks), np.int8), [space.device.name]),
        "batch": np.full(len(picks), space.network.batch),
        "plio_bits": np.full(len(picks), space.device.plio_bits),
        "clock_mhz": np.full(len(picks), space.device.clock_mhz),
        "pl_clock_mhz": np.full(len(picks), space.device.pl_clock_mhz),
        "copies": np.broadcast_to(np.asarray(copies, np.int16), len(picks)),
        "tiles": found.tiles * copies, "interval_cycles": found.interval_cycles, "latency_cycles": found.latency_cycles,
        "interval_ns": found.interval_cycles * ns_per_cycle, "latency_ns": found.latency_cycles * ns_per_cycle,
        "samples_per_s": copies * space.network.batch * 1e9 / (found.interval_cycles * ns_per_cycle),
        "efficiency": found.efficiency,
        "samples_per_s_per_tile": space.network.batch * 1e9 / (found.interval_cycles * ns_per_cycle * found.tiles),
        "plio_in": found.plio_in * copies, "plio_out": found.plio_out * copies,
        "plio": (found.plio_in + found.plio_out) * copies,
        **{name: _added(space, picks, name) * copies for name in ("memory_tile_bytes", "macs_issued")},
        "bottleneck": _labels(found.bottleneck, found.bottlenecks),
        "validity": _labels(found.validity, VALIDITY),
        "interval_error_pct": found.interval_error_pct, "latency_error_pct": found.latency_error_pct,
    }
    words: dict[int, dict[str, Words]] = {}  # equal layers share their table
    for layer, pick in zip(space.layers, picks.T, strict=True):
        if id(layer.table) not in words:
            words[id(layer.table)] = _words(layer)
        columns |= {f"{layer.name}.{key}": value
                    for key, value in _choice_columns(layer, pick, words[id(layer.table)]).items()}
    return pd.DataFrame(columns)


def _added(space: DesignSpace, picks: Picks, name: str) -> npt.NDArray[np.int64]:
    total = np.zeros(len(picks), np.int64)
    for i in range(len(space.layers)):
        total += ADDED[name](space, i).astype(np.int64)[picks[:, i]]
    if name in SPARED:
        for _, consumer, direct in direct_edges(space, picks):
            total -= direct * SPARED[name](space.layers[consumer].table)[picks[:, consumer]]
    if name in FILLED:
        for _, entry in filled_inputs(space, picks, load_constants()):
            total += FILLED[name](entry)
    return total


def _labels(codes: npt.NDArray[np.integer[Any]], names: Sequence[str]) -> object:
    """A column of few distinct words, one small integer a row."""
    categorical: Any = pd.Categorical
    return categorical.from_codes(codes, dtype=_vocabulary(tuple(names)))


@lru_cache(maxsize=1024)
def _vocabulary(names: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(names))


def _words(layer: LayerSpace) -> dict[str, Words]:
    """The shapes of a layer's options in words, and which of them each option has."""
    words = {}
    for name, fields in SHAPE_FIELDS.items():
        code = np.zeros(len(layer.table), np.int64)
        for field in fields:  # each below 256; side by side in one number
            code = code * 256 + layer.table[field]
        _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
        shapes = zip(*(layer.table[field][first].tolist() for field in fields), strict=True)
        words[name] = inverse.ravel(), [shape_name(shape) for shape in shapes]
    return words


def _choice_columns(layer: LayerSpace, pick: npt.NDArray[np.intp], words: Mapping[str, Words]) -> dict[str, object]:
    table = layer.table

    def shapes(field: str) -> object:
        code, names = words[field]
        return _labels(code[pick], names)

    return {
        "microtile": shapes("microtile"),
        "cas_length": table["cas_length"][pick].astype(np.int16), "cas_num": table["cas_num"][pick].astype(np.int16),
        "split": _labels(table["split"][pick], SPLITS), "blocking": shapes("blocking"),
        "route": _labels(table["route"][pick], ROUTES), "ports": _labels(table["ports"][pick], PORTS),
    }


def options_frame(layer: LayerSpace) -> pd.DataFrame:
    """Every legal option of one layer with its slices, bytes and predicted cycles."""
    table, cycles = layer.table, layer.cycles
    frame = pd.DataFrame(_choice_columns(layer, np.arange(len(table)), _words(layer)))
    for name in ("tiles", "rows", "k", "n", "in_bytes", "weight_bytes", "out_bytes"):
        frame[name] = table[name]
    for name in ("kernel_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_cycles", "interval_cycles",
                 "latency_cycles"):
        frame[name] = cycles[name]
    validity: Any = _labels(cycles["validity"], VALIDITY)
    frame["validity"] = validity
    issued = table["rows"].astype(np.int64) * table["k"] * table["n"] * table["tiles"]
    frame["useful_fraction"] = layer.work.macs / issued
    frame["efficiency"] = layer.ideal_tile_cycles / (cycles["interval_cycles"] * table["tiles"])
    return frame


def _plain(value: object) -> object:
    """A value of a table, in which a column with gaps holds whole numbers as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def layers_html(space: DesignSpace) -> str:
    """A layer a row: its size, types and how far its options reach."""
    return html.table(["layer", "size", "types", "options", "tiles", "interval (cycles)"], (
        (layer.name, f"{layer.work.k} x {layer.work.n}", f"{layer.work.input.storage} x {layer.work.weights.storage}",
         f"{len(layer.table):,}", f"{layer.table['tiles'].min()} to {layer.table['tiles'].max()}",
         f"{layer.cycles['interval_cycles'].min():.0f} to {layer.cycles['interval_cycles'].max():.0f}")
        for layer in space.layers))


def choices_of_row(row: Mapping[Hashable, object], layers: list[str]) -> dict[str, Choice]:
    """The choices that a row of a sweep table holds.

    Raises:
        DesignError: when the row is not of a table for this network.
    """
    choices = {}
    for name in layers:
        try:
            choices[name] = parse_choice({key: _plain(row[f"{name}.{key}"]) for key in CHOICES}, name)
        except KeyError as error:
            raise DesignError(f"the row has no column {error.args[0]!r}",
                              remedy="Use a row of a table that this explorer made") from None
    return choices
