"""The command line as a process: exit codes, pipes, signals, full disks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aie_explorer.cli import main, models
from aie_explorer.cli.main import LIMITS, OBJECTIVES
from aie_explorer.search import objectives

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits_mlp.h5"
# Output must be buffered, as it is for a user: errors of writing it then come late.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"} | {"PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "aie_explorer"]


def process(*arguments, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], text=True, env=ENVIRONMENT,
                          **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options)


def test_exit_codes():
    assert process("--version").stdout.startswith("aie-explorer 0.")
    bad = process("best", "none.h5")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == ("aie-explorer: error: none.h5: there is no such file.\n")


@pytest.mark.parametrize("arguments", [["devices"], ["devices", "--json"], ["info", DIGITS], ["--help"]])
def test_a_reader_that_went_away_is_no_error(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = process(*arguments, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        done = process("devices", stdout=full)
    assert done.returncode == 2
    assert done.stderr == "aie-explorer: error: the output: No space left on device.\n"


def test_no_output_at_all_is_no_error():
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    done = subprocess.run([sys.executable, "-c", code, *COMMAND[1:], "devices"], env=ENVIRONMENT, text=True,
                          stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupted(capsys, monkeypatch):
    monkeypatch.setattr(models, "devices", lambda arguments: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert main(["devices"]) == 130
    assert capsys.readouterr().err == "aie-explorer: interrupted\n"


def test_an_interrupted_verify_leaves_nothing(tmp_path):
    pytest.importorskip("qkeras")
    # what starts in the background of a script ignores the interrupt, and so would its children
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen([*COMMAND, "verify", DIGITS], text=True, env=ENVIRONMENT | {"TMPDIR": str(tmp_path)},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, before)
    while not any(tmp_path.rglob("noise")) and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert (running.returncode, out, err) == (130, "", "aie-explorer: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_defect_is_not_taken_for_mismatches(capsys, monkeypatch):
    def broken(arguments):
        raise RuntimeError("wrong\nsomewhere")

    monkeypatch.setattr(models, "devices", broken)
    monkeypatch.delenv("AIE_EXPLORER_DEBUG", raising=False)
    assert main(["devices"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("aie-explorer: error: RuntimeError: wrong somewhere. This is a defect")
    assert error.count("\n") == 1
    monkeypatch.setenv("AIE_EXPLORER_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["devices"])


def test_too_little_memory(capsys, monkeypatch):
    monkeypatch.setattr(models, "devices", lambda arguments: (_ for _ in ()).throw(MemoryError()))
    assert main(["devices"]) == 2
    assert "more memory than there is" in capsys.readouterr().err


def test_objectives_and_limits_are_those_of_the_search():
    assert list(OBJECTIVES) == list(objectives.OBJECTIVES)
    assert list(LIMITS) == [*objectives.MOST, *objectives.LEAST]


@pytest.mark.parametrize("command", ["demo", "devices", "info", "sweep", "best", "export", "verify"])
def test_help(capsys, command):
    assert main([command, "--help"]) == 0
    assert f"usage: aie-explorer {command}" in capsys.readouterr().out


def test_mistakes_are_one_short_line_whatever_the_arguments_hold(capsys):
    assert main(["best", "m.h5", "--nonsense", "a\nb", "1" * 10_000]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "a\\nb" in told
    assert len(told) < 2000
