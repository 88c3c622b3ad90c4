"""The widgets without a browser: values are set as a user would, and Python's side is looked at."""

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.widgets import explorer_ui


@pytest.fixture
def ui():
    return explorer_ui(aie.Explorer(mlp([64, 64, 32, 10])))


def test_shows_the_best_design(ui):
    estimate = ui.session.design.estimate()
    assert f"{estimate.interval_cycles:.0f} cycles" in ui.head.value
    assert estimate.explanation.split(";")[0] in ui.head.value
    assert ui.plan.value.count('class="used"') == estimate.tiles
    assert list(ui.pareto.data[2].x) == [estimate.tiles]


def test_a_layer_control_changes_every_view(ui):
    before = ui.head.value, ui.plan.value, ui.table.value, ui.code.value
    row = ui.rows[0]
    row.lists["cas_length"].value = 1
    assert ui.session.design.layers["dense0"].cas_length == 1
    after = ui.head.value, ui.plan.value, ui.table.value, ui.code.value
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert ui.pareto.data[2].x[0] == ui.session.design.tiles
    assert ui.alert.value == ""


def test_controls_offer_only_legal_values(ui):
    options = ui.session.explorer.layer_options("dense0")
    assert set(ui.rows[0].lists["microtile"].options) == set(options["microtile"].astype(str))


def test_find_best_under_a_limit(ui):
    ui.max_tiles.value = 10
    ui.objective.value = "latency"
    ui.find.click()
    assert ui.session.design == ui.session.explorer.best("latency", max_tiles=10)
    ui.max_tiles.value = 2
    ui.find.click()
    assert "max_tiles" in ui.alert.value
    assert 'role="alert"' in ui.alert.value


def test_a_point_selects_its_design(ui):
    ui._do(lambda: ui._pick([3]))
    assert ui.session.design.tiles == ui.session.frame.iloc[3]["tiles"]


def test_device_and_batch(ui):
    ui.batch.value = 32
    assert ui.session.design.network.batch == 32
    ui.device.value = "VE2302"
    assert ui.session.design.device.name == "VE2302"
    assert ui.max_tiles.max == 34


def test_a_device_too_small_is_told_and_undone():
    ui = explorer_ui(aie.Explorer(mlp([784, *[512] * 6])))
    ui.device.value = "VE2302"
    assert "need at least" in ui.alert.value
    assert ui.device.value == "VEK280"
    assert ui.session.design.device.name == "VE2802"


def test_export(ui, tmp_path):
    ui.folder.value = str(tmp_path / "p")
    ui.export.click()
    ui.wait()
    assert (tmp_path / "p" / "design.json").is_file()
    assert "exported" in ui.status.value
    ui.export.click()
    ui.wait()
    assert "exists already" in ui.alert.value
    ui.overwrite.value = True
    ui.export.click()
    ui.wait()
    assert "exported" in ui.status.value
    assert not ui.export.disabled
    assert aie.load_design(tmp_path / "p") == ui.session.design


def test_a_bug_in_a_callback_is_shown(ui, monkeypatch):
    monkeypatch.setattr(ui, "_find", lambda: 1 / 0)
    ui.find._click_handlers.callbacks.clear()
    ui.find.on_click(lambda _: ui._do(ui._find))
    ui.find.click()
    assert "ZeroDivisionError" in ui.alert.value


def test_no_button_sends_the_chart_away(ui):
    assert "sendChartToCloud" in ui.pareto.layout.modebar.remove


def test_names_are_escaped():
    ui = explorer_ui(aie.Explorer(mlp([16, 16])))
    assert "<script" not in ui.head.value
