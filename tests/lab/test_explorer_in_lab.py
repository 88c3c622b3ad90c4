"""What a user sees and does in JupyterLab."""

import json

import pytest

CELLS = ('import aie_explorer as aie\n\nex = aie.Explorer(aie.load("digits_mlp.h5"), device="vek280")', "ex.ui()")
CHOSEN = """() => {
  const x = document.querySelector('.js-plotly-plot').data[2].x;
  return Array.from(x._inputArray || x);
}"""


@pytest.fixture
def page(open_notebook):
    page = open_notebook(*CELLS)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.locator(".aie-floorplan").wait_for()
    return page


def test_controls_points_and_export(page, screenshots, tmp_path):
    tiles = page.evaluate(CHOSEN)[0]
    assert page.locator(".aie-floorplan rect.used").count() >= tiles
    page.screenshot(path=str(screenshots / "explorer_light.png"))

    # a control of the first layer changes every view
    page.get_by_label("cas_length").first.select_option("1")
    page.wait_for_function(f"() => ({CHOSEN})()[0] < {tiles}")
    page.locator(".aie-status", has_text="dense0: cas_length 1").wait_for()

    # a click on a point of the front selects that design
    before = page.evaluate(CHOSEN)[0]
    where = page.evaluate("""() => {
      const g = document.querySelector('.js-plotly-plot'), f = g._fullLayout, t = g.data[1];
      const x = Array.from(t.x._inputArray || t.x), y = Array.from(t.y._inputArray || t.y);
      const box = g.getBoundingClientRect();
      return [box.x + f.xaxis._offset + f.xaxis.d2p(x[0]), box.y + f.yaxis._offset + f.yaxis.d2p(y[0]), x[0]];
    }""")
    assert where[2] != before
    page.mouse.move(where[0], where[1])
    page.wait_for_timeout(300)
    page.mouse.click(where[0], where[1])
    page.wait_for_function(f"() => ({CHOSEN})()[0] === {where[2]}")

    # export, and the error of exporting twice
    folder = tmp_path / "project"
    name = page.get_by_role("textbox", name="folder", exact=True)
    name.fill(str(folder))
    name.press("Enter")
    export = page.get_by_role("button", name="Export project")
    export.click()
    page.locator(".aie-status", has_text="exported").wait_for()
    assert json.loads((folder / "design.json").read_text())["layers"]["dense0"]["microtile"]
    export.click()
    page.locator(".aie-error", has_text="exists already").wait_for()
    page.screenshot(path=str(screenshots / "explorer_error.png"))
    assert page.problems == []


def test_dark_theme_and_width(page, screenshots):
    page.lab("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_timeout(800)
    page.screenshot(path=str(screenshots / "explorer_dark.png"))
    plot = page.locator(".js-plotly-plot").bounding_box()["width"]
    room = page.locator(".aie-explorer").bounding_box()["width"]
    assert room - 60 < plot <= room + 1
    assert page.locator(".modebar-btn[data-title*='hare']").count() == 0
    assert page.problems == []
