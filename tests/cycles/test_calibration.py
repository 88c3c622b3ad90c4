"""What the shipped constants predict of published measurements, and where they come from."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from aie_explorer.cycles import Constants, load_constants
from aie_explorer.cycles.calibration import error_frame, measurements, summary_frame
from aie_explorer.cycles.calibration.fit import fit, left_out_errors
from aie_explorer.cycles.calibration.table import page
from aie_explorer.cycles.calibration.write import constants_json
from aie_explorer.cycles.constants import constants_data

ROOT = Path(__file__).resolve().parents[2]
FITTED = [row for row in measurements() if row.fitted]


def test_latencies_within_the_target(errors):
    latency = errors[errors.fitted & errors.kind.isin(["latency", "lag"])].error_pct.abs()
    assert len(latency) == 49
    assert latency.mean() <= 2.0
    assert latency.max() <= 6.0


def test_intervals_and_kernels_within_the_target(errors):
    rest = errors[errors.fitted & errors.kind.isin(["interval", "kernel"])].error_pct.abs()
    assert len(rest) == 14
    assert rest.mean() <= 2.0
    assert rest.max() <= 4.0


def test_predictions_of_sources_left_out(errors):
    """Without a source's rows its latencies are still predicted; fp32 is measured by one source alone."""
    latency = errors[errors.fitted & errors.kind.isin(["latency", "lag"])].left_out_pct.abs()
    assert latency.mean() <= 3.0
    assert latency[errors.source == "physics MLPs"].mean() <= 2.0


def test_shipped_constants_are_what_the_fit_gives():
    """Constants, their spread, the measured ranges and the expected errors, all recomputed."""
    found = constants_json()
    shipped = constants_data()
    assert found["measured"] == shipped["measured"]
    for name, entry in found["constants"].items():
        assert entry["value"] == pytest.approx(shipped["constants"][name]["value"], rel=2e-3), name
    assert list(found["left_out_pct"].values()) == pytest.approx(list(shipped["left_out_pct"].values()), abs=0.05)
    assert found["error_pct"]["latency"] == pytest.approx(shipped["error_pct"]["latency"], abs=0.2)


def test_no_network_is_needed_to_predict_it():
    left = left_out_errors(FITTED, lambda row: row.model)
    latency = np.array([abs(error) for row, error in zip(FITTED, left, strict=True) if row.latency])
    assert latency.mean() <= 0.025


def test_the_fit_finds_constants_again():
    """Rows made from other constants give those constants back."""
    from aie_explorer.cycles.calibration import predict, prepare
    from aie_explorer.cycles.calibration.fit import PRIOR

    truth = Constants(*(1.05 * value for value in PRIOR.values()))
    cycles = predict(prepare(FITTED), truth)
    found = fit([dataclasses.replace(row, cycles=float(value)) for row, value in zip(FITTED, cycles, strict=True)])
    assert found.values() == pytest.approx(truth.values(), rel=0.03)


def test_every_constant_says_what_it_means_and_what_was_known():
    entries = constants_data()["constants"]
    assert tuple(entries) == Constants.names()
    for entry in entries.values():
        assert entry["meaning"]
        assert entry["known"]
        assert entry["spread"] < 0.5 * entry["value"]


def test_no_constant_is_for_a_row_or_a_model():
    """Far fewer constants than rows, and each moves the prediction of more than one row."""
    base = error_frame(load_constants()).predicted
    for name in Constants.names():
        moved = dataclasses.replace(load_constants(), **{name: 1.1 * getattr(load_constants(), name)})
        assert (abs(error_frame(moved).predicted - base) > 1e-9).sum() >= 3, name


def test_rows_name_their_sources():
    rows = measurements()
    assert len({row.id for row in rows}) == len(rows)
    assert all(row.source and row.where for row in rows)
    raw = json.loads((ROOT / "aie_explorer/cycles/calibration/measurements.json").read_text())["rows"]
    assert {row["use"] for row in raw} == {"calibrate", "compare"}


def test_the_page_is_up_to_date():
    """`python -m aie_explorer.cycles.calibration --write` writes it."""
    assert (ROOT / "docs/calibration.md").read_text(encoding="utf-8") == page()


def test_the_summary_counts_the_fitted_rows():
    summary = summary_frame(error_frame())
    assert summary["rows"].sum() == len(FITTED)
