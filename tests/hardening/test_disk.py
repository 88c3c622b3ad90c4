"""Places that cannot be written, or are full: nothing half-written, and words."""

import contextlib
import json
import os
import re
import resource
import subprocess
import sys

import pytest

import aie_explorer as aie
from aie_explorer.cli import main
from aie_explorer.cli.designs import write_table
from aie_explorer.emulation import build, emulate
from aie_explorer.errors import AieExplorerError
from aie_explorer.plots import html_report
from aie_explorer.widgets import files
from aie_explorer.widgets.state import start

from .test_kill import DESIGNS, EXPLORER, OVER, contents, in_child

FRAME = EXPLORER.sweep({"batch": [1, 2]})


def session(path):
    files.save(start(EXPLORER), path)


def store(path):
    pytest.importorskip("pyarrow")
    EXPLORER.sweep_to(path, OVER)


WRITERS = {
    "export": lambda place: DESIGNS[0].export(place / "p", verify=False),
    "overwrite": lambda place: DESIGNS[1].export(place / "old", overwrite=True, verify=False),
    "sweep": lambda place: store(place / "s"),
    "csv": lambda place: write_table(FRAME, place / "t.csv"),
    "json": lambda place: write_table(FRAME, place / "t.json"),
    "parquet": lambda place: write_table(FRAME, place / "t.parquet"),
    "report": lambda place: html_report(DESIGNS[0], place / "r.html", explorer=EXPLORER),
    "session": lambda place: session(place / "s.json"),
}


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A file system of its own with no room left; files of no size where none can be mounted."""
    place = tmp_path / "full"
    place.mkdir()
    mounted = os.geteuid() == 0 and sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True).returncode == 0
    DESIGNS[0].export(place / "old", verify=False)
    if mounted:
        with contextlib.suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
            while file.write(b"\0" * 4096):
                pass
    yield place, mounted
    if mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk(full, what):
    place, mounted = full
    if not mounted and what == "overwrite":
        pytest.skip("no file system can be mounted here")
    before = contents(place)
    words = place.parent / "words"

    def work():
        if not mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        try:
            WRITERS[what](place)
        except AieExplorerError as error:
            os.write(out, str(error).encode())

    out = os.open(words, os.O_WRONLY | os.O_CREAT)
    assert os.waitstatus_to_exitcode(os.waitpid(in_child(work), 0)[1]) == 0
    if mounted:
        assert re.search("cannot be written: .*No space left on device", words.read_text())
    assert contents(place) == before
    assert {path.name for path in place.iterdir()} - {"s"} <= {"old", "filler"}


@pytest.mark.parametrize("what", WRITERS)
def test_a_place_that_cannot_be_written(tmp_path, what):
    """A file where a folder should be: it refuses root too, as a read-only file system does."""
    place = tmp_path / "file"
    place.write_text("mine")
    with pytest.raises(AieExplorerError, match=r"cannot be written|exists already"):
        WRITERS[what](place / "deeper")
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting needs root")
@pytest.mark.parametrize("what", WRITERS)
def test_a_read_only_file_system(tmp_path, what):
    place = tmp_path / "ro"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        DESIGNS[0].export(place / "old", verify=False)
        before = contents(place)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        with pytest.raises(AieExplorerError, match="cannot be written: Read-only file system"):
            WRITERS[what](place)
        assert contents(place) == before
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_the_cache_of_the_emulation(full, project, monkeypatch):
    place, mounted = full
    if not mounted:
        pytest.skip("no file system can be mounted here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    with pytest.raises(AieExplorerError, match=r"cache cannot be written|No space left"):
        emulate(project)
    assert not any(path.is_file() for path in build.cache_folder().rglob("*"))
    (place / "filler").unlink()
    assert emulate(project).outputs["y"].tolist() == [1, 2, 3]


def test_the_command_line_says_so(full, tmp_path, capsys):
    place, mounted = full
    if not mounted:
        pytest.skip("no file system can be mounted here")
    DESIGNS[0].export(tmp_path / "d", verify=False)
    for command in (["export", str(tmp_path / "d" / "design.json"), str(place / "p"), "--no-verify"],):
        assert main(command) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("aie-explorer: error: ")
        assert "No space left on device" in said.err
    assert json.loads((place / "old" / "design.json").read_text())
    assert aie.load_design(place / "old") == DESIGNS[0]
