"""What a user sees and does in JupyterLab, from loading a model to a verified project."""

import json
import re
import zipfile

CELLS = ('import aie_explorer as aie\n\nex = aie.Explorer(aie.load("digits_mlp.h5"), device="vek280")',
         'ui = ex.ui(session="kept.json")\nui')
FIGURE = "[aria-label*='on the front'] .js-plotly-plot"
CHOSEN = f"""() => {{
  const shape = document.querySelector("{FIGURE}").layout.shapes.at(-1);
  return [shape.xanchor, shape.yanchor];
}}"""
SETTLED = """() => {
  const seen = [...document.querySelectorAll('.aie-explorer [data-version]')].filter((one) => one.offsetParent);
  return seen.length >= 3 && new Set(seen.map((one) => one.dataset.version)).size === 1;
}"""


def ready(page):
    page.locator(".aie-floorplan .block").first.wait_for(timeout=60_000)
    page.locator(f"{FIGURE} .main-svg").first.wait_for()
    page.wait_for_function(SETTLED)


def status(page, words):
    page.locator(".aie-explorer .aie-status", has_text=words).first.wait_for()


def tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def front_point(page, index):
    """Where a point of the front is on the screen, and its figures."""
    return page.evaluate("""([figure, index]) => {
      const g = document.querySelector(figure), f = g._fullLayout, t = g._fullData[2], box = g.getBoundingClientRect();
      return [box.x + f.xaxis._offset + f.xaxis.d2p(t.x[index]), box.y + f.yaxis._offset + f.yaxis.d2p(t.y[index]),
              t.x[index], t.y[index]];
    }""", [FIGURE, index])


def test_the_whole_way(open_notebook, screenshots, tmp_path):
    page = open_notebook(*CELLS)
    ready(page)
    page.screenshot(path=str(screenshots / "explore_light.png"))
    assert page.locator(".modebar-btn[data-title*='hare']").count() == 0
    assert page.evaluate("""() => [...document.querySelectorAll(
        '.aie-explorer, .aie-explorer .widget-tab-contents, .aie-explorer .aie-layers')]
      .every((one) => one.scrollWidth <= one.clientWidth)"""), "something is cut off"

    # a control of a layer changes every view
    before, tiles = page.evaluate(CHOSEN), page.locator(".aie-head").inner_text()
    page.get_by_label("dense0 cas_length").select_option("1")
    status(page, "dense0: cas_length 1")
    page.wait_for_function(SETTLED)
    assert page.evaluate(CHOSEN) != before
    assert page.locator(".aie-head").inner_text() != tiles
    used = page.locator(".aie-floorplan .block[data-layer=dense0] rect.used").count()
    cas_num = page.get_by_label("dense0 cas_num").input_value()
    assert used == int(cas_num)

    # an illegal wish is explained, and undone
    page.get_by_label("dense0 cas_length").select_option("37")
    page.locator(".aie-error[role=alert]", has_text="would have no work").wait_for()
    page.screenshot(path=str(screenshots / "error_light.png"))
    page.wait_for_function(SETTLED)
    assert page.get_by_label("dense0 cas_length").input_value() == "1"
    page.get_by_role("button", name="Dismiss").click()
    page.locator(".aie-error").wait_for(state="hidden")

    # pin a layer, optimise the rest
    page.get_by_label("pin dense0").check()
    page.get_by_role("button", name="Free the rest").click()
    status(page, "with dense0 pinned")
    assert page.get_by_label("dense0 cas_length").input_value() == "1"

    # a click on a point selects its design
    x, y, *figures = front_point(page, 2)
    page.mouse.move(x, y)
    page.locator(".aie-hint", has_text="tiles, interval").wait_for()
    page.mouse.click(x, y)
    page.wait_for_function(f"(wanted) => ({CHOSEN})()[0] === wanted", arg=figures[0])

    # brushing filters all views
    plot = page.locator(f"{FIGURE} .nsewdrag").first.bounding_box()
    page.mouse.move(plot["x"] + 8, plot["y"] + 8)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.4, plot["y"] + plot["height"] - 4, steps=5)
    page.mouse.up()
    page.locator(".aie-chip", has_text="tiles").wait_for()
    page.locator(f"{FIGURE} .gtitle", has_text="kept").wait_for()

    # a block is dragged; another cannot be put on it
    page.wait_for_function(SETTLED)
    drag_a_block(page, screenshots)

    designs_and_compare(page, screenshots)
    cancel_a_sweep(page, screenshots)
    export(page, screenshots, tmp_path)
    for name in ("Roofline", "Timeline", "Checks", "Session"):
        tab(page, name)
        page.wait_for_timeout(700)
        page.screenshot(path=str(screenshots / f"{name.lower()}_light.png"))
    assert "pinned({" in page.locator(".aie-code").last.inner_text()
    figures = page.locator(".aie-head").inner_text()
    large = [size for size in page.sizes if size > 1_000_000]
    assert len(large) <= 1, large  # plotly.js, once

    # the notebook is saved, and opened again with another kernel
    page.lab("docmanager:save")
    assert page.problems == []
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
    page.close()
    again = open_notebook(None)
    ready(again)
    assert again.locator(".aie-head").inner_text() == figures
    assert again.get_by_label("pin dense0").is_checked()
    assert again.locator(".aie-floorplan .border.pinned").count() == 1
    assert again.problems == []


def drag_a_block(page, screenshots):
    block = page.locator(".aie-floorplan .block[data-layer=dense1]")
    cell = page.locator(".aie-floorplan .tile").first.bounding_box()["width"] * 24 / 22.5
    box = block.locator("rect.used").first.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 + 4 * cell, box["y"] + 5 - 2 * cell, steps=4)
    page.locator(".aie-hint", has_text="placement cost").wait_for()
    page.screenshot(path=str(screenshots / "drag_light.png"))
    page.mouse.up()
    status(page, "dense1 put at column")
    page.locator(".aie-floorplan .border.pinned").wait_for()
    there = page.locator(".aie-floorplan .block[data-layer=dense1] rect.used").first.bounding_box()
    other = page.locator(".aie-floorplan .block[data-layer=dense0] rect.used").first.bounding_box()
    page.mouse.move(other["x"] + 5, other["y"] + 5)
    page.mouse.down()
    page.mouse.move(there["x"] + 5, there["y"] + 5, steps=4)
    page.locator(".aie-hint.aie-bad", has_text="overlaps dense1").wait_for()
    page.screenshot(path=str(screenshots / "drag_refused_light.png"))
    page.mouse.up()
    assert page.locator(".aie-floorplan .border.pinned").count() == 1
    # the same with the keyboard
    block = page.locator(".aie-floorplan .block[data-layer=dense1]")
    block.focus()
    block.press("ArrowUp")
    block.press("Enter")
    page.wait_for_function(SETTLED)


def designs_and_compare(page, screenshots):
    page.get_by_role("button", name="Clear filters").click()
    page.locator(".aie-chip").first.wait_for(state="detached")
    tab(page, "Designs")
    page.locator(".aie-grid tbody tr[data-row]").first.wait_for()
    axis = page.locator(".axis-brush").first
    axis.wait_for()
    page.wait_for_function(SETTLED.replace(">= 3", ">= 2"))
    page.wait_for_timeout(300)
    box = axis.bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] * 0.85, steps=6)
    page.mouse.up()
    page.locator(".aie-chip", has_text="tiles").wait_for()
    page.screenshot(path=str(screenshots / "designs_light.png"))
    words = page.get_by_role("textbox", name="filter")
    words.fill("tiles >")
    words.press("Enter")
    page.locator(".aie-error", has_text="not understood").wait_for()
    words.fill('efficiency > 0.05 and "kernel" in bottleneck')
    words.press("Enter")
    page.locator(".aie-chip", has_text="efficiency").wait_for()
    page.locator(".aie-error").wait_for(state="hidden")
    page.get_by_role("button", name="sort by efficiency").click()
    page.locator("th[aria-sort=ascending]", has_text="efficiency").wait_for()
    page.get_by_role("button", name="Compare this design").click()
    page.get_by_role("button", name="Stop comparing").wait_for()
    grid = page.get_by_role("grid")
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        grid.press(key)
    page.locator(".aie-grid tr.aie-chosen[aria-selected=true]").wait_for()
    grid.press("c")
    page.locator(".aie-grid button[aria-pressed=true]").first.wait_for()
    tab(page, "Compare")
    page.locator(".aie-table th", has_text="design 2").wait_for()
    page.screenshot(path=str(screenshots / "compare_light.png"))
    page.get_by_role("button", name="Select design 1").click()
    page.locator(".aie-table th", has_text="design 1 (selected)").wait_for()
    page.get_by_role("button", name="Clear filters").click()


def cancel_a_sweep(page, screenshots):
    tab(page, "Sweep")
    for layer in ("dense0", "dense1", "dense2"):
        page.get_by_label("vary").select_option(f"{layer}.cas_length")
        page.get_by_role("button", name="Vary this").click()
        page.locator(".aie-chip", has_text=f"{layer}.cas_length").wait_for()
    page.get_by_label("vary").select_option("batch")
    page.get_by_placeholder("values, such as").fill(", ".join(map(str, range(1, 65))))
    page.get_by_role("button", name="Vary this").click()
    page.locator(".aie-chip", has_text="batch").wait_for()
    most = page.get_by_label("at most")
    most.fill("30000")
    most.press("Enter")
    page.locator(".aie-count", has_text=re.compile(r"[\d,]{9,} designs")).wait_for()
    page.get_by_role("button", name="Run sweep").click()
    page.get_by_role("button", name=re.compile("Cancel$")).click()
    status(page, re.compile("cancelled"))
    page.screenshot(path=str(screenshots / "sweep_light.png"))


def export(page, screenshots, tmp_path):
    tab(page, "Export")
    folder = tmp_path / "project"
    name = page.get_by_role("textbox", name="folder", exact=True)
    name.fill(str(folder))
    name.press("Enter")
    page.get_by_role("button", name="Export project").click()
    page.locator(".aie-steps b", has_text="compile").wait_for()
    page.screenshot(path=str(screenshots / "exporting_light.png"))
    page.get_by_role("button", name=re.compile("Cancel$")).click()
    status(page, "export cancelled")
    page.get_by_role("button", name="Export project").click()
    page.get_by_role("button", name="Replace it").click()
    page.locator(".aie-verdict", has_text="bit-exact").wait_for(timeout=90_000)
    page.screenshot(path=str(screenshots / "export_light.png"))
    assert json.loads((folder / "design.json").read_text())["pins"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download zip").click()
    assert "project/design.json" in zipfile.ZipFile(download.value.path()).namelist()


def test_dark_theme(open_notebook, screenshots):
    page = open_notebook(*CELLS)
    ready(page)
    if page.get_by_role("button", name="Compare this design").count():
        page.get_by_role("button", name="Compare this design").click()
        page.get_by_role("button", name="Stop comparing").wait_for()
        page.wait_for_function(SETTLED)
    light = page.evaluate(f"() => document.querySelector(\"{FIGURE}\").layout.font.color")
    page.lab("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_function(f"(light) => document.querySelector(\"{FIGURE}\").layout.font.color !== light", arg=light)
    page.wait_for_function(f"""() => {{
      const layout = document.querySelector("{FIGURE}").layout;
      return layout.shapes[0].line.color === layout.font.color;  // the mark of what is compared
    }}""")
    for name in ("Designs", "Roofline", "Timeline", "Compare", "Checks", "Sweep", "Export", "Session", "Explore"):
        tab(page, name)
        page.wait_for_timeout(500)
        page.screenshot(path=str(screenshots / f"{name.lower()}_dark.png"))
    assert page.problems == []


FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  if (!one.closest('.aie-explorer')) return null;
  one.dataset.reached = '';
  const label = one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent;
  const border = one.querySelector('.border');  // of a block on the floorplan
  const seen = border ? getComputedStyle(border).strokeWidth === '3px' : style.outlineStyle !== 'none';
  return [label.trim(), seen];
}"""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_notebook):
    page = open_notebook(*CELLS)
    ready(page)
    page.get_by_label("device", exact=True).focus()
    reached = []
    while (one := page.evaluate(FOCUSED)) is not None:
        reached.append(one)
        page.keyboard.press("Tab")
    assert len(reached) > 40
    assert [label for label, seen in reached if not seen] == []
    assert all(label for label, _ in reached)
    missed = page.evaluate("""() => [...document.querySelectorAll('.aie-explorer :is(select, input, button, .block)')]
      .filter((one) => one.getBoundingClientRect().width && !one.disabled && one.tabIndex >= 0)
      .filter((one) => !('reached' in one.dataset))
      .map((one) => one.outerHTML.slice(0, 80))""")
    assert missed == []
    page.get_by_role("tab", name="Explore", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".aie-grid tbody tr[data-row]").first.wait_for()
    assert page.problems == []


def test_voila(voila, chromium, screenshots, tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    with voila(folder, CELLS) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 1500})
        page.set_default_timeout(30_000)
        problems = []
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address, timeout=90_000)
        ready(page)
        page.get_by_label("dense0 cas_length").select_option("1")
        status(page, "dense0: cas_length 1")
        page.wait_for_function(SETTLED)
        page.get_by_label("dense0 cas_length").select_option("37")
        page.locator(".aie-error", has_text="would have no work").wait_for()
        page.get_by_role("button", name="Dismiss").click()
        tab(page, "Export")
        page.get_by_label("compile, run and compare").uncheck()
        name = page.get_by_role("textbox", name="folder", exact=True)
        name.fill(str(tmp_path / "project"))
        name.press("Enter")
        page.get_by_role("button", name="Export project").click()
        page.locator(".aie-verdict", has_text="not verified").wait_for()
        assert (tmp_path / "project" / "design.json").is_file()
        tab(page, "Explore")
        page.screenshot(path=str(screenshots / "voila.png"))
        page.close()
    # Voila's own page asks a CDN for its icons, which a machine without a network cannot have
    assert [text for text in problems if "net::ERR" not in text] == []
