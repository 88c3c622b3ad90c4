"""One JupyterLab and one browser for all, a page a test.

Where CI is set a missing tool is a failure; elsewhere the tests are skipped with the reason.
"""

import importlib.util
import os
from pathlib import Path

import pytest
from lab import driver


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def absent(what):
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {what}")


@pytest.fixture(scope="session", autouse=True)
def tools():
    if driver.missing():
        absent(driver.missing())


@pytest.fixture(scope="session")
def lab(tools, tmp_path_factory):
    with driver.served(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def chromium(tools):
    with driver.browser() as browser:
        yield browser


@pytest.fixture
def open_notebook(lab, chromium, request):
    """open_notebook(*cells) -> page; open_notebook(None) opens the last one as it was saved. See driver.opened."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1500}, accept_downloads=True)
    context.set_default_timeout(20_000)
    yield lambda *cells: driver.opened(context, lab, f"{request.node.name}.ipynb",
                                       None if cells == (None,) else list(cells))
    context.close()


@pytest.fixture
def voila(tools):
    """voila(folder, cells) serves them."""
    if importlib.util.find_spec("voila") is None:
        absent("voila")
    return driver.voila_served


@pytest.fixture
def screenshots():
    return driver.shots()
