"""Predict every measurement at once, fast enough to fit constants by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import movement
from aie_explorer.cycles.calibration.rows import Measurement
from aie_explorer.cycles.constants import Constants
from aie_explorer.cycles.estimate import layer_table, layer_work
from aie_explorer.cycles.model import CYCLES, cost_ends, cost_tiles
from aie_explorer.cycles.network import network_cycles
from aie_explorer.cycles.operands import Operands
from aie_explorer.devices import Device
from aie_explorer.space import Table

COPY_BYTES_PER_CYCLE = 32  # of a copy kernel: one 256-bit store a cycle


@dataclass(frozen=True, eq=False)
class Prepared:
    """Rows with what of them does not depend on the constants.

    Attributes:
        rows: the measurements.
        tables: options of layers that share operands and device, with these.
        ports: for each of the tables, figures of the ports.
        layers: for each row the layers, as (table, option) indices.
    """

    rows: tuple[Measurement, ...]
    tables: tuple[tuple[Table, Operands, Device], ...]
    ports: tuple[npt.NDArray[np.void], ...]
    layers: tuple[tuple[tuple[int, int], ...], ...]


def prepare(rows: Sequence[Measurement]) -> Prepared:
    """Cut the layers of all rows and gather those that can be costed together."""
    keys: dict[tuple[Operands, Device], int] = {}
    parts: list[list[tuple[Table, npt.NDArray[np.void]]]] = []
    layers = []
    for row in rows:
        places = []
        for layer in row.spec.layers:
            table, out = layer_table(layer, row.spec.batch, row.spec.device), np.zeros(1, CYCLES)
            times = movement.port_times(table, layer_work(layer, row.spec.batch), row.spec.device)
            out["plio_in_cycles"], out["plio_out_cycles"] = times.busy_in, times.busy_out
            group = keys.setdefault((layer.operands, row.spec.device), len(parts))
            if group == len(parts):
                parts.append([])
            places.append((group, len(parts[group])))
            parts[group].append((table, out))
        layers.append(tuple(places))
    tables = tuple((np.concatenate([table for table, _ in part]), *key)
                   for part, key in zip(parts, keys, strict=True))
    return Prepared(tuple(rows), tables, tuple(np.concatenate([out for _, out in part]) for part in parts),
                    tuple(layers))


def predict(prepared: Prepared, constants: Constants) -> npt.NDArray[np.float64]:
    """Cycles of every row, as it was measured."""
    figures = []
    for (table, operands, device), ports in zip(prepared.tables, prepared.ports, strict=True):
        out = ports.copy()
        cost_tiles(out, table, operands, device, constants)
        cost_ends(out, movement.straight_ports(table, device), device, constants)
        figures.append(out)
    found = [_row(row, [figures[group][place:place + 1] for group, place in places], constants)
             for row, places in zip(prepared.rows, prepared.layers, strict=True)]
    return np.array(found)


def _row(row: Measurement, layers: list[npt.NDArray[np.void]], constants: Constants) -> float:
    if row.kind == "kernel":
        return float(layers[0]["kernel_cycles"][0])
    if row.kind == "lag":
        return sum(float(layer["latency_cycles"][0]) for layer in layers) + _copy(row, constants)
    whole = network_cycles([layer.name for layer in row.spec.layers], layers, row.spec.edges, constants=constants)
    return float((whole.interval if row.kind == "interval" else whole.first_out)[0])


def _copy(row: Measurement, constants: Constants) -> float:
    """The latency of a copy kernel between two memory tiles."""
    rate = row.spec.device.generation.dma.bytes_per_cycle
    read, written, port = row.copy_bytes
    return ((read + port) / rate + written / COPY_BYTES_PER_CYCLE + constants.call_cycles
            + movement.hand_over(constants))
