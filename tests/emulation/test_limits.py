"""Programs that do what no kernel should are ended soon, with the reason, and see nothing of the user's environment."""

import shutil
import subprocess
from pathlib import Path

import pytest

from aie_explorer.emulation import EmulationError, emulate, find_compiler, limits
from aie_explorer.emulation.run import _execute
from aie_explorer.progress import silent

PROGRAMS = Path(__file__).parent / "programs"
PROJECT = Path(__file__).parent / "projects" / "streamed"
LINUX = pytest.mark.skipif(not limits._code(), reason="calls are restricted on Linux alone")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A program that does what $MISBEHAVE says."""
    binary = tmp_path_factory.mktemp("limits") / "run"
    subprocess.run([find_compiler().path, "-std=c++20", "-pthread", "-o", str(binary),
                    str(PROGRAMS / "misbehaves.cpp")], check=True)
    return binary


def run(program, folder, what, timeout_s=30.0):
    (folder / "trace").mkdir()
    _execute(program, folder, timeout_s, {"MISBEHAVE": what}, silent, limited=True)


@pytest.mark.parametrize("what", ["nothing", "print"])
def test_what_it_may(program, tmp_path, what):
    run(program, tmp_path, what)


@pytest.mark.parametrize(("what", "words"), [
    ("loop", "did not end within 0.3 s"), ("allocate", "asked for more than 8 GB of memory"),
    ("allocate without a word", "accessed memory that is not its own"), ("write", "wrote a file of more than 1 GB"),
    ("say", "wrote a file of more than 1 GB"), ("crash", "accessed memory that is not its own"),
    *(pytest.param(what, "started a process or opened a socket, which a kernel has no use for", marks=LINUX)
      for what in ("fork", "shell", "socket", "thread"))])
def test_more_than_it_may(program, tmp_path, monkeypatch, what, words):
    if what in ("write", "say"):  # less for the test's sake
        monkeypatch.setattr(limits, "FILE_LIMIT_BYTES", 1 << 22)
        words = "wrote a file of more than 0 GB"
    with pytest.raises(EmulationError) as caught:
        run(program, tmp_path, what, timeout_s=0.3 if what == "loop" else 30)
    assert caught.value.problem == words
    assert caught.value.where == str(program)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) <= limits.FILE_LIMIT_BYTES


def test_it_does_not_see_the_environment(program, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with pytest.raises(EmulationError) as caught:
        run(program, tmp_path, "environment")
    names = {one.partition("=")[0] for one in caught.value.problem.removeprefix("failed: ").split(";") if one}
    assert names == {"PATH", "LC_ALL", "AIE_EMULATION_TRACE", "MISBEHAVE"}


def test_it_ends_even_if_we_do_not(program, monkeypatch):
    """The limit on processor time is the kernel's, so that it holds when this process has gone."""
    monkeypatch.setattr(limits, "GRACE_S", 1)
    done = subprocess.run([program], env={"MISBEHAVE": "loop"}, preexec_fn=limits.restrain(0), timeout=60)
    assert limits.ended_by(done.returncode, "") == "took too much time of the processor"


def test_the_compiler_is_limited_too(tmp_path, monkeypatch):
    shutil.copytree(PROJECT, tmp_path / "p")
    monkeypatch.setattr(limits, "MEMORY_LIMIT_BYTES", 1 << 28)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "p" / "aie" / "graph.cpp"
    file.write_text("constexpr int sum() { int s = 0; int v[1 << 27]{}; for (int& x : v) s += x; "
                                       "return s; }\nstatic_assert(sum() == 0);\n")
    with pytest.raises(EmulationError, match="does not compile"):
        emulate(tmp_path / "p")
    assert not any((tmp_path / "cache").rglob("run*"))
