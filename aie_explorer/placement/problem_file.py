"""Read a placement problem from JSON.

The format, in which everything but `array` and `blocks` may be left out:

    {"name": ..., "array": {"cols": 38, "rows": 8},
     "blocks": [{"id": "n0", "w": 3, "h": 2}, ...],
     "edges": [{"src": "n0", "dst": "n1", "direct": false, "exclusive": true}, ...],
     "objective": {"lambda": 1.0, "mu": 0.05, "keepout": ...},
     "pins": {"n0": [0, 0]}, "forbidden_columns": [7],
     "reserved": [{"col": 10, "row": 0, "w": 2, "h": 8}]}

`keepout` is a number of columns (0 or 1), or the sentence "each block reserves 1 column to its left ...", which names
the exception for direct exclusive producers where it holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aie_explorer.arguments import number, whole
from aie_explorer.devices.hardware import MOST_TILES
from aie_explorer.errors import DesignError, PlacementError
from aie_explorer.placement.cost import Weights
from aie_explorer.placement.geometry import DIRECT, MEMORY_TILE, Array, Block, Edge, Region
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.rules import Rules

_MOST_BLOCKS = 400  # far above any design; a typing error is told at once


def load_problem(path: str | Path) -> Problem:
    """The problem in a file.

    Raises:
        PlacementError: when there is none, or it is not of the format.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PlacementError(f"cannot be read: {error.strerror or error}", where=str(path),
                             remedy="Give a JSON file; docs/placement.md describes it") from None
    except (ValueError, RecursionError):
        raise PlacementError("is not JSON", where=str(path)) from None
    return parse_problem(data, str(path))


def parse_problem(data: object, where: str = "problem") -> Problem:
    """The problem that JSON data describe.

    Args:
        data: what `json.load` returns.
        where: the file, for messages.

    Raises:
        PlacementError: when they are not of the format, saying which entry.
    """
    try:
        entries = _mapping(data, where)
        array, objective = _mapping(entries["array"], "array"), _mapping(entries.get("objective", {}), "objective")
        problem = Problem(
            tuple(_block(item, i) for i, item in enumerate(_sequence(entries["blocks"], "blocks"))),
            tuple(_edge(item, i) for i, item in enumerate(_sequence(entries.get("edges", []), "edges"))),
            Array(_size(array["cols"], "array.cols"), _size(array["rows"], "array.rows")),
            Weights(number(objective.get("lambda", 1.0), "objective.lambda"),
                    number(objective.get("mu", 0.05), "objective.mu")),
            _rules(entries, objective),
            name=str(entries.get("name", Path(where).stem)))
    except KeyError as error:
        raise PlacementError(f"has no {error.args[0]!r}", where=where,
                             remedy="docs/placement.md describes the format") from None
    except DesignError as error:
        raise PlacementError(error.problem, where=f"{where}: {error.where}", remedy=error.remedy) from None
    if problem.array.tiles > MOST_TILES or len(problem.blocks) > _MOST_BLOCKS:
        raise PlacementError(f"has {len(problem.blocks)} blocks on {problem.array.tiles} tiles; at most {_MOST_BLOCKS} "
                             f"on {MOST_TILES} are taken", where=where)
    return problem


def _block(item: object, index: int) -> Block:
    entry = _mapping(item, f"blocks[{index}]")
    return Block(_name(entry["id"], f"blocks[{index}].id"), _size(entry["w"], f"blocks[{index}].w"),
                 _size(entry["h"], f"blocks[{index}].h"))


def _edge(item: object, index: int) -> Edge:
    entry = _mapping(item, f"edges[{index}]")
    flags = {name: entry.get(name, name == "exclusive") for name in ("direct", "exclusive")}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise PlacementError(f"is {value!r}", where=f"edges[{index}].{name}", remedy="Use true or false")
    return Edge(_name(entry["src"], f"edges[{index}].src"), _name(entry["dst"], f"edges[{index}].dst"),
                DIRECT if flags["direct"] else MEMORY_TILE, flags["exclusive"])


def _rules(entries: Mapping[str, Any], objective: Mapping[str, Any]) -> Rules:
    columns, shared = _keepout(objective.get("keepout", 0))
    pins = {name: _tile(tile, f"pins.{name}") for name, tile in _mapping(entries.get("pins", {}), "pins").items()}
    forbidden = [whole(column, "forbidden_columns", least=0)
                 for column in _sequence(entries.get("forbidden_columns", []), "forbidden_columns")]
    reserved = []
    for i, item in enumerate(_sequence(entries.get("reserved", []), "reserved")):
        entry = _mapping(item, f"reserved[{i}]")
        column, row = (whole(entry[key], f"reserved[{i}].{key}", least=0) for key in ("col", "row"))
        width, height = (_size(entry[key], f"reserved[{i}].{key}") for key in ("w", "h"))
        reserved.append(Region(column, row, width, height, str(entry.get("owner", f"reserved region {i}"))))
    return Rules(columns, shared, tuple(forbidden), tuple(reserved), tuple(pins.items()))


def _keepout(given: object) -> tuple[int, bool]:
    """(columns, whether a direct exclusive producer may lie in them)."""
    if not isinstance(given, str):
        return whole(given, "objective.keepout", least=0), True
    columns = re.search(r"reserves? (\d{1,4}) columns? to its left", given)
    if columns is None:
        raise PlacementError(f"the rule {given[:60]!r} is not known", where="objective.keepout",
                             remedy='Use a number of columns, or "each block reserves 1 column to its left"')
    return int(columns.group(1)), "direct exclusive producer" in given


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PlacementError(f"is {_short(value)}", where=where, remedy="Use a JSON object")
    return value


def _sequence(value: object, where: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise PlacementError(f"is {_short(value)}", where=where, remedy="Use a JSON array")
    return list(value)


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise PlacementError(f"is {_short(value)}", where=where, remedy="Use a name")
    return value


def _size(value: object, where: str) -> int:
    size = whole(value, where, least=1)
    if size > MOST_TILES:
        raise PlacementError(f"is {size}", where=where, remedy=f"Use {MOST_TILES} or less")
    return size


def _tile(value: object, where: str) -> tuple[int, int]:
    pair = _sequence(value, where)
    if len(pair) != 2:
        raise PlacementError(f"is {_short(value)}", where=where, remedy="Use [column, row]")
    return whole(pair[0], where, least=0), whole(pair[1], where, least=0)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
