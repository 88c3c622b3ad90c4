"""The estimate of a design given by its neutral description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aie_explorer.cycles.constants import Constants
from aie_explorer.cycles.factors import gap_factors
from aie_explorer.cycles.model import LayerModel, cost_layer, limiting_resource
from aie_explorer.cycles.network import Edge, network_cycles
from aie_explorer.cycles.operands import peak_of, shapes_of, type_bytes
from aie_explorer.cycles.relief import relief
from aie_explorer.cycles.spec import GRAPH_INPUT, LayerSpec, NetworkSpec
from aie_explorer.cycles.validity import VALIDITY
from aie_explorer.devices import Device
from aie_explorer.errors import DesignError, nearest
from aie_explorer.ir import FixedPoint
from aie_explorer.space import FEATURES, PORTS, SPLITS, TWO_BY_TWO, Table, Work, refusals, shape_name
from aie_explorer.space.handover import joinable, reader_key, writer_key
from aie_explorer.space.options import cut


@dataclass(frozen=True)
class LayerFigures:
    """Predicted figures of one layer; cycles of the array clock, of one batch.

    Attributes:
        name: the layer.
        tiles: it occupies.
        kernel_cycles: one call of its slowest tile.
        dma_in_cycles, dma_out_cycles: one buffer of a tile.
        cascade_cycles: latency its cascade adds.
        interval_cycles, latency_cycles: of the layer alone.
        limit: the resource that sets its interval.
        validity: how far from what was measured.
        efficiency: its useful multiply-accumulates over interval of the design x tiles x peak.
        factors: of the gap to the peak; 1 / efficiency is their product.
    """

    name: str
    tiles: int
    kernel_cycles: float
    dma_in_cycles: float
    dma_out_cycles: float
    cascade_cycles: float
    interval_cycles: float
    latency_cycles: float
    limit: str
    validity: str
    efficiency: float
    factors: dict[str, float]


@dataclass(frozen=True)
class SpecEstimate:
    """Predicted figures of a design.

    Attributes:
        interval_cycles: between two batches in the steady state.
        latency_first_out_cycles, latency_last_out_cycles: from the first input beat to the first and last output beat.
        interval_ns, latency_first_out_ns, latency_last_out_ns: the same.
        tiles: used.
        efficiency: useful multiply-accumulates over interval x tiles x peak.
        bottleneck: the resource that sets the interval.
        explanation: it and what would relieve it, in a sentence.
        error_pct: the larger of what interval and latency may be off by.
        interval_error_pct, latency_error_pct: each.
        validity: "calibrated", "interpolated", "extrapolated" or "uncalibrated".
        warnings: why the design could not be built, if so.
        layers: the same layer by layer.
    """

    interval_cycles: float
    latency_first_out_cycles: float
    latency_last_out_cycles: float
    interval_ns: float
    latency_first_out_ns: float
    latency_last_out_ns: float
    tiles: int
    efficiency: float
    bottleneck: str
    explanation: str
    error_pct: float
    interval_error_pct: float
    latency_error_pct: float
    validity: str
    warnings: tuple[str, ...]
    layers: tuple[LayerFigures, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {**vars(self), "warnings": list(self.warnings), "layers": [dict(vars(layer)) for layer in self.layers]}


def layer_work(layer: LayerSpec, batch: int) -> Work:
    """The layer as the design space sees it; of floats only the widths count there."""
    def stored(name: str) -> FixedPoint:
        return FixedPoint(8 * type_bytes(name), 0, not name.startswith("u"))

    operands = layer.operands
    return Work(batch, layer.k, layer.n, stored(operands.a), stored(operands.weights), stored(operands.out), 24)


def layer_table(layer: LayerSpec, batch: int, device: Device) -> Table:
    """The table of one option that the layer's cut stands for; whether it can be built is not asked.

    Raises:
        DesignError: when aie::mmul has no such microtile.
        DeviceError: when the matrix unit has no mode for the types.
    """
    shapes = {shape.shape: shape for shape in shapes_of(layer.operands, device)}
    choice = layer.choice
    tile = shapes.get(choice.microtile)
    if tile is None:
        names = [shape_name(shape) for shape in shapes]
        raise DesignError(f"aie::mmul has no {shape_name(choice.microtile)} for {layer.operands.a} x "
                          f"{layer.operands.weights} on {device.generation.name}", where=f"{layer.name}.microtile",
                          remedy=f"Close ones are: {nearest(shape_name(choice.microtile), names)}")
    columns = np.array([[tile.M, tile.K, tile.N, tile.issues, tile.accumulator_bits]], np.int64)
    length, num, split = (np.array([value]) for value in (choice.cas_length, choice.cas_num,
                                                          SPLITS.index(choice.split)))
    row = cut(layer_work(layer, batch), columns, length, num, split, np.array([choice.blocking]),
              drop_idle=False)
    row["ports"] = PORTS.index(choice.ports)
    bits = int(choice.blocking.rows * choice.blocking.columns * row["M"][0] * row["N"][0] * row["acc_bits"][0])
    most = device.generation.accumulator_registers * device.generation.accumulator_register_bits
    if choice.blocking != TWO_BY_TWO and bits > most:
        raise DesignError(f"a block of {shape_name(choice.blocking)} microtiles needs {bits} bits of accumulators and "
                          f"{device.generation.name} has {most}", where=f"{layer.name}.blocking", rule="UG1603",
                          remedy="Use a smaller blocking or microtile")
    return row


def estimate_spec(spec: NetworkSpec, constants: Constants | None = None) -> SpecEstimate:
    """Predict a design.

    Raises:
        DesignError, DeviceError: as `layer_table`.
    """
    tables = [layer_table(layer, spec.batch, spec.device) for layer in spec.layers]
    works = [layer_work(layer, spec.batch) for layer in spec.layers]
    models = [cost_layer(table, work, spec.device, constants, layer.operands)
              for table, work, layer in zip(tables, works, spec.layers, strict=True)]
    direct = [np.array([_direct(spec, tables, edge)]) for edge in spec.edges]
    whole = network_cycles([layer.name for layer in spec.layers], [model.cycles for model in models], spec.edges,
                           direct, constants)
    interval, first, last = (float(column[0]) for column in (whole.interval, whole.first_out, whole.last_out))
    tiles = sum(layer.choice.tiles for layer in spec.layers)
    ns = 1e3 / spec.device.clock_mhz
    slowest = max(float(model.cycles["interval_cycles"][0]) for model in models)
    layers = tuple(_layer(spec, layer, table[0], model.cycles[0], slowest, interval)
                   for layer, table, model in zip(spec.layers, tables, models, strict=True))
    errors = float(whole.interval_error_pct[0]), float(whole.latency_error_pct[0])
    bottleneck = whole.bottlenecks[int(whole.bottleneck[0])]
    return SpecEstimate(
        interval, first, last, interval * ns, first * ns, last * ns, tiles,
        sum(model.ideal_tile_cycles for model in models) / (interval * tiles), bottleneck,
        relief(bottleneck, interval, _fixed_cycles(bottleneck, spec, models)), max(errors), *errors,
        VALIDITY[int(whole.validity[0])], _warnings(spec, tables, works), layers)


def _fixed_cycles(bottleneck: str, spec: NetworkSpec, models: list[LayerModel]) -> float:
    """Of the layer whose kernel limits: call and wrapper."""
    return next((float(model.cycles["tile_cycles"][0] - model.cycles["block_cycles"][0])
                 for layer, model in zip(spec.layers, models, strict=True)
                 if bottleneck == f"{layer.name} kernel"), 0.0)


def _layer(spec: NetworkSpec, layer: LayerSpec, row: np.void, cycles: np.void, slowest: float,
           interval: float) -> LayerFigures:
    peak, tiles = peak_of(layer.operands, spec.device), int(row["tiles"])
    ideal = spec.batch * layer.k * layer.n / (tiles * peak)
    padded = int(row["rows"]) * int(row["k"]) * int(row["n"]) / peak
    kernel, fill, drain, cascade, own_interval, latency = (float(cycles[name]) for name in (
        "kernel_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_cycles", "interval_cycles", "latency_cycles"))
    return LayerFigures(layer.name, tiles, kernel, fill, drain, cascade, own_interval, latency,
                        limiting_resource(cycles), VALIDITY[int(cycles["validity"])], ideal / interval,
                        gap_factors(cycles, ideal, padded, slowest, interval))


def _direct(spec: NetworkSpec, tables: list[Table], edge: tuple[int, int]) -> bool:
    """Whether each tile that ends a cascade can hand its slice to the tiles that read just that slice."""
    if spec.device.generation.memory_tile is None:
        return True  # there is no other way
    if not spec.direct or sum(edge[0] == producer for producer, _ in spec.edges) > 1:
        return False
    if len(set(spec.layers[edge[1]].inputs)) > 1 or GRAPH_INPUT in spec.layers[edge[1]].inputs:
        return False
    return _same_slices(tables[edge[0]][0], tables[edge[1]][0])


def _same_slices(writes: np.void, reads: np.void) -> bool:
    """Whether every slice of the reduction is the output of one cascade."""
    same = writes["cas_num"] == reads["cas_length"] and (writes["n"] == reads["k"] or writes["cas_num"] == 1)
    return bool(same and writes["split"] == FEATURES and (reads["split"] == FEATURES or reads["cas_num"] == 1))


def _warnings(spec: NetworkSpec, tables: list[Table], works: list[Work]) -> tuple[str, ...]:
    """What stands against building the design; the estimate is of its cycles alone."""
    found = [f"{layer.name}: {refusal}" for layer, table, work in zip(spec.layers, tables, works, strict=True)
             for refusal in refusals(table, work, spec.device) if refusal.rule.id != "exact_int32"]
    for layer, table in zip(spec.layers, tables, strict=True):
        if _idle(table[0], layer, spec.batch):
            found.append(f"{layer.name}: some tiles have no work")
        found += _beyond_the_array(layer, spec.device)
    for producer, consumer in spec.edges:
        found += _joint_warnings(spec, tables, works, (producer, consumer))
    tiles = sum(layer.choice.tiles for layer in spec.layers)
    if tiles > spec.device.tiles:
        found.append(f"{tiles} tiles are used and {spec.device.name} has {spec.device.tiles}")
    return tuple(found)


def _beyond_the_array(layer: LayerSpec, device: Device) -> list[str]:
    """A cascade runs along a row of tiles, and those of a layer are stacked; wider layers must be placed as several."""
    if not device.has_geometry:
        return []
    sides = (("cas_length", layer.choice.cas_length, device.columns, "columns"),
             ("cas_num", layer.choice.cas_num, device.rows, "rows"))
    return [f"{layer.name}: {key} is {value}, and {device.name} has {most} {what}"
            for key, value, most, what in sides if value > most]


def _joint_warnings(spec: NetworkSpec, tables: list[Table], works: list[Work], edge: Edge) -> list[str]:
    """What stands against joining two layers, the consumer's other inputs left aside."""
    producer, consumer = edge
    writes, reads = spec.layers[producer], spec.layers[consumer]
    joint, found = f"{writes.name} to {reads.name}", []
    if len(reads.inputs) == 1 and writes.n != reads.k:
        found.append(f"{joint}: {writes.n} values a sample are made and {reads.k} are read; what stands between is not "
                     "estimated")
    if spec.device.generation.memory_tile is None:
        if not _same_slices(tables[producer][0], tables[consumer][0]):
            found.append(f"{joint}: {spec.device.generation.name} has no memory tiles, and the slices are not the same")
        return found
    (writer,) = writer_key(tables[producer], works[producer]).tolist()
    (reader,) = reader_key(tables[consumer]).tolist()
    if not joinable((tuple(writer),), (writes.n,), tuple(reader)):
        found.append(f"{joint}: a memory tile has six ports each way, and no boundary of the slices coincides")
    return found


def _idle(row: np.void, layer: LayerSpec, batch: int) -> bool:
    total, part = (batch, row["rows"]) if layer.choice.split == "rows" else (layer.n, row["n"])
    return bool((row["cas_length"] - 1) * row["k"] >= layer.k or (row["cas_num"] - 1) * part >= total)
