"""Reading back what a Vitis run leaves, in files written here in the documented formats."""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from networks import mlp, residual

from aie_explorer import Explorer
from aie_explorer.cli import main
from aie_explorer.cycles import Constants, load_constants
from aie_explorer.cycles.calibration.fit import fitted
from aie_explorer.cycles.estimate import estimate_spec
from aie_explorer.cycles.spec import parse_spec
from aie_explorer.errors import AieExplorerError, DesignError, ModelError
from aie_explorer.measured import calibrate, comparison, load_profile, profiles, read
from aie_explorer.measured.calibrate import Row, _predicted
from aie_explorer.measured.records import read_port, read_profile

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "examples"))
from published_run import LINE, profile, record, write_published_run  # noqa: E402


@pytest.fixture(scope="module")
def design():
    return Explorer(mlp([128, 256, 64])).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 2, "split": "features"},
        "dense1": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1, "split": "features"}})


@pytest.fixture
def project(design, tmp_path):
    """A project after `make aiesim`: the published figures of this design, 10 iterations."""
    path = tmp_path / "project"
    design.export(path)
    for name in ("plio_dense1_y_0", "plio_x_0"):
        assert list((path / "data").glob(f"*{name}.txt")), sorted((path / "data").iterdir())
    write_published_run(path)
    return path


def test_kernels_of_every_layer(project):
    measured = read(project)
    assert [kernel.tile for kernel in measured.layer_kernels("dense0")] == [(6, 3), (6, 4)]
    assert measured.layer_kernels("dense1")[0].least == 541
    assert measured.layer_kernels("dense1")[0].average == 545
    assert len(measured.to_frame()) == 3


def test_interval_and_latency(project):
    measured = read(project)
    assert measured.interval_ns == pytest.approx(557.5, abs=0.6)  # rounded to nanoseconds in the file
    assert measured.first_out_ns == 2260
    assert measured.last_out_ns == 2268


def test_measured_beside_estimated(project):
    frame = comparison(read(project))
    assert list(frame.index) == ["dense0 kernel", "dense1 kernel", "interval", "latency to the first output",
                                 "latency to the last output"]
    assert frame.measured["dense0 kernel"] == 641
    assert frame.measured["interval"] == pytest.approx(697, rel=0.01)
    assert frame.error_pct["interval"] == pytest.approx(
        100 * (frame.estimated["interval"] / frame.measured["interval"] - 1))
    assert abs(frame.error_pct["interval"]) < 4


def test_what_was_not_recorded_is_missing(project):
    (project / "aiesimulator_output/data/plio_x_0.txt").unlink()
    for file in (project / "aiesimulator_output").glob("profile_*"):
        file.unlink()
    frame = comparison(read(project))
    assert np.isnan(frame.measured["dense0 kernel"])
    assert np.isnan(frame.error_pct["latency to the first output"])
    assert not np.isnan(frame.measured["interval"])


def test_the_functional_simulator_gives_values_alone(project):
    data = project / "x86simulator_output/data"
    data.mkdir(parents=True)
    expected = project / "data/expected_plio_dense1_y_0.txt"
    (data / "plio_dense1_y_0.txt").write_text(expected.read_text())
    assert read(project).mismatches["x86simulator"] == {"plio_dense1_y_0": 0}
    values = expected.read_text().split()
    (data / "plio_dense1_y_0.txt").write_text(" ".join(["99", *values[1:-1]]))
    assert read(project).mismatches["x86simulator"] == {"plio_dense1_y_0": 1 + (values[0] != "99")}
    assert read(project).mismatches["aiesimulator"]["plio_dense1_y_0"] > 0


def test_constants_are_fitted_to_what_was_measured(project, tmp_path):
    measured, folder = read(project), tmp_path / "profiles"
    before = comparison(measured).error_pct.abs()
    found = calibrate(measured, "mine", folder=folder)
    assert profiles(folder) == ["mine"]
    assert load_profile("mine", folder) == found
    after = comparison(measured, found).error_pct.abs()
    assert after["interval"] < before["interval"]
    assert found.fp32_issue_cycles == pytest.approx(load_constants().fp32_issue_cycles)  # nothing here depends on it
    with pytest.raises(DesignError, match="exists already"):
        calibrate(measured, "mine", folder=folder)
    calibrate([measured, measured], "mine", folder=folder, overwrite=True)


@pytest.mark.parametrize("network", [mlp([64, 64, 32, 10]), residual(1, 16, batch=3)])
@pytest.mark.parametrize("objective", ["latency", "tiles", "interval"])
def test_what_was_predicted_exactly_changes_no_constant(network, objective):
    """Whatever hands over how: a measurement that is what the estimate says teaches nothing."""
    design = Explorer(network).best(objective)
    estimate = design.estimate()
    rows = [Row("m", "interval", estimate.interval_cycles, design),
            Row("m", "latency", estimate.latency_first_out_cycles, design)]
    rows += [Row("m", "kernel", layer.kernel_cycles, design, i) for i, layer in enumerate(estimate.layers)]
    found, _ = fitted(partial(_predicted, rows), np.array([row.cycles for row in rows]), [row.kind for row in rows],
                      load_constants())
    assert found.values() == pytest.approx(load_constants().values(), rel=1e-6)


def test_a_design_is_estimated_with_a_profile(design):
    slower = Constants(*(2 * value for value in load_constants().values()))
    assert design.estimate(slower).interval_cycles > design.estimate().interval_cycles


def test_profiles_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("AIE_EXPLORER_PROFILES", str(tmp_path))
    with pytest.raises(DesignError, match="no profile 'mine'"):
        load_profile("mine")
    (tmp_path / "mine.json").write_text("{}")
    with pytest.raises(DesignError, match="not a profile"):
        load_profile("mine")
    with pytest.raises(DesignError, match="no name for a profile"):
        load_profile("../mine")


def test_a_project_of_another_tool(tmp_path):
    data = tmp_path / "aiesimulator_output/data"
    data.mkdir(parents=True)
    (data / "y_p0.txt").write_text("T 5000 ns\n1 1\n" + "".join(f"T {t} ns\nTLAST\n1 1\n" for t in (5080, 6000, 6900)))
    measured = read(tmp_path)
    assert measured.outputs[0].first_ns == 5000
    assert measured.interval_ns == 900
    assert measured.first_out_ns is None
    with pytest.raises(DesignError, match="no design to compare"):
        comparison(measured)


def test_the_customs_of_other_tools_do_not_make_an_output_of_ours_an_input(project):
    output = project / "aiesimulator_output/data"
    (output / "plio_dense1_y_0.txt").rename(output / "x_last_s_0.txt")
    assert [port.name for port in read(project).outputs] == ["x_last_s_0"]
    (project / "design.json").unlink()
    assert not read(project).outputs


def test_inputs_are_known_by_the_design_where_the_data_are_gone(project):
    (project / "data/plio_x_0.txt").unlink()
    measured = read(project)
    assert [port.name for port in measured.inputs] == ["plio_x_0"]
    assert [port.name for port in measured.outputs] == ["plio_dense1_y_0"]


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text,
    lambda text: text.replace("  645  ", "  645.25  "), lambda text: text.replace("ns\n", "ns  \n")])
def test_other_line_ends_marks_and_decimals_change_nothing(project, change):
    before = read(project)
    for file in (project / "aiesimulator_output").rglob("*.txt"):
        file.write_text(change(file.read_text()), newline="")
    after = read(project)
    assert (after.interval_ns, after.first_out_ns, after.last_out_ns) == (
        before.interval_ns, before.first_out_ns, before.last_out_ns)
    assert after.kernels == before.kernels


def test_nanoseconds_are_cycles_of_the_clock_of_the_design(project):
    data = json.loads((project / "design.json").read_text())
    at = comparison(read(project))
    assert data["clock_mhz"] == 1250
    data["clock_mhz"] = 1000.0
    (project / "design.json").write_text(json.dumps(data))
    slower = comparison(read(project))
    assert slower.measured["interval"] == pytest.approx(at.measured["interval"] * 1000 / 1250)
    assert slower.measured["dense0 kernel"] == at.measured["dense0 kernel"]


EMPTY = {"empty": "", "last beat alone": "TLAST\n", "no TLAST": "T 3260 ns\n1 2\nT 3270 ns\n3\n"}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_without_the_ends_of_transfers_there_is_no_interval(project, tmp_path, text):
    (project / "aiesimulator_output/data/plio_dense1_y_0.txt").write_text(text)
    measured = read(project)
    assert measured.interval_ns is None
    assert measured.last_out_ns is None
    assert measured.first_out_ns == (2260 if "3260" in text else None)
    calibrate(measured, "mine", folder=tmp_path)
    rows = json.loads((tmp_path / "mine.json").read_text())["rows"]
    assert len(rows) == 2 + (measured.first_out_ns is not None)


@pytest.mark.parametrize(("iterations", "interval"), [(1, None), (2, None), (3, 557.5), (4, 557.5)])
def test_the_steady_state_needs_three_iterations(project, iterations, interval):
    path = project / "aiesimulator_output/data/plio_dense1_y_0.txt"
    path.write_text(record(3260, 557.5, iterations, "456"))
    assert read(project).interval_ns == pytest.approx(interval, abs=0.6)
    assert read(project).last_out_ns == 2268


def test_what_takes_no_time_is_not_measured(project, tmp_path):
    """Calls that never were, beats all at one time, outputs before the input: nothing to fit to."""
    output = project / "aiesimulator_output"
    for file in output.glob("profile_*"):
        file.unlink()
    (output / "profile_funct_6_0.txt").write_text(profile((6, 3), dense0_single__run=(0, 0, 0, 0)))
    (output / "data/plio_dense1_y_0.txt").write_text("T 500 ns\nTLAST\n1\n" * 5)
    measured = read(project)
    assert (measured.kernels, measured.interval_ns, measured.first_out_ns) == ((), None, None)
    assert comparison(measured).measured.isna().all()
    with pytest.raises(DesignError, match="nothing was measured"):
        calibrate(measured, "mine", folder=tmp_path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
def test_profiles_of_impossible_constants(project, tmp_path, value):
    calibrate(read(project), "mine", folder=tmp_path)
    data = json.loads((tmp_path / "mine.json").read_text())
    data["constants"]["call_cycles"]["value"] = float(value)
    (tmp_path / "mine.json").write_text(json.dumps(data))
    with pytest.raises(DesignError, match="no cycles"):
        load_profile("mine", tmp_path)


def test_nothing_ran(tmp_path):
    with pytest.raises(ModelError, match="no simulation has run here"):
        read(tmp_path)


def test_nothing_to_fit(design, tmp_path):
    design.export(tmp_path / "project")
    (tmp_path / "project/x86simulator_output/data").mkdir(parents=True)
    with pytest.raises(DesignError, match="nothing was measured"):
        calibrate(read(tmp_path / "project"), "mine", folder=tmp_path)


@pytest.mark.parametrize("text", ["T 5 parsecs\n1\n", "T 5 ns\none\n", "T 7 ns\n1\nT 5 ns\n2\n", "TLASTS\n"])
def test_damaged_records_are_refused_with_their_line(text, tmp_path):
    path = tmp_path / "y_p0.txt"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"y_p0.txt:\d"):
        read_port(path)


def test_units_of_time(tmp_path):
    path = tmp_path / "y.txt"
    path.write_text("T 1500 ps\n1\nT 2 ns\n1\nT 3.5 us\nTLAST\n1\nT 4 ms\nTLAST\n1\n")
    record = read_port(path)
    assert record.first_ns == 1.5
    assert record.last_ns == (3500, 4e6)
    assert record.interval_ns is None


def test_profiles_that_hold_nothing(tmp_path):
    path = tmp_path / "profile_funct_1_2.txt"
    path.write_text("nothing here\n")
    with pytest.raises(AieExplorerError, match="no function"):
        read_profile(path)
    path.write_text(LINE.format(calls=2, own=10, a=5, b=5, c=5, total=12, least=6, average=6, most=6, name="k _Z1k"))
    assert read_profile(path)[0].tile == (1, 2)
    assert read_profile(path)[0].function == "k _Z1k"
    (tmp_path / "other.txt").write_text(path.read_text())
    with pytest.raises(ModelError, match="which tile"):
        read_profile(tmp_path / "other.txt")


def test_the_command(project, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AIE_EXPLORER_PROFILES", str(tmp_path))
    assert main(["measured", str(project)]) == 0
    assert "dense0 kernel" in capsys.readouterr().out
    assert main(["measured", str(project), "--json", "--calibrate", "mine"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["interval_ns"] == pytest.approx(557.5, abs=0.6)
    assert len(out["tiles"]) == 3
    spec = ROOT / "examples/mlp_estimate.json"
    assert main(["estimate", str(spec), "--json", "--profile", "mine"]) == 0
    fitted = json.loads(capsys.readouterr().out)["interval_cycles"]
    assert abs(fitted / 696.9 - 1) < abs(estimate_spec(parse_spec(json.loads(spec.read_text()))).interval_cycles
                                         / 696.9 - 1)
    assert main(["measured", str(tmp_path)]) == 2


def test_a_profile_file_is_json_of_constants(project, tmp_path):
    calibrate(read(project), "mine", folder=tmp_path)
    data = json.loads((tmp_path / "mine.json").read_text())
    assert set(data["constants"]) == set(Constants.names())
    assert len(data["rows"]) == 4
