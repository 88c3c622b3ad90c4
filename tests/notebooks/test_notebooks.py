"""Every notebook runs from start to end, and is stored without outputs."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHOWN = {
    "01_first_steps": ["0 mismatches", "application/vnd.jupyter.widget-view+json"],
    "02_exploring": ["copies on", "calibrated", "2VE3858"],
    "03_qkeras_to_firmware": ["0 mismatches with QKeras", "create_dense0"],
    "04_placement_and_data": ["no placement can cost less", "no rule is broken", "True"],
    "05_calibrating": ["dense0 kernel", "latency to the first output"],
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    text = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    for words in SHOWN[path.stem]:
        assert words in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_stored_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None
               for cell in notebook.cells if cell.cell_type == "code")
    assert "widgets" not in notebook.metadata


def test_there_are_notebooks():
    assert NOTEBOOKS
