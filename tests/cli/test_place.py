import json
from pathlib import Path

import pytest

from aie_explorer.cli import main

DATA = Path(__file__).parents[1] / "placement" / "data"


def test_json_has_the_figures_and_every_block(capsys):
    assert main(["place", str(DATA / "p03_chain10_mixed.json"), "--seconds", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"cost", "bound", "optimal", "seconds", "solution"}
    assert (found["cost"], found["bound"], found["optimal"]) == (14.35, 14.35, True)
    assert set(found["solution"]) == {f"n{i}" for i in range(10)}
    assert all(len(tile) == 2 for tile in found["solution"].values())


def test_text_shows_the_floorplan(capsys):
    assert main(["place", str(DATA / "p01_chain3_mlp384.json"), "--seconds", "0"]) == 0
    text = capsys.readouterr().out
    assert "cost    2.3" in text
    assert "A>A>A" in text
    assert "B ~> C  through a memory tile" in text


def test_without_a_solver_only_asked_seconds_are_an_error(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ortools.sat.python", None)
    file = str(DATA / "p01_chain3_mlp384.json")
    assert main(["place", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"] == 2.3
    assert main(["place", file, "--seconds", "1"]) == 2
    assert 'pip install "aie-explorer[place]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["none.json"], "No such file"), ([str(DATA / "README.md")], "is not JSON"),
     ([str(DATA / "peer.json")], "has no 'array'"),
     ([str(DATA / "p01_chain3_mlp384.json"), "--seconds", "-1"], "seconds: is -1.0")],
)
def test_mistakes_are_told(arguments, words, capsys):
    assert main(["place", *arguments]) == 2
    assert words in capsys.readouterr().err
