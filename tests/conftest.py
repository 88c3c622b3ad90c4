"""How tests are divided over processes, with `pytest -n 2 --dist loadgroup`; what CI must have."""

import importlib.util
import os
import shutil

import pytest

NEEDED = ("dask", "distributed", "optuna", "ortools", "pyarrow", "qkeras", "scipy", "sklearn")
"""Tests without these are skipped with the reason; in CI nothing of them may be missing."""
SPREAD = {"test_mutations", "test_random_networks", "test_random_graphs"}
"""Modules of many slow tests that share little: these go to any process, others to one a module."""


def pytest_configure(config):
    if os.environ.get("CI"):
        missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        missing += [name for name in ("g++", "make") if shutil.which(name) is None]
        if missing:
            pytest.exit(f"CI is set, but not installed: {', '.join(missing)}", returncode=1)


def pytest_collection_modifyitems(items):
    # pytest-xdist 3.8 does not see these marks under pytest 9.2 and divides by load alone: slower fixtures run twice.
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.xdist_group("browser"))  # one server at a time
        elif item.path.stem not in SPREAD:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
