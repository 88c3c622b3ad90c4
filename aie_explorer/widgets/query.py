"""Filters in words: a comparison of columns, such as `tiles < 40 and dense0.split == "rows"`.

The text is parsed, and only comparisons, arithmetic and logic on the table's columns are evaluated, by this module. No
name, attribute or call of Python can be reached, and no number grows beyond a float.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.errors import DesignError, nearest

Mask = npt.NDArray[np.bool_]
LONGEST = 2_000
_WHERE = "filter"
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow}
_LOGIC: dict[type, Callable[[Any, Any], Any]] = {ast.BitAnd: np.logical_and, ast.BitOr: np.logical_or,
                                                 ast.And: np.logical_and, ast.Or: np.logical_or}
_EXAMPLE = 'For example: tiles <= 40 and efficiency > 0.2 and dense0.split == "rows" and "kernel" in bottleneck'


def matching(frame: pd.DataFrame, text: str) -> Mask:
    """Which rows of a table a filter in words keeps; all for an empty one.

    Numbers compare with <, <=, >, >=, ==, != (also chained), words with == and !=, both with `in [..]` and
    `not in [..]`; a part of a word with `"kernel" in bottleneck`. Joined by `and`, `or`, `not`, with + - * / // % **.

    Args:
        frame: a table of designs; its columns, such as dense0.cas_length, are the names (backticks are accepted).
        text: the filter.

    Raises:
        DesignError: saying what cannot be understood.
    """
    text = text.strip()
    if not text:
        return np.ones(len(frame), np.bool_)
    if len(text) > LONGEST:
        raise DesignError(f"is longer than {LONGEST} characters", where=_WHERE)
    try:
        tree = ast.parse(text.replace("`", ""), mode="eval").body
        with np.errstate(all="ignore"):
            found = _value(tree, frame)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise DesignError(f"is not understood: {getattr(error, 'msg', None) or error}", where=_WHERE,
                          remedy=_EXAMPLE) from None
    if not isinstance(found, np.ndarray) or found.dtype != np.bool_:
        raise DesignError("says nothing that is true or false of a design", where=_WHERE, remedy=_EXAMPLE)
    return found


def _value(node: ast.expr, frame: pd.DataFrame) -> Any:  # noqa: PLR0911 (one a form)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _column(frame, _name(node))
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, frame)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return np.logical_not(_truth(inner))
        return -_number(inner) if isinstance(node.op, ast.USub) else _number(inner)
    if isinstance(node, ast.BoolOp):
        parts = [_truth(_value(part, frame)) for part in node.values]
        joined = parts[0]
        for part in parts[1:]:
            joined = _LOGIC[type(node.op)](joined, part)
        return joined
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, frame), _value(node.right, frame)
        if type(node.op) in _LOGIC:
            return _LOGIC[type(node.op)](_truth(left), _truth(right))
        if type(node.op) in _ARITHMETIC:
            return _ARITHMETIC[type(node.op)](_number(left), _number(right))
    if isinstance(node, ast.Compare):
        return _compared(node, frame)
    raise _refused(node)


def _compared(node: ast.Compare, frame: pd.DataFrame) -> Mask:
    found = np.ones(len(frame), np.bool_)
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides[:-1], node.ops, sides[1:], strict=True):
        if isinstance(op, (ast.In, ast.NotIn)):
            inside = _inside(left, right, frame)
            found &= ~inside if isinstance(op, ast.NotIn) else inside
            continue
        if type(op) not in _COMPARE:
            raise _refused(node)
        a, b = _value(left, frame), _value(right, frame)
        if isinstance(a, _Words) or isinstance(b, _Words):
            found &= _same_words(a, b, op)
        else:
            found &= _COMPARE[type(op)](_number(a), _number(b))
    return found


class _Words:
    """A column of words: the distinct ones, and which of them each row has."""

    def __init__(self, column: pd.Series[Any]) -> None:
        codes, names = pd.factorize(column)
        self.codes: npt.NDArray[np.intp] = np.asarray(codes)
        self.names = [str(name) for name in names]

    def where(self, test: Callable[[str], bool]) -> Mask:
        """Rows whose word passes."""
        found: Mask = np.array([*(test(name) for name in self.names), False], np.bool_)[self.codes]
        return found


def _same_words(a: object, b: object, op: ast.cmpop) -> Mask:
    if isinstance(a, _Words) and isinstance(b, _Words):
        same = np.array(a.names, object)[a.codes] == np.array(b.names, object)[b.codes]
    else:
        words, text = (a, b) if isinstance(a, _Words) else (b, a)
        if not isinstance(text, str) or not isinstance(words, _Words):
            raise ValueError("a word can be compared with a word only; write it in quotes")
        same = words.where(lambda name: name == text)
    if not isinstance(op, (ast.Eq, ast.NotEq)):
        raise ValueError("words have no order; use == or !=")
    found: Mask = same if isinstance(op, ast.Eq) else ~same
    return found


def _inside(left: ast.expr, right: ast.expr, frame: pd.DataFrame) -> Mask:
    a = _value(left, frame)
    if isinstance(right, (ast.List, ast.Tuple, ast.Set)):
        among = [_value(one, frame) for one in right.elts]
        if isinstance(a, _Words):
            return a.where(lambda name: name in among)
        found: Mask = np.isin(_number(a), [_number(one) for one in among])
        return found
    b = _value(right, frame)
    if isinstance(a, str) and isinstance(b, _Words):
        return b.where(lambda name: a in name)
    raise ValueError('"in" needs a list, or a part of a word in quotes before a column of words')


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    raise _refused(node)


def _column(frame: pd.DataFrame, name: str) -> Any:
    if name not in frame.columns:
        raise DesignError(f"the table has no column {name!r}", where=_WHERE,
                          remedy=f"Close ones: {nearest(name, map(str, frame.columns))}")
    column = frame[name]
    return column.to_numpy() if pd.api.types.is_numeric_dtype(column) else _Words(column)


def _constant(value: object) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, (int, float)):
        return np.float64(value)  # never an int of Python, which may grow without end
    raise ValueError(f"{value!r} is neither a number nor a word")


def _number(value: Any) -> Any:
    if isinstance(value, (_Words, str)):
        raise ValueError("a number is needed where a word stands")
    return np.asarray(value, np.float64)


def _truth(value: Any) -> Any:
    if isinstance(value, (_Words, str)) or np.asarray(value).dtype != np.bool_:
        raise ValueError("and, or and not join comparisons")
    return value


def _refused(node: ast.AST) -> ValueError:
    words = {"Call": "calls", "Subscript": "indexing", "Lambda": "functions", "IfExp": "conditions"}
    kind = type(node).__name__
    return ValueError(f"{words.get(kind, kind)} cannot be used in a filter")
