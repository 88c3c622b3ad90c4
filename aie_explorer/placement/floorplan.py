"""A placement as text for a terminal."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence

from aie_explorer.devices import Device, find
from aie_explorer.placement.cost import as_edge, edge_gap
from aie_explorer.placement.geometry import DIRECT, Array, Block, Edge, Tile, array_of
from aie_explorer.placement.rules import FREE, Rules, check

_SYMBOLS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_TICK = 5  # columns between two numbers below the array


def floorplan_text(
    placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device | Array, *,
    edges: Iterable[tuple[str, str] | Edge] = (), memory_tiles: Iterable[Tile] = (), rules: Rules = FREE,
) -> str:
    """The array with its blocks, the top row first, and a legend.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks, in the order of the legend.
        device: the device, its name, or an array.
        edges: what to list below the blocks.
        memory_tiles: (column, row) of those in use, row 0 the lowest.
        rules: tiles that no block may use are marked.

    Raises:
        PlacementError: when the placement is not legal.
    """
    found = None if isinstance(device, Array) else find(device)
    array = array_of(found) if found else device
    assert isinstance(array, Array)
    joined = tuple(map(as_edge, edges))
    check(placement, blocks, array, rules, joined)
    symbols = {block.name: _SYMBOLS[i] if i < len(_SYMBOLS) else "#" for i, block in enumerate(blocks)}
    owner = {tile: block.name for block in blocks for tile in block.tiles_at(placement[block.name])}
    taken = set(rules.taken(array))
    chain = "-" if found and found.generation.cascade_alternates else ">"
    lines = [_title(blocks, array)]
    lines += [f"{row:3d} {_row(row, owner, symbols, chain, array.columns, taken)}"
              for row in reversed(range(array.rows))]
    lines += _below(array, set(memory_tiles))
    lines.append(f"    {_ticks(array.columns)}")
    lines += _legend(placement, blocks, symbols)
    lines += _edge_lines(placement, blocks, joined, symbols)
    lines.append(f"{chain} cascade, " + ("its direction alternates with the row" if chain == "-" else "west to east"))
    return "\n".join(lines)


def _title(blocks: Sequence[Block], array: Array) -> str:
    used = sum(block.tiles for block in blocks)
    return (f"{array}: {array.columns} columns x {array.rows} rows, {used} of {array.tiles} tiles used "
            f"({100 * used / array.tiles:.0f} %)")


def _row(row: int, owner: Mapping[Tile, str], symbols: Mapping[str, str], chain: str, columns: int, taken: set[Tile]
         ) -> str:
    """One row: a symbol, a dot or an x for each tile, and the cascade between tiles of one block."""
    text = ""
    for column in range(columns):
        name = owner.get((column, row))
        together = name is not None and owner.get((column + 1, row)) == name
        free = "x" if (column, row) in taken else "."
        text += (symbols[name] if name is not None else free) + (chain if together else " ")
    return text.rstrip()


def _below(array: Array, memory_tiles: set[Tile]) -> list[str]:
    """Memory tiles in use, and the columns through which PLIO enters and leaves."""
    lines = []
    for row in sorted({row for _, row in memory_tiles}, reverse=True):
        marks = "".join("m " if (column, row) in memory_tiles else ". " for column in range(array.columns))
        lines.append(f"mem {marks.rstrip()}")
    if array.pl_columns:
        marks = "".join("^ " if column in array.pl_columns else "  " for column in range(array.columns))
        lines.append(f" PL {marks.rstrip()}")
    return lines


def _ticks(columns: int) -> str:
    """Column numbers below their tiles, which are two characters apart."""
    return "".join(f"{column:<{2 * _TICK}d}" for column in range(0, columns, _TICK)).rstrip()


def _legend(placement: Mapping[str, Tile], blocks: Sequence[Block], symbols: Mapping[str, str]) -> list[str]:
    longest = max((len(block.name) for block in blocks), default=0)
    lines = []
    for block in blocks:
        column, row = placement[block.name]
        lines.append(f"{symbols[block.name]} {block.name:<{longest}}  {block.width} x {block.height} = "
                     f"{block.tiles} {'tile' if block.tiles == 1 else 'tiles'} at column {column}, row {row}")
    return lines


def _edge_lines(placement: Mapping[str, Tile], blocks: Sequence[Block], edges: Sequence[Edge],
                symbols: Mapping[str, str]) -> list[str]:
    by_name = {block.name: block for block in blocks}
    lines = []
    for edge in dict.fromkeys(edges):
        dx, dy = edge_gap(by_name[edge.producer], placement[edge.producer], by_name[edge.consumer],
                          placement[edge.consumer])
        arrow, kind = ("->", "direct") if edge.kind == DIRECT else ("~>", "through a memory tile")
        lines.append(f"{symbols[edge.producer]} {arrow} {symbols[edge.consumer]}  {kind}, {dx} "
                     f"{'column' if dx == 1 else 'columns'} and {dy} {'row' if dy == 1 else 'rows'} apart")
    return lines
