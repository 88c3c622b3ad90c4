"""How tests are divided over processes, with `pytest -n 2 --dist loadgroup`."""

import pytest

SPREAD = {"test_mutations", "test_random_networks", "test_random_graphs"}
"""Modules of many slow tests that share little: these go to any process, others to one a module."""


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.xdist_group("browser"))  # one server at a time
        elif item.path.stem not in SPREAD:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
