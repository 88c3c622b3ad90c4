"""How long a user waits in JupyterLab: from a changed control or a clicked point until all views are drawn again.

    python tests/benchmarks/ui.py

Drives it in the system's Chromium (see `tests/lab`), with a table of 100,000 designs. Times are of the browser's own
clock, from the event to the paint after the last view has noted the new state. Memory is that of the kernel.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import driver

START = """
import gc, os, warnings
import aie_explorer as aie
import aie_explorer.widgets.tabs as tabs

def megabytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

def drawn(count):
    from functools import partial
    from aie_explorer.plots import space
    tabs.space_info = partial(space.space_info, most=count)
    ui.tabs.explore._drawn = ()
    ui.session.version += 1
    ui.refresh()

ex = aie.Explorer(aie.load("digits_mlp.h5"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    layers = ex.layers
    frame = ex.sweep({f"{layer}.split": ["features", "rows"] for layer in layers}, limit=120_000).iloc[:100_000]
before = megabytes()
ui = ex.ui()
ui.do(lambda: ui.session.add(frame, "sweep"))
ui
"""
CLOSE = """
import ctypes
with_ui = megabytes()
ui.close()
del ui
_ = __ = ___ = None
Out.clear()
gc.collect()
if hasattr(ctypes.CDLL(None), "malloc_trim"):
    ctypes.CDLL(None).malloc_trim(0)
print(f"{before:.0f} {with_ui:.0f} {megabytes():.0f}")
"""
WATCH = """() => {
  window.settled = () => {
    const seen = [...document.querySelectorAll('.aie-explorer [data-version]')].filter((one) => one.offsetParent);
    const same = seen.length >= 3 && new Set(seen.map((one) => one.dataset.version)).size === 1;
    return same ? Number(seen[0].dataset.version) : -1;
  };
  window.timed = (act) => new Promise((resolve, reject) => {
    const before = window.settled(), begin = performance.now();
    const late = setTimeout(() => { watch.disconnect(); reject(new Error('not drawn')); }, 20000);
    const watch = new MutationObserver(() => {
      if (window.settled() <= before) return;
      watch.disconnect();
      clearTimeout(late);
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin), 0));
    });
    watch.observe(document.querySelector('.aie-explorer'), { subtree: true, attributeFilter: ['data-version'] });
    act();
  });
}"""
CHANGE = """([label, value]) => window.timed(() => {
  const select = document.querySelector(`select[aria-label="${label}"]`);
  select.value = value;
  select.dispatchEvent(new Event('change'));
})"""
CLICK = """(index) => window.timed(() => {
  const g = document.querySelector("[aria-label*='on the front'] .js-plotly-plot");
  g.emit('plotly_click', { points: [{ customdata: g._fullData[2].customdata[index] }] });
})"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=15, help="how often each is measured")
    arguments = parser.parse_args()
    if driver.missing():
        sys.exit(f"not installed: {driver.missing()}")
    with tempfile.TemporaryDirectory(prefix="ui_benchmark_") as root, driver.served(Path(root)) as server, \
            driver.browser() as chromium:
        context = chromium.new_context(viewport={"width": 1280, "height": 1500})
        run(driver.opened(context, server, "benchmark.ipynb", [START]), arguments.times)


def run(page: Any, times: int) -> None:
    """Measure on an open page."""
    page.locator(".aie-floorplan .block").first.wait_for()
    page.evaluate(WATCH)
    page.wait_for_function("() => window.settled() > 0")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; times in ms: median (least to most)")
    for count in (2_000, 20_000):
        driver.execute(page, f"drawn({count})")
        page.wait_for_timeout(2_500)
        page.wait_for_function("() => window.settled() > 0")
        for what, script, values in (
                ("control", CHANGE, [["dense0 cas_length", str(1 + i % 2)] for i in range(times)]),
                ("point", CLICK, [i % 5 for i in range(times)])):
            measured = []
            for value in values:
                measured.append(page.evaluate(script, value))
                page.wait_for_timeout(120)
            print(f"{count:6,} points, {what:8}: {statistics.median(measured):5.0f} ({min(measured):.0f} to "
                  f"{max(measured):.0f})")
    before, with_ui, after = driver.execute(page, CLOSE).split()
    print(f"kernel: {before} MB with a table of 100,000 designs, {with_ui} MB with the interface, {after} MB closed")


if __name__ == "__main__":
    main()
