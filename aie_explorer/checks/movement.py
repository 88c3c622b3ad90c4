"""Figures of the data movement: channels, descriptors and walks of tile and memory-tile DMAs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from aie_explorer.checks.rules import Subject, Use
from aie_explorer.ir import storage_bytes
from aie_explorer.space.walks import Loops
from aie_explorer.transport import KernelEnd, MemoryBuffer, PlioEnd, Tiling, Way
from aie_explorer.transport.direct import walk_descriptors
from aie_explorer.transport.locate import descriptors, stretches
from aie_explorer.transport.plan import BufferPort


@dataclass(frozen=True)
class _TilePorts:
    """Walks of the ports that the DMA of each tile writes from and reads to; None is from end to end.

    All that take one output do so by broadcast. What a core reads in the memory of another tile takes no DMA.
    """

    into: dict[KernelEnd, list[Tiling | None]]
    out: dict[KernelEnd, list[Tiling | None]]


def _tile_ports(subject: Subject) -> _TilePorts:
    assert subject.plan is not None
    into: dict[KernelEnd, list[Tiling | None]] = {}
    out: dict[KernelEnd, list[Tiling | None]] = {}
    for held in subject.plan.buffers:
        for port in held.readers:
            for end in port.ends:
                if isinstance(end, KernelEnd):
                    into.setdefault(end, []).append(None)
        for port in held.writers:
            out |= {end: [None] for end in port.ends if isinstance(end, KernelEnd)}
    for edge in subject.plan.direct:
        if edge.kind != "shared_memory":
            for reader in edge.readers:
                into.setdefault(reader, []).append(edge.walk)
            out[edge.producer] = [None]
    for of in subject.plan.plio_edges:
        for tile in of.tiles:
            (into if of.into else out).setdefault(tile, []).append(of.walk)
    return _TilePorts(into, out)


def _tile(end: KernelEnd) -> str:
    return f"{end.layer} cascade {end.chain} tile {end.position}"


def tile_channels_in(subject: Subject) -> Iterator[Use]:
    """Buffers that the DMA of a tile fills."""
    for end, ports in _tile_ports(subject).into.items():
        yield Use(_tile(end), len(ports))


def tile_channels_out(subject: Subject) -> Iterator[Use]:
    """Buffers that the DMA of a tile drains."""
    for end, ports in _tile_ports(subject).out.items():
        yield Use(_tile(end), len(ports))


def tile_descriptors(subject: Subject) -> Iterator[Use]:
    """Buffer descriptors of a tile: of a port as many as it has copies, times the wraps of loops beyond a descriptor's
    dimensions."""
    assert subject.plan is not None
    found, dma = _tile_ports(subject), subject.device.generation.dma
    sides: tuple[tuple[Way, dict[KernelEnd, list[Tiling | None]]], ...] = (("input", found.into), ("output", found.out))
    for end in {**found.into, **found.out}:
        yield Use(_tile(end), sum(walk_descriptors(one, dma, subject.plan.tile_copies(end.layer, way))
                                  for way, ports in sides for one in ports.get(end, ())))


def _tile_walks(subject: Subject) -> Iterator[tuple[str, Tiling, int]]:
    """(where, walk, bytes of an element) of every port of a tile that does not go from end to end."""
    assert subject.plan is not None
    for edge in subject.plan.direct:
        if edge.walk is not None:
            yield edge.name, edge.walk, storage_bytes(edge.storage)
    for of in subject.plan.plio_edges:
        if of.walk is not None:
            yield of.name, of.walk, storage_bytes(of.window.storage)


def _in_a_descriptor(walk: Tiling, subject: Subject) -> Loops:
    """The loops of a tile's walk that one descriptor has beside the contiguous run."""
    return tuple((step, wrap) for _, step, wrap in walk.traversal)[:subject.device.generation.dma.dims - 1]


def tile_walk_wrap(subject: Subject) -> Iterator[Use]:
    """The largest wrap in a descriptor of a tile, the contiguous run in words included."""
    for where, walk, element in _tile_walks(subject):
        yield Use(where, max(walk.tile[0] * element / 4, *(wrap for _, wrap in _in_a_descriptor(walk, subject))))


def tile_walk_step(subject: Subject) -> Iterator[Use]:
    """Words of the largest step in a descriptor of a tile."""
    for where, walk, element in _tile_walks(subject):
        yield Use(where, max(step for step, _ in _in_a_descriptor(walk, subject)) * element / 4)


def tile_granularity(subject: Subject) -> Iterator[Use]:
    """Bytes by which runs and steps of a tile's walk miss whole 32-bit words."""
    for where, walk, element in _tile_walks(subject):
        yield Use(where, max(size * element % 4 for size in (walk.tile[0], *(step for _, step, _ in walk.traversal))))


def tile_length(subject: Subject) -> Iterator[Use]:
    """Words of the longest transfer of a layer's tiles."""
    for layer in subject.layers:
        yield Use(layer.name, max(int(layer.table["in_bytes"][0]), int(layer.table["out_bytes"][0])) / 4)


@dataclass(frozen=True)
class _Walk:
    """A port of a memory tile: where, whether it writes, what it walks, bytes of an element."""

    where: str
    writes: bool
    port: BufferPort
    element: int

    @property
    def tiling(self) -> Tiling:
        return self.port.tiling

    def loops(self) -> list[tuple[int, int]]:
        """(step in bytes, wrap) of the walk, innermost first; the first is the contiguous run, of 32-bit words."""
        tiling, row = self.tiling, self.tiling.buffer[0] * self.element
        found = [(4, tiling.tile[0] * self.element // 4)]
        found += [(row, tiling.tile[1])] * (tiling.tile[1] > 1)
        found += [(stride * (self.element if dimension == 0 else row), wrap)
                  for dimension, stride, wrap in tiling.traversal if wrap > 1]
        return found

    def joined(self) -> list[tuple[int, int]]:
        """The loops, those that only continue the one before joined with it."""
        found = self.loops()[:1]
        for step, wrap in self.loops()[1:]:
            if step == found[-1][0] * found[-1][1]:
                found[-1] = (found[-1][0], found[-1][1] * wrap)
            else:
                found.append((step, wrap))
        return found


def _walks(subject: Subject) -> Iterator[_Walk]:
    assert subject.plan is not None
    for held in subject.plan.buffers:
        element = storage_bytes(held.storage)
        for side, ports in (("in", held.writers), ("out", held.readers)):
            for i, port in enumerate(ports):
                yield _Walk(f"{held.name} {side} {i}", side == "in", port, element)


def walk_dims(subject: Subject) -> Iterator[Use]:
    """Address dimensions of a walk of a memory tile, the contiguous run included."""
    for walk in _walks(subject):
        yield Use(walk.where, len(walk.loops()))


def walk_step(subject: Subject) -> Iterator[Use]:
    """Words of the largest step of a walk of a memory tile."""
    for walk in _walks(subject):
        yield Use(walk.where, max(step for step, _ in walk.joined()) / 4)


def walk_wrap(subject: Subject) -> Iterator[Use]:
    """The largest wrap of a walk of a memory tile; the outermost loop ends with the length and needs none."""
    for walk in _walks(subject):
        yield Use(walk.where, max((wrap for _, wrap in walk.joined()[:-1]), default=0))


def walk_length(subject: Subject) -> Iterator[Use]:
    """Words of a walk of a memory tile."""
    for walk in _walks(subject):
        yield Use(walk.where, walk.tiling.elements * walk.element / 4)


def word_granularity(subject: Subject) -> Iterator[Use]:
    """Bytes by which runs, offsets and rows of a walk miss whole 32-bit words."""
    for walk in _walks(subject):
        tiling = walk.tiling
        yield Use(walk.where, max(abs(columns) * walk.element % 4
                                  for columns in (tiling.tile[0], tiling.offset[0], tiling.buffer[0])))


def padded_writes(subject: Subject) -> Iterator[Use]:
    """Columns and rows of a buffer's surroundings that a walk writes."""
    for walk in _walks(subject):
        if walk.writes:
            yield Use(walk.where, _beyond(walk.tiling, 0) + _beyond(walk.tiling, 1))


def _beyond(tiling: Tiling, dimension: int) -> int:
    reach = tiling.offset[dimension] + tiling.tile[dimension]
    reach += sum(stride * (wrap - 1) for d, stride, wrap in tiling.traversal if d == dimension)
    return max(reach - tiling.buffer[dimension], 0) + max(-tiling.offset[dimension], 0)


def zero_tiles(subject: Subject) -> Iterator[Use]:
    """Tiles of zeros in a row at the end of a walk that reads beyond its buffer."""
    for walk in _walks(subject):
        if not walk.writes:
            yield Use(walk.where, max(stretches(walk.tiling, dimension).zeros for dimension in (0, 1)))


def volumes(subject: Subject) -> Iterator[Use]:
    """Bytes by which what a port sends differs from what its other end takes."""
    assert subject.plan is not None
    layers = {layer.name: layer.table[0] for layer in subject.layers}
    for walk in _walks(subject):
        moved = walk.tiling.elements * walk.element
        for end in walk.port.ends:
            if isinstance(end, PlioEnd):
                other = (subject.plan.inputs if walk.writes else subject.plan.outputs)[end.index].bytes
            else:
                other = int(layers[end.layer]["out_bytes" if walk.writes else "in_bytes"])
            yield Use(walk.where, abs(moved - other))
    for edge in subject.plan.direct:
        walked = edge.bytes if edge.walk is None else edge.walk.elements * storage_bytes(edge.storage)
        sides = [int(layers[edge.producer.layer]["out_bytes"]), int(layers[edge.readers[0].layer]["in_bytes"]), walked]
        yield Use(edge.name, max(abs(edge.bytes - side) for side in sides))
    for of in subject.plan.plio_edges:
        walked = of.window.bytes if of.walk is None else of.walk.elements * storage_bytes(of.window.storage)
        buffer = int(layers[of.tiles[0].layer]["in_bytes" if of.into else "out_bytes"])
        yield Use(of.name, max(abs(of.window.bytes - walked), abs(of.window.bytes - buffer)))


def _by_tile(subject: Subject) -> dict[tuple[int, int], list[MemoryBuffer]]:
    assert subject.plan is not None
    found: dict[tuple[int, int], list[MemoryBuffer]] = {}
    for held in subject.plan.buffers:
        found.setdefault(held.memory_tile, []).append(held)
    return found


def memory_channels_in(subject: Subject) -> Iterator[Use]:
    """Channels into a memory tile."""
    for tile, buffers in _by_tile(subject).items():
        yield Use(f"memory tile {tile}", sum(len(held.writers) for held in buffers))


def memory_channels_out(subject: Subject) -> Iterator[Use]:
    """Channels out of a memory tile."""
    for tile, buffers in _by_tile(subject).items():
        yield Use(f"memory tile {tile}", sum(len(held.readers) for held in buffers))


def memory_bytes(subject: Subject) -> Iterator[Use]:
    """The last byte of a memory tile in use."""
    for tile, buffers in _by_tile(subject).items():
        yield Use(f"memory tile {tile}", max(offset + held.bytes for held in buffers for offset in held.offsets_bytes))


def memory_overlap(subject: Subject) -> Iterator[Use]:
    """Bytes of a memory tile that copies of buffers share."""
    for tile, buffers in _by_tile(subject).items():
        spans = sorted((offset, offset + held.bytes) for held in buffers for offset in held.offsets_bytes)
        yield Use(f"memory tile {tile}", sum(max(end - begin, 0)
                                             for (_, end), (begin, _) in pairwise(spans)))


def memory_rows(subject: Subject) -> Iterator[Use]:
    """Memory tiles outside the array."""
    device = subject.device
    for tile in _by_tile(subject):
        inside = 0 <= tile[0] < device.columns and 0 <= tile[1] < device.memory_tile_rows
        yield Use(f"memory tile {tile}", int(not inside))


def memory_descriptors(subject: Subject) -> Iterator[Use]:
    """Buffer descriptors of each pool of a memory tile: even channels use one, odd ones the other.

    Ports take channels in the order of the buffers.
    """
    memory = subject.device.generation.memory_tile
    assert memory is not None  # design_space refuses such devices
    for tile, buffers in _by_tile(subject).items():
        pools = [0, 0]
        for side in ("writers", "readers"):
            ports = [(port, held.copies) for held in buffers for port in getattr(held, side)]
            for i, (port, copies) in enumerate(ports):
                pools[i % 2] += descriptors(port, copies, memory)
        yield Use(f"memory tile {tile}", max(pools))
