"""How tests are divided over processes, with `pytest -n 2`; what CI must have."""

import importlib.util
import os
import shutil
from pathlib import PurePath

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        """Modules whole, as their fixtures are slow, those of SPREAD test by test, one browser at a time."""

        def _split_scope(self, nodeid):
            module = PurePath(nodeid.split("::")[0])
            if module.parent.name == "lab":
                return str(module.parent)
            return nodeid if module.stem in SPREAD else str(module)

    return ByModule(config, log)
