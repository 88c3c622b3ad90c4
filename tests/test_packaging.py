"""What is shipped: the wheel holds the package and the demo's model, the sdist what the tests need as well."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from aie_explorer import __version__

ROOT = Path(__file__).resolve().parents[1]
KEPT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def files_below(*folders):
    return {path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*")
            if path.is_file() and not KEPT_OUT & set(path.parts)}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(wheel, sdist), built by the back end that pip calls."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True,
                   capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def test_the_wheel_holds_the_package_and_nothing_else(built):
    names = set(zipfile.ZipFile(built[0]).namelist())
    about = f"aie_explorer-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(about)} == files_below("aie_explorer") | {
        "aie_explorer/demo/digits_mlp.h5", "aie_explorer/demo/digits_vectors.npz"}
    assert {about + name for name in ("METADATA", "entry_points.txt", "licenses/LICENSE")} <= names


def test_the_sdist_holds_what_builds_and_tests_it(built):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == files_below("aie_explorer", "tests", "docs", "examples", "notebooks") | {
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md",
        ".gitignore", "PKG-INFO"}
