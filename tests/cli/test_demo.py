"""The demo may be run again, and replaces nothing but what it wrote itself."""

import json
import re

import pytest

from aie_explorer.cli import main
from aie_explorer.cli.demo import MANIFEST


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


def test_it_runs_twice_and_writes_the_same(capsys, folder):
    outputs, trees = [], []
    for _ in range(2):
        assert main(["demo"]) == 0
        outputs.append(re.sub(r"[\d.]+ s to", "some s to", capsys.readouterr().out))
        trees.append(tree(folder))
    assert "0 mismatches in 3,600 values of 360 samples" in outputs[0]
    assert "bit-exact in host emulation: 0 mismatches" in outputs[0]
    assert outputs[0] == outputs[1]
    assert trees[0].keys() == trees[1].keys()
    assert {path.name for path in (folder / "aie_explorer_demo").iterdir()} == {"project", "report.html", MANIFEST}
    assert [path.name for path in folder.iterdir()] == ["aie_explorer_demo"]


def test_it_replaces_its_own_by_another_batch(capsys, folder):
    assert main(["demo", "--out", "a/b", "--batch", "8"]) == 0
    assert main(["demo", "--out", "a/b", "--batch", "16"]) == 0
    assert "batch 16" in capsys.readouterr().out
    assert json.loads((folder / "a/b/project/design.json").read_text())["network"]["batch"] == 16


FOREIGN = {
    "a file beside": lambda out: (out / "mine.txt").write_text("mine"),
    "a file inside the project": lambda out: (out / "project" / "notes.md").write_text("mine"),
    "a changed source": lambda out: (out / "project" / "aie" / "graph.h").write_text("mine"),
    "a changed report": lambda out: (out / "report.html").write_text("mine"),
    "a link": lambda out: (out / "link").symlink_to(out.parent),
    "an empty folder": lambda out: (out / "mine").mkdir(),
    "a folder for the report": lambda out: ((out / "report.html").unlink(), (out / "report.html").mkdir()),
    "no manifest": lambda out: (out / MANIFEST).unlink(),
    "a damaged manifest": lambda out: (out / MANIFEST).write_text("{"),
    "a manifest of another kind": lambda out: (out / MANIFEST).write_text("[]"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_it_spares_what_is_not_its_own(capsys, folder, case):
    assert main(["demo", "--out", "out"]) == 0
    FOREIGN[case](folder / "out")
    before = tree(folder)
    assert main(["demo", "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("aie-explorer: error: out: ")
    assert error.count("\n") == 1
    assert tree(folder) == before


def test_a_project_that_only_looks_like_one_of_ours(folder):
    (folder / "out" / "project").mkdir(parents=True)
    (folder / "out" / "project" / "design.json").write_text("{}")
    (folder / "out" / "project" / "thesis.tex").write_text("mine")
    before = tree(folder)
    assert main(["demo", "--out", "out"]) == 2
    assert tree(folder) == before


def test_nothing_is_left_when_the_report_fails(capsys, folder, monkeypatch):
    from aie_explorer import plots
    from aie_explorer.errors import ExportError

    def fail(*_args, **_options):
        raise ExportError("cannot be written: disk full", where="report.html")

    monkeypatch.setattr(plots, "html_report", fail)
    assert main(["demo"]) == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("out", ["file", "file/demo", "/proc/demo", "link"])
def test_places_that_cannot_be_written(capsys, folder, out):
    (folder / "file").write_text("x")
    (folder / "elsewhere").mkdir()
    (folder / "link").symlink_to("elsewhere")
    before = tree(folder)
    assert main(["demo", "--out", out]) == 2
    assert "Choose another folder with --out" in capsys.readouterr().err
    assert tree(folder) == before
