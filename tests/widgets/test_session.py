import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import DesignError
from aie_explorer.space import CHOICES, shape_name
from aie_explorer.widgets.session import as_code, change_layer, layer_values, select_row, start


@pytest.fixture(scope="module")
def session():
    return start(aie.Explorer(mlp([64, 64, 32, 10])), max_tiles=40)


def test_starts_with_the_best(session):
    assert session.design == session.explorer.best("interval", max_tiles=40)
    assert len(session.frame) > len(session.front)


def test_a_row_selects_its_design(session):
    for index in (0, len(session.front), len(session.frame) - 1):
        chosen = select_row(session, index).design.estimate()
        assert chosen.tiles == session.frame.iloc[index]["tiles"]
        assert chosen.interval_cycles == session.frame.iloc[index]["interval_cycles"]


def test_every_offered_value_can_be_chosen(session):
    for layer in session.explorer.layers:
        for key in CHOICES:
            for value in layer_values(session, layer)[key]:
                try:
                    after = change_layer(session, layer, key, value)
                except DesignError as error:
                    if "six ports" not in str(error):  # else the neighbours forbid it, and the user is told
                        raise
                    continue
                got = getattr(after.design.layers[layer], key)
                assert (shape_name(got) if isinstance(got, tuple) else got) == value
                others = {k: v for k, v in after.design.layers.items() if k != layer}
                assert others == {k: v for k, v in session.design.layers.items() if k != layer}


def test_what_moves_is_said(session):
    layer = session.explorer.layers[0]
    wide = change_layer(session, layer, "cas_length", 1)
    moved = change_layer(wide, layer, "microtile", "8x8x8")
    if moved.design.layers[layer].cas_num != wide.design.layers[layer].cas_num:
        assert "moved to a legal value: cas_num" in moved.note


def test_the_code_makes_the_same_design(session, monkeypatch):
    monkeypatch.setattr(aie, "load", lambda path, batch: session.explorer.network)
    scope = {}
    exec(as_code(session), scope)
    assert scope["design"] == session.design
