"""What the README shows is run, in a copy of what a user has."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from benchmarks import peer
from networks import mlp

from aie_explorer import Explorer, __version__
from aie_explorer.cli import main
from aie_explorer.cycles.calibration import error_frame, summary_frame

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_runs_and_prints_what_is_shown(checkout, capsys):
    scope: dict[str, object] = {}
    for language, code in BLOCKS:
        if language == "python":
            exec(compile(code, "README.md", "exec"), scope)
    shown = next(code for language, code in BLOCKS if language == "text")
    assert capsys.readouterr().out == shown


def test_commands_run(checkout, capsys):
    commands = [line for language, code in BLOCKS if language == "sh" for line in code.splitlines()
                if line.startswith("aie-explorer")]
    assert len(commands) >= 6
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
    assert (checkout / "sweep.csv").is_file()
    assert "0 mismatches" in capsys.readouterr().out


def test_the_two_commands_are_marked_for_the_gate():
    for mark in ("main-job", "tests"):
        assert re.search(rf"^<!-- {mark} -->\n```sh\n.+\n```$", TEXT, flags=re.MULTILINE)


def test_it_is_short_and_its_files_exist():
    assert len(TEXT.splitlines()) < 200
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert link.startswith("https://") or (ROOT / link).exists()


def test_the_main_job_runs_and_keeps_its_promise(checkout, capsys):
    """The command without the installation, which the gate does."""
    job = re.search(r"<!-- main-job -->\n```sh\npip install \. && aie-explorer (.+)\n```", TEXT)
    assert main(shlex.split(job[1])) == 0
    promise = re.search(r"compares (\d+) test digits with QKeras's own predictions: (\d+) mismatches", TEXT)
    assert f"{promise[2]} mismatches in 3,600 values of {promise[1]} samples" in capsys.readouterr().out
    assert {path.name for path in (checkout / "aie_explorer_demo").iterdir()} >= {"project", "report.html"}


def test_the_files_of_a_project_are_the_ones_listed(checkout):
    assert main(["export", "examples/digits_mlp.h5", "project"]) == 0
    listed = next(code for language, code in BLOCKS if language == "text" and "design.json" in code)
    places = [checkout / "project", checkout / "project" / "aie"]  # "aie/graph.h, graph.cpp" names a folder once
    for line in listed.splitlines():
        for name in re.split(r"  |, ", line.partition("   ")[0]):
            assert any((place / name).exists() for place in places), name


def test_the_admitted_error_of_the_cycle_model_is_the_present_one():
    design = Explorer(mlp([128, 256, 64], batch=8)).design({
        "dense0": {"microtile": (4, 8, 8), "cas_length": 1, "cas_num": 2, "split": "features"},
        "dense1": {"microtile": (4, 8, 8), "cas_length": 1, "cas_num": 1, "split": "features"}})
    words = " ".join(TEXT.split())
    assert f"it gives {design.estimate().interval_ns:.0f} ns an interval" in words
    errors = error_frame()
    latency, rest = summary_frame(errors).itertuples()
    assert f"off by {latency.mean_pct:.1f} % on average and {latency.worst_pct:.1f} % at worst" in words
    assert f"intervals and kernels by {rest.mean_pct:.1f} % and {rest.worst_pct:.1f} %" in words
    a, b, c, d = (value for kind in (latency, rest) for value in (kind.left_out_mean_pct, kind.left_out_worst_pct))
    assert (f"latencies are off by {a:.1f} % on average and {b:.1f} % at worst, "
            f"intervals and kernels by {c:.1f} % and {d:.1f} %") in words
    assert f"AMD's simulator measured {errors.set_index('row').loc['T01', 'measured'] / 1.25:.0f} ns" in words


def test_the_table_beside_the_peer_is_what_its_command_prints():
    rows = re.findall(r"^\| (\w+, int8) " + r"\| ([\d.]+) " * 5 + r"\|$", TEXT, flags=re.MULTILINE)
    assert "python tests/benchmarks/peer.py" in TEXT
    printed = {name: tuple(round(figure, 1) for figure in figures) for name, figures in peer.errors().items()}
    assert {name: tuple(map(float, figures)) for name, *figures in rows} == {
        name: figures for name, figures in printed.items() if "int8" in name}


def test_the_version_to_cite_is_this_one():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_command_is_listed():
    from aie_explorer.cli.main import _commands

    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)[^|]*` \|", page, flags=re.MULTILINE)) == set(_commands())
