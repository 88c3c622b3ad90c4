"""Dependencies point one way, and heavy packages stay where they belong."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "aie_explorer"
# each part may import those of a smaller rank when it is loaded
RANK = {"errors": 0, "arguments": 0.5, "progress": 0.5, "files": 0.5, "html": 0, "devices": 1, "ir": 1, "passes": 2,
        "reference": 2,
        "frontends": 3, "space": 3, "placement": 3, "cycles": 4, "search": 5, "design": 6, "transport": 6,
        "checks": 6.5, "timeline": 7, "explorer": 7, "models": 8, "emulation": 2, "firmware": 7, "measured": 8,
        "plots": 8, "widgets": 9, "cli": 10}
HEAVY = {"plotly": {"plots", "widgets"}, "ipywidgets": {"widgets"}, "anywidget": {"widgets"}, "jinja2": {"firmware"},
         "scipy": {"cycles"}, "ortools": {"placement"},
         "qkeras": {"frontends"}, "keras": {"frontends"}, "tf_keras": {"frontends"}, "tensorflow": {"frontends"}}
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "templates" not in path.parts]


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path, *, lazy):
    """Names of imported modules; without `lazy` only those imported when the module is loaded."""
    def visit(nodes):
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module
            elif lazy or not (isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or (
                    isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))):
                yield from visit(ast.iter_child_nodes(node))

    yield from visit(ast.parse(path.read_text(encoding="utf-8")).body)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    part = part_of(path)
    if part in ("__init__", "__main__"):
        return
    for name in imports(path, lazy=False):
        words = name.split(".")
        if words[0] == "aie_explorer" and len(words) > 1 and words[1] != part:
            assert RANK[words[1]] < RANK[part], f"{part} imports {words[1]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_stay_where_they_belong(path):
    for name in imports(path, lazy=True):
        allowed = HEAVY.get(name.split(".")[0])
        assert allowed is None or part_of(path) in allowed, f"{path.name} imports {name}"


def test_modules_can_be_read_in_one_sitting():
    long = {str(path.relative_to(PACKAGE)): lines for path in MODULES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
