"""The array of tiles with the layers of a placed design on it."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from aie_explorer.design import Design
from aie_explorer.plots.style import GREY, colour, finish, letter


@dataclass(frozen=True)
class BlockInfo:
    """One layer on the array: its rectangle in tiles and what to say of it."""

    name: str
    letter: str
    colour: str
    column: int
    row: int
    width: int
    height: int
    text: str


@dataclass(frozen=True)
class MemoryTileInfo:
    """One memory tile in use."""

    column: int
    row: int
    text: str


@dataclass(frozen=True)
class FloorplanInfo:
    """What the floorplan shows.

    Attributes:
        columns, rows: of the array of compute tiles.
        memory_rows: rows of memory tiles below it.
        blocks: layers, in the network's order.
        memory_tiles: those in use.
        edges: pairs of blocks (indices) that hand over through memory tiles.
        summary: one sentence that says the same.
    """

    columns: int
    rows: int
    memory_rows: int
    blocks: tuple[BlockInfo, ...]
    memory_tiles: tuple[MemoryTileInfo, ...]
    edges: tuple[tuple[int, int], ...]
    summary: str


def floorplan_info(design: Design) -> FloorplanInfo:
    """Place a design and describe it.

    Raises:
        PlacementError: when it does not fit.
    """
    placement, device, estimate = design.place(), design.device, design.estimate()
    blocks = []
    for i, layer in enumerate(estimate.layers):
        column, row = placement[layer.name]
        text = (f"{layer.name}: {layer.choice}<br>tiles ({column}, {row}) to ({column + layer.choice.cas_length - 1}, "
                f"{row + layer.choice.cas_num - 1})<br>kernel {layer.kernel_cycles:.0f} cycles, "
                f"{layer.weight_bytes:,} bytes of weights a tile")
        blocks.append(BlockInfo(layer.name, letter(i), colour(i), column, row, layer.choice.cas_length,
                                layer.choice.cas_num, text))
    held: dict[tuple[int, int], list[str]] = {}
    for b in design.plan().buffers:
        held.setdefault(b.memory_tile, []).append(
            f"{b.name}: {b.columns} x {b.rows} {b.storage}, {len(b.writers)} in, {len(b.readers)} out")
    memory = [MemoryTileInfo(*tile, "<br>".join([f"memory tile {tile}", *texts]))
              for tile, texts in sorted(held.items())]
    known_rows = device.geometry.memory_tile_rows if device.geometry else None
    return FloorplanInfo(device.columns, device.rows, known_rows or 1, tuple(blocks), tuple(memory),
                         tuple((i, i + 1) for i in range(len(blocks) - 1)),
                         f"{device.name}: {design.tiles} of {device.tiles} tiles used by {len(blocks)} layers")


def floorplan_figure(info: FloorplanInfo) -> go.Figure:
    """Draw the array: a square a tile, blocks coloured and lettered, cascades west to east, memory tiles below."""
    figure = go.Figure()
    below = info.memory_rows
    shapes: list[dict[str, object]] = []
    for column in range(info.columns):
        for row in (*range(info.rows), *(-1.4 - i for i in range(below))):
            shapes.append(_box(column, row, 1, 1, line="rgba(128,128,128,0.35)"))
    for memory in info.memory_tiles:
        y = -1.4 - (below - 1 - memory.row)
        shapes.append(_box(memory.column, y, 1, 1, line=GREY, fill="rgba(128,128,128,0.45)"))
    for block in info.blocks:
        shapes.append(_box(block.column, block.row, block.width, block.height, line=block.colour, fill=block.colour,
                           opacity=0.75))
    for i, j in info.edges:
        _arrow(figure, info.blocks[i], info.blocks[j])
    for block in info.blocks:
        xs = [block.column + i + 0.5 for _ in range(block.height) for i in range(block.width)]
        ys = [block.row + j + 0.5 for j in range(block.height) for _ in range(block.width)]
        marks = [block.letter if i == 0 else "→" for _ in range(block.height) for i in range(block.width)]
        figure.add_trace(go.Scatter(x=xs, y=ys, mode="text", text=marks, textfont={"color": "white", "size": 12},
                                    hovertext=block.text, hoverinfo="text", name=f"{block.letter} {block.name}",
                                    showlegend=False))
    figure.add_trace(go.Scatter(
        x=[m.column + 0.5 for m in info.memory_tiles], y=[-0.9 - (below - 1 - m.row) for m in info.memory_tiles],
        mode="text", text=["m"] * len(info.memory_tiles), textfont={"size": 11},
        hovertext=[m.text for m in info.memory_tiles], hoverinfo="text", name="memory tiles", showlegend=False))
    legend = "   ".join(f"<b style='color:{b.colour}'>{b.letter}</b> {b.name}" for b in info.blocks[:16])
    finish(figure, title=f"{info.summary}<br><span style='font-size:11px'>{legend}</span>",
           height=150 + 26 * (info.rows + below))
    figure.update_layout(shapes=shapes, hovermode="closest")
    figure.update_xaxes(title="column", range=[-0.2, info.columns + 0.2], showgrid=False, dtick=5, tick0=0.5,
                        tickvals=[c + 0.5 for c in range(0, info.columns, 5)], ticktext=list(range(0, info.columns, 5)))
    figure.update_yaxes(range=[-1.6 - below + 1, info.rows + 0.2], showgrid=False, scaleanchor="x",
                        tickvals=[-0.9 - (below - 1) / 2, *(r + 0.5 for r in range(info.rows))],
                        ticktext=["memory tiles", *range(info.rows)])
    return figure


def _box(x: float, y: float, width: int, height: int, *, line: str, fill: str | None = None,
         opacity: float = 1.0) -> dict[str, object]:
    return {"type": "rect", "x0": x, "x1": x + width, "y0": y, "y1": y + height, "line": {"width": 1, "color": line},
            "fillcolor": fill or "rgba(0,0,0,0)", "opacity": opacity, "layer": "below"}


def _arrow(figure: go.Figure, a: BlockInfo, b: BlockInfo) -> None:
    """From the east face of the producer to the west face of the consumer."""
    figure.add_annotation(x=b.column + 0.15, y=b.row + b.height / 2, ax=a.column + a.width - 0.15,
                          ay=a.row + a.height / 2, xref="x", yref="y", axref="x", ayref="y", showarrow=True,
                          arrowhead=2, arrowsize=1, arrowwidth=1.5, arrowcolor=GREY, text="")
