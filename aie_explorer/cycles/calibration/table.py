"""Predicted, measured and error of every row, as tables and as the page `docs/calibration.md`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aie_explorer.cycles.calibration.predict import predict, prepare
from aie_explorer.cycles.calibration.rows import MEASURED, Measurement, measurements
from aie_explorer.cycles.constants import Constants, constants_data, load_constants
from aie_explorer.cycles.validity import VALIDITY
from aie_explorer.devices import Generation, devices

RATES = {
    "peak_macs": "multiply-accumulates a cycle, int8 x int8", "load_ports": "loads a cycle",
    "load_bytes_per_port": "bytes of a load", "store_bytes": "bytes of a store, one a cycle",
    "accumulator_register_bits": "bits of an accumulator register", "load_latency_cycles": "cycles of a load",
    "mac_latency_cycles": "cycles of a multiply-accumulate",
    "mac_chain_cycles": "cycles between two on one accumulator; 1 where not known",
    "srs_latency_cycles": "cycles of shift, round, saturate; 0 where not known",
    "cascade_bits": "bits of a beat of the cascade, one a cycle",
    "dma.bytes_per_cycle": "bytes a cycle of a DMA channel",
    "stream_bytes_per_cycle": "bytes a cycle of a stream", "hop_cycles": "cycles of a stream switch",
}
"""Figures of a generation that enter the model, and what they are."""


def error_frame(constants: Constants | None = None) -> pd.DataFrame:
    """One measurement a row: cycles predicted and measured, the error in percent, and the error when left out.

    `left_out_pct` is the error of constants fitted without any row of the same source; it belongs to the constants
    of the package and is missing with others.
    """
    rows = measurements()
    predicted = predict(prepare(rows), constants or load_constants())
    measured = np.array([row.cycles for row in rows])
    left_out = {} if constants else constants_data()["left_out_pct"]
    return pd.DataFrame({
        "row": [row.id for row in rows], "source": [row.group for row in rows], "kind": [row.kind for row in rows],
        "design": [_design(row) for row in rows], "measured": measured, "predicted": predicted,
        "error_pct": 100 * (predicted / measured - 1),
        "left_out_pct": [float(left_out.get(row.id, np.nan)) for row in rows],
        "fitted": [row.fitted for row in rows],
    })


def summary_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and worst absolute error in percent of the fitted rows, by kind of measurement."""
    fitted = frame[frame["fitted"]]
    kinds = {"latency": fitted["kind"].isin(["latency", "lag"]), "interval and kernel": fitted["kind"].isin(
        ["interval", "kernel"])}
    rows = []
    for kind, chosen in kinds.items():
        errors, left = fitted["error_pct"][chosen].abs(), fitted["left_out_pct"][chosen].abs()
        rows.append({"kind": kind, "rows": len(errors), "mean_pct": errors.mean(), "worst_pct": errors.max(),
                     "left_out_mean_pct": left.mean(), "left_out_worst_pct": left.max()})
    return pd.DataFrame(rows)


def page() -> str:
    """The page `docs/calibration.md`."""
    frame, data = error_frame(), constants_data()
    summary = [f"| {row.kind} | {row.rows} | {row.mean_pct:.2f} | {row.worst_pct:.2f} | {row.left_out_mean_pct:.2f} | "
               f"{row.left_out_worst_pct:.2f} |" for row in summary_frame(frame).itertuples()]
    constants = [f"| `{name}` | {entry['value']:g} | {entry['spread']:g} | {entry['meaning']} | {entry['known']} |"
                 for name, entry in data["constants"].items()]
    assumed = [f"| `{name}` | {entry['value']:g} | {entry['meaning']} | {entry['known']} |"
               for name, entry in data["assumed"].items()]
    errors = [f"| {kind} | " + " | ".join(f"{levels[level]:g}" for level in VALIDITY[:-1]) + " |"
              for kind, levels in data["error_pct"].items()]
    rows = [f"| {row.row} | {row.source} | {row.kind} | {row.design} | {row.measured:.0f} | {row.predicted:.0f} | "
            f"{row.error_pct:+.1f} | {f'{row.left_out_pct:+.1f}' if row.fitted else ''} |"
            for row in frame.itertuples()]
    notes = [f"* {row.id}: {row.note}." for row in measurements() if not row.fitted]
    sources = list(dict.fromkeys(f"* {row.group} ({row.id[0]}), {MEASURED[row.id[0]]}: "
                                 f"{row.source}" for row in measurements()))
    return "\n".join([*_HEAD, "", *_SUMMARY, *summary, "", *_CONSTANTS, *constants, "", *_ASSUMED, *assumed, "",
                      *_rates(), "", *_ERRORS,
                      *errors, "", *_ROWS, *rows, "", *_COMPARED, "", *notes, "", *_SOURCES, "", *sources, ""])


def _rates() -> list[str]:
    """The table of what the model takes from the device catalogue."""
    generations = sorted({device.generation for device in devices()}, key=lambda one: one.architecture)

    def cell(generation: Generation, name: str) -> str:
        value: object = generation
        for part in name.split("."):
            value = getattr(value, part)
        if name == "peak_macs":
            value = generation.macs_per_cycle["int8xint8"]
        return "unknown" if value is None else f"{value} ({dict(generation.sources)[name]})"

    return [*_RATES, "", "| figure | " + " | ".join(one.name for one in generations) + " |",
            "| --- |" + " --- |" * len(generations),
            *(f"| {what} | " + " | ".join(cell(one, name) for one in generations) + " |"
              for name, what in RATES.items())]


_HEAD = """\
# What the cycle model is fitted to, and how far off it is

Written by `python -m aie_explorer.cycles.calibration --write`; do not edit. `aie-explorer calibration` prints the same
table.""".splitlines()
_SUMMARY = """\
Relative errors of the fitted rows, absolute values in percent. Left out: predicted by constants fitted without any row
of the same source.

| kind | rows | mean | worst | mean, left out | worst, left out |
| --- | --: | --: | --: | --: | --: |""".splitlines()
_CONSTANTS = """\
## Constants

In cycles of the array clock, the same for every generation: no other than AIE-ML has been measured. The spread is one
standard error of the fit. Everything else in the model is a figure of the device catalogue, below.

| constant | value | spread | meaning | known before the fit |
| --- | --: | --: | --- | --- |""".splitlines()
_ASSUMED = """\
No measurement shows what these are; estimates of layers that need the first two are uncalibrated.

| constant | value | meaning | counted from |
| --- | --: | --- | --- |""".splitlines()
_RATES = """\
## Figures of the generations

Not fitted; each with the document it is from.
""".splitlines()
_ERRORS = """\
## Error bars

In percent, by how far an estimate stands from what was measured. Calibrated: root mean square error of rows left out
with their source, where other sources measured the same types. Interpolated: of all rows. Extrapolated: the largest.
Uncalibrated: the share of the estimate that fitted constants make up, if that is more.

Where a kernel sets the interval, the standard errors of `wrapper_cycles` and `call_cycles` count too, as the root of
the sum of squares: they weigh most where intervals are short. A latency with hand-overs from tile to tile may be less
by all that these take, as no measurement shows what memory that both tiles reach saves; its error bar is at least that.

| kind | calibrated | interpolated | extrapolated |
| --- | --: | --: | --: |""".splitlines()
_ROWS = """\
## Rows

Cycles. Designs are written as K x N / cas_length x cas_num of every layer. Rows without a left-out error are compared
only. A latency is from the first input beat to the first output beat; an interval is between two batches; a kernel is
one call, inside its function; a lag is a latency from memory tile to memory tile, through a copy kernel too.

| row | source | kind | design | measured | predicted | error % | left out % |
| --- | --- | --- | --- | --: | --: | --: | --: |""".splitlines()

_SOURCES = """\
## Sources

With how they were measured. The file and row of every number, with its design as `aie-explorer estimate` takes it,
are in `aie_explorer/cycles/calibration/measurements.json`.
""".splitlines()
_COMPARED = """\
## Rows that are compared only

The model is of one kernel: weights stay in the tile, sums begin at the bias and stay in registers, results are stored
once, in the type of the next layer. Rows of other kernels show how far it carries.""".splitlines()


def _design(row: Measurement) -> str:
    def name(index: int) -> str:
        layer = row.spec.layers[index]
        return f"{layer.k}x{layer.n}/{layer.choice.cas_length}x{layer.choice.cas_num}"

    parts: list[str] = []
    counts: list[int] = []
    for i in range(len(row.spec.layers)):
        if parts and parts[-1] == name(i):
            counts[-1] += 1
        else:
            parts.append(name(i))
            counts.append(1)
    first = row.spec.layers[0]
    cut = "x".join(map(str, first.choice.microtile))
    return (f"{first.operands.a} {cut}, batch {row.spec.batch}: "
            + ", ".join(f"{count} of {part}" if count > 1 else part for part, count in zip(parts, counts, strict=True)))
