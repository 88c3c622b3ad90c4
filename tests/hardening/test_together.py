"""Several processes and threads at one folder and one cache of binaries."""

import os
import threading
import time

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import build, emulate
from aie_explorer.errors import AieExplorerError
from aie_explorer.firmware.manifest import check_replaceable

from .test_kill import DESIGNS, EXPLORER, OVER, contents, in_child


def ends(pids):
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def exporting(design, target, words, overwrite):
    """Export; write down how it was refused."""
    def work():
        try:
            design.export(target, overwrite=overwrite, verify=False)
            words.write_text("done")
        except AieExplorerError as error:
            words.write_text(str(error))
    return work


def in_threads(works):
    failures = []

    def caught(work):
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=caught, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
def test_exports_to_one_folder(tmp_path, overwrite, processes):
    target = tmp_path / "out" / "p"
    works = [exporting(DESIGNS[i % 2], target, tmp_path / f"{i}.txt", overwrite) for i in range(4)]
    if processes:
        assert ends([in_child(work) for work in works]) == [0] * 4
    else:
        in_threads(works)
    check_replaceable(target)
    wholes = [contents(design.export(tmp_path / str(i), verify=False).path) for i, design in enumerate(DESIGNS)]
    assert contents(target) in wholes
    assert [path.name for path in target.parent.iterdir()] == ["p"]
    said = [(tmp_path / f"{i}.txt").read_text() for i in range(4)]
    if overwrite:
        assert "done" in said
        assert all(text == "done" or "not overwritten" in text or "cannot be written" in text for text in said), said
    else:
        assert said.count("done") == 1
        assert sum("exists already" in text for text in said) == 3, said


@pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
def test_one_cache_of_binaries(project, tmp_path, monkeypatch, processes):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def work():
        assert emulate(project).outputs["y"].tolist() == [1, 2, 3]

    if processes:
        assert ends([in_child(work) for _ in range(3)]) == [0, 0, 0]
    else:
        in_threads([work, work, work])
    kept = list(build.cache_folder().iterdir())
    assert [[file.name for file in path.iterdir()] for path in kept] == [["run"]]
    assert emulate(project).compile_seconds == 0


def test_a_binary_under_way_is_not_evicted(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "MOST_BINARIES", 1)
    for name, age in ((".building_now", 0), (".building_killed", 10_000), ("old", 100), ("new", 1)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    build._evict(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".building_now", "new"}


def test_sweeps_into_one_folder(tmp_path):
    pytest.importorskip("pyarrow")
    expected = EXPLORER.sweep_to(tmp_path / "alone", OVER).frame()

    def work():
        assert EXPLORER.sweep_to(tmp_path / "s", OVER).complete

    assert ends([in_child(work) for _ in range(3)]) == [0, 0, 0]
    in_threads([work, work])
    assert aie.read_sweep(tmp_path / "s").equals(expected)
    assert not list((tmp_path / "s").glob(".*"))


def test_two_sweeps_do_not_mix(tmp_path):
    pytest.importorskip("pyarrow")
    other = aie.Explorer(mlp([24, 16, 8], batch=4))
    other.sweep_to(tmp_path / "warm", OVER)
    words = [tmp_path / "a", tmp_path / "b"]

    def work(explorer, file):
        def run():
            try:
                explorer.sweep_to(tmp_path / "s", OVER)
                file.write_text("done")
            except AieExplorerError as error:
                file.write_text(str(error))
        return run

    assert ends([in_child(work(*one)) for one in zip((EXPLORER, other), words, strict=True)]) == [0, 0]
    said = sorted(file.read_text() for file in words)
    assert "holds another sweep" in said[0]
    assert said[1] == "done"
    assert np.isfinite(aie.read_sweep(tmp_path / "s")["interval_cycles"]).all()
