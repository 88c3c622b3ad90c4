"""The widgets without a browser: what a user does is sent as a front end would, and Python's side is looked at."""

import dataclasses
import io
import json
import re
import threading
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.plots.pareto import MOST_POINTS
from aie_explorer.widgets import explorer_ui
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.jobs import CancelledError, Jobs
from aie_explorer.widgets.views import VIEWS


@pytest.fixture
def ui():
    return explorer_ui(aie.Explorer(mlp([64, 64, 32, 10])))


def send(part, **message):
    """What a front end sends."""
    part._handle_custom_msg(message, [])


def spec(figure):
    return json.loads(figure.spec)


def test_shows_the_best_design(ui):
    estimate = ui.design.estimate()
    assert f"{estimate.interval_cycles:,.0f} cycles" in ui.head.value
    assert estimate.explanation.split(";")[0] in ui.limit.value
    plan = ui.tabs.explore.plan.plan
    assert sum(block["width"] * block["height"] for block in plan["blocks"]) == estimate.tiles
    chosen = ui.tabs.explore.space.marks[-1]
    assert (chosen["x"], chosen["y"]) == (estimate.tiles, estimate.interval_cycles)
    assert ui.alert.value == ""


def test_shows_layers_that_only_add():
    found = explorer_ui(aie.Explorer(residual(1, 32)))
    cycles = next(figure for view, figure in found.tabs.views if view.name == "cycles")
    assert "add0" in spec(cycles)["data"][0]["x"]
    assert found.alert.value == ""


def test_a_layer_control_changes_every_view(ui):
    explore = ui.tabs.explore
    cycles = next(figure for view, figure in ui.tabs.views if view.name == "cycles")
    parts = [(explore.space, "marks"), (explore.layers, "rows"), (explore.plan, "plan"), (cycles, "spec"),
             (ui.head, "value")]
    before = [getattr(part, name) for part, name in parts]
    send(explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    assert ui.design.layers["dense0"].cas_length == 1
    assert all(getattr(part, name) != old for (part, name), old in zip(parts, before, strict=True))
    assert ui.alert.value == ""


def test_only_legal_values_are_offered_and_others_are_explained(ui):
    layers, explorer = ui.tabs.explore.layers, ui.session.explorer
    options = explorer.layer_options("dense0")
    row = layers.rows[0]
    assert set(row["fields"]["microtile"]["offered"]) == set(options["microtile"].astype(str))
    assert "37" in row["fields"]["cas_length"]["others"]
    before = ui.design
    send(layers, type="change", layer="dense0", field="cas_length", value="37")
    assert "would have no work" in ui.alert.value
    assert ui.alert_box.layout.display != "none"
    assert ui.design == before
    ui.dismiss.click()
    assert ui.alert.value == ""


def test_the_neighbours_can_adapt(ui, monkeypatch):
    from aie_explorer.errors import DesignError
    from aie_explorer.widgets import state as steps

    def refuse(*_):
        raise DesignError("the neighbours forbid it")

    monkeypatch.setattr(steps, "change_layer", refuse)
    send(ui.tabs.explore.layers, type="change", layer="dense1", field="cas_num", value="1")
    assert "neighbours forbid" in ui.alert.value
    ui.fix.click()
    assert ui.design.layers["dense1"].cas_num == 1
    assert ui.alert.value == ""


def test_find_best_under_a_limit(ui):
    ui.max_tiles.value = 10
    ui.objective.value = "latency"
    ui.find.click()
    ui.wait()
    assert ui.design == ui.session.explorer.best("latency", max_tiles=10)
    ui.max_tiles.value = 2
    ui.find.click()
    ui.wait()
    assert "max_tiles" in ui.alert.value
    assert 'role="alert"' in ui.alert.value
    assert not ui.find.disabled


def test_points_and_rows_select(ui):
    frame = ui.session.table.frame
    send(ui.tabs.explore.space, type="click", row=3)
    assert ui.design.tiles == frame.iloc[3]["tiles"]
    ui.tabs.open("Designs")
    grid = ui.tabs.designs.grid
    assert grid.chosen == ui.session.row
    row = grid.view["rows"][5]
    send(grid, type="click", row=row["row"])
    assert ui.design == ui.session.design_of_row(row["row"])
    assert grid.chosen == row["row"]


def test_of_designs_at_one_point_the_best_is_selected(ui):
    frame = ui.session.table.frame
    at = frame.groupby(["tiles", "interval_cycles"])["latency_cycles"]
    worst = int((frame["latency_cycles"] - at.transform("min")).idxmax())
    point = (frame["tiles"] == frame["tiles"][worst]) & (frame["interval_cycles"] == frame["interval_cycles"][worst])
    assert frame["latency_cycles"][worst] > frame["latency_cycles"][point].min()
    send(ui.tabs.explore.space, type="hover", row=worst)
    assert f"the best of {point.sum()} designs at this point" in ui.tabs.explore.space.hint
    send(ui.tabs.explore.space, type="click", row=worst)
    assert ui.session.row == frame["latency_cycles"][point].idxmin()
    assert f"the best of {point.sum()} at this point" in ui.status.value
    # of those that filters keep
    best = frame["latency_cycles"][point].min()
    ui.words.value = f"latency_cycles > {best + 0.5}"
    send(ui.tabs.explore.space, type="click", row=worst)
    assert frame["latency_cycles"][ui.session.row] > best
    # what they leave out can be selected too
    send(ui.tabs.explore.space, type="click", row=int(frame["latency_cycles"][point].idxmin()))
    assert frame["latency_cycles"][ui.session.row] == best


def test_better_designs_that_cannot_be_placed_are_told():
    ui = explorer_ui(aie.Explorer(mlp([512] * 8)))
    front = ui.session.table.frame.iloc[:ui.session.table.front]
    assert len(front) == len(ui.session.explorer.pareto())
    better = front[front["interval_cycles"] < ui.design.estimate().interval_cycles - 1e-6]
    assert len(better)
    said = f"{len(better)} of the front would be better but cannot be placed or fed"
    assert said in ui.status.value
    send(ui.tabs.explore.space, type="click", row=int(better.index[0]))
    ui.wait()
    assert "dense" in ui.alert.value  # the reason
    ui.max_tiles.value = 100
    ui.find.click()
    ui.wait()
    best = ui.design.estimate().interval_cycles
    count = int(((front["tiles"] <= 100) & (front["interval_cycles"] < best - 1e-6)).sum())
    assert ("would be better" in ui.status.value) == bool(count)


def test_undo_and_redo_say_what_they_do(ui):
    send(ui.tabs.explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    send(ui.tabs.explore.layers, type="pin", layer="dense0", on=True)
    ui.undo.click()
    assert "undone: dense0 is pinned" in ui.status.value
    ui.undo.click()
    assert "undone: dense0: cas_length 1" in ui.status.value
    ui.redo.click()
    assert "done again: dense0: cas_length 1" in ui.status.value
    ui.redo.click()
    assert "done again: dense0 is pinned" in ui.status.value
    ui.undo.click()
    assert "undone: dense0 is pinned" in ui.status.value


def test_brushes_filter_every_view(ui):
    space = ui.tabs.explore.space
    send(space, type="box", x=[0, 12], y=[0, 1e6])
    kept = ui.session.kept
    assert kept.tolist() == (ui.session.table.frame["tiles"] <= 12).tolist()
    drawn = spec(space)["data"]
    assert "kept" in spec(space)["layout"]["title"]["text"]
    assert len(drawn[0]["x"]["bdata"]) > 0
    ui.tabs.open("Designs")
    assert ui.tabs.designs.grid.total == kept.sum()
    parallel = ui.tabs.designs.parallel
    assert spec(parallel)["data"][0]["dimensions"][0]["constraintrange"][1] in (12, np.log10(12))
    axis = ui.tabs.designs._info.axes[0]
    send(parallel, type="brush", axis=0, ranges=[[np.log10(2.9), np.log10(6.1)] if axis.log else [2.9, 6.1]])
    assert ui.tabs.designs.grid.total == ui.session.table.frame["tiles"].between(3, 6).sum() == ui.session.kept.sum()
    send(space, type="lasso", x=[0, 5, 5, 0], y=[0, 0, 1e6, 1e6])
    assert ui.session.state.filters.lasso is not None
    ui.words.value = "tiles =="
    assert "not understood" in ui.alert.value
    assert ui.words.value == ui.session.state.filters.words
    ui.words.value = 'dense1.split == "features"'
    assert f"{ui.session.kept.sum():,} of" in ui.kept.value
    ui.unfilter.click()
    assert ui.session.kept.all()


def test_the_grid_sorts_and_scrolls(ui):
    ui.tabs.open("Designs")
    grid, frame = ui.tabs.designs.grid, ui.session.table.frame
    send(grid, type="sort", column="efficiency")
    send(grid, type="sort", column="efficiency")
    assert grid.sort == {"column": "efficiency", "descending": True}
    assert grid.view["rows"][0]["row"] == frame["efficiency"].to_numpy().argmax()
    send(grid, type="view", first=100, count=7)
    assert (grid.view["first"], len(grid.view["rows"])) == (100, 7)


def test_comparing(ui):
    ui.star.click()
    send(ui.tabs.explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    ui.star.click()
    ui.tabs.open("Compare")
    html = ui.tabs.compare.table.value
    assert "design 2 (selected)" in html
    assert html.count("aie-differs") > 4
    assert "aie-best" in html
    ui.tabs.compare.buttons.children[0].click()
    assert ui.design == ui.session.state.compared[0]
    ui.tabs.compare.buttons.children[3].click()
    assert len(ui.session.state.compared) == 1


def test_dragging_a_block(ui):
    plan = ui.tabs.explore.plan
    ui.max_tiles.value = 12
    ui.find.click()
    ui.wait()
    send(plan, type="grab", layer="dense0")
    assert plan.spots == {"layer": "dense0", "illegal": {}}
    send(plan, type="trial", layer="dense0", column=20, row=2)
    until(lambda: plan.trial.get("column") == 20)
    assert "placement cost" in plan.trial["words"]
    assert {ghost["colour"] for ghost in plan.trial["others"]}
    send(plan, type="put", layer="dense0", column=20, row=2)
    assert ui.design.place()["dense0"] == (20, 2)
    assert next(block for block in plan.plan["blocks"] if block["name"] == "dense0")["pinned"]
    send(plan, type="grab", layer="dense1")
    assert "dense0, which was put there" in plan.spots["illegal"]["20,2"]
    send(plan, type="put", layer="dense1", column=20, row=2)
    assert "dense" in ui.alert.value
    send(plan, type="release", layer="dense0")
    assert ui.design.pins == ()


def test_a_large_design_is_placed_beside_the_kernel(monkeypatch):
    ui = explorer_ui(aie.Explorer(mlp([32] * 12)))
    plan = ui.tabs.explore.plan
    until(lambda: plan.stamp == ui.session.version)
    first, gate, place = plan.plan, threading.Event(), aie.Design.plan

    def slow(self):
        assert gate.wait(10)
        return place(self)

    monkeypatch.setattr(aie.Design, "plan", slow)
    layer = next(iter(ui.design.layers))
    value = next(value for value in ui.tabs.explore.layers.rows[0]["fields"]["cas_num"]["offered"]
                 if value != str(ui.design.layers[layer].cas_num))
    send(ui.tabs.explore.layers, type="change", layer=layer, field="cas_num", value=value)
    assert str(ui.design.layers[layer].cas_num) == value, ui.alert.value
    assert plan.plan == first  # the other views did not wait for it
    assert "placing" in plan.words
    gate.set()
    until(lambda: plan.stamp == ui.session.version)
    assert plan.plan != first

    block = plan.plan["blocks"][0]
    send(plan, type="put", layer=layer, column=37 - block["width"], row=0)
    ui.wait()
    assert dict(ui.design.pins) == {layer: (37 - block["width"], 0)}, ui.alert.value
    ui.undo.click()

    def refuse(self):
        raise aie.AieExplorerError("there is no room")

    monkeypatch.setattr(aie.Design, "plan", refuse)
    ui.undo.click()
    design = ui.design
    send(ui.tabs.explore.layers, type="change", layer=layer, field="microtile",
         value=ui.tabs.explore.layers.rows[0]["fields"]["microtile"]["offered"][-1])
    if ui.design != design:
        until(lambda: "no room" in ui.alert.value)
        ui.fix.click()
        assert ui.design == design


def until(test, seconds=10.0):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_pin_and_free_the_rest(ui):
    explore = ui.tabs.explore
    send(explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    send(explore.layers, type="pin", layer="dense0", on=True)
    assert explore.layers.rows[0]["pinned"]
    choice = ui.design.layers["dense0"]
    explore.free.click()
    ui.wait()
    assert ui.design.layers["dense0"] == choice
    ui.undo.click()
    ui.undo.click()
    ui.undo.click()
    assert ui.design == ui.session.explorer.best("interval")
    assert ui.undo.disabled
    ui.redo.click()
    assert ui.design.layers["dense0"].cas_length == 1


def test_device_and_batch(ui):
    send(ui.tabs.explore.layers, type="pin", layer="dense0", on=True)
    design = ui.design
    ui.batch.value = 32
    ui.wait()
    assert ui.design.network.batch == 32
    assert ui.design.layers == design.layers  # they are legal there too
    assert ui.session.state.pinned == {"dense0"}
    assert "batch 32: the same choices" in ui.status.value
    ui.device.value = "VE2302"
    ui.wait()
    assert ui.design.device.name == "VE2302"
    assert ui.max_tiles.max == 34
    ui.clock.value = 900
    ui.wait()
    assert ui.design.device.clock_mhz == 900


def test_designs_of_another_batch_are_compared_but_not_drawn(ui):
    ui.star.click()
    space = ui.tabs.explore.space
    assert [mark["kind"] for mark in space.marks] == ["compared", "chosen"]
    send(space, type="hover", row=3)
    assert "tiles, interval" in space.hint
    ui.batch.value = 32
    ui.wait()
    assert [mark["kind"] for mark in space.marks] == ["chosen"]
    assert "click to select" in space.hint  # it was of a design that is no longer shown
    assert len(ui.session.state.compared) == 1


def test_choices_that_another_batch_forbids_give_way_to_the_best():
    ui = explorer_ui(aie.Explorer(mlp([64, 64, 32, 10], batch=32)))
    ui.do(lambda: ui.session.do(lambda s: steps.selected(s, ui.session.explorer.design({"dense0": {"split": "rows"}}))))
    assert ui.design.layers["dense0"].split == "rows"
    ui.batch.value = 1
    ui.wait()
    assert ui.design.network.batch == 1
    assert "the choices are not possible there; best interval" in ui.status.value
    assert ui.design == ui.session.explorer.best("interval")


def test_a_device_too_small_is_told_and_undone():
    ui = explorer_ui(aie.Explorer(mlp([784, *[512] * 6])))
    ui.device.value = "VE2302"
    ui.wait()
    assert "need at least" in ui.alert.value
    assert ui.device.value == "VEK280"
    assert ui.design.device.name == "VE2802"


def test_export(ui, tmp_path):
    panel = ui.tabs.export
    panel.folder.value = str(tmp_path / "p")
    panel.start.click()
    ui.wait()
    assert "bit-exact" in panel.result.value
    assert "design.json" in panel.result.value
    assert aie.load_design(tmp_path / "p") == ui.design
    name, _, data = panel._zip()
    assert name == "p.zip"
    assert "p/design.json" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    panel.start.click()
    assert "exists already" in panel.ask.children[0].value
    assert panel.ask.layout.display == "flex"
    panel.keep.click()
    assert panel.ask.layout.display == "none"
    panel.verify.value = False
    panel.start.click()
    panel.replace.click()
    ui.wait()
    assert "not verified" in panel.result.value
    (tmp_path / "p" / "design.json").write_text("{}")
    panel.start.click()
    panel.replace.click()
    ui.wait()
    assert 'role="alert"' in ui.alert.value  # an edited project is never replaced
    assert not panel.start.disabled


def test_export_with_vectors(ui, tmp_path):
    panel = ui.tabs.export
    panel.verify.value = False
    np.savez(tmp_path / "v.npz", inputs=np.zeros((4, 64)))
    panel.vectors.value = str(tmp_path / "v.npz")
    panel.folder.value = str(tmp_path / "p")
    panel.start.click()
    ui.wait()
    assert (tmp_path / "p" / "design.json").is_file()
    for spoilt in (tmp_path / "nothing.npy", tmp_path / "p" / "design.json"):
        panel.vectors.value, panel.folder.value = str(spoilt), str(tmp_path / "q")
        panel.start.click()
        ui.wait()
        assert "test vectors" in ui.alert.value
    assert not (tmp_path / "q").exists()


def test_an_export_can_be_cancelled(ui, tmp_path, monkeypatch):
    reached = threading.Event()

    def slow(self, folder, *, progress, **_):
        progress("plan")
        reached.set()
        for _ in range(1000):
            time.sleep(0.01)
            progress("compile")

    monkeypatch.setattr(aie.Design, "export", slow)
    ui.tabs.export.folder.value = str(tmp_path / "p")
    ui.tabs.export.start.click()
    assert reached.wait(5)
    assert ui.progress_box.layout.display == "flex"
    assert ui.find.disabled
    ui.cancel.click()
    ui.wait()
    assert "export cancelled" in ui.status.value
    assert "not verified" in ui.tabs.export.steps.value
    assert ui.progress_box.layout.display == "none"
    assert not ui.find.disabled


def test_sweep(ui):
    ui.tabs.open("Sweep")
    panel = ui.tabs.sweep
    assert "dense0.cas_length" in panel.what.options
    assert panel.what.value in panel.what.options  # something is chosen from the start
    assert panel.values.value
    panel.what.value = "dense0.cas_length"
    assert panel.values.value.startswith("1, 2")
    panel.values.value = "1, 2"
    panel.add.click()
    assert "designs" in panel.count.value
    size = panel.planned().size
    before = len(ui.session.table.frame)
    panel.start.click()
    ui.wait()
    assert 0 < len(ui.session.table.frame) - before <= size
    assert "sweep of dense0.cas_length" in ui.status.value
    assert "ex.sweep(" in ui.session.code()
    panel.values.value = "77"
    panel.add.click()
    assert "dense0" in ui.alert.value
    assert panel.over == {"dense0.cas_length": "1, 2"}
    panel.clear.click()
    assert panel.over == {}


def test_a_sweep_says_what_its_limit_counts(ui):
    ui.tabs.open("Sweep")
    panel = ui.tabs.sweep
    panel.what.value = "dense0.cas_length"
    panel.add.click()
    panel.limit.value = 10
    assert "10 of them sampled" in panel.count.value
    assert "each" not in panel.count.value
    panel.what.value = "batch"
    panel.values.value = "1, 8"
    panel.add.click()
    assert "20 of them sampled, at most 10 for each of 2 batches" in panel.count.value


def test_a_sweep_can_be_cancelled(ui, monkeypatch):
    from aie_explorer.search import run

    cost = run.cost_chunk
    begun = threading.Event()

    def slow(*arguments):
        begun.set()
        time.sleep(0.05)
        return cost(*arguments)

    monkeypatch.setattr(run, "cost_chunk", slow)
    ui.tabs.open("Sweep")
    panel = ui.tabs.sweep
    panel.over = {f"{layer}.cas_num": "1, 2" for layer in ui.session.explorer.layers}
    panel.limit.value = 200_000
    before = len(ui.session.table.frame)
    panel.start.click()
    assert begun.wait(10)
    ui.cancel.click()
    ui.wait()
    assert "cancelled in part" in ui.status.value
    assert len(ui.session.table.frame) > before


def test_many_designs_are_sampled_and_it_says_so(ui):
    with pytest.warns(UserWarning, match="sample"):
        frame = ui.session.explorer.sweep({"dense0.split": ["features", "rows"], "dense1.split": ["features"]},
                                          limit=60_000)
    ui.do(lambda: ui.session.add(frame, "sweep"))
    drawn = spec(ui.tabs.explore.space)
    assert len(ui.session.table.frame) > MOST_POINTS
    assert "a sample of 20,000 drawn" in drawn["layout"]["title"]["text"]
    assert len(ui.tabs.explore.space.spec) < 1_000_000


def test_every_tab_opens(ui):
    assert {view.tab for view in VIEWS} <= set(ui.tabs.names)
    for name in ui.tabs.names:
        ui.tabs.open(name)
        assert ui.alert.value == "", name


def test_checks_are_green_or_say_how_to_fix(ui):
    ui.tabs.open("Checks")
    html = ui.tabs.checks.words.value
    assert "no rule that stops an export is broken" in html
    assert html.count("aie-ok") > 20
    assert "aie-broken" not in html
    assert ui.tabs.checks.fix.layout.display == "none"
    design = ui.session.explorer.best("interval", max_tiles=12).pinned({"dense0": (0, 0), "dense1": (0, 0)})
    ui.do(lambda: ui.session.restore(dataclasses.replace(ui.session.state, design=design)))
    html = ui.tabs.checks.words.value
    assert "aie-broken" in html
    assert "placement" in html
    assert ui.tabs.checks.release.layout.display == ""
    ui.tabs.checks.release.click()
    assert "aie-broken" not in ui.tabs.checks.words.value
    assert ui.design.pins == ()


def test_the_cheapest_fix_is_a_button():
    ui = explorer_ui(aie.Explorer(mlp([48] * 6), device="ve2302"))
    wide = ui.session.explorer.design({name: {"microtile": "4x8x8", "cas_length": 6, "cas_num": 1}
                                       for name in ui.session.explorer.layers})  # two fit a row of 17 columns
    ui.do(lambda: ui.session.restore(dataclasses.replace(ui.session.state, design=wide)))
    ui.tabs.open("Checks")
    checks = ui.tabs.checks
    assert re.fullmatch(r"Use dense\d\.\w+ = \w+ instead of \w+", checks.fix.description)
    assert checks.fix.description in checks.words.value
    checks.fix.click()
    assert ui.design.check() == []
    assert sum(old != new for old, new in zip(ui.design.choices, wide.choices, strict=True)) == 1
    assert checks.fix.layout.display == "none"
    ui.undo.click()
    assert ui.design == wide


def test_a_bug_in_a_callback_is_shown_with_its_place(ui, monkeypatch):
    monkeypatch.setattr(ui.session, "undo", lambda: 1 / 0)
    ui.undo.click()
    assert "ZeroDivisionError" in ui.alert.value
    assert "test_explorer_ui.py" in ui.alert.value
    monkeypatch.setattr(type(ui.session.explorer), "best", lambda *_, **__: 1 / 0)
    ui.find.click()
    ui.wait()
    assert "ZeroDivisionError" in ui.alert.value


def test_no_button_sends_a_chart_away(ui):
    for name in ui.tabs.names:
        ui.tabs.open(name)
    for figure in (ui.tabs.explore.space, ui.tabs.designs.parallel, *(figure for _, figure in ui.tabs.views)):
        assert "sendChartToCloud" in spec(figure)["layout"]["modebar"]["remove"]


def test_names_of_a_model_are_escaped(ui):
    hostile = "<script>alert(1)</script>"
    ui.session.do(lambda s: dataclasses.replace(s, note=hostile))
    ui.words.value = f"tiles == '{hostile}'"
    ui.refresh()
    html = "".join([ui.status.value, ui.alert.value, ui.kept.value, ui.head.value])
    assert hostile not in html
    assert "&lt;script&gt;" in html


def test_files_of_a_session(ui, tmp_path):
    ui.tabs.open("Session")
    record = ui.tabs.record
    send(ui.tabs.explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    record.path.value = str(tmp_path / "s.json")
    record.save.click()
    ui.undo.click()
    record.load.click()
    assert ui.design.layers["dense0"].cas_length == 1
    record.path.value = str(tmp_path / "none.json")
    record.load.click()
    assert "cannot be read" in ui.alert.value
    made = {tool.label: tool._make() for tool in record.tools}
    assert "ex.design(" in made["Copy as code"]
    assert aie.Design.from_json(json.loads(made["Download design"][2])) == ui.design
    assert json.loads(made["Download directives"][2])["LayerName"]["dense0"]["parallelism"]["cas_length"] == 1
    assert b"<html" in made["Download report"][2]
    kept = ui.session.table.frame
    assert len(pd.read_csv(io.BytesIO(ui.tabs.designs._csv()[2]))) == len(kept)
    again = pd.read_parquet(io.BytesIO(ui.tabs.designs._parquet()[2]))
    assert aie.Explorer.design(ui.session.explorer, again.iloc[4]) == ui.session.design_of_row(4)


def test_a_session_file_is_used(tmp_path):
    explorer = aie.Explorer(mlp([64, 64, 32, 10]))
    ui = explorer.ui(session=tmp_path / "kept.json")
    send(ui.tabs.explore.layers, type="change", layer="dense0", field="cas_length", value="1")
    again = explorer.ui(session=tmp_path / "kept.json")
    assert again.design == ui.design
    (tmp_path / "kept.json").write_text("{}")
    assert "was not used" in explorer.ui(session=tmp_path / "kept.json").status.value


def test_jobs_run_one_at_a_time_and_lose_nothing():
    said, ended = [], []
    jobs = Jobs(lambda text, part: said.append((text, part)), lambda job, result, error: ended.append((result, error)))
    gate = threading.Event()
    assert jobs.start("a", lambda job: gate.wait(5))
    assert not jobs.start("b", lambda job: 1)
    gate.set()
    jobs.wait()
    assert ended == [(True, None)]

    def work(job):
        job.tell("half", 0.5)
        jobs.cancel()
        job.check()

    assert jobs.start("c", work)
    jobs.wait()
    assert said == [("half", 0.5)]
    assert isinstance(ended[-1][1], CancelledError)
    assert jobs.start("d", lambda job: 1 / 0)
    jobs.wait()
    assert isinstance(ended[-1][1], ZeroDivisionError)
