"""Whoever is killed leaves the old thing whole or the new one, and nothing that is taken for either."""

import contextlib
import json
import os
import random
import signal
import time
import warnings
from pathlib import Path

import pandas as pd
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError
from aie_explorer.firmware import place
from aie_explorer.firmware.manifest import MANIFEST, check_replaceable

EXPLORER = aie.Explorer(mlp([32, 24, 8], batch=4))
DESIGNS = [EXPLORER.best("tiles"), EXPLORER.design({"dense0": {"cas_length": 2, "cas_num": 1}})]


def contents(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def in_child(work):
    """Start work in a process that ends with it."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover
        code = 1
        with contextlib.suppress(BaseException):
            work()
            code = 0
        os._exit(code)
    return pid


def killed(work, after_s):
    pid = in_child(work)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def seconds(work):
    begin = time.perf_counter()
    assert os.waitstatus_to_exitcode(os.waitpid(in_child(work), 0)[1]) == 0
    return time.perf_counter() - begin


def exporting(design, target):
    return lambda: design.export(target, overwrite=True, verify=False)


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    """What whole projects of both designs hold."""
    folder = tmp_path_factory.mktemp("whole")
    return [contents(design.export(folder / str(i), verify=False).path) for i, design in enumerate(DESIGNS)]


def kill_exports(times, folder, wholes, seed):
    """Kill that many exports, each of a design that the place does not hold."""
    target, rng, kills = folder / "p", random.Random(seed), 0
    span = min(seconds(exporting(DESIGNS[0], folder / "timed")) for _ in range(2))
    held = None
    while kills < times:
        if rng.randrange(4) == 0 and held is not None:  # a first export too
            target.rename(folder / f"was{rng.random()}")
            held = None
        new = 1 if held == 0 else 0
        if killed(exporting(DESIGNS[new], target), rng.uniform(0, span)) == 0:
            span *= 0.9  # it had ended before
        else:
            kills += 1
            span *= 1.02
        if not target.exists():
            assert held is None, "the old project is gone"
            continue
        check_replaceable(target)
        found = contents(target)
        assert found in ([wholes[new]] if held is None else [wholes[held], wholes[new]])
        held = wholes.index(found)
        assert aie.load_design(target) == DESIGNS[held]
    exporting(DESIGNS[0], target)()
    assert contents(target) == wholes[0]
    left = [path.name for path in folder.glob(".*") if not path.name.endswith(".new")]  # those are empty
    assert not left, "what killed exports left is still there"


def test_exports_killed_at_some_moments(tmp_path, wholes):
    kill_exports(6, tmp_path, wholes, seed=0)


@pytest.mark.slow
def test_exports_killed_at_fifty_moments(tmp_path, wholes):
    kill_exports(50, tmp_path, wholes, seed=1)


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_beside_the_move(tmp_path, wholes, monkeypatch, moment, exchange):
    """The moment that chance does not find. Without an exchange in one step the old project comes back later."""
    target, rename, step = tmp_path / "p", place._rename, Path.rename
    DESIGNS[0].export(target, verify=False)

    def dies(call, *arguments):
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        call(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        if exchange:
            patch.setattr(place, "_rename", lambda *arguments: dies(rename, *arguments))
        else:
            patch.setattr(place, "_rename", lambda *arguments: False)
            patch.setattr(Path, "rename", lambda path, other: dies(step, path, other) if path == target
                          else step(path, other))
        pid = in_child(exporting(DESIGNS[1], target))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    if not exchange and moment == "after":
        assert not target.exists()
        with pytest.raises(AieExplorerError, match="exists already"):  # it is back when the next export looks
            DESIGNS[1].export(target, verify=False)
    assert contents(target) == wholes[1 if exchange and moment == "after" else 0]
    exporting(DESIGNS[1], target)()
    assert contents(target) == wholes[1]
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_half_a_project_is_not_taken_for_a_whole_one(tmp_path):
    """A folder that was copied in part, by whatever, is not replaced: it may be somebody's only copy."""
    path = DESIGNS[0].export(tmp_path / "p", verify=False).path
    (path / MANIFEST).unlink()
    with pytest.raises(AieExplorerError, match="no project of this package"):
        DESIGNS[0].export(path, overwrite=True, verify=False)
    (path / "design.json").write_bytes((path / "design.json").read_bytes()[:1000])
    with pytest.raises(AieExplorerError, match="not JSON"):
        aie.load_design(path)


OVER = {"batch": list(range(1, 7)), "dense0.cas_length": [1, 2]}


def kill_sweeps(times, folder, seed):
    """Kill a sweep into a folder again and again until it is there; how often that took."""
    pytest.importorskip("pyarrow")
    rng = random.Random(seed)
    EXPLORER.sweep_to(folder / "whole", OVER)
    span = seconds(lambda: EXPLORER.sweep_to(folder / "timed", OVER))
    rounds = 0
    while rounds < times:
        rounds += 1
        done = killed(lambda: EXPLORER.sweep_to(folder / "s", OVER), rng.uniform(0, 0.7 * span)) == 0
        with contextlib.suppress(AieExplorerError), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # parts are missing
            assert len(aie.read_sweep(folder / "s")) > 0
        if done:
            break
    found = EXPLORER.sweep_to(folder / "s", OVER)
    assert found.complete
    pd.testing.assert_frame_equal(found.frame(), aie.read_sweep(folder / "whole"))
    return rounds


def test_sweeps_killed_at_some_moments(tmp_path):
    kill_sweeps(3, tmp_path, seed=0)


@pytest.mark.slow
def test_sweeps_killed_at_fifty_moments(tmp_path):
    kills = 0
    while kills < 50:
        folder = tmp_path / str(kills)
        folder.mkdir()
        kills += kill_sweeps(50 - kills, folder, seed=kills)


def test_killed_before_the_manifest_of_a_sweep(tmp_path, monkeypatch):
    """A file under way must not make the folder one that holds something else."""
    pytest.importorskip("pyarrow")

    def work():
        os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        EXPLORER.sweep_to(tmp_path / "s", OVER)

    assert os.waitstatus_to_exitcode(os.waitpid(in_child(work), 0)[1]) == -signal.SIGKILL
    assert [path.name[:12] for path in (tmp_path / "s").iterdir()] == [".sweep.json."]
    assert EXPLORER.sweep_to(tmp_path / "s", OVER).complete
    assert json.loads((tmp_path / "s" / "sweep.json").read_text())["chunks"] > 1
