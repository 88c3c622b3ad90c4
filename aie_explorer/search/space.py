"""The design space of a network on a device: the options of every layer, costed, and how layers may be joined."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import CYCLES, cost_layer
from aie_explorer.devices import Device
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.ir import Network
from aie_explorer.space import Table, Work, layer_options, work_of
from aie_explorer.space.handover import edge_legal, reader_key, writer_key

Figures = npt.NDArray[np.void]
"""Structured array with the fields of CYCLES."""


@dataclass(frozen=True, eq=False)
class LayerSpace:
    """The legal options of one layer with their predicted cycles.

    Attributes:
        name: the layer.
        work: its sizes and types.
        table: options (fields of `space.OPTION`).
        cycles: predicted cycles (fields of `cycles.CYCLES`), row by row with `table`.
        ideal_tile_cycles: tile-cycles of its useful multiply-accumulates at the architectural peak.
    """

    name: str
    work: Work
    table: Table
    cycles: Figures
    ideal_tile_cycles: float

    @cached_property
    def writers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        """Unique producer sides of an edge, and which one each option has."""
        unique, inverse = np.unique(writer_key(self.table), axis=0, return_inverse=True)
        return unique, inverse.ravel()

    @cached_property
    def readers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        """Unique consumer sides of an edge, and which one each option has."""
        unique, inverse = np.unique(reader_key(self.table), axis=0, return_inverse=True)
        return unique, inverse.ravel()


@dataclass(frozen=True, eq=False)
class DesignSpace:
    """Every design of a chain of layers: one option a layer, neighbours joined through memory tiles."""

    network: Network
    device: Device
    layers: tuple[LayerSpace, ...]

    @cached_property
    def edges(self) -> tuple[npt.NDArray[np.bool_], ...]:
        """For each pair of neighbours, [unique writers, unique readers] whether they can be joined."""
        return tuple(_edge_legal(_key(a.writers[0]), _key(b.readers[0]))
                     for a, b in zip(self.layers, self.layers[1:], strict=False))

    @property
    def size(self) -> int:
        """Number of combinations of options, joinable or not."""
        product = 1
        for layer in self.layers:
            product *= len(layer.table)
        return product

    def layer(self, name: str) -> LayerSpace:
        """One layer by name.

        Raises:
            DesignError: when there is none of that name.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise DesignError(f"the network has no layer {name!r}",
                          remedy=f"Its layers are: {', '.join(layer.name for layer in self.layers)}")


def with_plio_limits(space: DesignSpace, most_in: float | None, most_out: float | None) -> DesignSpace:
    """The designs that need no more input and output PLIOs; a front does not have PLIOs as an objective.

    Raises:
        DesignError: when there are none.
    """
    layers = list(space.layers)
    for index, field, most in ((0, "plio_in", most_in), (-1, "plio_out", most_out)):
        if most is None:
            continue
        kept = layers[index].cycles[field] <= most
        if not kept.any():
            raise DesignError(f"no design has {field} of at most {most:g}", where=f"max_{field}",
                              remedy=f"The least is {layers[index].cycles[field].min()}")
        layers[index] = replace(layers[index], table=layers[index].table[kept], cycles=layers[index].cycles[kept])
    return replace(space, layers=tuple(layers))


def _key(rows: npt.NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, rows.tolist()))


@lru_cache(maxsize=256)
def _edge_legal(writers: tuple[tuple[int, ...], ...], readers: tuple[tuple[int, ...], ...]) -> npt.NDArray[np.bool_]:
    return edge_legal(np.array(writers), np.array(readers))


@lru_cache(maxsize=1024)
def _costed(work: Work, device: Device) -> tuple[Table, Figures, float]:
    table = layer_options(work, device)
    model = cost_layer(table, work, device)
    model.cycles.flags.writeable = False
    return table, model.cycles, model.ideal_tile_cycles


def design_space(network: Network, device: Device) -> DesignSpace:
    """Enumerate and cost the options of every layer of a lowered network.

    Raises:
        DesignError: when a layer has no legal option, or the layers together need more tiles than there are.
    """
    if device.generation.memory_tile is None:
        raise DesignError(f"{device.generation.name} has no memory tiles, through which layers are joined",
                          where=device.name, remedy="Choose an AIE-ML or AIE-MLv2 device such as vek280")
    layers = []
    for op in network.layers:
        work = work_of(network, op)
        try:
            table, cycles, ideal = _costed(work, device)
        except AieExplorerError as error:
            raise DesignError(error.problem, where=op.name, rule=error.rule, remedy=error.remedy) from None
        layers.append(LayerSpace(op.name, work, table, cycles, ideal))
    if not layers:
        raise DesignError("the network has no Dense layer, so there is nothing to place on the array",
                          where=network.name)
    fewest = [int(layer.table["tiles"].min()) for layer in layers]
    if sum(fewest) > device.tiles:
        worst = int(np.argmax(fewest))
        raise DesignError(f"the layers need at least {sum(fewest)} tiles and {device.name} has {device.tiles}; "
                          f"{layers[worst].name} alone needs {fewest[worst]}",
                          where=network.name, remedy="Use a larger device, a smaller batch or narrower types")
    return DesignSpace(network, device, tuple(layers))


__all__ = ["CYCLES", "DesignSpace", "Figures", "LayerSpace", "design_space"]
