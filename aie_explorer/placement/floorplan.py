"""A placement as text for a terminal."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

from aie_explorer.devices import Device, find
from aie_explorer.placement.geometry import Block, Tile
from aie_explorer.placement.rules import check

_SYMBOLS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_TICK = 5  # columns between two numbers below the array


def floorplan_text(placement: Mapping[str, Tile], blocks: Sequence[Block], device: str | Device) -> str:
    """The array with its blocks, the top row first, and a legend.

    Args:
        placement: the lower left tile of every block.
        blocks: the blocks, in the order of the legend.
        device: the device or its name.

    Raises:
        PlacementError: when the placement is not legal.
    """
    device = find(device)
    check(placement, blocks, device)
    symbols = {block.name: _SYMBOLS[i] if i < len(_SYMBOLS) else "#" for i, block in enumerate(blocks)}
    owner = {tile: block.name for block in blocks for tile in block.tiles_at(placement[block.name])}
    chain = "-" if device.generation.cascade_alternates else ">"
    lines = [_title(blocks, device)]
    lines += [f"{row:3d} {_row(row, owner, symbols, chain, device.columns)}" for row in reversed(range(device.rows))]
    lines.append(f"    {_ticks(device.columns)}")
    lines += _legend(placement, blocks, symbols)
    lines.append(f"{chain} cascade, " + ("its direction alternates with the row" if chain == "-" else "west to east"))
    return "\n".join(lines)


def _title(blocks: Sequence[Block], device: Device) -> str:
    used = sum(block.tiles for block in blocks)
    return (f"{device}: {device.columns} columns x {device.rows} rows, {used} of {device.tiles} tiles used "
            f"({100 * used / device.tiles:.0f} %)")


def _row(row: int, owner: Mapping[Tile, str], symbols: Mapping[str, str], chain: str, columns: int) -> str:
    """One row: a symbol or a dot for each tile, and the cascade between tiles of one block."""
    text = ""
    for column in range(columns):
        name = owner.get((column, row))
        together = name is not None and owner.get((column + 1, row)) == name
        text += (symbols[name] if name is not None else ".") + (chain if together else " ")
    return text.rstrip()


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
