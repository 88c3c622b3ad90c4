"""What the pages of documentation say is run, in a copy of what a user has; no block is left out."""

import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import aie_explorer as aie
from aie_explorer.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
         for path in (*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")}
BLOCKS = [(name, language, code) for name, text in TEXTS.items()
          for language, code in re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)]


def blocks(page, language):
    return [code for name, kind, code in BLOCKS if (name, kind) == (page, language)]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_block_is_left_out():
    """Python is run from every page; of other languages each page is named here with the test that runs it."""
    others = {("README.md", "sh"): 3,            # test_readme
              ("README.md", "text"): 2,          # test_readme
              ("CONTRIBUTING.md", "sh"): 1, ("docs/README.md", "sh"): 1, ("docs/estimate.md", "json"): 1,
              ("docs/placement.md", "json"): 2, ("docs/firmware.md", "text"): 2}
    found = [(name, language) for name, language, _ in BLOCKS if language != "python"]
    assert {kind: found.count(kind) for kind in found} == others
    assert all(text.count("\n```") % 2 == 0 for text in TEXTS.values())


@pytest.mark.parametrize("page", [page.name for page in PAGES if "```python" in TEXTS[f"docs/{page.name}"]])
def test_the_python_of_a_page_runs(checkout, page):
    scope: dict[str, object] = {}
    for code in blocks(f"docs/{page}", "python"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, page, "exec"), scope)


def test_the_specification_of_an_estimate(checkout, capsys):
    (checkout / "spec.json").write_text(blocks("docs/estimate.md", "json")[0])
    assert main(["estimate", "spec.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["validity"] == "calibrated"


def test_the_problem_of_a_placement(checkout, capsys):
    problem, shown = blocks("docs/placement.md", "json")
    (checkout / "PROBLEM.json").write_text(problem)
    assert main(["place", "PROBLEM.json", "--json", "--seconds", "1"]) == 0
    printed, shown = json.loads(capsys.readouterr().out), json.loads(shown)
    assert {**printed, "seconds": 0} == {**shown, "seconds": 0}


def test_the_files_and_targets_of_a_project(checkout):
    files, build = blocks("docs/firmware.md", "text")
    design = aie.Explorer(aie.load("examples/digits_mlp.h5", batch=8)).best("interval", max_tiles=24)
    project = design.export("project", verify=False).path
    for line in files.splitlines():
        for name in line.partition("   ")[0].split(", "):
            pattern = name.strip().replace("LAYER", "dense0").rstrip("/")
            assert list(project.glob(pattern)) or list((project / "aie").glob(pattern)), name
    targets = [word for line in build.splitlines() for part in line.partition("#")[0].split("&&")
               for word in part.split()[1:] if part.split()[0] == "make" and "=" not in word]
    assert targets == ["emu", "x86sim", "check", "aiesim", "check", "hw", "host", "package"]
    makefile = (project / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
    assert set(re.findall(r"\b([A-Z_]+)=", build)) <= set(re.findall(r"\b([A-Z_]+)\b", makefile))


def test_the_commands_of_a_contributor_are_those_of_the_gate():
    gate = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = blocks("CONTRIBUTING.md", "sh")[0].splitlines()
    install, tests, checks = (line.partition("#")[0].strip() for line in lines)
    assert f"{install} && {tests}" in TEXTS["README.md"]
    assert all(command in gate for command in checks.split(" && "))


def test_the_api_reference_is_made_without_a_warning(tmp_path):
    script, folder = shlex.split(blocks("docs/README.md", "sh")[0])[1:]
    done = subprocess.run([sys.executable, ROOT / script, tmp_path / folder], capture_output=True, text=True,
                          cwd=tmp_path)  # in a checkout pdoc warns when the package is installed from a wheel
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    page = (tmp_path / folder / "aie_explorer.html").read_text(encoding="utf-8")
    for name in set(aie.__all__) - {"__version__"}:
        assert f'id="{name}"' in page
        assert inspect.getdoc(getattr(aie, name)), name
    assert (tmp_path / folder / "aie_explorer" / "placement.html").is_file()


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_scripts_exist(name):
    folder = (ROOT / name).parent
    for link in re.findall(r"\]\(([^)#]+)\)", TEXTS[name]):
        assert link.startswith("https://") or (folder / link).exists(), link
    for script in re.findall(r"python ((?:tests|docs|examples)/[\w/]+\.py)", TEXTS[name]):
        assert (ROOT / script).is_file(), script


def test_the_index_lists_every_page_once():
    listed = re.findall(r"\]\((\w+\.md)\)", TEXTS["docs/README.md"])
    assert sorted(listed) == sorted(page.name for page in PAGES if page.name != "README.md")
