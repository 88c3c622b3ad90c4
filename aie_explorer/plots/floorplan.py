"""The array of tiles with the layers of a placed design on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import plotly.graph_objects as go

from aie_explorer.design import Design
from aie_explorer.placement import array_of
from aie_explorer.plots.style import GREY, colour, finish, ink, letter
from aie_explorer.transport import KernelEnd, Plio
from aie_explorer.transport.direct import direct_kinds

KINDS = {"direct": "direct", "memory_tile": "through a memory tile"}
_EDGE_COLOURS = {"direct": "#D55E00", "memory_tile": GREY}
_BELOW = -1.4  # where the upper row of memory tiles begins


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
class EdgeInfo:
    """Data that one layer sends to another.

    Attributes:
        producer, consumer: indices of blocks.
        kind: "direct" or "memory_tile".
        via: (column, row) of the memory tiles it passes, none for a direct edge.
        text: what to say of it.
    """

    producer: int
    consumer: int
    kind: str
    via: tuple[tuple[int, int], ...]
    text: str


@dataclass(frozen=True)
class PortInfo:
    """PLIOs of a layer with no memory tile between, those of one column of tiles together.

    Attributes:
        block: index of the layer's block.
        into: whether they feed it.
        column: of the array, where the tiles are.
        row: the lowest of these tiles.
        foot: the nearest column with a PL interface.
        count: PLIOs.
        text: what to say of them.
    """

    block: int
    into: bool
    column: int
    row: int
    foot: int
    count: int
    text: str


@dataclass(frozen=True)
class FloorplanInfo:
    """What the floorplan shows.

    Attributes:
        columns, rows: of the array of compute tiles.
        memory_rows: rows of memory tiles below it.
        blocks: layers, in the network's order.
        memory_tiles: those in use.
        edges: what the layers exchange.
        summary: one sentence that says the same.
        pl_columns: columns with a PL interface, where PLIO enters and leaves.
        cascade: direction of the cascades in words.
        ports: PLIOs that feed tiles or are fed by them.
    """

    columns: int
    rows: int
    memory_rows: int
    blocks: tuple[BlockInfo, ...]
    memory_tiles: tuple[MemoryTileInfo, ...]
    edges: tuple[EdgeInfo, ...]
    summary: str
    pl_columns: tuple[int, ...] = ()
    cascade: str = "west to east"
    ports: tuple[PortInfo, ...] = ()


def floorplan_info(design: Design) -> FloorplanInfo:
    """Place a design and describe it.

    Raises:
        PlacementError: when it does not fit.
    """
    placement, device, estimate = design.place(), design.device, design.estimate()
    blocks = []
    for i, name in enumerate(design.on_array.layers):  # every copy of the network has the layers of the first
        layer = estimate.layers[i % len(estimate.layers)]
        column, row = placement[name]
        text = (f"{name}: {layer.choice}<br>tiles ({column}, {row}) to ({column + layer.choice.cas_length - 1}, "
                f"{row + layer.choice.cas_num - 1})<br>kernel {layer.kernel_cycles:.0f} cycles, "
                f"{layer.weight_bytes:,} bytes of weights a tile")
        blocks.append(BlockInfo(name, letter(i), colour(i), column, row, layer.choice.cas_length,
                                layer.choice.cas_num, text))
    held: dict[tuple[int, int], list[str]] = {}
    for b in design.plan().buffers:
        held.setdefault(b.memory_tile, []).append(
            f"{b.name}: {b.columns} x {b.rows} {b.storage}, {len(b.writers)} in, {len(b.readers)} out")
    memory = [MemoryTileInfo(*tile, "<br>".join([f"memory tile {tile}", *texts]))
              for tile, texts in sorted(held.items())]
    cascade = "alternating with the row" if device.generation.cascade_alternates else "west to east"
    return FloorplanInfo(device.columns, device.rows, device.memory_tile_rows, tuple(blocks), tuple(memory),
                         _edges(design),
                         f"{device.name}: {design.tiles} of {device.tiles} tiles used by {len(blocks)} layers",
                         array_of(device).pl_columns, cascade, _ports(design))


def _ports(design: Design) -> tuple[PortInfo, ...]:
    """The PLIOs of the plan that go past the memory tiles, by layer, direction and column of tiles."""
    names, placement = list(design.on_array.layers), design.place()
    feet = array_of(design.device).pl_columns
    found: dict[tuple[str, bool, int], list[tuple[Plio, int]]] = {}
    for edge in design.plan().plio_edges:
        column, row = placement[edge.tiles[0].layer]
        lowest = row + min(tile.chain for tile in edge.tiles)
        for place in sorted({column + tile.position for tile in edge.tiles}):
            found.setdefault((edge.tiles[0].layer, edge.into, place), []).append((edge.window, lowest))
    ports = []
    for (name, into, column), ends in found.items():
        plios = [plio for plio, _ in ends]
        ports.append(PortInfo(
            names.index(name), into, column, min(row for _, row in ends),
            min(feet, key=partial(_away, column), default=column), len(ends),
            f"{name}: {len(ends)} PLIO{'s' * (len(ends) > 1)} straight {'into' if into else 'out of'} the tiles of "
            f"column {column}, {plios[0].order}, {max(one.bytes for one in plios):,} bytes a call at most"))
    return tuple(ports)


def _away(column: int, foot: int) -> tuple[int, int]:
    """How far a column with a PL interface is; of two, the western one is nearer."""
    return abs(foot - column), foot


def _edges(design: Design) -> tuple[EdgeInfo, ...]:
    """What the plan moves between layers: through the memory tiles that hold it, else directly."""
    names = list(design.on_array.layers)
    through: dict[tuple[str, str], set[tuple[int, int]]] = {}
    plan = design.plan()
    for buffer in plan.buffers:
        ends = [{end.layer for port in ports for end in port.ends if isinstance(end, KernelEnd)}
                for ports in (buffer.writers, buffer.readers)]
        for producer in ends[0]:
            for consumer in ends[1]:
                through.setdefault((producer, consumer), set()).add(buffer.memory_tile)
    found = []
    for edge in dict.fromkeys((e.producer, e.consumer) for e in design.placement_problem.edges):
        via = tuple(sorted(through.get(edge, ())))
        kind = "memory_tile" if via else "direct"
        where = f" {', '.join(map(str, via))}" if via else ", by " + direct_kinds(
            one for one in plan.direct if (one.producer.layer, one.readers[0].layer) == edge)
        found.append(EdgeInfo(names.index(edge[0]), names.index(edge[1]), kind, via,
                              f"{edge[0]} to {edge[1]}: {KINDS[kind]}{where}"))
    return tuple(found)


def floorplan_figure(info: FloorplanInfo) -> go.Figure:
    """Draw the array: a square a tile; blocks coloured and lettered; arrows for cascades and edges; what lies below."""
    figure = go.Figure()
    shapes: list[dict[str, object]] = []
    for column in range(info.columns):
        for y in (*range(info.rows), *(_memory_y(info, row) for row in range(info.memory_rows))):
            shapes.append(_box(column, y, 1, 1, line="rgba(128,128,128,0.35)"))
    for memory in info.memory_tiles:
        shapes.append(_box(memory.column, _memory_y(info, memory.row), 1, 1, line=GREY, fill="rgba(128,128,128,0.35)"))
    for block in info.blocks:
        shapes.append(_box(block.column, block.row, block.width, block.height, line=block.colour, fill=block.colour))
    for kind in KINDS:
        _draw_edges(figure, info, kind)
    _draw_ports(figure, info)
    for block in info.blocks:
        xs = [block.column + i + 0.5 for _ in range(block.height) for i in range(block.width)]
        ys = [block.row + j + 0.5 for j in range(block.height) for _ in range(block.width)]
        marks = [block.letter if i == 0 else "→" for _ in range(block.height) for i in range(block.width)]
        figure.add_trace(go.Scatter(
            x=xs, y=ys, mode="text", text=marks, textfont={"color": ink(block.colour), "size": 12},
            hovertext=block.text, hoverinfo="text", name=f"{block.letter} {block.name}", showlegend=False))
    figure.add_trace(go.Scatter(
        x=[m.column + 0.5 for m in info.memory_tiles], y=[_memory_y(info, m.row) + 0.5 for m in info.memory_tiles],
        mode="text", text=["m"] * len(info.memory_tiles), textfont={"size": 11},
        hovertext=[m.text for m in info.memory_tiles], hoverinfo="text", name="memory tiles", showlegend=False))
    plio_y = _memory_y(info, 0) - 0.7
    figure.add_trace(go.Scatter(
        x=[c + 0.5 for c in info.pl_columns], y=[plio_y] * len(info.pl_columns), mode="markers",
        marker={"symbol": "triangle-up", "size": 8, "color": GREY}, hoverinfo="text",
        hovertext=[f"column {c}: PL interface" for c in info.pl_columns], name="PL interface", showlegend=False))
    legend = "   ".join(f"<b style='color:{b.colour}'>{b.letter}</b> {b.name}" for b in info.blocks[:16])
    finish(figure, title=f"{info.summary}<br><span style='font-size:11px'>{legend}   → cascade, {info.cascade}</span>",
           height=190 + 26 * (info.rows + info.memory_rows))
    figure.update_layout(shapes=shapes, hovermode="closest", margin={"t": 72})
    figure.update_xaxes(title="column", range=[-0.2, info.columns + 0.2], showgrid=False, dtick=5, tick0=0.5,
                        tickvals=[c + 0.5 for c in range(0, info.columns, 5)], ticktext=list(range(0, info.columns, 5)))
    below = (_memory_y(info, 0) + _memory_y(info, info.memory_rows - 1) + 1) / 2
    figure.update_yaxes(range=[plio_y - 0.5, info.rows + 0.2], showgrid=False, scaleanchor="x",
                        tickvals=[plio_y, below, *(r + 0.5 for r in range(info.rows))],
                        ticktext=["PLIO" if info.pl_columns else "", "memory tiles", *range(info.rows)])
    return figure


def _memory_y(info: FloorplanInfo, row: int) -> float:
    """Lower edge of a memory tile: row 0 is the lowest."""
    return _BELOW - (info.memory_rows - 1 - row)


def _draw_edges(figure: go.Figure, info: FloorplanInfo, kind: str) -> None:
    """From the east face of the producer, past its memory tile if it has one, to the west face of the consumer."""
    edges = [edge for edge in info.edges if edge.kind == kind]
    xs: list[float | None] = []
    ys: list[float | None] = []
    texts: list[str] = []
    for edge in edges:
        path = _path(info, edge)
        xs += [x for x, _ in path] + [None]
        ys += [y for _, y in path] + [None]
        texts += [edge.text] * len(path) + [""]
        (ax, ay), (x, y) = path[-2], path[-1]
        figure.add_annotation(x=x, y=y, ax=ax, ay=ay, xref="x", yref="y", axref="x", ayref="y", showarrow=True,
                              arrowhead=2, arrowsize=1.2, arrowwidth=1.5, arrowcolor=_EDGE_COLOURS[kind], text="")
    if edges:
        figure.add_trace(go.Scatter(
            x=xs, y=ys, mode="lines", hovertext=texts, hoverinfo="text", name=KINDS[kind],
            line={"color": _EDGE_COLOURS[kind], "width": 1.5, "dash": "solid" if kind == "direct" else "dot"}))


def _draw_ports(figure: go.Figure, info: FloorplanInfo) -> None:
    """Between the row of PLIOs and the lowest tile they reach: in on the left of it, out on the right."""
    bottom = _memory_y(info, 0) - 0.7
    for port in info.ports:
        beside = 0.3 if port.into else 0.7
        begin, end = (port.foot + beside, bottom), (port.column + beside, port.row + 0.1)
        if not port.into:
            begin, end = end, begin
        figure.add_annotation(x=end[0], y=end[1], ax=begin[0], ay=begin[1], xref="x", yref="y", axref="x", ayref="y",
                              showarrow=True, arrowhead=2, arrowsize=1.2, arrowwidth=1.5,
                              arrowcolor=_EDGE_COLOURS["direct"], text="")
        figure.add_trace(go.Scatter(
            x=[begin[0], end[0]], y=[begin[1], end[1]], mode="lines", hovertext=[port.text] * 2, hoverinfo="text",
            showlegend=False, name="PLIOs of tiles", line={"color": _EDGE_COLOURS["direct"], "width": 1.5}))


def _path(info: FloorplanInfo, edge: EdgeInfo) -> list[tuple[float, float]]:
    """Corners of the line that stands for an edge."""
    a, b = info.blocks[edge.producer], info.blocks[edge.consumer]
    if edge.kind == "direct":
        return [(a.column + a.width - 0.15, a.row + a.height / 2), (b.column + 0.15, b.row + b.height / 2)]
    column, row = edge.via[0]
    middle = (column + 0.5, _memory_y(info, row) + 0.85)
    return [(a.column + a.width - 0.25, a.row + 0.15), middle, (b.column + 0.25, b.row + 0.15)]


def _box(x: float, y: float, width: int, height: int, *, line: str, fill: str | None = None,
         opacity: float = 1.0) -> dict[str, object]:
    return {"type": "rect", "x0": x, "x1": x + width, "y0": y, "y1": y + height, "line": {"width": 1, "color": line},
            "fillcolor": fill or "rgba(0,0,0,0)", "opacity": opacity, "layer": "below"}
