"""What a device is: frozen records of an AI Engine generation, a device of it, and a microtile.

The figures come from `catalogue.json` and `microtiles.json`, each with its source there. A figure that no public
document gives is None in the record of a generation; `known` turns it into an error in words where one is needed.
The array of a device has core rows counted from 0 at the bottom and columns from 0 at the west; memory tiles and the
interface row below them are not counted as rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeVar

from aie_explorer.errors import DeviceError

T = TypeVar("T")

MOST_TILES = 4096
"""Of an array: far above any, and below what takes long to search."""
SLOWEST_MHZ, FASTEST_MHZ = 0.001, 1_000_000  # far beyond any clock
ASSUMED_MEMORY_TILE_ROWS = 1
"""Where no public document gives them: an array with memory tiles has one row at least, so what fits it fits more."""


def known(value: T | None, what: str, where: str) -> T:
    """The value, or an error that says no public document gives it.

    Args:
        value: a figure of the catalogue.
        what: the figure in words, such as "the number of columns".
        where: the device or generation.

    Raises:
        DeviceError: when the value is None.
    """
    if value is None:
        raise DeviceError(f"{what} is not given by any public document", where=where,
                          remedy="Use a device whose figures are known, or set it with dataclasses.replace")
    return value


@dataclass(frozen=True)
class Dma:
    """The stream-to-memory and memory-to-stream engines of one tile.

    Attributes:
        channels_in: stream-to-memory channels.
        channels_out: memory-to-stream channels.
        bytes_per_cycle: rate of one channel.
        buffer_descriptors: descriptors of the whole tile.
        reaches: descriptors one channel can use.
        dims: address dimensions of a descriptor, the contiguous chunk included, the iteration not.
        iterates: whether a descriptor has an iteration offset besides.
        length_max_words, step_max_words: largest length and step, in 32-bit words.
        wrap_max, iteration_wrap_max: largest wrap of a dimension and of the iteration.
        locks: semaphore locks of the tile.
        queue_depth: tasks a channel queues.
        repeat_max: times a task repeats.
        zero_pads: whether memory-to-stream can add zeros around the data.
    """

    channels_in: int
    channels_out: int
    bytes_per_cycle: int
    buffer_descriptors: int
    reaches: int
    dims: int
    iterates: bool
    length_max_words: int | None
    step_max_words: int | None
    wrap_max: int | None
    iteration_wrap_max: int | None
    locks: int
    queue_depth: int | None
    repeat_max: int | None
    zero_pads: bool


@dataclass(frozen=True)
class MemoryTile:
    """One memory tile of a generation that has them.

    Attributes:
        size_bytes: capacity; `bank_count` banks of `bank_bytes`.
        dma: its DMA; even channels use the lower half of the descriptors, odd ones the upper half.
        neighbour_channels: channels, from 0, that also reach the memory tiles to the east and west.
        streams_from_south, streams_to_north, streams_to_south, streams_from_north: ports of its stream switch.
        pad_max: zeros a descriptor adds on each side of its three lowest dimensions, lowest first; None if unknown.
        pad_tiles_max: whole tiles of zeros that one descriptor folds into its padding.
    """

    size_bytes: int
    bank_count: int
    bank_bytes: int
    neighbour_channels: int
    streams_from_south: int
    streams_to_north: int
    streams_to_south: int
    streams_from_north: int
    pad_max: tuple[int, ...] | None
    pad_tiles_max: int
    dma: Dma


@dataclass(frozen=True)
class Generation:
    """An AI Engine architecture: what every tile of it has.

    Attributes:
        name: "AIE", "AIE-ML" or "AIE-MLv2".
        architecture: the number the AIE API knows it by (__AIE_ARCH__).
        peak_macs: (pair, multiply-accumulates a cycle) of one tile; see `macs_per_cycle`.
        load_ports, load_bytes_per_port: vector loads a cycle and their width.
        store_bytes: width of the one vector store a cycle.
        accumulator_registers, accumulator_register_bits: the largest accumulator registers and their count.
        load_latency_cycles: cycles from a vector load to its result.
        mac_latency_cycles: cycles from an integer MAC to its result.
        mac_chain_cycles: cycles between MACs on the same accumulator.
        srs_latency_cycles: cycles of a shift-round-saturate.
        data_memory_bytes: of one tile; `bank_count` banks of `bank_bytes`.
        stack_bytes, heap_bytes: the tools' defaults; sync_bytes is what they reserve besides.
        core_streams_in, core_streams_out: stream ports of a core.
        stream_bytes_per_cycle: rate of one stream of the switches.
        stream_ports: (side, streams a compute tile sends to that side).
        hop_cycles: latency of one stream switch between two others.
        cascade_bits: width of the cascade.
        cascade_directions: the sides it leaves to, "E", "S" or "W".
        cascade_alternates: whether the direction alternates with the row (east and west).
        cascade_fifo_depth: entries between two cores.
        plio_streams_in, plio_streams_out: 64-bit streams between the PL and one column.
        plio_widths: bits a PLIO may have.
        dma: the DMA of a compute tile.
        memory_tile: a memory tile, None where the generation has none.
        sources: (field, document) of every figure above; fields of the DMAs as "dma.wrap_max".
    """

    name: str
    architecture: int
    peak_macs: tuple[tuple[str, int], ...]
    load_ports: int
    load_bytes_per_port: int
    store_bytes: int
    accumulator_registers: int
    accumulator_register_bits: int
    load_latency_cycles: int | None
    mac_latency_cycles: int | None
    mac_chain_cycles: int | None
    srs_latency_cycles: int | None
    program_memory_bytes: int
    data_memory_bytes: int
    bank_count: int
    bank_bytes: int
    stack_bytes: int
    heap_bytes: int
    sync_bytes: int
    core_streams_in: int
    core_streams_out: int
    stream_bytes_per_cycle: int
    stream_ports: tuple[tuple[str, int], ...]
    hop_cycles: int
    cascade_bits: int
    cascade_directions: tuple[str, ...]
    cascade_alternates: bool
    cascade_fifo_depth: int
    plio_streams_in: int
    plio_streams_out: int
    plio_widths: tuple[int, ...]
    dma: Dma
    memory_tile: MemoryTile | None
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)

    @property
    def macs_per_cycle(self) -> dict[str, int]:
        """Peak multiply-accumulates a cycle of one tile by pair of operand types, such as "int8xint8"."""
        return dict(self.peak_macs)


def _count(value: object, name: str, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DeviceError(f"{name} is {str(value)[:40]}", where="device",
                          remedy=f"Use a whole number from {least} to {most}")


@dataclass(frozen=True)
class Geometry:
    """The shape of an array, in tiles.

    Attributes:
        columns: columns of the array.
        rows: rows of compute tiles.
        memory_tile_rows: rows of memory tiles below them; 0 where there are none, None if unknown.
        pl_columns: columns with an interface to the programmable logic; None if unknown.
        first_pl_column: the westmost of them; None if unknown.
        noc_columns: columns with an interface to the network on chip; None if unknown.
    """

    columns: int
    rows: int
    memory_tile_rows: int | None = None
    pl_columns: int | None = None
    first_pl_column: int | None = None
    noc_columns: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        _count(self.columns, "columns", 1, MOST_TILES)
        _count(self.rows, "rows", 1, MOST_TILES // self.columns)
        for name in ("memory_tile_rows", "pl_columns", "first_pl_column"):
            if getattr(self, name) is not None:
                _count(getattr(self, name), name, 0, MOST_TILES)
        for column in self.noc_columns or ():
            _count(column, "noc_columns", 0, MOST_TILES)


@dataclass(frozen=True)
class Device:
    """A device with an AI Engine array, and the clocks and PLIO width it is used with.

    To ask another question about the same array, change a copy: `dataclasses.replace(device, clock_mhz=1000.0)`.

    Attributes:
        name: as AMD spells it, such as "VE2802".
        generation: the architecture of its tiles.
        tiles: compute tiles of the array.
        geometry: its shape, None if unknown.
        clock_mhz: clock of the array.
        pl_clock_mhz: clock of the programmable logic at the PLIO.
        plio_bits: width of the PLIOs, one of `generation.plio_widths`.
        part, board, platform: how the Vitis tools name it; None if unknown or not the usual one.
        note: what else to know.
        sources: (field, document) of the figures above.
    """

    name: str
    generation: Generation
    tiles: int
    geometry: Geometry | None
    clock_mhz: float = 1250.0
    pl_clock_mhz: float = 312.5
    plio_bits: int = 128
    part: str | None = None
    board: str | None = None
    platform: str | None = None
    note: str = ""
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("name", "part", "board", "platform", "note"):
            value = getattr(self, name)
            if not (isinstance(value, str) or (value is None and name in ("part", "board", "platform"))):
                raise DeviceError(f"{name} is {repr(value)[:40]}", where="device", remedy="Use text")
        _count(self.tiles, "tiles", 1, MOST_TILES)
        if self.plio_bits not in self.generation.plio_widths:
            widths = ", ".join(map(str, self.generation.plio_widths))
            raise DeviceError(f"a PLIO cannot be {self.plio_bits} bits wide", where=self.name,
                              remedy=f"Use one of {widths}")
        if not (0 < self.clock_mhz < math.inf and 0 < self.pl_clock_mhz < math.inf):
            raise DeviceError("a clock must be above 0 MHz", where=self.name)
        if max(self.clock_mhz, self.pl_clock_mhz) > FASTEST_MHZ or min(self.clock_mhz, self.pl_clock_mhz) < SLOWEST_MHZ:
            raise DeviceError(f"a clock is not within {SLOWEST_MHZ} to {FASTEST_MHZ} MHz", where=self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def has_geometry(self) -> bool:
        """Whether the columns and rows of the array are known."""
        return self.geometry is not None

    @property
    def columns(self) -> int:
        """Columns of the array. Raises DeviceError if unknown, as do the properties below."""
        return self._shape().columns

    @property
    def rows(self) -> int:
        """Rows of compute tiles."""
        return self._shape().rows

    @property
    def memory_tile_rows(self) -> int:
        """Rows of memory tiles; 0 where the generation has none, ASSUMED_MEMORY_TILE_ROWS where they are unknown."""
        if self.generation.memory_tile is None:
            return 0
        rows = self._shape().memory_tile_rows
        return ASSUMED_MEMORY_TILE_ROWS if rows is None else rows

    @property
    def memory_tiles(self) -> int:
        """Memory tiles of the array."""
        return self.memory_tile_rows * self.columns

    @property
    def pl_columns(self) -> int:
        """Columns with an interface to the programmable logic."""
        return known(self._shape().pl_columns, "the number of PL interface columns", self.name)

    @property
    def first_pl_column(self) -> int:
        """The westmost column with an interface to the programmable logic."""
        return known(self._shape().first_pl_column, "the first PL interface column", self.name)

    @property
    def plio_in_per_column(self) -> int:
        """PLIOs of `plio_bits` into one column: 128 bits take two of its 64-bit streams (AM020 ch3)."""
        return self.generation.plio_streams_in // self._streams_per_plio

    @property
    def plio_out_per_column(self) -> int:
        """PLIOs of `plio_bits` out of one column."""
        return self.generation.plio_streams_out // self._streams_per_plio

    @property
    def plio_bytes_per_cycle(self) -> float:
        """Bytes one PLIO moves in a cycle of the array: its own rate or a stream's, whichever is lower."""
        own = self.plio_bits / 8 * self.pl_clock_mhz / self.clock_mhz
        return min(own, float(self.generation.stream_bytes_per_cycle))

    @property
    def _streams_per_plio(self) -> int:
        return max(1, self.plio_bits // 64)

    def _shape(self) -> Geometry:
        return known(self.geometry, "the shape of the array (columns and rows)", self.name)


@dataclass(frozen=True)
class Microtile:
    """A shape aie::mmul accepts: C (M x N) += A (M x K) @ B (K x N).

    Attributes:
        M, K, N: the shape.
        issues: vector multiply-accumulate instructions of one mac() call, so its least cycles.
        pair: the operand types, such as "int8xint8"; unsigned types use the same rows.
        accumulator: the tag of the accumulator, such as "acc32".
        lanes: its lanes (M * N).
        held_bits: bits of accumulator registers one C block occupies.
        kind: "native"; "multi" (several native issues); "emulated" (an operand is widened first);
            "half" (part of the lanes goes unused).
        unpacks: the operand widened first, "A", "B" or "".
        shuffles: vector shuffles of one mac() call.
        extra: the extra data movement in words.
        basis: how the issues are known: "header", "derived" or "measured".
        note: what else to know.
        source: where the row comes from.
    """

    M: int
    K: int
    N: int
    issues: int
    pair: str
    accumulator: str
    lanes: int
    held_bits: int
    kind: str
    unpacks: str = ""
    shuffles: int = 0
    extra: str = ""
    basis: str = "header"
    note: str = field(default="", repr=False)
    source: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.M}x{self.K}x{self.N}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(M, K, N)."""
        return self.M, self.K, self.N

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates of one mac() call."""
        return self.M * self.K * self.N

    @property
    def accumulator_bits(self) -> int:
        """Bits of one accumulator lane, by the tag."""
        return int(self.accumulator.removeprefix("acc"))
