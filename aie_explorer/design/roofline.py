"""The roofline of a design: ceilings of the machine, and every layer as a point below them.

The abscissa is multiply-accumulates per byte that crosses a boundary, the ordinate multiply-accumulates a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aie_explorer.cycles.operands import Operands, operands_of, peak_of, type_bytes
from aie_explorer.design.design import Design
from aie_explorer.devices import Device
from aie_explorer.ir import storage_bytes
from aie_explorer.search.figures import direct_edges
from aie_explorer.search.filled import filled_by, rows_of_sides
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import straight_in, straight_out


@dataclass(frozen=True)
class Ceiling:
    """A limit of the machine.

    Attributes:
        name: such as "int8 x int8 multiply-accumulates" or "tile loads".
        scope: "tile" or "array": what the ordinate counts.
        macs_per_cycle: the height of a flat ceiling; None for a slope.
        bytes_per_cycle: the slope of a bandwidth; None for a flat ceiling.
    """

    name: str
    scope: str
    macs_per_cycle: float | None = None
    bytes_per_cycle: float | None = None

    def at(self, macs_per_byte: float) -> float:
        """Multiply-accumulates a cycle that it allows at an intensity."""
        if self.macs_per_cycle is not None:
            return self.macs_per_cycle
        assert self.bytes_per_cycle is not None
        return self.bytes_per_cycle * macs_per_byte


@dataclass(frozen=True)
class Point:
    """A layer below the ceilings of one boundary.

    Attributes:
        layer: its name.
        boundary: the name of the ceiling whose bytes the intensity counts.
        scope: "tile" or "array".
        macs_per_byte: useful multiply-accumulates per byte that crosses the boundary.
        macs_per_cycle: achieved.
    """

    layer: str
    boundary: str
    scope: str
    macs_per_byte: float
    macs_per_cycle: float


@dataclass(frozen=True)
class Roofline:
    """Ceilings and points, for a drawing or a table.

    Attributes:
        layers: of the design, in order, those without a point included.
    """

    layers: tuple[str, ...]
    ceilings: tuple[Ceiling, ...]
    points: tuple[Point, ...]


def ceilings(device: Device, operands: Operands, plios: int) -> tuple[Ceiling, ...]:
    """The limits of a tile and of the array for a pair of types.

    Args:
        device: with its clocks and PLIO width.
        operands: types of the layers.
        plios: that the design uses, inputs and outputs.
    """
    generation = device.generation
    name = f"{operands.a} x {operands.weights}"
    peak = peak_of(operands, device)
    dma = generation.dma
    found = [
        Ceiling(f"{name} multiply-accumulates", "tile", macs_per_cycle=peak),
        Ceiling("tile loads", "tile", bytes_per_cycle=generation.load_ports * generation.load_bytes_per_port),
        Ceiling("tile streams", "tile",
                bytes_per_cycle=(dma.channels_in + dma.channels_out) * dma.bytes_per_cycle),
        Ceiling(f"{name} multiply-accumulates", "array", macs_per_cycle=peak * device.tiles),
        Ceiling("PLIO", "array", bytes_per_cycle=plios * device.plio_bytes_per_cycle),
    ]
    tile = generation.memory_tile
    if tile is not None and device.geometry is not None:
        found.append(Ceiling("memory tiles", "array", bytes_per_cycle=device.memory_tiles * tile.dma.bytes_per_cycle * (
            tile.dma.channels_in + tile.dma.channels_out)))
    return tuple(found)


def roofline(design: Design) -> Roofline:
    """The roofline of a design; a layer achieves its useful multiply-accumulates over the interval of the design.

    A tile's points count one tile: over the bytes it loads (operands as often as the register blocks load them) and
    over those of its streams. The array's points count the layer, in all copies: over the bytes that it takes out of
    memory tiles and puts into them, and those of the PLIOs of the network's inputs and outputs. A layer that nothing
    crosses a boundary for has no point there, nor has one without useful multiply-accumulates, such as a copy.
    """
    space, estimate = design.space, design.estimate()
    limits: dict[Ceiling, None] = {}
    points: list[Point] = []
    plio, staged = _plio_bytes(space), _memory_tile_bytes(space)
    for i, layer in enumerate(space.layers):
        row, operands = layer.table[0], operands_of(layer.work)
        limits |= dict.fromkeys(ceilings(design.device, operands, estimate.plio_in + estimate.plio_out))
        macs, tiles = layer.work.macs, int(row["tiles"])
        if macs == 0:
            continue
        share = macs / estimate.interval_cycles
        for boundary, size in (("tile loads", _loaded(row, operands)),
                               ("tile streams", int(row["in_bytes"]) + int(row["out_bytes"]))):
            points.append(Point(layer.name, boundary, "tile", macs / tiles / size, share / tiles))
        points += [Point(layer.name, boundary, "array", macs / size, share * design.copies)
                   for boundary, size in (("memory tiles", staged[i]), ("PLIO", plio[i])) if size]
    return Roofline(tuple(layer.name for layer in space.layers), tuple(limits), tuple(points))


def _loaded(row: np.void, operands: Operands) -> int:
    """Bytes that a tile's register blocks load in a call."""
    M, N, rows, k, n = (int(row[name]) for name in ("M", "N", "rows", "k", "n"))
    block_rows, block_columns = int(row["block_rows"]), int(row["block_columns"])
    blocks = rows // (block_rows * M) * (n // (block_columns * N))
    return blocks * k * (block_rows * M * type_bytes(operands.a) + block_columns * N * type_bytes(operands.weights))


def _memory_tile_bytes(space: DesignSpace) -> list[int]:
    """Bytes that each layer's tiles take out of memory tiles and put into them in a call."""
    rows = [layer.table[:1] for layer in space.layers]
    taken, put = [], []
    for i, row in enumerate(rows):
        slices = int(row["cas_length"][0]) * (int(row["cas_num"][0]) if row["split"][0] == ROWS else 1)
        taken.append(0 if i in space.input_layers and straight_in(row)[0] else slices * int(row["in_bytes"][0]))
        leaves = space.output_layers.count(i) * (not straight_out(row)[0])
        readers = leaves + sum(edge.producers.count(i) for edge in space.edges)
        put.append(readers * int(row["cas_num"][0]) * int(row["out_bytes"][0]))
    for producer, consumer, direct in direct_edges(space, np.zeros((1, len(rows)), np.intp)):
        if direct[0]:
            taken[consumer] = 0
            put[producer] -= int(rows[producer]["cas_num"][0]) * int(rows[producer]["out_bytes"][0])
    return [a + b for a, b in zip(taken, put, strict=True)]


def _plio_bytes(space: DesignSpace) -> list[float]:
    """Bytes that the PLIOs of each layer carry in a call."""
    rate = space.device.plio_bytes_per_cycle
    found = [0.0] * len(space.layers)
    for i, layer in enumerate(space.layers):
        work, cycles = layer.work, layer.cycles[0]
        if i in space.input_layers:
            producer = filled_by(space, i)
            rows = work.rows if producer is None else int(rows_of_sides(space, producer)[0])
            found[i] = (float(cycles["plio_in"] * cycles["plio_in_cycles"]) * rate if work.network_inputs is None else
                        rows * sum(work.network_inputs) * storage_bytes(work.input.storage))  # a PLIO for each input
        found[i] += space.output_layers.count(i) * float(cycles["plio_out"] * cycles["plio_out_cycles"]) * rate
    return found
