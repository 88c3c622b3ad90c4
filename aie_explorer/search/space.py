"""The design space of a network on a device: the options of every layer, costed, and how layers may be joined."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles import CYCLES, cost_layer
from aie_explorer.devices import Device
from aie_explorer.devices.hardware import Dma
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.ir import Dense, Network, storage_bytes
from aie_explorer.space import INTO, OUT_OF, Table, Work, layer_options, work_of
from aie_explorer.space.direct import DIRECT, made_layout, read_layout, retiled
from aie_explorer.space.handover import NETWORK_INPUT, joinable, reader_key, writer_key

Figures = npt.NDArray[np.void]
"""Structured array with the fields of CYCLES."""


Sides = tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]
"""The distinct sides of an edge, one a row, and which one each option has."""


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

    def named(self, name: str) -> LayerSpace:
        """The same options of a layer of another name; what is found of them once is found for both."""
        self.writers, self.readers  # noqa: B018
        other = copy.copy(self)
        object.__setattr__(other, "name", name)
        return other

    @cached_property
    def writers(self) -> Sides:
        """Producer sides of an edge: those of `writer_key`, the layout, and whether it must be direct."""
        table = self.table
        return _sides([*writer_key(table, self.work).T, made_layout(table), table["route"] == DIRECT])

    @cached_property
    def readers(self) -> Sides:
        """Consumer sides of an edge: those of `reader_key`, and the layout."""
        return _sides([*reader_key(self.table).T, read_layout(self.table)])


@dataclass(frozen=True, eq=False)
class Edge:
    """What feeds a layer, where that is other layers.

    Attributes:
        producers: the layers it reads, in the order of its inputs, inputs of the network left out.
        consumer: the layer.
        legal: [unique writers of each producer..., unique readers] whether they can be joined.
        direct: the same, whether from tile to tile; never where several tensors are read.
    """

    producers: tuple[int, ...]
    consumer: int
    legal: npt.NDArray[np.bool_]
    direct: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DesignSpace:
    """Every design of a network: one option a layer, layers joined directly or through memory tiles.

    Attributes:
        network: lowered.
        device: where it runs.
        layers: in the network's order.
    """

    network: Network
    device: Device
    layers: tuple[LayerSpace, ...]

    @cached_property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """For each layer what it reads: the index of a layer, or -1 - i for input i of the network."""
        made = {name: -1 - i for i, name in enumerate(self.network.inputs)}
        made |= {op.output: i for i, op in enumerate(self.network.layers)}
        return tuple(tuple(made[name] for name in op.inputs) for op in self.network.layers)

    @cached_property
    def output_layers(self) -> tuple[int, ...]:
        """The layers whose results leave the network, in the order of its outputs."""
        made = {op.output: i for i, op in enumerate(self.network.layers)}
        return tuple(made[name] for name in self.network.outputs)

    @cached_property
    def input_layers(self) -> tuple[int, ...]:
        """The layers that read an input of the network."""
        return tuple(i for i, sources in enumerate(self.sources) if min(sources) < 0)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """How layers feed layers."""
        return tuple(self._edge(i) for i, sources in enumerate(self.sources) if max(sources) >= 0)

    def _edge(self, consumer: int) -> Edge:
        sources = self.sources[consumer]
        producers = tuple(source for source in sources if source >= 0)
        widths = tuple(self.network.tensors[name].shape[0] for name in self.network.layers[consumer].inputs)
        keys = tuple(self.layers[source].writers[0].tobytes() if source >= 0 else None for source in sources)
        reader = self.layers[consumer]
        return Edge(producers, consumer, *_legal(keys, widths, reader.readers[0].tobytes(), self.device.generation.dma,
                                                 storage_bytes(reader.work.input.storage)))

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


def _sides(columns: list[npt.NDArray[Any]]) -> Sides:
    """The distinct rows of some columns, and which one each row is."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:  # side by side in one number, each by its place among the values that occur
        values, place = np.unique(column, return_inverse=True)
        code = code * len(values) + place.ravel()
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return np.stack([column[first].astype(np.int64) for column in columns], axis=1), inverse.ravel()


@lru_cache(maxsize=256)
def _legal(writers: tuple[bytes | None, ...], widths: tuple[int, ...], readers: bytes, dma: Dma, element_bytes: int
           ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """`Edge.legal` and `Edge.direct` from the sides of the producers (None for an input of the network) and of the
    consumer."""
    made = [None if sides is None else np.frombuffer(sides, np.int64).reshape(-1, 6) for sides in writers]
    read = np.frombuffer(readers, np.int64).reshape(-1, 4)
    legal = _through_memory_tiles([None if sides is None else sides[:, :4] for sides in made], widths, read[:, :3])
    direct = np.zeros_like(legal)
    if len(made) == 1 and made[0] is not None:
        direct = (made[0][:, 4, None] == read[None, :, 3]) | retiled(made[0][:, 4], read[:, 3], dma, element_bytes)
    for axis, sides in enumerate(sides for sides in made if sides is not None):
        must_be = sides[:, 5].astype(bool)
        legal[(slice(None),) * axis + (must_be,)] = False
    legal |= direct
    legal.flags.writeable = direct.flags.writeable = False
    return legal, direct


def _through_memory_tiles(writers: list[npt.NDArray[np.int64] | None], widths: tuple[int, ...],
                          readers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """[sides of each producer..., sides of the consumer] whether memory tiles can join them."""
    keys, places = [], []
    for sides in [*(sides for sides in writers if sides is not None), readers]:
        unique, inverse = np.unique(sides, axis=0, return_inverse=True)
        keys.append([tuple(key) for key in unique.tolist()])
        places.append(inverse.ravel())
    legal = np.empty(tuple(map(len, keys)), np.bool_)
    known = iter(keys)
    everything = [[NETWORK_INPUT] if sides is None else next(known) for sides in writers]
    for index, made in zip(np.ndindex(*legal.shape[:-1]), itertools.product(*everything), strict=True):
        legal[index] = [joinable(made, widths, reader) for reader in keys[-1]]
    return legal[np.ix_(*places)]


def straight(network: Network, op: Dense) -> int:
    """Which ports (bits INTO and OUT_OF) of a layer can be PLIOs with no memory tile between.

    Into a layer that reads an input of the network and nothing else; out of one whose results leave once and are read
    by no layer.
    """
    into = len(op.inputs) == 1 and op.inputs[0] in network.inputs
    out = network.outputs.count(op.output) == 1 and not any(network.consumers(op.output))
    return INTO * into + OUT_OF * out


def whole_beats(table: Table, device: Device) -> npt.NDArray[np.bool_]:
    """[options] whether what PLIOs send straight into tiles, or take straight from them, is whole transfers."""
    beat = device.plio_bits // 8
    whole = np.ones(len(table), np.bool_)
    for bit, name in ((INTO, "in_bytes"), (OUT_OF, "out_bytes")):
        whole &= ((table["ports"] & bit) == 0) | (table[name] % beat == 0)
    return whole


@lru_cache(maxsize=1024)
def _costed(work: Work, device: Device, ends: int) -> tuple[Table, Figures, float]:
    """The options of a layer, once for each way that its `ends` (`straight`) admit, and their figures."""
    table = layer_options(work, device)
    if ends:
        ways = [ports for ports in range(INTO + OUT_OF + 1) if ports & ends == ports]
        options, table = len(table), np.tile(table, len(ways))
        table["ports"] = np.repeat(ways, options)
        table = table[whole_beats(table, device)]
        table.flags.writeable = False
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
    layers: list[LayerSpace] = []
    known: dict[tuple[Work, int], LayerSpace] = {}
    for op in network.layers:
        work, ends = work_of(network, op), straight(network, op)
        if (work, ends) in known:
            layers.append(known[work, ends].named(op.name))
            continue
        try:
            table, cycles, ideal = _costed(work, device, ends)
        except AieExplorerError as error:
            raise DesignError(error.problem, where=op.name, rule=error.rule, remedy=error.remedy) from None
        layers.append(LayerSpace(op.name, work, table, cycles, ideal))
        known[work, ends] = layers[-1]
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
