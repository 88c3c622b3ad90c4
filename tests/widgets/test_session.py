"""The state behind the widgets, without widgets and without a browser."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError, DesignError, ExportError, PlacementError
from aie_explorer.plots.space import AxisInfo
from aie_explorer.space import Choice
from aie_explorer.widgets import files
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.brush import from_axis, to_axis
from aie_explorer.widgets.options import FIELDS, layer_options, moved_to, offered, shown, wishes
from aie_explorer.widgets.session import Session
from aie_explorer.widgets.table import Filters, Lasso, append, cells, columns_shown, inside, kept, ordered, row_of


@pytest.fixture(scope="module")
def explorer():
    return aie.Explorer(mlp([64, 64, 32, 10]))


@pytest.fixture
def session(explorer):
    return Session(explorer)


def test_starts_with_the_best_and_shows_more(session, explorer):
    assert session.state.design == explorer.best("interval")
    assert len(session.table.frame) > len(explorer.pareto())
    assert session.row is not None
    assert session.design_of_row(session.row) == session.state.design


def test_controls_follow_the_fields_of_a_choice(explorer):
    assert tuple(field.name for field in dataclasses.fields(Choice)) == FIELDS
    design = explorer.best("tiles")
    for layer, choice in design.layers.items():
        assert set(offered(explorer, layer, choice)) == set(wishes(explorer, layer)) == set(FIELDS)


def test_every_offered_value_can_be_chosen(session, explorer):
    for layer, choice in session.state.design.layers.items():
        for field, values in offered(explorer, layer, choice).items():
            for value in values:
                try:
                    after = steps.change_layer(session.state, explorer, layer, field, value)
                except DesignError as error:
                    # the neighbours may forbid it, and the user is told
                    if "six ports" not in str(error) and not str(error.where).endswith(".route"):
                        raise
                    continue
                assert shown(getattr(after.design.layers[layer], field)) == value
                others = {k: v for k, v in after.design.layers.items() if k != layer}
                assert others == {k: v for k, v in session.state.design.layers.items() if k != layer}


def test_the_move_is_the_nearest_legal_one(explorer):
    layer = explorer.layers[0]
    choice = explorer.best("interval").layers[layer]
    for value in offered(explorer, layer, choice)["cas_length"]:
        new = moved_to(explorer, layer, choice, "cas_length", value)
        same = [one for one in layer_options(explorer, layer).choices
                if one.microtile == choice.microtile and one.cas_length == int(value)]

        def distance(one, choice=choice):
            return (abs(one.cas_num - choice.cas_num) + 0.5 * (one.split != choice.split)
                    + 0.5 * (one.blocking != choice.blocking))

        assert distance(new) == min(map(distance, same))


@pytest.mark.parametrize(("field", "value", "words"), [
    ("cas_length", "37", "would have no work"), ("microtile", "3x3x3", "not among"), ("cas_num", "99", "allows 1 to 8"),
    ("cas_length", "many", "not among"), ("colour", "red", "no 'colour'")])
def test_an_illegal_wish_says_what_forbids_it(session, explorer, field, value, words):
    with pytest.raises(DesignError, match=words) as caught:
        steps.change_layer(session.state, explorer, "dense0", field, value)
    assert "dense0" in str(caught.value)
    assert caught.value.remedy


def test_undo_and_redo(session):
    first = session.state
    session.do(lambda s: steps.pin_layer(s, "dense0", True))
    session.do(lambda s: steps.filtered(s, words="tiles < 20"))
    last = session.state
    assert session.can_undo
    session.undo()
    session.undo()
    assert session.state == first
    assert not session.can_undo
    session.redo()
    session.redo()
    assert session.state == last
    session.undo()
    session.do(lambda s: steps.pin_layer(s, "dense1", True))
    assert not session.can_redo


def test_a_step_that_fails_changes_nothing(session):
    before, version = session.state, session.version
    with pytest.raises(DesignError):
        session.do(lambda s: steps.filtered(s, words="tiles <"))
    with pytest.raises(DesignError):
        session.do(lambda s: steps.change_layer(s, session.explorer, "dense0", "cas_length", "37"))
    assert session.state is before
    assert session.version == version
    assert not session.can_undo


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["pin", "words", "select", "undo", "redo", "compare"]), max_size=14), st.randoms())
def test_undo_takes_back_any_sequence(explorer, actions, random):
    session = Session(explorer)
    seen = [session.state]
    for action in actions:
        if action == "undo":
            session.undo()
        elif action == "redo":
            session.redo()
        elif action == "pin":
            session.do(lambda s: steps.pin_layer(s, "dense1", "dense1" not in s.pinned))
        elif action == "words":
            session.do(lambda s: steps.filtered(s, words=f"tiles < {random.randint(1, 99)}"))
        elif action == "compare":
            session.do(steps.compare)
        else:
            session.select_row(random.randrange(len(session.table.frame)))
        seen.append(session.state)
    while session.can_undo:
        session.undo()
    assert session.state == seen[0]


def test_free_the_rest_keeps_what_is_pinned(session, explorer):
    session.do(lambda s: steps.change_layer(s, explorer, "dense0", "cas_length", "1"))
    session.do(lambda s: steps.pin_layer(s, "dense0", True))
    choice = session.state.design.layers["dense0"]
    after = session.do(lambda s: steps.free_the_rest(s, explorer))
    assert after.design.layers["dense0"] == choice
    assert after.design == explorer.constrained(
        {f"dense0.{name}": getattr(choice, name) for name in FIELDS}).best("interval")


def test_the_other_layers_adapt_to_a_wish(session, explorer):
    after = session.do(lambda s: steps.wish(s, explorer, "dense1", "cas_num", "1"))
    assert after.design.layers["dense1"].cas_num == 1
    assert "dense1" in after.pinned


def test_blocks_stay_where_they_are_put(session, explorer):
    session.do(lambda s: steps.selected(s, explorer.best("interval", max_tiles=12)))
    session.do(lambda s: steps.put(s, "dense0", (20, 3)))
    session.do(lambda s: steps.put(s, "dense2", (30, 5)))
    place = session.state.design.place()
    assert place["dense0"] == (20, 3)
    assert place["dense2"] == (30, 5)
    assert "above the best known" in session.state.note
    with pytest.raises(PlacementError):
        session.do(lambda s: steps.put(s, "dense1", (20, 3)))
    session.do(lambda s: steps.change_layer(s, explorer, "dense1", "cas_length", "2"))
    assert session.state.design.place()["dense0"] == (20, 3)  # kept when a layer changes
    session.do(lambda s: steps.release(s, "dense0"))
    assert dict(session.state.design.pins) == {"dense2": (30, 5)}
    session.do(steps.release)
    assert session.state.design.pins == ()


def test_filters(session):
    frame = session.table.frame
    session.do(lambda s: steps.filtered(s, spans={"tiles": ((3, 9), (20, 30))}))
    tiles = frame["tiles"]
    assert session.kept.tolist() == ((tiles.between(3, 9)) | (tiles.between(20, 30))).tolist()
    session.do(lambda s: steps.filtered(s, spans={"dense1.split": ("rows",)}, words="efficiency > 0.1"))
    wanted = (tiles.between(3, 9) | tiles.between(20, 30)) & (frame["dense1.split"] == "rows") & (
        frame["efficiency"] > 0.1)
    assert session.kept.tolist() == wanted.tolist()
    session.do(lambda s: steps.filtered(s, spans={"tiles": None, "dense1.split": None}, words=""))
    assert not session.state.filters
    assert session.kept.all()


def test_lasso():
    x, y = np.array([0.5, 2.0, 0.5, -1.0]), np.array([0.5, 0.5, 2.0, 0.2])
    assert inside(x, y, ((0, 0), (1, 0), (1, 1), (0, 1))).tolist() == [True, False, False, False]
    concave = ((0, 0), (4, 0), (4, 4), (2, 1), (0, 4))
    assert inside(np.array([2.0, 0.5]), np.array([3.0, 2.0]), concave).tolist() == [False, True]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True))
def test_brushed_words_come_back(places):
    axis = AxisInfo("dense0.microtile", "", tuple(f"w{i}" for i in range(6)))
    span = tuple(axis.words[i] for i in sorted(places))
    assert from_axis(to_axis(span, axis), axis) == span


def test_brushed_figures_come_back():
    log = AxisInfo("interval_cycles", "", log=True)
    assert np.allclose(from_axis(to_axis(((100.0, 2000.0),), log), log), ((100.0, 2000.0),))
    assert from_axis([[3, 1]], AxisInfo("tiles", "")) == ((1.0, 3.0),)
    assert from_axis([], log) is None


def test_the_grid_is_sorted_and_spelled(session):
    table, everything = session.table, np.ones(len(session.table.frame), bool)
    for column in ("efficiency", "bottleneck", "dense1"):
        down, up = (ordered(table, everything, column, way) for way in (True, False))
        texts = table.choice_column("dense1") if column == "dense1" else table.frame[column].astype(
            object if column == "bottleneck" else float).to_numpy()
        assert list(texts[up]) == sorted(texts)
        assert list(texts[down]) == sorted(texts, reverse=True)
    columns = columns_shown(table)
    texts = cells(table, np.array([0, 5]), columns)
    assert len(texts) == 2
    assert all(len(row) == len(columns) for row in texts)
    assert texts[0][columns.index("tiles")] == f"{table.frame['tiles'].iloc[0]}"


def test_appended_designs_are_there_once(session, explorer):
    table = session.table
    assert len(append(table, table.frame, "again").frame) == len(table.frame)
    more = explorer.sweep({"batch": [16], "dense0.cas_length": [1, 2]})
    session.add(more, "sweep", {"over": {"batch": [16], "dense0.cas_length": [1, 2]}})
    assert len(session.table.frame) == len(table.frame) + len(more)
    row = len(session.table.frame) - 1
    session.select_row(row)
    assert session.state.design.network.batch == 16
    assert row_of(append(table, more, ""), session.state.design) == row


def test_another_device_and_back(session):
    first = session.state
    session.use(session.other_explorer(device="VE2302"))
    assert session.state.design.device.name == "VE2302"
    assert session.state.max_tiles == 34
    assert set(session.table.frame["device"]) == {"VE2302"}
    session.undo()
    assert session.state == first
    assert set(session.table.frame["device"]) == {"VE2802"}
    session.use(session.other_explorer(clock_mhz=1000.0, batch=16, plio_bits=64))
    design = session.state.design
    assert (design.device.clock_mhz, design.network.batch, design.device.plio_bits) == (1000.0, 16, 64)


def busy(session, explorer):
    """A session in which everything was touched."""
    session.do(lambda s: steps.selected(s, explorer.best("interval", max_tiles=12)))
    session.do(lambda s: steps.change_layer(s, explorer, "dense0", "cas_length", "2"))
    session.do(lambda s: steps.pin_layer(s, "dense0", True))
    session.do(steps.compare)
    session.do(lambda s: steps.put(s, "dense1", (20, 2)))
    session.do(lambda s: steps.compare(s, explorer.best("tiles")))
    session.do(lambda s: steps.filtered(s, spans={"tiles": ((1.0, 50.0),), "dense1.split": ("features",)},
                                        lasso=Lasso("tiles", "interval_cycles",
                                                    ((0, 0), (400, 0), (400, 9e3), (0, 9e3))),
                                        words="efficiency > 0.01"))
    session.do(lambda s: steps.with_axes(s, x="latency_ns"))
    return session.state


def test_files_keep_everything(session, explorer, tmp_path):
    state = busy(session, explorer)
    files.save(state, tmp_path / "s.json")
    assert files.load(tmp_path / "s.json", explorer.network) == state
    assert files.from_json(json.loads(json.dumps(files.to_json(state))), explorer.network) == state


def test_a_file_survives_the_kernel(explorer, tmp_path):
    file = tmp_path / "kept.json"
    state = busy(Session(explorer, file), explorer)
    again = Session(explorer, file)
    assert again.state == state
    assert again.unread == ""
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize("spoil", [
    lambda data: {}, lambda data: {**data, "format": 99}, lambda data: {**data, "network_digest": "0"},
    lambda data: {**data, "design": 3}, lambda data: {**data, "objective": "beauty"},
    lambda data: {**data, "axes": ["a"]}, lambda data: {**data, "filters": {"spans": {"tiles": [[1]]}}},
    lambda data: {**data, "max_tiles": "x"}, lambda data: []])
def test_a_spoilt_file_is_told_and_left_alone(explorer, tmp_path, spoil):
    file = tmp_path / "s.json"
    files.save(Session(explorer).state, file)
    file.write_text(json.dumps(spoil(json.loads(file.read_text()))))
    text = file.read_text()
    with pytest.raises(AieExplorerError):
        files.load(file, explorer.network)
    session = Session(explorer, file)
    assert session.unread
    assert session.state.design == explorer.best("interval")
    assert file.read_text() == text


def test_files_that_cannot_be_read_or_written(explorer, tmp_path):
    (tmp_path / "x").write_text("{")
    with pytest.raises(ExportError, match="not JSON"):
        files.load(tmp_path / "x", explorer.network)
    with pytest.raises(ExportError, match="cannot be written"):
        files.save(Session(explorer).state, tmp_path / "x" / "y")


def test_the_code_makes_the_same_design(session, explorer, monkeypatch):
    state = busy(session, explorer)
    session.add(explorer.sweep({"dense0.cas_length": [1, 2]}), "sweep", {"over": {"dense0.cas_length": [1, 2]}})
    monkeypatch.setattr(aie, "load", lambda path, batch: explorer.network.replace(batch=batch))
    scope = {}
    exec(session.code(), scope)
    assert scope["design"] == state.design
    assert scope["design"].pins == state.design.pins
    assert scope["rest"].layers["dense0"] == state.design.layers["dense0"]
    assert scope["rest"] == steps.free_the_rest(state, explorer).design.pinned({})
    table = session.table.frame
    ours = {tuple(row) for row in table[kept(session.table, state.filters)].filter(like=".").astype(str).to_numpy()}
    theirs = {tuple(row) for row in scope["kept"].filter(like=".").astype(str).to_numpy()}
    assert theirs <= ours
    assert len(theirs) > 0


def test_the_code_of_any_design(explorer, monkeypatch):
    monkeypatch.setattr(aie, "load", lambda path, batch: explorer.network.replace(batch=batch))
    session = Session(explorer.constrained({"dense0.split": "features"}))
    many = dataclasses.replace(explorer.best("tiles"), copies=3)
    session.do(lambda s: steps.selected(s, many))
    session.use(session.other_explorer(clock_mhz=1100.0, plio_bits=64, batch=16))
    for state in (session.state, dataclasses.replace(session.state, design=many)):
        scope = {}
        exec(steps_code(state, session), scope)
        assert scope["design"] == state.design
        assert scope["ex"].constraints == session.constraints


def steps_code(state, session):
    from aie_explorer.widgets.code import as_code

    return as_code(state, "model's.h5", session.constraints)


def test_filters_of_columns_that_are_gone_are_passed_over(session):
    mask = kept(session.table, Filters((("nothing.cas_num", ("1",)), ("tiles", ((0, 5),)))))
    assert mask.tolist() == (session.table.frame["tiles"] <= 5).tolist()
    assert isinstance(session.table.frame, pd.DataFrame)


def test_the_designs_of_sweeps_come_back(tmp_path):
    explorer, file = aie.Explorer(mlp([64, 64, 32, 10])), tmp_path / "kept.json"
    session = Session(explorer, file)
    before = len(session.table.frame)
    over = {"dense0.split": ["rows"]}
    session.add(explorer.sweep(over, limit=300), "sweep of dense0.split", {"over": over, "limit": 300})
    assert len(session.table.frame) > before
    again = Session(explorer, file)
    pd.testing.assert_frame_equal(again.table.frame, session.table.frame)
    assert (again.sweeps, again.lost) == (session.sweeps, "")
    assert again.code() == session.code()
    last = len(again.table.frame) - 1
    again.select_row(last)
    assert again.design_of_row(last) == again.state.design
    (parquet,) = tmp_path.glob("kept.*.parquet")
    assert Session(explorer, file).table.note == session.table.note  # steps after it keep it
    copy = tmp_path / "other" / "saved.json"
    again.save(copy)
    fresh = Session(explorer)
    fresh.load(copy)
    assert len(fresh.table.frame) == len(session.table.frame)
    parquet.write_bytes(parquet.read_bytes()[:-1] + b"x")
    changed = Session(explorer, file)
    assert "those that were saved" in changed.lost
    assert len(changed.table.frame) == before
    parquet.unlink()
    assert "cannot be read" in Session(explorer, file).lost
