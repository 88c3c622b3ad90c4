"""The table of all design rules: what AMD's tools refuse, or what would not work, with limits and sources."""

from __future__ import annotations

from collections.abc import Callable

from aie_explorer.checks import array, movement
from aie_explorer.checks.rules import Rule
from aie_explorer.devices import Device, find, fmax_mhz
from aie_explorer.devices.hardware import Dma, MemoryTile
from aie_explorer.space.rules import RULES as OPTION_RULES

FEWER = "Use fewer tiles for some layer: a smaller cas_length or cas_num"
ENDS = "Use a smaller cas_length or cas_num at the ends"
PORTS = "Use smaller cascades, a smaller batch, or slices that line up"
FIELDS = "aie-rt xaiemlgbl_reginit.c"


def _memory(field: Callable[[MemoryTile], float | None]) -> Callable[[Device], float | None]:
    """A limit of the memory tile; None where there is none."""
    return lambda device: None if device.generation.memory_tile is None else field(device.generation.memory_tile)


def _memory_dma(field: Callable[[Dma], float | None]) -> Callable[[Device], float | None]:
    return _memory(lambda memory: field(memory.dma))


DESIGN_RULES: tuple[Rule, ...] = (
    # the array
    Rule("tiles", "tiles of the design", "error", "design", "AM020 ch1; DS950", FEWER, lambda d: d.tiles, array.tiles),
    Rule("plio_in", "PLIOs into the array", "error", "design",
         "AM020 ch3: 8 streams of 64 bits into a column, two of which make 128 bits", ENDS,
         lambda d: array.most_plio(d, d.plio_in_per_column), array.plio_in),
    Rule("plio_out", "PLIOs out of the array", "error", "design",
         "AM020 ch3: 6 streams of 64 bits out of a column, two of which make 128 bits", ENDS,
         lambda d: array.most_plio(d, d.plio_out_per_column), array.plio_out),
    Rule("array_clock", "MHz of the array", "warning", "design", "DS957, DS958, DS959, DS1021: FMAX by speed grade",
         "Use a lower clock_mhz, or name a part of a faster speed grade as the device", fmax_mhz, array.array_clock),
    Rule("pl_clock", "MHz of the programmable logic at the PLIOs", "warning", "design",
         "DS957: FMAX of the interface is half that of the array", "Use a lower pl_clock_mhz",
         lambda d: d.clock_mhz / 2, array.pl_clock),
    Rule("program_memory", "bytes of a kernel's code, estimated", "warning", "design", "AM020 ch4: 1024 x 128 bits",
         "Use a microtile with fewer issues", lambda d: d.generation.program_memory_bytes, array.program_bytes),
    Rule("tile_shared", "kernels on one tile", "error", "plan", "the design gives every kernel a tile of its own",
         "Place the layers apart", lambda d: 1, array.kernels_of_a_tile),
    Rule("cascade_columns", "columns up to the end of a cascade", "error", "plan", "AM020 ch1: columns of the array",
         "Place the layer further west, or use a smaller cas_length", lambda d: d.columns, array.cascade_columns),
    Rule("cascade_rows", "rows up to the uppermost cascade", "error", "plan", "AM020 ch1: rows of the array",
         "Place the layer lower, or use a smaller cas_num", lambda d: d.rows, array.cascade_rows),
    Rule("cascade_direction", "cascades to the east that the generation does not have in every row", "error", "plan",
         "AM020 ch4: west to east and north to south", "Use a cas_length of 1", lambda d: 0, array.cascades_west),
    # tiles
    Rule("tile_channels_in", "DMA channels into a tile", "error", "plan", "AM020 ch2", "Join the buffers of the kernel",
         lambda d: d.generation.dma.channels_in, movement.tile_channels_in),
    Rule("tile_channels_out", "DMA channels out of a tile", "error", "plan", "AM020 ch2",
         "Join the buffers of the kernel", lambda d: d.generation.dma.channels_out, movement.tile_channels_out),
    Rule("tile_descriptors", "buffer descriptors of a tile", "error", "plan",
         "AM020 ch2; counted as aie4ml 0.2.1 measured with Vitis 2026.1.1",
         "Use a smaller batch, microtiles that agree, or memory tiles between",
         lambda d: d.generation.dma.buffer_descriptors, movement.tile_descriptors),
    Rule("tile_length", "32-bit words of one transfer of a tile", "error", "plan", f"{FIELDS}: 14 bits",
         "Use more tiles for the layer, or a smaller batch", lambda d: d.generation.dma.length_max_words,
         movement.tile_length),
    Rule("tile_walk_step", "32-bit words of a step of a tile's walk", "error", "plan", f"{FIELDS}: 13 bits",
         "Use a smaller batch or narrower slices", lambda d: d.generation.dma.step_max_words, movement.tile_walk_step),
    Rule("tile_walk_wrap", "wrap of a loop of a tile's walk", "error", "plan", f"{FIELDS}: 8 bits",
         "Use a larger cas_length, or a larger microtile", lambda d: d.generation.dma.wrap_max,
         movement.tile_walk_wrap),
    Rule("tile_walk_granularity", "bytes by which a tile's walk misses whole 32-bit words", "error", "plan",
         "AM020 ch2: DMA transfers are 32-bit words", "Use a microtile with a larger K or N", lambda d: 0,
         movement.tile_granularity),
    # memory tiles
    Rule("memory_tile_place", "memory tiles outside the array", "error", "plan",
         "AM020 ch5: rows of memory tiles; one where no document gives them", "Place the buffer on the array",
         lambda d: 0, movement.memory_rows),
    Rule("memory_tile_channels_in", "DMA channels into a memory tile", "error", "plan", "AM020 ch5", PORTS,
         _memory_dma(lambda dma: dma.channels_in), movement.memory_channels_in),
    Rule("memory_tile_channels_out", "DMA channels out of a memory tile", "error", "plan", "AM020 ch5", PORTS,
         _memory_dma(lambda dma: dma.channels_out), movement.memory_channels_out),
    Rule("memory_tile_bytes", "bytes of a memory tile, all copies of every buffer", "error", "plan", "AM020 ch5",
         "Use a smaller batch", _memory(lambda memory: memory.size_bytes), movement.memory_bytes),
    Rule("memory_tile_overlap", "bytes of a memory tile that two buffers share", "error", "plan",
         "copies must not overlap", "Move one of the buffers", lambda d: 0, movement.memory_overlap),
    Rule("memory_tile_descriptors", "buffer descriptors of a pool of a memory tile (even or odd channels)", "error",
         "plan", "AM020 ch5: 48, half for even channels; counted as aie4ml 0.2.1 measured with Vitis 2026.1.1",
         "Use slices that need less padding, or smaller cascades",
         _memory_dma(lambda dma: dma.buffer_descriptors // 2), movement.memory_descriptors),
    Rule("walk_dims", "address dimensions of a memory tile's walk", "error", "plan", "AM020 ch5: 4, and the iteration",
         "Use whole rows", _memory_dma(lambda dma: dma.dims), movement.walk_dims),
    Rule("walk_step", "32-bit words of a step of a memory tile's walk", "error", "plan", f"{FIELDS}: 17 bits",
         "Use a smaller batch or narrower layers", _memory_dma(lambda dma: dma.step_max_words), movement.walk_step),
    Rule("walk_wrap", "wrap of a loop of a memory tile's walk, the outermost left out", "error", "plan",
         f"{FIELDS}: 10 bits, and none for the outermost", "Use a larger cas_length, or a larger microtile",
         _memory_dma(lambda dma: dma.wrap_max), movement.walk_wrap),
    Rule("walk_length", "32-bit words of a memory tile's transfer", "error", "plan", f"{FIELDS}: 17 bits",
         "Use a smaller batch", _memory_dma(lambda dma: dma.length_max_words), movement.walk_length),
    Rule("walk_granularity", "bytes by which a memory tile's walk misses whole 32-bit words", "error", "plan",
         "AM020 ch5: DMA transfers are 32-bit words", "Use a microtile with a larger K or N", lambda d: 0,
         movement.word_granularity),
    Rule("zero_padding", "tiles of zeros in a row in a memory tile's read", "warning", "plan",
         "aie4ml 0.2.1, measured with Vitis 2026.1.1: more do not fold into the padding of one descriptor",
         "Use a cas_length whose slices divide the inputs", _memory(lambda memory: memory.pad_tiles_max),
         movement.zero_tiles),
    Rule("padded_write", "columns and rows beyond a buffer that are written", "error", "plan",
         "AM020 ch5: only reads of a memory tile add zeros", "Use a buffer of whole slices", lambda d: 0,
         movement.padded_writes),
    Rule("volumes", "bytes by which the two ends of a transfer differ", "error", "plan",
         "UG1603: a buffer is sent and taken whole", "Make both ends equal", lambda d: 0, movement.volumes),
    # streams
    Rule("streams_across", "streams between two columns one way, at least", "warning", "plan",
         "AM020 ch2: 4 ports to the east and 4 to the west a row of tiles, and in the interface row; an estimate",
         "Place the layers nearer to each other, or use fewer slices", array.most_across, array.streams_across),
    Rule("streams_into_memory", "streams into the memory tiles of one column", "warning", "plan",
         "AM020 ch5: 6 ports from the south, 4 from the north; an estimate", "Spread the buffers over more columns",
         _memory(lambda memory: memory.streams_from_south + memory.streams_from_north), array.streams_into_memory),
    Rule("streams_out_of_memory", "streams out of the memory tiles of one column", "warning", "plan",
         "AM020 ch5: 4 ports to the south, 6 to the north; an estimate", "Spread the buffers over more columns",
         _memory(lambda memory: memory.streams_to_south + memory.streams_to_north), array.streams_out_of_memory),
)
"""The rules of a whole design, in the order they are checked."""

BUILT_IN: tuple[Rule, ...] = (
    Rule("plio_width", "bits of a PLIO: 32, 64 or 128", "error", "device", "AM020 ch3", "Use 32, 64 or 128",
         lambda d: max(d.generation.plio_widths)),
    Rule("plio_in_column", "PLIOs of 128 bits into one column", "error", "device", "AM020 ch3",
         "see plio_in: the tools choose the columns", lambda d: d.plio_in_per_column),
    Rule("plio_out_column", "PLIOs of 128 bits out of one column", "error", "device", "AM020 ch3",
         "see plio_out: the tools choose the columns", lambda d: d.plio_out_per_column),
    Rule("core_streams", "streams of a core each way; kernels use buffers and cascades alone", "error", "device",
         "AM020 App A", "", lambda d: min(d.generation.core_streams_in, d.generation.core_streams_out)),
    Rule("tile_walk_dims", "address dimensions of a descriptor of a tile; loops beyond are unrolled into descriptors",
         "error", "device", "AM020 ch2", "", lambda d: d.generation.dma.dims),
    Rule("tile_zero_padding", "zeros that a tile's DMA adds; memory tiles and the host do", "error", "device",
         "AM020 ch2", "", lambda d: 0),
)
"""What holds by construction: of a device, and of kernels."""

LAYER_RULES: tuple[Rule, ...] = tuple(
    Rule(rule.id, rule.text, "error", "layer", rule.source, rule.remedy, rule.limit) for rule in OPTION_RULES)
"""Those of one option of a layer, from `space.rules`."""

PLANNING: tuple[Rule, ...] = (
    Rule("placement", "blocks of tiles that find no place on the array", "error", "plan", "AM020 ch1", FEWER,
         lambda d: 0),
    Rule("memory_tiles", "buffers that find no memory tile with ports, bytes and descriptors left", "error", "plan",
         "AM020 ch5", PORTS, lambda d: 0),
)
"""Broken where no placement or plan is found at all."""

RULES: tuple[Rule, ...] = (*BUILT_IN, *LAYER_RULES, *PLANNING, *DESIGN_RULES)
"""Every rule."""

SCOPES = {"device": "by construction", "layer": "option of a layer", "design": "design", "plan": "planned design"}


def markdown(device: Device | None = None) -> str:
    """The table as Markdown, with the limits of a device."""
    device = device or find("vek280")
    lines = [
        "# Design rules", "",
        f"Limits on {device.name} ({device.generation.name}) with PLIOs of {device.plio_bits} bits. Written by "
        "`python -m aie_explorer.checks`.", "",
        "An *error* is what AMD's tools refuse or what would not work; it stops an export, and no search returns it. "
        "A *warning* rests on an estimate. `Design.check()` lists the rules a design breaks, with the cheapest change "
        "that was found to fix it. Options of layers that break a rule are never listed, so a `Design` cannot hold "
        "them.", "",
        "| rule | what is measured | at most | severity | of | source |", "|---|---|---|---|---|---|"]
    for rule in RULES:
        limit = rule.limit(device)
        shown = "unknown" if limit is None else f"{limit:,.15g}"
        cells = (f"`{rule.id}`", rule.title, shown, rule.severity, SCOPES[rule.scope], rule.source)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
