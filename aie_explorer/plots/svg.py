"""The floorplan as SVG: light enough to redraw at every change of a control."""

from __future__ import annotations

from html import escape

from aie_explorer.plots.floorplan import FloorplanInfo

CELL = 22
GAP = 8


def floorplan_svg(info: FloorplanInfo) -> str:
    """A square a tile, row 0 at the bottom; layers coloured and lettered, with hover texts; memory tiles below."""
    height = info.rows * CELL + GAP + info.memory_rows * CELL + 18
    width = info.columns * CELL + 30
    parts = [f'<svg class="aie-floorplan" viewBox="0 0 {width} {height}" role="img" '
             f'aria-label="{escape(info.summary)}" style="width:100%;max-width:{width}px;font:11px sans-serif">']
    for column in range(info.columns):
        for row in range(info.rows):
            parts.append(_cell("tile", column, _y(info, row), "none", "currentColor", 0.25))
        for row in range(info.memory_rows):
            parts.append(_cell("memory-tile", column, _memory_y(info, row), "none", "currentColor", 0.25))
        if column % 5 == 0:
            parts.append(_text(30 + column * CELL + CELL / 2, height - 4, str(column)))
    parts += [_text(14, _y(info, row) + 15, str(row)) for row in range(info.rows)]
    for memory in info.memory_tiles:
        parts.append(_cell("memory-tile used", memory.column, _memory_y(info, memory.row), "#8a8a8a", "#8a8a8a", 0.7,
                           memory.text))
    for block in info.blocks:
        parts.append(f'<g class="block" data-layer="{escape(block.name)}"><title>{_title(block.text)}</title>')
        for row in range(block.row, block.row + block.height):
            for column in range(block.column, block.column + block.width):
                parts.append(_cell("used", column, _y(info, row), block.colour, "#fff", 1.0))
                mark = block.letter if column == block.column else "→"
                parts.append(f'<text x="{30 + column * CELL + CELL / 2}" y="{_y(info, row) + 15}" text-anchor="middle" '
                             f'fill="#fff">{mark}</text>')
        parts.append("</g>")
    return "".join([*parts, "</svg>"])


def _y(info: FloorplanInfo, row: int) -> int:
    return (info.rows - 1 - row) * CELL


def _memory_y(info: FloorplanInfo, row: int) -> int:
    return info.rows * CELL + GAP + (info.memory_rows - 1 - row) * CELL


def _cell(kind: str, column: int, y: int, fill: str, stroke: str, opacity: float, text: str = "") -> str:
    title = f"<title>{_title(text)}</title>" if text else ""
    return (f'<rect class="{kind}" x="{30 + column * CELL}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" '
            f'fill="{fill}" stroke="{stroke}" stroke-opacity="{opacity}" fill-opacity="{min(1.0, opacity + 0.1)}">'
            f"{title}</rect>")


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle" fill="currentColor" opacity="0.7">{escape(text)}</text>'


def _title(text: str) -> str:
    return escape(text.replace("<br>", "\n"))
