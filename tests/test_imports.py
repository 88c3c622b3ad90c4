"""What is imported when: the package and its help load nothing heavy, and every public name is found."""

import subprocess
import sys
from pathlib import Path

import pytest

import aie_explorer as aie

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"numpy", "pandas", "plotly", "ipywidgets", "anywidget", "h5py", "jinja2", "pyarrow", "scipy", "ortools",
         "optuna", "distributed", "tensorflow", "keras", "qkeras"}
MAIN = "from aie_explorer.cli import main; "


def loaded_by(code):
    """Packages that a new process has loaded after some code."""
    code += "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stderr.split())


@pytest.mark.parametrize("code", ["import aie_explorer", MAIN + "assert main(['--help']) == 0",
                                  MAIN + "assert main(['sweep', '--help']) == 0",
                                  MAIN + "assert main(['--version']) == 0", MAIN + "assert main(['best']) == 2"])
def test_nothing_heavy_is_imported_before_it_is_used(code):
    found = loaded_by(code)
    assert "aie_explorer" in found
    assert not found & HEAVY


def test_a_first_estimate_draws_nothing():
    found = loaded_by("import aie_explorer as aie\n"
                      "aie.Explorer(aie.load('examples/digits_mlp.h5')).best('tiles').estimate()")
    assert "pandas" in found
    assert not found & (HEAVY - {"numpy", "pandas", "h5py", "pyarrow", "ortools"})


def test_every_public_name_is_there():
    assert set(aie.__all__) <= set(dir(aie))
    for name in aie.__all__:
        assert getattr(aie, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'explore'"):
        aie.explore  # noqa: B018
    scope: dict[str, object] = {}
    exec("from aie_explorer import *", scope)
    assert set(aie.__all__) <= set(scope)
