"""Figures of the array as a whole: tiles, PLIOs, clocks, where cascades lie, code, and the streams between columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aie_explorer.checks.rules import Subject, Use
from aie_explorer.cycles import load_constants
from aie_explorer.cycles.constants import load_assumed
from aie_explorer.devices import Device
from aie_explorer.space import ceil_to
from aie_explorer.transport import KernelEnd, MemoryBuffer
from aie_explorer.transport.direct import tile_of
from aie_explorer.transport.plan import BufferPort

INSTRUCTION_BYTES = 16  # the longest; 16 KB hold 1024 of them (AM020 ch4)
UNROLLED = 3  # copies of the step of the reduction: before, in and after its software-pipelined loop


def tiles(subject: Subject) -> Iterator[Use]:
    """Tiles of all layers."""
    yield Use(subject.device.name, sum(int(layer.table["tiles"][0]) for layer in subject.layers))


def plio_in(subject: Subject) -> Iterator[Use]:
    """PLIOs into the array."""
    yield Use(subject.device.name, subject.plio_in)


def plio_out(subject: Subject) -> Iterator[Use]:
    """PLIOs out of the array."""
    yield Use(subject.device.name, subject.plio_out)


def most_plio(device: Device, per_column: int) -> int | None:
    """PLIOs one way that the array's interface tiles have together; None where their number is unknown."""
    if device.geometry is None or device.geometry.pl_columns is None:
        return None
    return per_column * device.geometry.pl_columns


def array_clock(subject: Subject) -> Iterator[Use]:
    """MHz of the array."""
    yield Use(subject.device.name, subject.device.clock_mhz)


def pl_clock(subject: Subject) -> Iterator[Use]:
    """MHz of the programmable logic."""
    yield Use(subject.device.name, subject.device.pl_clock_mhz)


def cascade_columns(subject: Subject) -> Iterator[Use]:
    """Columns up to the end of each layer's cascades."""
    assert subject.placement is not None
    for layer in subject.layers:
        yield Use(layer.name, subject.placement[layer.name][0] + int(layer.table["cas_length"][0]))


def cascade_rows(subject: Subject) -> Iterator[Use]:
    """Rows up to the uppermost cascade of each layer."""
    assert subject.placement is not None
    for layer in subject.layers:
        yield Use(layer.name, subject.placement[layer.name][1] + int(layer.table["cas_num"][0]))


def cascades_west(subject: Subject) -> Iterator[Use]:
    """Cascades that run to the east where the generation has none of that direction in every row."""
    generation = subject.device.generation
    eastward = "E" in generation.cascade_directions and not generation.cascade_alternates
    for layer in subject.layers:
        if not eastward and layer.table["cas_length"][0] > 1:
            yield Use(layer.name, int(layer.table["cas_num"][0]))


def kernels_of_a_tile(subject: Subject) -> Iterator[Use]:
    """Kernels that lie on one tile."""
    assert subject.placement is not None
    count: Counter[tuple[int, int]] = Counter()
    for layer in subject.layers:
        column, row = subject.placement[layer.name]
        count.update((column + x, row + y) for x in range(int(layer.table["cas_length"][0]))
                     for y in range(int(layer.table["cas_num"][0])))
    for tile, kernels in count.items():
        yield Use(f"tile {tile}", kernels)


def program_bytes(subject: Subject) -> Iterator[Use]:
    """An estimate of a kernel's code: its straight-line cycles, an instruction each.

    Entry, wrapper, the step of the reduction before, in and after its loop, and what finishes a block of results.
    """
    constants = load_constants()
    for layer in subject.layers:
        row, cycles = layer.table[0], layer.cycles[0]
        results = float(ceil_to(int(row["rows"]), int(row["M"])) * int(row["n"])) / int(row["M"]) / int(row["N"])
        steps = int(row["k"]) / int(row["K"])
        step = float(cycles["pace_cycles"]) / results / steps
        finish = float(cycles["block_cycles"] - cycles["pace_cycles"]) / results
        if layer.work.table_bytes:  # a loop over the results, whose code is there once
            finish -= (int(row["M"]) * int(row["N"]) - 1) * load_assumed().lookup_cycles
        instructions = (constants.wrapper_cycles + constants.call_cycles
                        + int(row["block_rows"]) * int(row["block_columns"]) * (UNROLLED * step + finish))
        yield Use(layer.name, round(INSTRUCTION_BYTES * instructions))


def routes(subject: Subject) -> Iterator[tuple[int, list[int]]]:
    """(column it comes from, columns it goes to) of every stream between memory tiles and tiles, or tiles alone."""
    assert subject.plan is not None
    assert subject.placement is not None
    sent: dict[KernelEnd, list[int]] = {}
    for held in subject.plan.buffers:
        for port in held.readers:
            to = _columns(port, subject)
            if to:
                yield held.memory_tile[0], to
        for port in held.writers:
            for end in port.ends:
                if isinstance(end, KernelEnd):
                    sent.setdefault(end, []).append(held.memory_tile[0])
    for edge in subject.plan.direct:
        if edge.kind != "shared_memory":
            sent.setdefault(edge.producer, []).extend(tile_of(end, subject.placement)[0] for end in edge.readers)
    for end, columns in sent.items():
        yield tile_of(end, subject.placement)[0], columns


def _columns(port: BufferPort, subject: Subject) -> list[int]:
    assert subject.placement is not None
    return [tile_of(end, subject.placement)[0] for end in port.ends if isinstance(end, KernelEnd)]


def streams_across(subject: Subject) -> Iterator[Use]:
    """Streams that must cross the boundary between two columns, each way; one that goes to several counts once.

    A lower bound: no route can be shorter than from column to column.
    """
    east: Counter[int] = Counter()
    west: Counter[int] = Counter()
    for begin, ends in routes(subject):
        east.update(range(begin, max(ends)))
        west.update(range(min(ends), begin))
    for way, count in (("east", east), ("west", west)):
        for column, streams in count.items():
            yield Use(f"columns {column} and {column + 1}, to the {way}", streams)


def most_across(device: Device) -> float | None:
    """Streams between two columns one way: those of every row of tiles and of the interface row."""
    if device.geometry is None:
        return None
    return dict(device.generation.stream_ports)["east"] * (device.geometry.rows + 1)


def _below(subject: Subject, side: str) -> Counter[int]:
    assert subject.plan is not None
    count: Counter[int] = Counter()
    held: MemoryBuffer
    for held in subject.plan.buffers:
        count[held.memory_tile[0]] += len(getattr(held, side))
    return count


def streams_into_memory(subject: Subject) -> Iterator[Use]:
    """Streams into the memory tiles of a column."""
    for column, streams in _below(subject, "writers").items():
        yield Use(f"memory tiles of column {column}", streams)


def streams_out_of_memory(subject: Subject) -> Iterator[Use]:
    """Streams out of the memory tiles of a column."""
    for column, streams in _below(subject, "readers").items():
        yield Use(f"memory tiles of column {column}", streams)
