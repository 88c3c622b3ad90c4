"""Data that went wrong on the way, and the law for whoever reads them."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aie_explorer.errors import AieExplorerError

HUGE = (-1, 2**31, 2**63, -2**63 - 1, 2**70, 10**40, 1e300, -1e300, 5e-324, float("nan"), float("inf"), float("-inf"))
WORDS = ("", " ", "x", "../../x", "a\nb", "\0", "\ud800", "int", "é" * 300, "Functional", "1" * 5000, "-", "1e999",
         "None", "quantized_bits(" * 50, "relu", "features", "rows")
ODD = st.one_of(st.none(), st.booleans(), st.integers(-3, 20), st.sampled_from(HUGE), st.sampled_from(WORDS),
                st.text(max_size=8), st.floats(), st.just([]), st.just({}), st.just([[]]), st.just({"x": []}),
                st.lists(st.integers(-2, 9), max_size=4), st.lists(st.sampled_from(HUGE), min_size=1, max_size=3))


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value inside JSON data."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from places(node[key])


def _edited(draw: Any, value: Any) -> Any:
    """Another value near one: what slips through is rarely far off."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return draw(st.sampled_from([value + 1, value - 1, -value, value * 2, value * 1000, value / 2, str(value),
                                     [value]]))
    if isinstance(value, str) and value:
        at = draw(st.integers(0, len(value) - 1))
        return value[:at] + draw(st.sampled_from(["", "x", "0", "-", ".", "é", "\n", '"', "(", value])) + value[at + 1:]
    return copy.deepcopy(draw(ODD))


@st.composite
def mutated(draw: Any, original: Any, most: int = 3) -> Any:
    """JSON data with some values edited, exchanged, taken from elsewhere, doubled or gone."""
    data = copy.deepcopy(original)
    if draw(st.integers(0, 40)) == 0:
        return copy.deepcopy(draw(ODD))
    for _ in range(draw(st.integers(1, most))):
        known = list(places(data))
        if not known:
            break
        node, key = known[draw(st.integers(0, len(known) - 1))]
        kind = draw(st.sampled_from(["edit", "edit", "odd", "odd", "copy", "drop", "double"]))
        if kind == "edit":
            node[key] = _edited(draw, node[key])
        elif kind == "odd":
            node[key] = copy.deepcopy(draw(ODD))  # what is drawn is shared
        elif kind == "copy":
            other, other_key = known[draw(st.integers(0, len(known) - 1))]
            with contextlib.suppress(KeyError, IndexError, TypeError):
                node[key] = copy.deepcopy(other[other_key])
        elif kind == "drop":
            del node[key]
        elif isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        else:
            node[draw(st.sampled_from(WORDS))] = copy.deepcopy(node[key])
    return data


@st.composite
def damaged(draw: Any, original: bytes) -> bytes:
    """Bytes some of which were changed, lost or repeated."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["set", "set", "set", "drop", "repeat", "cut"]))
        count = draw(st.integers(1, 64))
        if kind == "set":
            data[at:at + 1] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "drop":
            del data[at:at + count]
        elif kind == "repeat":
            data[at:at] = data[at:at + count]
        else:
            del data[at:]
    return bytes(data)


@contextlib.contextmanager
def lawful() -> Iterator[None]:
    """A correct result or an AieExplorerError in words; nothing else, and no warning of a library."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # ours, said to the user
        try:
            yield
        except AieExplorerError as error:
            text = str(error)
            assert text.strip(), "refused without a word"
            assert len(text) < 2000, f"refused in {len(text)} characters"


def both(strategy: Any, quick: int, many: int) -> Callable[[Callable[..., None]], Any]:
    """Make of a check two tests, each with examples that are the same in every run: a short one and a slow one.

    The slow one is put into the check's module as `<name>_at_length`.
    """
    def tests(check: Callable[..., None]) -> Any:
        def made(examples: int) -> Any:
            @functools.wraps(check)
            def copied(*arguments: Any, **named: Any) -> None:
                check(*arguments, **named)

            return settings(max_examples=examples, deadline=None, derandomize=True, database=None,
                            suppress_health_check=list(HealthCheck))(given(strategy)(copied))

        inspect.getmodule(check).__dict__[f"{check.__name__}_at_length"] = pytest.mark.slow(made(many))
        quickly = made(quick)
        quickly.hunted = strategy
        return quickly
    return tests
