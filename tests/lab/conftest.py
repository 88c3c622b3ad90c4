"""A real JupyterLab driven by the system's Chromium: one server and one browser for all, a page a test.

Nothing listens beyond 127.0.0.1, and every Jupyter folder lies below pytest's temporary one, so a developer's own
settings never leak in. Where CI is set a missing tool is a failure; elsewhere the tests are skipped with the reason.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# The kernel is connected before the first cell runs: "Run All" without one does nothing.
READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""
COMMAND = "async ([command, args]) => (await window.jupyterapp.commands.execute(command, args)) ?? true"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def missing() -> str:
    absent = [name for name in ("playwright", "jupyterlab") if importlib.util.find_spec(name) is None]
    return ", ".join(absent + ([] if CHROMIUM else ["chromium"]))


@pytest.fixture(scope="session", autouse=True)
def tools():
    if missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {missing()}")


@pytest.fixture(scope="session")
def lab(tools, tmp_path_factory):
    """(address, token, notebook folder) of a running JupyterLab."""
    root = tmp_path_factory.mktemp("lab")
    notebooks = root / "notebooks"
    notebooks.mkdir()
    shutil.copy(ROOT / "examples" / "digits_mlp.h5", notebooks)
    quiet = root / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    token = secrets.token_hex(16)
    env = os.environ | {"HOME": str(root), "PYTHONPATH": str(ROOT)}
    env |= {f"JUPYTER_{name}_DIR": str(root / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    env |= {"JUPYTERLAB_SETTINGS_DIR": str(root / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebooks}",
               "--LabApp.extension_manager=readonly", "--expose-app-in-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    with open(root / "lab.log", "w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}/api?token={token}", process)
            yield f"http://127.0.0.1:{port}", token, notebooks
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def voila(tools, tmp_path):
    """voila(*cells) -> address at which Voila serves them."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    if importlib.util.find_spec("voila") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("not installed: voila")
    shutil.copy(ROOT / "examples" / "digits_mlp.h5", tmp_path)
    processes = []

    def serve(*cells: str) -> str:
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path / "page.ipynb")
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        env = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        with open(tmp_path / "voila.log", "w") as log:
            processes.append(subprocess.Popen(
                [sys.executable, "-m", "voila", "page.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"],
                cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))
        address = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:  # not asked for the page itself, which would start a kernel
            assert processes[0].poll() is None, (tmp_path / "voila.log").read_text()[-2000:]
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    return address
            time.sleep(0.1)
        raise TimeoutError(address)

    yield serve
    for process in processes:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(url: str, process: subprocess.Popen, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture(scope="session")
def chromium(tools):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True,
                                             args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(lab, chromium, request):
    """open_notebook(*cells) -> page, with every cell run; page.problems collects console errors, page.sizes the bytes
    of every message from the kernel. open_notebook(None) opens the last one as it was saved."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    base, token, folder = lab
    context = chromium.new_context(viewport={"width": 1280, "height": 1500}, accept_downloads=True)
    context.set_default_timeout(20_000)
    name = f"{request.node.name}.ipynb".replace("[", "_").replace("]", "_").replace(" ", "_")

    def open_(*cells: str | None):
        if cells != (None,):
            kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
            nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}),
                           folder / name)
        page = context.new_page()
        page.problems, page.sizes = [], []
        page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("websocket", lambda ws: ws.on("framereceived", lambda data: page.sizes.append(len(data))))
        page.goto(f"{base}/doc/tree/{name}?reset&token={token}")
        page.locator(".jp-Notebook").wait_for(timeout=60_000)
        page.evaluate(READY)
        page.lab = lambda command, args=None: page.evaluate(COMMAND, [command, args or {}])
        if not page.lab("notebook:run-all-cells"):
            page.screenshot(path=str(shots() / f"failed_{request.node.name}.png"))
            raise AssertionError("a cell failed; see build/screenshots")
        return page

    yield open_
    context.close()


def shots() -> Path:
    """Where screenshots go."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def screenshots() -> Path:
    return shots()
