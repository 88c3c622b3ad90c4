"""Plan the data movement of a design: direct edges, and a memory-tile stage in front of all else that reads."""

from __future__ import annotations

from dataclasses import replace

from aie_explorer.devices import Device
from aie_explorer.ir import storage_bytes
from aie_explorer.placement import Placement
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import (
    CHANNELS,
    NETWORK_INPUT,
    WriterKey,
    edge_groups,
    input_width,
    input_window_rows,
    made_rows,
    output_windows_of,
    straight_in,
    straight_out,
    writer_key,
    writer_spans,
)
from aie_explorer.space.usage import COPIES
from aie_explorer.transport.direct import direct_edges, into_tiles, out_of_tiles, placed, walk_descriptors
from aie_explorer.transport.divide import clipped
from aie_explorer.transport.locate import locate
from aie_explorer.transport.plan import (
    BufferPort,
    DirectEdge,
    KernelEnd,
    MemoryBuffer,
    Part,
    Plan,
    Plio,
    PlioEdge,
    PlioEnd,
    Tiling,
)


def located(staged: Plan, placement: Placement, device: Device) -> Plan:
    """A plan with its buffers in memory tiles.

    Raises:
        DesignError: when the memory tiles do not suffice.
    """
    return replace(staged, buffers=locate(staged.buffers, placement, device))


def staged(space: DesignSpace, placement: Placement | None = None) -> Plan:
    """The plan of a single-design space but for where in the memory tiles its buffers are.

    With no placement no direct edge is known to be in shared memory.
    """
    stages = _Stages(space)
    for consumer in range(len(space.layers)):
        stages.feed(consumer)
    for producer, tensor in zip(space.output_layers, space.network.outputs, strict=True):
        stages.drain(producer, tensor)
    return Plan(tuple(stages.inputs), tuple(stages.outputs), tuple(stages.buffers),
                placed(stages.direct, stages.buffers, placement), tuple(stages.plio_edges),
                space.device.generation.dma.bytes_per_cycle)


class _Stages:
    """The memory-tile stages and PLIOs, one layer after the other."""

    def __init__(self, space: DesignSpace) -> None:
        self.space = space
        self.inputs: list[Plio] = []
        self.outputs: list[Plio] = []
        self.buffers: list[MemoryBuffer] = []
        self.direct: list[DirectEdge] = []
        self.plio_edges: list[PlioEdge] = []
        self.directly = {edge.consumer for edge in space.edges if edge.direct.all()}
        self.readers: dict[str, int] = {}  # how often each tensor is read, an output of the network counted
        for name in (*(name for op in space.network.layers for name in op.inputs), *space.network.outputs):
            self.readers[name] = self.readers.get(name, 0) + 1

    def feed(self, consumer: int) -> None:
        """What brings its input to a layer."""
        layer, op = self.space.layers[consumer], self.space.network.layers[consumer]
        sources = self.space.sources[consumer]
        if straight_in(layer.table).all():
            stem = self._stem(op.inputs[0], op.name)
            fed = into_tiles(layer, op.inputs[0], stem, len(self.inputs), self.space.device.generation.dma)
            self.inputs += [edge.window for edge in fed]
            self.plio_edges += fed
        elif len(sources) == 1 and sources[0] < 0:
            stem = self._stem(op.inputs[0], op.name)
            plios, buffers = _input_stage(layer, op.inputs[0], self.space.device, stem, len(self.inputs))
            self.inputs += plios
            self.buffers += buffers
        elif consumer in self.directly:
            stem = self._stem(op.inputs[0], op.name)
            self.direct += direct_edges(self.space.layers[sources[0]], layer, op.inputs[0], stem)
        else:
            self.buffers += self._edge(consumer)

    def drain(self, producer: int, tensor: str) -> None:
        """What brings the result of a layer out."""
        layer, stem = self.space.layers[producer], self._stem(tensor, "output")
        if straight_out(layer.table).all():
            fed = out_of_tiles(layer, tensor, stem, len(self.outputs), self.space.device.generation.dma,
                               self._descriptors_in(layer))
            self.outputs += [edge.window for edge in fed]
            self.plio_edges += fed
            return
        plios, buffers = _output_stage(layer, tensor, self.space.device, stem, len(self.outputs))
        self.outputs += plios
        self.buffers += buffers

    def _descriptors_in(self, layer: LayerSpace) -> int:
        """Descriptors that filling the input of a layer's last tiles takes."""
        walks = [edge.walk for edge in self.direct if edge.readers[0].layer == layer.name]
        walks += [edge.walk for edge in self.plio_edges if edge.into and edge.tiles[0].layer == layer.name]
        return max([walk_descriptors(one, self.space.device.generation.dma) for one in walks] or [COPIES])

    def _stem(self, tensor: str, reader: str) -> str:
        """The beginning of names about a tensor: alone where it has one reader."""
        stem = tensor if self.readers[tensor] == 1 else f"{tensor}_to_{reader}"
        taken = {name.rpartition("_")[0] for name in (*(b.name for b in self.buffers), *(d.name for d in self.direct),
                                                        *(p.name for p in (*self.inputs, *self.outputs)))}
        while stem in taken:
            stem += "_"
        return stem

    def _edge(self, consumer: int) -> list[MemoryBuffer]:
        space = self.space
        layer, op, sources = space.layers[consumer], space.network.layers[consumer], space.sources[consumer]
        widths = tuple(space.network.tensors[name].shape[0] for name in op.inputs)
        keys = tuple(NETWORK_INPUT if source < 0 else _key(space.layers[source]) for source in sources)
        c = _row(layer)
        streams = c["cas_num"] if c["split"] == ROWS else 1
        spans = writer_spans(keys, widths)
        # parts that come different ways need different copies, so they get buffers of their own
        groups = edge_groups(spans, c["k"], c["cas_length"], streams, most_parts=len(sources) > 1)
        made = [int(made_rows(space.layers[source].table)[0]) for source in sources if source >= 0]
        rows = made[0] if made else layer.work.rows
        writers, parts = self._writers(consumer, rows, max(end for _, end in spans))
        stem = self._stem(op.inputs[0], op.name) if len(sources) == 1 else f"{op.name}_in"
        buffers = []
        for i, group in enumerate(groups):
            begin, end = group.columns
            size = (end - begin, rows)
            held = tuple(replace(part, column=part.column - begin) for part in clipped(parts, begin, end))
            buffers.append(MemoryBuffer(
                f"{stem}_{i}", held, layer.work.input.storage, *size, 0,
                tuple(_moved(writers[w], size, begin) for w in group.writers),
                tuple(port for position in group.readers for port in _reader(layer, position, size, begin))))
        return buffers

    def _writers(self, consumer: int, rows: int, width: int) -> tuple[list[BufferPort], list[Part]]:
        """The ports that write a layer's input, as if into one buffer, and what stands where in it."""
        space, layer = self.space, self.space.layers[consumer]
        op, size = space.network.layers[consumer], (width, rows)
        ports: list[BufferPort] = []
        parts: list[Part] = []
        column = 0
        for name, source in zip(op.inputs, space.sources[consumer], strict=True):
            columns = space.network.tensors[name].shape[0]
            if source < 0:
                plio = Plio(f"{self._stem(name, op.name)}_0", name, layer.work.input.storage, 0, 0, rows, columns)
                ports.append(BufferPort(Tiling(size, (columns, rows), (column, 0)), (PlioEnd(len(self.inputs)),)))
                self.inputs.append(plio)
            else:
                producer = space.layers[source]
                o = _row(producer)
                ports += [_writer(producer, chain, size, (-column, 0)) for chain in range(o["cas_num"])]
                columns = columns if len(op.inputs) > 1 else width
            parts.append(Part(name, column, 0, columns))
            column += columns
        return ports, parts


def _moved(port: BufferPort, size: tuple[int, int], begin: int) -> BufferPort:
    """A port on the buffer that begins at a column of the whole."""
    offset = (port.tiling.offset[0] - begin, port.tiling.offset[1])
    return replace(port, tiling=replace(port.tiling, buffer=size, offset=offset))


def _key(layer: LayerSpace) -> WriterKey:
    n, cas_num, split, rows = writer_key(layer.table, layer.work)[0].tolist()
    return n, cas_num, split, rows


def _row(layer: LayerSpace) -> dict[str, int]:
    return {name: int(layer.table[0][name]) for name in layer.table.dtype.names or ()}


def _reader(layer: LayerSpace, position: int, buffer: tuple[int, int], first_column: int) -> list[BufferPort]:
    """Ports through which a slice of the reduction reaches its tiles: one, or one a cascade if rows are split."""
    o = _row(layer)
    traversal = ((0, o["K"], o["k"] // o["K"]), (1, o["M"], o["rows"] // o["M"]))
    ports = []
    for chain in range(o["cas_num"] if o["split"] == ROWS else 1):
        tiling = Tiling(buffer, (o["K"], o["M"]), (position * o["k"] - first_column, chain * o["rows"]), traversal)
        chains = [chain] if o["split"] == ROWS else range(o["cas_num"])
        ports.append(BufferPort(tiling, tuple(KernelEnd(layer.name, c, position) for c in chains)))
    return ports


def _writer(layer: LayerSpace, chain: int, buffer: tuple[int, int], first: tuple[int, int]) -> BufferPort:
    """The port through which a cascade writes its results; `first` is the buffer's (column, row) in the tensor."""
    o = _row(layer)
    column, row = (0, chain * o["rows"]) if o["split"] == ROWS else (chain * o["n"], 0)
    tiling = Tiling(buffer, (o["N"], o["M"]), (column - first[0], row - first[1]),
                    ((0, o["N"], o["n"] // o["N"]), (1, o["M"], o["rows"] // o["M"])))
    return BufferPort(tiling, (KernelEnd(layer.name, chain, o["cas_length"] - 1),))


def _input_stage(layer: LayerSpace, tensor: str, device: Device, stem: str, first_plio: int
                 ) -> tuple[list[Plio], list[MemoryBuffer]]:
    o, work = _row(layer), layer.work
    element = storage_bytes(work.input.storage)
    rows = input_window_rows(work.k, o["k"], o["K"], work.rows, element, device.plio_bits // 8)
    width = input_width(work.k, o["K"])
    plios = [Plio(f"{stem}_{p}", tensor, work.input.storage, 0, p * o["k"], rows, min(o["k"], width - p * o["k"]))
             for p in range(o["cas_length"])]
    per_group = CHANNELS // (o["cas_num"] if o["split"] == ROWS else 1)
    buffers: list[MemoryBuffer] = []
    for begin in range(0, len(plios), per_group):
        part = range(begin, min(begin + per_group, len(plios)))
        first = plios[begin].first_column
        size = (sum(plios[p].columns for p in part), rows)
        writers = tuple(BufferPort(Tiling(size, (plios[p].columns, rows), (plios[p].first_column - first, 0)),
                                   (PlioEnd(first_plio + p),)) for p in part)
        readers = tuple(port for p in part for port in _reader(layer, p, size, first))
        buffers.append(MemoryBuffer(f"{stem}_{len(buffers)}", (Part(tensor, 0, first, size[0]),), work.input.storage,
                                    *size, 0, writers, readers))
    return plios, buffers


def _output_stage(layer: LayerSpace, tensor: str, device: Device, stem: str, first_plio: int
                  ) -> tuple[list[Plio], list[MemoryBuffer]]:
    o, work = _row(layer), layer.work
    by_rows = o["split"] == ROWS
    plios = []
    for chain, shape in enumerate(output_windows_of(layer.table[0], work, device)):
        first = (chain * o["rows"], 0) if by_rows else (0, chain * o["n"])
        plios.append(Plio(f"{stem}_{chain}", tensor, work.output.storage, *first, shape.rows, shape.columns))
    buffers: list[MemoryBuffer] = []
    for begin in range(0, len(plios), CHANNELS):
        part = range(begin, min(begin + CHANNELS, len(plios)))
        size = (o["n"], o["rows"] * len(part)) if by_rows else (o["n"] * len(part), o["rows"])
        origin = (plios[begin].first_column, plios[begin].first_row)
        writers = tuple(_writer(layer, chain, size, origin) for chain in part)
        readers = tuple(BufferPort(Tiling(size, (plios[p].columns, plios[p].rows),
                                          (plios[p].first_column - origin[0], plios[p].first_row - origin[1])),
                                   (PlioEnd(first_plio + p),)) for p in part)
        buffers.append(MemoryBuffer(f"{stem}_{len(buffers)}", (Part(tensor, 0, origin[0], size[0]),),
                                    work.output.storage, *size, origin[1], writers, readers))
    return plios, buffers
