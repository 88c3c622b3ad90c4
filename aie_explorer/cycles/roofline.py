"""The roofline of a design: ceilings of the machine, and every layer as a point below them.

The abscissa is multiply-accumulates per byte that crosses a boundary, the ordinate multiply-accumulates a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aie_explorer.cycles.estimate import estimate_spec, layer_table, layer_work
from aie_explorer.cycles.movement import port_times
from aie_explorer.cycles.operands import Operands, peak_of, type_bytes
from aie_explorer.cycles.spec import LayerSpec, NetworkSpec
from aie_explorer.devices import Device
from aie_explorer.space import ROWS


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
    """Ceilings and points, for a drawing or a table."""

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
    if tile is not None and device.geometry is not None and device.geometry.memory_tile_rows:
        count = device.geometry.memory_tile_rows * device.geometry.columns
        found.append(Ceiling("memory tiles", "array", bytes_per_cycle=count * tile.dma.bytes_per_cycle * (
            tile.dma.channels_in + tile.dma.channels_out)))
    return tuple(found)


def roofline(spec: NetworkSpec) -> Roofline:
    """The roofline of a design; a layer achieves its useful multiply-accumulates over the interval of the design.

    A tile's points count one tile: over the bytes it loads (operands as often as the register blocks load them) and
    over those of its streams. The array's points count the layer: over the bytes of its memory-tile ports and those of
    the PLIOs for layers that read the graph's input or write its output.
    """
    interval = estimate_spec(spec).interval_cycles
    tables = [layer_table(layer, spec.batch, spec.device)[0] for layer in spec.layers]
    crossing = [_plio_bytes(spec, i) for i in range(len(spec.layers))]
    ports = sum(count for count, _ in crossing)
    points: list[Point] = []
    limits: dict[Ceiling, None] = {}
    for layer, row, (_, plio) in zip(spec.layers, tables, crossing, strict=True):
        macs = spec.batch * layer.k * layer.n
        share, tiles = macs / interval, int(row["tiles"])
        for boundary, size in (("tile loads", _loaded(row, layer)),
                               ("tile streams", int(row["in_bytes"]) + int(row["out_bytes"]))):
            points.append(Point(layer.name, boundary, "tile", macs / tiles / size, share / tiles))
        points.append(Point(layer.name, "memory tiles", "array", macs / _through_memory_tiles(row), share))
        if plio:
            points.append(Point(layer.name, "PLIO", "array", macs / plio, share))
        limits |= dict.fromkeys(ceilings(spec.device, layer.operands, ports))
    return Roofline(tuple(limits), tuple(points))


def _loaded(row: np.void, layer: LayerSpec) -> int:
    """Bytes that a tile's register blocks load in a call."""
    M, N, rows, k, n = (int(row[name]) for name in ("M", "N", "rows", "k", "n"))
    block = layer.choice.blocking
    blocks = rows // (block.rows * M) * (n // (block.columns * N))
    return blocks * k * (block.rows * M * type_bytes(layer.operands.a)
                         + block.columns * N * type_bytes(layer.operands.weights))


def _through_memory_tiles(row: np.void) -> int:
    """Bytes that a layer's ports move out of and into memory tiles in a call."""
    readers = int(row["cas_length"]) * (int(row["cas_num"]) if row["split"] == ROWS else 1)
    return readers * int(row["in_bytes"]) + int(row["cas_num"]) * int(row["out_bytes"])


def _plio_bytes(spec: NetworkSpec, index: int) -> tuple[int, float]:
    """PLIOs of a layer that reads the graph's input or writes its output, and the bytes that they move."""
    layer, rate = spec.layers[index], spec.device.plio_bytes_per_cycle
    times = port_times(layer_table(layer, spec.batch, spec.device), layer_work(layer, spec.batch), spec.device)
    ports, moved = 0, 0.0
    for end, count, busy in ((1, times.ports_in[0], times.busy_in[0]), (0, times.ports_out[0], times.busy_out[0])):
        if all(edge[end] != index for edge in spec.edges):
            ports, moved = ports + int(count), moved + float(count * busy * rate)
    return ports, moved
