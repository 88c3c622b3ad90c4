"""Makes the pictures of the README: the interface in JupyterLab, light and dark.

    python docs/make_pictures.py

Needs JupyterLab, playwright and Chromium (see tests/lab).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from lab import driver  # noqa: E402

CELL = """import aie_explorer as aie
from aie_explorer.widgets import state as steps

ex = aie.Explorer(aie.load("digits_mlp.h5"), device="vek280")
ui = ex.ui()
ui.session.do(lambda s: steps.selected(s, ex.best("interval", max_tiles=24)))
ui.session.do(lambda s: steps.filtered(s, spans={"tiles": ((0.0, 40.0),)}))
ui.refresh()
ui"""


def main() -> None:
    """Write docs/explorer.png and docs/explorer_dark.png."""
    if driver.missing():
        sys.exit(f"not installed: {driver.missing()}")
    with tempfile.TemporaryDirectory(prefix="pictures_") as root, driver.served(Path(root)) as server, \
            driver.browser() as chromium:
        context = chromium.new_context(viewport={"width": 1280, "height": 1500})
        page = driver.opened(context, server, "pictures.ipynb", [CELL])
        page.locator(".aie-floorplan .block").first.wait_for()
        for theme, name in (("JupyterLab Light", "explorer.png"), ("JupyterLab Dark", "explorer_dark.png")):
            page.lab("apputils:change-theme", {"theme": theme})
            page.wait_for_timeout(3_000)
            page.locator(".aie-explorer").screenshot(path=str(HERE / name))
            print(HERE / name)


if __name__ == "__main__":
    main()
