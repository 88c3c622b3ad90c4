"""What goes to the front end, how often, and what is left when it is closed."""

import gc
import re
import weakref
from importlib import resources

import ipywidgets as w
import pytest
from ipywidgets.widgets import widget as registry
from networks import mlp

import aie_explorer as aie
from aie_explorer.widgets import explorer_ui
from aie_explorer.widgets import state as steps
from aie_explorer.widgets.parts import Wire


def send(part, **message):
    part._handle_custom_msg(message, [])


@pytest.fixture
def ui():
    made = explorer_ui(aie.Explorer(mlp([64, 64, 32, 10])))
    yield made
    made.close()


@pytest.fixture
def sent(monkeypatch):
    """(widget, message) of all that leaves the kernel."""
    found = []
    monkeypatch.setattr(w.Widget, "_send", lambda self, message, buffers=None: found.append((self, message)))
    return found


def change(ui, length):
    send(ui.tabs.explore.layers, type="change", layer="dense0", field="cas_length", value=length)


def test_a_change_is_one_message(ui, sent):
    change(ui, "1")
    assert len(sent) > 4  # no page has said that it listens
    assert all(message["method"] == "update" for _, message in sent)
    ui.wire._ready()
    sent.clear()
    change(ui, "2")
    explore = ui.tabs.explore
    (one, message), *rest = [(one, message) for one, message in sent if one is not ui.undo]
    assert isinstance(one, Wire)
    assert rest == []
    states = message["content"]["states"]
    assert {explore.space.model_id, explore.layers.model_id, explore.plan.model_id, ui.head.model_id} <= set(states)
    assert states[explore.layers.model_id] == explore.layers.get_state(["rows", "stamp"])
    assert states[ui.head.model_id] == {"value": ui.head.value}
    assert states[explore.space.model_id]["stamp"] == ui.session.version
    assert "spec" not in states[explore.space.model_id]  # the points did not change


def test_a_page_that_comes_later_is_given_everything(ui, sent):
    ui.wire._ready()
    sent.clear()
    send(ui.wire, type="ready")
    given = {one: message["state"] for one, message in sent}
    assert set(given) == {ui.head, ui.limit, ui.status, ui.kept, *ui.tabs.parts}
    assert given[ui.tabs.explore.plan]["plan"] == ui.tabs.explore.plan.plan


def test_what_fails_while_it_is_collected_is_sent_all_the_same(ui, sent, monkeypatch):
    ui.wire._ready()
    sent.clear()
    monkeypatch.setattr(ui.tabs, "refresh", lambda: 1 / 0)
    change(ui, "1")
    assert "ZeroDivisionError" in ui.alert.value
    assert [one for one, _ in sent if isinstance(one, Wire)]
    sent.clear()
    ui.status.value = "later"
    assert [one for one, _ in sent] == [ui.status]


def used(explorer, frame):
    """An interface in which everything was opened; weak references to what it holds."""
    ui = explorer_ui(explorer)
    ui.do(lambda: ui.session.add(frame, "sweep"))
    ui.wire._ready()
    change(ui, "1")
    ui.do(lambda: ui.session.do(steps.compare))
    for name in ui.tabs.names:
        ui.tabs.open(name)
    ui.tabs.open("Explore")
    send(ui.tabs.explore.space, type="hover", row=3)
    send(ui.tabs.explore.plan, type="grab", layer="dense0")
    ui.objective.value = "latency"
    ui.find.click()
    ui.wait()
    ui.clock.value = 1000.0
    ui.wait()
    session = ui.session
    assert session.explorer is not explorer
    held = [ui, ui.tabs, session, session.state, session.explorer, *session._tables.values(),
            *(table.frame for table in session._tables.values()), *ui.tabs.parts, ui.tabs.export.zip]
    return ui, [weakref.ref(one) for one in held]


def test_closing_frees_all_that_it_held():
    explorer = aie.Explorer(mlp([64, 64, 32, 10]))
    frame = explorer.pareto()
    explorer_ui(explorer).close()  # plotly's library stays, for the next one
    before = len(registry._instances)
    ui, held = used(explorer, frame)
    assert all(one() is not None for one in held)
    ui.close()
    del ui
    gc.collect()
    assert [one() for one in held if one() is not None] == []
    assert len(registry._instances) == before


# text and grounds of JupyterLab's themes: --jp-ui-font-color1, --jp-layout-color0 to 2
THEMES = {"light": ((0, 0, 0, 0.87), ("#ffffff", "#eeeeee")),
          "dark": ((255, 255, 255, 1), ("#111111", "#212121", "#424242"))}


def luminance(colour):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def hexed(text):
    return [int(text[i:i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.mark.parametrize("name", ["dim", "bad", "good"])
@pytest.mark.parametrize("theme", THEMES)
def test_words_stand_out_in_both_themes(name, theme):
    css = resources.files("aie_explorer.widgets").joinpath("static", "explorer.css").read_text()
    first, percent, second = re.search(
        rf"--aie-{name}: color-mix\(in srgb, (\S+) (\d+)%, ([^;]+)\);", css).groups()
    ink, grounds = THEMES[theme]
    named = {"var(--aie-ink)": (*(part / 255 for part in ink[:3]), ink[3]), "transparent": (0, 0, 0, 0)}
    one, other = (named[text] if text in named else (*hexed(text), 1) for text in (first, second))
    share = int(percent) / 100
    alpha = share * one[3] + (1 - share) * other[3]
    mixed = [(share * a * one[3] + (1 - share) * b * other[3]) / alpha for a, b in zip(one[:3], other[:3], strict=True)]
    for ground in grounds if name == "dim" else grounds[:2]:  # marks and warnings are not on shaded ground
        seen = [alpha * a + (1 - alpha) * b for a, b in zip(mixed, hexed(ground), strict=True)]
        low, high = sorted(luminance(colour) + 0.05 for colour in (seen, hexed(ground)))
        assert high / low >= 4.5, (theme, ground)
