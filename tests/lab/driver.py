"""A real JupyterLab, or Voila, driven in the system's Chromium; used by tests, benchmarks and pictures.

Nothing listens beyond 127.0.0.1, and every Jupyter folder lies below a temporary one, so a developer's own settings
never leak in.
"""

from __future__ import annotations

import contextlib
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

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# The kernel is connected before the first cell runs: "Run All" without one does nothing.
READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""
COMMAND = "async ([command, args]) => (await window.jupyterapp.commands.execute(command, args)) ?? true"
EXECUTE = """async (code) => {
  const future = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
  let text = '';
  future.onIOPub = (message) => {
    if (message.header.msg_type === 'stream') text += message.content.text;
    if (message.header.msg_type === 'error') text += message.content.traceback.join('\\n');
  };
  await future.done;
  return text;
}"""


def missing() -> str:
    """What is not installed."""
    absent = [name for name in ("playwright", "jupyterlab") if importlib.util.find_spec(name) is None]
    return ", ".join(absent + ([] if CHROMIUM else ["chromium"]))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def stop(process: subprocess.Popen) -> None:
    """End a server and what it started."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def served(root: Path):
    """(address, token, notebook folder) of a running JupyterLab."""
    notebooks = root / "notebooks"
    notebooks.mkdir()
    shutil.copy(ROOT / "examples" / "digits_mlp.h5", notebooks)
    quiet = root / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}))
    port, token = free_port(), secrets.token_hex(16)
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
            stop(process)


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


@contextlib.contextmanager
def voila_served(folder: Path, cells: list[str]):
    """The address at which Voila serves some cells."""
    shutil.copy(ROOT / "examples" / "digits_mlp.h5", folder)
    write(folder / "page.ipynb", cells)
    port = free_port()
    env = os.environ | {"HOME": str(folder), "PYTHONPATH": str(ROOT)}
    with open(folder / "voila.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "voila", "page.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"],
            cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:  # not asked for the page itself, which would start a kernel
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "voila.log").read_text()[-2000:])
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        stop(process)


def write(path: Path, cells: list[str]) -> None:
    """A notebook of some cells."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}), path)


@contextlib.contextmanager
def browser():
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True,
                                              args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


def opened(context, server, name: str, cells: list[str] | None):
    """A page with a notebook, every cell run; None opens the notebook of that name as it was saved.

    page.problems collects console errors, page.sizes the bytes of every message from the kernel, page.lab(command)
    runs a command of JupyterLab.
    """
    base, token, folder = server
    if cells is not None:
        write(folder / name, cells)
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
        page.screenshot(path=str(shots() / f"failed_{name}.png"))
        raise AssertionError("a cell failed; see build/screenshots")
    if cells is None:  # what was saved shows widgets of the kernel before until its cells have run, if there is time to
        page.problems[:] = [text for text in page.problems if not text.startswith("Error: widget model not found")]
    return page


def execute(page, code: str) -> str:
    """Run code in the kernel of a page; what it prints."""
    return page.evaluate(EXECUTE, code)


def shots() -> Path:
    """Where screenshots go."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
