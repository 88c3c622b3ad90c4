"""Fit the constants, cross-validate them, and write `constants.json` and `docs/calibration.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import constants as shipped
from aie_explorer.cycles.calibration.fit import PRIOR, by_source, fit_with_spread, left_out_errors
from aie_explorer.cycles.calibration.predict import prepare
from aie_explorer.cycles.calibration.rows import Measurement, measurements
from aie_explorer.cycles.validity import AXES, bare

FEWEST_DESIGNS = 5
"""Designs of a type that must have been measured as a whole before an estimate of another counts as calibrated."""
DIGITS = 4
DOCS = "docs/calibration.md"

_SCHEDULE = "llvm-aie AIE2Schedule.td @0361a31"
_MEANING = {
    "call_cycles": ("a kernel call outside its register blocks: entry, loop set-up, first loads, last store, return",
                    "an empty call costs 19.1 to 20.4 cycles on silicon (the source of rows H)"),
    "result_cycles": ("what the multiply-accumulates of a block do not hide of its results, per microtile",
                      "17 bundles for 16 multiply-accumulates with two results: 0.5 (the listing in the source of row "
                      "V04)"),
    "elementwise_cycles": ("one operation (ReLU, a clamp) on one accumulator register of results",
                           f"vector operations have a latency of 2 cycles ({_SCHEDULE})"),
    "float_block_cycles": ("a block of floats beyond its multiply-accumulates: its loop is filled and emptied",
                           f"load 7, multiply-accumulate 6, conversion 4, store 7, chain 4 ({_SCHEDULE}): 28"),
    "fp32_issue_cycles": ("one of the six bfloat16 multiply-accumulates of an fp32 product, splitting included",
                          "six of them make a product (AM020 App A); counted by us: as many instructions to split the "
                          "operands: 2"),
    "wrapper_cycles": ("between two calls: locks, swapping of buffers, the call",
                       "62 cycles on AIE (dimdano/aie4ml @9fbd7bb src/aie4ml/cost: measured there)"),
    "hand_over_cycles": ("a transfer between tile and memory tile beyond its words: locks, descriptors, switches",
                         "30 cycles from a memory tile into a tile on silicon (FIM43-Redeye/xdna-emu @7380bd56 "
                         f"docs/superpowers/findings/2026-05-11-emu-bd-chain-pipelining.md), 4 of a lock "
                         f"({_SCHEDULE})"),
    "cascade_drain_cycles": ("longest time after its last multiply-accumulate until a block is in the next tile",
                             "cascade read 7, load 7, multiply-accumulate 5, shift-round-saturate 4, cascade write 1 "
                             f"({_SCHEDULE}): 24"),
}


def constants_json() -> dict[str, Any]:
    """The contents of `constants.json` from the measurements."""
    rows = [row for row in measurements() if row.fitted]
    found, spread = fit_with_spread(rows)
    left_out = left_out_errors(rows, by_source)
    entries = {name: {"value": _round(value), "spread": _round(error), "prior": prior, "meaning": _MEANING[name][0],
                      "known": _MEANING[name][1]}
               for name, value, error, prior in zip(found.names(), found.values(), spread.values(), PRIOR.values(),
                                                    strict=True)}
    return {
        "about": "Constants of the cycle model, in cycles, fitted by `python -m aie_explorer.cycles.calibration "
                 "--write` to the rows of calibration/measurements.json, which name their sources. assumed: "
                 "counted, not measured. measured: the "
                 "types, shapes and sizes of those rows. error_pct: expected errors, from rows left out with their "
                 "source.",
        "constants": entries, "assumed": shipped.constants_data()["assumed"], "measured": _measured(rows),
        "error_pct": _error_pct(rows, left_out),
        "left_out_pct": {row.id: round(float(100 * error), 2) for row, error in zip(rows, left_out, strict=True)},
    }


def write(root: Path) -> None:
    """Write both files below the root of a checkout."""
    data = constants_json()
    path = root / "aie_explorer/cycles/constants.json"
    lists = re.compile(r"\[[^\[\]{}]*\]")
    text = lists.sub(lambda match: " ".join(match[0].split()).replace("[ ", "[").replace(" ]", "]"),
                     json.dumps(data, indent=1))
    path.write_text(text + "\n", encoding="utf-8")
    shipped.constants_data.cache_clear()
    shipped.load_constants.cache_clear()
    from aie_explorer.cycles import validity
    from aie_explorer.cycles.calibration.table import page

    validity._errors.cache_clear()
    (root / DOCS).write_text(page(), encoding="utf-8")


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _measured(rows: Sequence[Measurement]) -> list[dict[str, Any]]:
    """For each pair of types the microtiles and ranges of tiles in whole designs and in all rows."""
    found: dict[tuple[str, str], tuple[list[_Tile], list[_Tile]]] = {}
    for row, places in zip(rows, (prepared := prepare(rows)).layers, strict=True):
        for group, place in places:
            table, operands, device = prepared.tables[group]
            types = f"{bare(operands.a)}x{bare(operands.weights)}"
            kernels, designs = found.setdefault((device.generation.name, types), ([], []))
            tile = _Tile(row.id, table[place], bare(operands.out))
            kernels.append(tile)
            if row.kind != "kernel":
                designs.append(tile)
    return [{"generation": generation, "types": types, "kernels": _hull(kernels),
             "designs": _hull(designs) if len({tile.row for tile in designs}) >= FEWEST_DESIGNS else None}
            for (generation, types), (kernels, designs) in found.items()]


class _Tile(NamedTuple):
    """A tile of a measured design: the row's id, its option, the type of its results."""

    row: str
    option: np.void
    out: str


def _hull(tiles: Sequence[_Tile]) -> dict[str, Any]:
    options = [tile.option for tile in tiles]
    shapes = sorted({(int(option["M"]), int(option["K"]), int(option["N"])) for option in options})
    ranges = {axis: [int(min(option[axis] for option in options)), int(max(option[axis] for option in options))]
              for axis in AXES}
    return {"microtiles": [list(shape) for shape in shapes], "outs": sorted({tile.out for tile in tiles}),
            "ranges": ranges}


def _error_pct(rows: Sequence[Measurement], left_out: npt.NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Errors of rows left out with their source, in percent, by kind and validity."""
    result = {}
    for kind, latency in (("interval", False), ("latency", True)):
        chosen = [(row, abs(float(error))) for row, error in zip(rows, left_out, strict=True)
                  if row.latency == latency]
        known = [error for row, error in chosen if _known_elsewhere(row, rows)]
        every = [error for _, error in chosen]
        result[kind] = {"calibrated": _percent(np.sqrt(np.mean(np.square(known)))),
                        "interpolated": _percent(np.sqrt(np.mean(np.square(every)))),
                        "extrapolated": _percent(np.max(every))}
    return result


def _known_elsewhere(row: Measurement, rows: Sequence[Measurement]) -> bool:
    """Whether another source measured the same types."""
    types = row.spec.layers[0].operands.weights
    return any(other.group != row.group and other.spec.layers[0].operands.weights == types for other in rows)


def _percent(error: np.floating[Any]) -> float:
    return round(100 * float(error), 1)
