"""Arguments of every command, in any combination: an exit code, a sentence where it is not 0, and never a defect."""

import contextlib
import io
import json
import os
import warnings
from pathlib import Path

import pytest
from hypothesis import strategies as st

from aie_explorer.cli import main
from aie_explorer.cli.main import LIMITS, OBJECTIVES

from .mutate import WORDS, both
from .test_json import PROBLEM, SPEC
from .test_kill import DESIGNS

ROOT = Path(__file__).resolve().parents[2]
PLAIN = [word for word in WORDS if "\0" not in word and "\ud800" not in word]
VALUES = st.one_of(st.sampled_from([*PLAIN, "-1", "0", "1", "8", "1e9", "nan", "inf", "1..8", "..", "2147483648"]),
                   st.integers(-3, 64).map(str), st.text(st.characters(blacklist_categories=("Cs",),
                                                                       blacklist_characters="\0"), max_size=6))
NAMES = st.sampled_from(["dense0.cas_length", "cas_num", "batch", "device", "tiles", "split", "dense9.split", "", ".",
                         "plio_bits", "microtile", "copies", "clock_mhz"])
SETTINGS = st.tuples(NAMES, VALUES).map("=".join)
OPTIONS = {
    "--device": st.sampled_from(["vek280", "VE2302", "vek385", "nothing", ""]), "--batch": VALUES, "--only": SETTINGS,
    "--over": SETTINGS, "--plio-bits": st.sampled_from(["32", "64", "128", "x"]), "--input-type": VALUES,
    "--objective": st.sampled_from([*OBJECTIVES, "x"]), "--copies": VALUES, "--top": VALUES, "--sample": VALUES,
    "--limit": st.sampled_from(["0", "1", "50", "-1", "x", "99999999999"]),
    "--samples": st.sampled_from(["0", "3", "x"]),
    "--designs": st.sampled_from(["front", "product", "x"]), "--seconds": st.sampled_from(["0", "-1", "nan", "x"]),
    "--profile": VALUES, "--vectors": st.sampled_from(["v.npz", "d.json", "none", "."]), "--calibrate": VALUES,
    "--out": st.sampled_from(["t.csv", "t.json", "t.xyz", "p/", "p", "none/t.csv", "", "f.json/"]),
    "--json": None, "--pareto": None, "--overwrite": None, "--no-verify": None, "--help": None,
    **{f"--{limit.replace('_', '-')}": VALUES for limit in LIMITS}}
COMMANDS = {"sweep": 1, "best": 1, "cheapest": 1, "export": 2, "info": 1, "estimate": 1, "place": 1, "measured": 1,
            "devices": 0}
PLACES = st.sampled_from(["m.h5", "d.json", "p", "f.json", "s.json", "none", ".", "", "v.npz", "new/p"])


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(sorted(COMMANDS)))
    words = [command, *(draw(PLACES) for _ in range(COMMANDS[command]))]
    if command in ("sweep", "best", "cheapest", "export", "info") and draw(st.booleans()):
        words[1] = "m.h5"
    for name in draw(st.lists(st.sampled_from(sorted(OPTIONS)), max_size=4)):
        words.append(name)
        if OPTIONS[name] is not None:
            words[-1:] = draw(st.sampled_from([[name, value := draw(OPTIONS[name])], [f"{name}={value}"]]))
    if command == "export" and "--no-verify" not in words:
        words.append("--no-verify")
    return words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with something for each command."""
    path = tmp_path_factory.mktemp("commands")
    (path / "m.h5").write_bytes((ROOT / "tests/frontends/data/qkeras09.h5").read_bytes())
    (path / "v.npz").write_bytes((ROOT / "examples/digits_vectors.npz").read_bytes())
    (path / "s.json").write_text(json.dumps(SPEC))
    (path / "f.json").write_text(json.dumps(PROBLEM))
    (path / "d.json").write_text(json.dumps(DESIGNS[0].to_json()))
    DESIGNS[0].export(path / "p", verify=False)
    return path


@both(command_lines(), quick=60, many=3000)
def test_any_command_line(folder, data):
    before, here, home = sorted(os.listdir(folder)), os.getcwd(), os.environ.get("XDG_CONFIG_HOME")
    out, err = io.StringIO(), io.StringIO()
    os.environ["XDG_CONFIG_HOME"] = str(folder / "home")
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            code = main(data)
    finally:
        os.chdir(here)
        if home is None:
            del os.environ["XDG_CONFIG_HOME"]
        else:
            os.environ["XDG_CONFIG_HOME"] = home
    assert code in (0, 2), (code, err.getvalue())
    if code == 2:
        assert err.getvalue().startswith("aie-explorer: error: "), err.getvalue()
        assert err.getvalue().count("\n") == 1
        assert len(err.getvalue()) < 6000
        assert out.getvalue() == ""
        assert sorted(os.listdir(folder)) == before, "what was refused left something behind"
    elif "--json" in data and "--help" not in data:
        assert json.loads(out.getvalue()) is not None
