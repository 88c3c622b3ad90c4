"""An export says what it is at, and can be ended at every step; its programs end with it."""

import subprocess

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.progress import communicate

STEPS = ["plan", "write", "compile", "emulate", "compare"]


class StopError(Exception):
    """Raised to end an export."""


@pytest.fixture(scope="module")
def design():
    return aie.Explorer(mlp([48, 24, 8])).best("tiles")


def test_all_steps_are_told_in_order(design, tmp_path):
    said = []
    project = design.export(tmp_path / "p", verify=True, progress=said.append)
    assert list(dict.fromkeys(said)) == STEPS
    assert project.verdict.mismatches == 0


@pytest.mark.parametrize("at", STEPS)
def test_it_ends_at_every_step(design, tmp_path, at):
    def progress(step):
        if step == at:
            raise StopError

    with pytest.raises(StopError):
        design.export(tmp_path / "p", verify=True, progress=progress)
    if at in ("plan", "write"):
        assert [path.name for path in tmp_path.iterdir()] == []
    else:
        assert aie.load_design(tmp_path / "p") == design
        assert sorted(path.name for path in tmp_path.iterdir()) == ["p"]


def test_a_program_is_waited_for_and_told_of():
    said = []
    process = subprocess.Popen(["sleep", "0.35"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert communicate(process, "sleep", said.append, 5.0) == ("", "")
    assert len(said) >= 2

    process = subprocess.Popen(["sleep", "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        communicate(process, "sleep", said.append, 0.3)
    process.kill()
    process.communicate()


def test_the_compiler_ends_too(design, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # so that everything is compiled
    count = 0

    def progress(step):
        nonlocal count
        count += step == "compile"
        if count > 3:
            raise StopError

    with pytest.raises(StopError):
        design.export(tmp_path / "p", verify=True, progress=progress)
    left = subprocess.run(["pgrep", "-f", f"cc1plus.*{tmp_path}/p"], capture_output=True, text=True).stdout
    assert left == ""
