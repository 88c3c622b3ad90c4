"""The activities of a design, from its plan and the figures of the cycle model; no constant is this module's own."""

from __future__ import annotations

from dataclasses import dataclass

from aie_explorer.cycles import Constants, load_constants
from aie_explorer.ir import storage_bytes
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space.usage import COPIES
from aie_explorer.timeline.system import KINDS, Access, Activity, System
from aie_explorer.transport import DirectEdge, KernelEnd, MemoryBuffer, Plan, PlioEdge, PlioEnd, Way
from aie_explorer.transport.plan import BufferPort


@dataclass(frozen=True)
class _Target:
    """Where a transfer arrives: a buffer, the channel that writes it, the way there."""

    buffer: int
    channel: int
    delay_cycles: float


def build(space: DesignSpace, plan: Plan, constants: Constants | None = None, *, least: bool = False) -> System:
    """The system of a single-design space, of one copy of the network.

    A transfer is busy for its words and arrives a hand-over later (at the side of the programmable logic half of one),
    with two switches a row for the cascades further from the memory tiles, as `cycles.movement` has it. The kernels of
    a cascade are one activity: each tile starts a hop after the one before.

    Args:
        space, plan: of the design.
        constants: of the cycle model; the package's when None.
        least: take what goes from one tile to one other to be there at once, with buffers at both ends: whether in
            shared memory or through DMA, it is no faster.
    """
    return _Builder(space, plan, constants or load_constants(), least).system()


def memory_buffer_name(name: str) -> str:
    """What the memory-tile buffer of a plan's name is called in a system."""
    return f"memory-tile buffer {name}"


def tile_buffers(space: DesignSpace, plan: Plan) -> dict[tuple[str, Way], list[int]]:
    """The buffers of a system that are a layer's inputs or outputs; what is read in shared memory is an output."""
    builder = _Builder(space, plan, load_constants(), least=False)
    builder.system()
    return builder.of_tiles()


class _Builder:
    """Gathers activities, buffers and resources."""

    def __init__(self, space: DesignSpace, plan: Plan, constants: Constants, least: bool) -> None:
        self.space, self.plan, self.device, self.least = space, plan, space.device, least
        self.hand_over = constants.hand_over_cycles
        self.wrapper = constants.wrapper_cycles
        self.layers = {layer.name: layer for layer in space.layers}
        self.buffers: dict[tuple[str, object], int] = {}
        self.buffer_names: list[str] = []
        self.resources: dict[str, int] = {}
        self.activities: list[Activity] = []
        self.sent: dict[KernelEnd, list[_Target]] = {}  # what an output buffer of a tile is sent to
        self.sent_bytes: dict[KernelEnd, int] = {}
        self.shared: set[int] = set()  # buffers of two cores

    def system(self) -> System:
        """All of it."""
        for held in self.plan.buffers:
            for i, port in enumerate(held.writers):
                self._into_memory_tile(held, i, port)
        for held in self.plan.buffers:
            for i, port in enumerate(held.readers):
                self._out_of_memory_tile(held, i, port)
        for edge in self.plan.direct:
            self._hand_over(edge)
        for of in self.plan.plio_edges:
            self._at_plio(of)
        for layer in self.space.layers:
            for chain in range(int(layer.table["cas_num"][0])):
                self._kernel(layer, chain)
        for end, targets in self.sent.items():
            self._out_of_tile(end, targets)
        order = {layer.name: i for i, layer in enumerate(self.space.layers)}
        activities = sorted(self.activities, key=lambda a: (_ENDS.get(a.kind, 0), order.get(a.layer, 0),
                                                            KINDS.index(a.kind)))
        copies = [COPIES] * len(self.buffer_names)
        for held in self.plan.buffers:
            copies[self._memory(held)] = held.copies
        tiles = self.of_tiles()
        for key in self.plan.single:
            for index in tiles.get(key, ()):
                copies[index] = 1
        return System(tuple(activities), tuple(self.buffer_names), tuple(copies), tuple(self.resources))

    def of_tiles(self) -> dict[tuple[str, Way], list[int]]:
        """The buffers of each layer's tiles, by the layer and the way."""
        found: dict[tuple[str, Way], list[int]] = {}
        for (kind, end), index in self.buffers.items():
            if isinstance(end, KernelEnd) and not (kind == "input" and index in self.shared):
                found.setdefault((end.layer, "input" if kind == "input" else "output"), []).append(index)
        return found

    def _buffer(self, kind: str, what: object, name: str) -> int:
        if (kind, what) not in self.buffers:
            self.buffers[kind, what] = len(self.buffer_names)  # some are one buffer by two names
            self.buffer_names.append(name)
        return self.buffers[kind, what]

    def _resource(self, name: str) -> int:
        return self.resources.setdefault(name, len(self.resources))

    def _memory(self, held: MemoryBuffer) -> int:
        return self._buffer("memory", held.name, memory_buffer_name(held.name))

    def _tile_buffer(self, way: str, end: KernelEnd) -> int:
        return self._buffer(way, end, f"{way} buffer of {self._tile(end)}")

    def _tile(self, end: KernelEnd) -> str:
        """A tile in words, as short as is clear."""
        row = self.layers[end.layer].table[0]
        chain = f" cascade {end.chain}" if row["cas_num"] > 1 else ""
        return end.layer + chain + (f" tile {end.position}" if row["cas_length"] > 1 else "")

    def _route(self, end: KernelEnd) -> float:
        """What the switches add between the memory tiles and a cascade: a hop a row, one way."""
        return float(self.device.generation.hop_cycles * min(end.chain, self.device.rows - 1))

    def _into_memory_tile(self, held: MemoryBuffer, i: int, port: BufferPort) -> None:
        channel = self._resource(f"memory-tile buffer {held.name} S2MM {i}")
        moved = port.tiling.elements * storage_bytes(held.storage)
        for end in port.ends:
            if isinstance(end, PlioEnd):
                plio = self.plan.inputs[end.index]
                self._transfer(f"input PLIO {plio.name}", "input PLIO", "input PLIO", plio.tensor,
                               plio.bytes / self.device.plio_bytes_per_cycle, None,
                               self._resource(f"PLIO {plio.name}"),
                               [_Target(self._memory(held), channel, self.hand_over / 2)])
            else:
                self.sent.setdefault(end, []).append(
                    _Target(self._memory(held), channel, self.hand_over + self._route(end)))
                self.sent_bytes[end] = moved

    def _out_of_memory_tile(self, held: MemoryBuffer, i: int, port: BufferPort) -> None:
        channel = self._resource(f"memory-tile buffer {held.name} MM2S {i}")
        tiles = [end for end in port.ends if isinstance(end, KernelEnd)]
        for end in port.ends:
            if isinstance(end, PlioEnd):
                plio = self.plan.outputs[end.index]
                self._transfer(f"output PLIO {plio.name}", "output PLIO", "output PLIO", plio.tensor,
                               plio.bytes / self.device.plio_bytes_per_cycle, self._memory(held), channel, [],
                               self._resource(f"PLIO {plio.name}"))
        if tiles:
            layer = self.layers[tiles[0].layer]
            words = port.tiling.elements * storage_bytes(held.storage) / self.device.generation.dma.bytes_per_cycle
            targets = [_Target(self._tile_buffer("input", end), self._resource(f"{self._tile(end)} S2MM"),
                               self.hand_over + self._route(end)) for end in tiles]
            slice_ = f" slice {tiles[0].position}" if layer.table["cas_length"][0] > 1 else ""
            rows = f" cascade {tiles[0].chain}" if len(tiles) < layer.table["cas_num"][0] else ""
            self._transfer(f"{layer.name} input DMA{slice_}{rows}", f"{layer.name} input DMA", "input DMA", layer.name,
                           words, self._memory(held), channel, targets)

    def _hand_over(self, edge: DirectEdge) -> None:
        """From tile to tile: where the reader's core reaches the results they stay where they are; else by DMA."""
        if edge.kind == "shared_memory":
            self.buffers["input", edge.readers[0]] = self._tile_buffer("output", edge.producer)
            self.shared.add(self.buffers["input", edge.readers[0]])
            return
        at_once = self.least and edge.kind == "tile_dma"
        self.sent.setdefault(edge.producer, []).extend(
            _Target(self._tile_buffer("input", end), self._resource(f"{self._tile(end)} S2MM"),
                    0.0 if at_once else self.hand_over) for end in edge.readers)
        self.sent_bytes[edge.producer] = 0 if at_once else edge.bytes

    def _at_plio(self, edge: PlioEdge) -> None:
        """From a PLIO into tiles, or from a tile to a PLIO: the words travel once, at the slower of both rates."""
        at_plio = edge.window.bytes / self.device.plio_bytes_per_cycle
        drain = edge.window.bytes / self.device.generation.dma.bytes_per_cycle
        words = max(at_plio, drain)
        port = self._resource(f"PLIO {edge.window.name}")
        way = self.hand_over + max(self._route(end) for end in edge.tiles)
        if edge.into:
            targets = [_Target(self._tile_buffer("input", end), self._resource(f"{self._tile(end)} S2MM"),
                               self.hand_over + self._route(end)) for end in edge.tiles]
            self._transfer(f"input PLIO {edge.window.name}", "input PLIO", "input PLIO", edge.window.tensor, words,
                           None, port, targets)
            return
        (end,) = edge.tiles
        beat = self.device.plio_bits / 8 / self.device.plio_bytes_per_cycle
        channel = self._resource(f"{self._tile(end)} MM2S")
        self.activities.append(Activity(
            f"output PLIO {edge.window.name}", "output PLIO", "output PLIO", edge.window.tensor, words,
            (Access(self._tile_buffer("output", end), 0.0, words),), (),
            (Access(channel, 0.0, words), Access(port, way, way + words)), way, way + max(at_plio - beat, drain)))

    def _out_of_tile(self, end: KernelEnd, targets: list[_Target]) -> None:
        chain = f" cascade {end.chain}" if self.layers[end.layer].table["cas_num"][0] > 1 else ""
        self._transfer(f"{end.layer} output DMA{chain}", f"{end.layer} output DMA", "output DMA", end.layer,
                       self.sent_bytes[end] / self.device.generation.dma.bytes_per_cycle,
                       self._tile_buffer("output", end), self._resource(f"{self._tile(end)} MM2S"), targets)

    def _transfer(self, name: str, group: str, kind: str, layer: str, words: float, source: int | None, channel: int,
                  targets: list[_Target], port: int | None = None) -> None:
        """Words that leave a buffer (None: the programmable logic) by a channel and arrive in buffers, or at a PLIO."""
        reads = () if source is None else (Access(source, 0.0, words),)
        writes = tuple(Access(t.buffer, t.delay_cycles, t.delay_cycles + words) for t in targets)
        uses = [Access(channel, 0.0, words)]
        uses += [Access(t.channel, t.delay_cycles, t.delay_cycles + words) for t in targets]
        first = last = 0.0
        if port is not None:  # leaves the array: the last beat leaves a beat before its time is over
            beat = self.device.plio_bits / 8 / self.device.plio_bytes_per_cycle
            first, last = self.hand_over / 2, self.hand_over / 2 + max(words - beat, 0.0)
            uses.append(Access(port, first, first + words))
        self.activities.append(Activity(name, group, kind, layer, words, reads, writes, tuple(uses), first, last))

    def _kernel(self, layer: LayerSpace, chain: int) -> None:
        row, cycles = layer.table[0], layer.cycles[0]
        length = int(row["cas_length"])
        call, busy = float(cycles["kernel_cycles"]), float(cycles["cascade_busy_cycles"])
        pace = max(call, busy - self.wrapper) if busy else call
        hop = float(cycles["cascade_cycles"]) / (length - 1) if length > 1 else 0.0
        ends = [KernelEnd(layer.name, chain, position) for position in range(length)]
        reads = tuple(Access(self._tile_buffer("input", end), hop * end.position, hop * end.position + pace)
                      for end in ends)
        last = hop * (length - 1)
        writes = (Access(self._tile_buffer("output", ends[-1]), last, last + pace),)
        number = f" {chain}" if row["cas_num"] > 1 else ""
        group = f"{layer.name} {'cascade' if pace > call else 'kernel'}"
        self.activities.append(Activity(
            f"{layer.name} kernel{number}", group, "kernel", layer.name, pace + self.wrapper, reads, writes,
            (Access(self._resource(f"{layer.name} kernel{number}"), 0.0, pace + self.wrapper),)))


_ENDS = {"input PLIO": -1, "output PLIO": 1}

