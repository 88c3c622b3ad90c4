"""The text of every file of a Vitis project, from a design."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2
import numpy as np

import aie_explorer
from aie_explorer.design import Design
from aie_explorer.devices import Device
from aie_explorer.emulation.build import include_folder
from aie_explorer.firmware.pack import pack_affine, pack_bias, pack_shifts, pack_weights, to_text
from aie_explorer.firmware.stimulus import Stimulus
from aie_explorer.ir import Dense, IntArray, storage_bytes
from aie_explorer.placement import Placement
from aie_explorer.search.space import LayerSpace
from aie_explorer.space import SPLITS
from aie_explorer.space.rules import spans_banks
from aie_explorer.transport import KernelEnd, Plan, Plio, PlioEnd, Tiling
from aie_explorer.transport.direct import tile_of

# Input and output buffers alternate between two banks, away from the weights, so that loads of both operands and
# the DMA seldom meet in one bank (AM020 ch2: two accesses of a bank in a cycle stall the core). Weights of more than a
# bank take the bank of bias and stack too, which then are with the first buffers.
BANKS = {"ping": 0, "bias": 1, "weights": 2, "pong": 3}
DIRECT_TEXT = {"shared_memory": "Buffers of both: the core of the reader reaches the memory of the producer's tile",
               "tile_dma": "From tile to tile, through the DMA of both",
               "broadcast": "From one tile to all that read the same, through their DMA"}
OLDEST_VITIS = "2025.2"
VERBATIM = {"aie/library/dense.h": "aie/library/dense.h", "pl/mm2s.cpp": "pl/mm2s.cpp", "pl/s2mm.cpp": "pl/s2mm.cpp",
            "check.py": "check.py"}
ONCE = ("aie/graph.h", "aie/graph.cpp", "aie/aie.cfg", "pl/system.cfg", "host/host.cpp", "Makefile", "README.md")
PER_LAYER = ("aie/parameters/layer.h", "aie/weights/layer.h", "aie/kernels/layer.h", "aie/kernels/layer.cpp")


@dataclass(frozen=True, eq=False)
class Array:
    """An array of a kernel: name of the parameter, its element type, a row a tile or cascade."""

    name: str
    type: str
    rows: IntArray

    @property
    def size(self) -> str:
        """The constant of the layer's parameters that says how long it is."""
        return f"{self.name}_size"


@dataclass(frozen=True, eq=False)
class Role:
    """The place of a tile in its cascade: whether it starts the sums, whether it ends them, what it holds.

    Attributes:
        condition: C++ that chooses it by the position in the cascade; empty where there is no other.
    """

    name: str
    starts: bool
    ends: bool
    condition: str
    arrays: tuple[Array, ...]


def render(design: Design, stimulus: Stimulus) -> Iterator[tuple[str, str]]:
    """(path in the project, text) of every file."""
    plan, placement = design.plan(), design.place()
    context = _context(design.on_array, plan, placement, stimulus) | {"estimate": str(design.estimate())}
    for path, template in VERBATIM.items():
        yield path, (resources.files("aie_explorer.firmware") / "templates" / template).read_text(encoding="utf-8")
    for file in sorted(path for path in include_folder().rglob("*") if path.is_file()):
        yield f"emulation/{file.relative_to(include_folder()).as_posix()}", file.read_text(encoding="utf-8")
    environment = _environment()
    for path in ONCE:
        yield path, environment.get_template(f"{path}.jinja").render(context)
    for described in context["layers"]:
        for path in PER_LAYER:
            yield path.replace("layer", described["name"]), environment.get_template(f"{path}.jinja").render(
                layer=described)
    yield "design.json", json.dumps(design.to_json(), indent=1) + "\n"
    for plios, values, prefix in ((plan.inputs, stimulus.inputs, ""), (plan.outputs, stimulus.outputs, "expected_")):
        for plio in plios:
            per_line = design.device.plio_bits // 8 // storage_bytes(plio.storage)
            yield f"data/{prefix}{port_name(plio)}.txt", to_text(values[plio.name], per_line)


def port_name(plio: Plio) -> str:
    """The name of a PLIO in the graph, in the connections and of its data file."""
    return f"plio_{plio.name}"


def array_flags(device: Device) -> tuple[str, ...]:
    """Compiler flags that tell the emulation the size of the array."""
    sizes = {"COLUMNS": device.columns, "ROWS": device.rows, "MEMORY_TILE_ROWS": device.memory_tile_rows}
    return tuple(f"-DAIE_EMULATION_{name}={size}" for name, size in sizes.items())


def layer_context(op: Dense, layer: LayerSpace, design: Design, placement: Placement) -> dict[str, Any]:
    """What the templates say of one layer."""
    o, network = layer.table[0], design.network
    source, target = network.type_of(op.inputs[0]), network.type_of(op.output)
    storage_low, storage_high = np.iinfo(target.storage).min, np.iinfo(target.storage).max
    low, high = op.clamp or (int(storage_low), int(storage_high))
    numbers = {name: int(o[name]) for name in (
        "M", "K", "N", "block_rows", "block_columns", "cas_length", "cas_num", "rows", "k", "n", "acc_bits")}
    column, row = placement[op.name]
    shift = 0 if op.clamp is None else int(op.sum_frac(network).min()) - op.rounded_frac(network)
    arrays = _arrays(op, layer, shift, target.storage)
    spans = bool(spans_banks(o["weight_bytes"], design.device))
    weights_place = f"adf::address(x, y, {design.device.generation.bank_bytes * BANKS['bias']})" if spans else (
        f"adf::bank(x, y, {BANKS['weights']})")
    return numbers | {
        "name": op.name, "k_total": op.k, "n_total": op.n, "split": SPLITS[int(o["split"])],
        "in_t": source.storage, "weight_t": op.weights.type.storage, "out_t": target.storage,
        "round_t": target.storage if op.table is None else "int8" if low < 0 else "uint8",
        "acc_tag": f"acc{numbers['acc_bits']}", "column": column, "row": row, "low": low, "high": high,
        "shift": shift, "shifts": op.finer is not None, "affine": op.affine is not None,
        "slope_shift": op.slope_shift, "table": 0 if op.table is None else len(op.table),
        "rounding": op.rounding(network), "roles": _roles(numbers["cas_length"], arrays), "arrays": arrays,
        "weights_place": weights_place, "own_place": f"adf::bank(x, y, {BANKS['ping' if spans else 'bias']})",
    }


def _arrays(op: Dense, layer: LayerSpace, shift: int, out_t: str) -> tuple[Array, ...]:
    """What the tiles of a layer hold besides code; the weights are first, the bias second."""
    arrays = [Array("weights", op.weights.type.storage, pack_weights(layer, op)),
              Array("bias", "int32", pack_bias(layer, op))]
    if op.finer is not None:
        arrays.append(Array("shifts", "int32", pack_shifts(layer, op, shift)))
    if op.affine is not None:
        arrays.append(Array("affine", "int32", pack_affine(layer, op)))
    if op.table is not None:
        arrays.append(Array("table", out_t, np.broadcast_to(op.table, (int(layer.table[0]["cas_num"]), len(op.table)))))
    return tuple(arrays)


def _roles(cas_length: int, arrays: tuple[Array, ...]) -> tuple[Role, ...]:
    """The roles of a cascade; biases are where sums start, and what finishes them where they end."""
    (weights, bias), finish = arrays[:2], arrays[2:]
    if cas_length == 1:
        return (Role("single", True, True, "", arrays),)
    first = Role("first", True, False, "if (position == 0) ", (weights, bias))
    middle = Role("middle", False, False, "else if (position + 1 < parameters::cas_length) ", (weights,))
    last = Role("last", False, True, "else ", (weights, *finish))
    return (first, last) if cas_length == 2 else (first, middle, last)


def _context(design: Design, plan: Plan, placement: Placement, stimulus: Stimulus) -> dict[str, Any]:
    device, names = design.device, _end_names(design)
    fed_directly = {end.layer for edge in plan.direct for end in edge.readers}
    return {
        "name": design.network.name, "device": device.name, "board": device.board, "platform": _platform(design),
        "batch": design.network.batch, "tiles": design.tiles, "device_tiles": device.tiles,
        "array_flags": " ".join(array_flags(device)),
        "version": aie_explorer.__version__, "vitis": OLDEST_VITIS,
        "plio_bits": device.plio_bits, "pl_clock_mhz": device.pl_clock_mhz, "banks": BANKS,
        "iterations": stimulus.iterations, "samples": stimulus.samples,
        "layers": [layer_context(op, layer, design, placement) | {
            "staged": op.name not in fed_directly, "in_copies": plan.tile_copies(op.name, "input"),
            "out_copies": plan.tile_copies(op.name, "output")}
                   for op, layer in zip(design.network.layers, design.space.layers, strict=True)],
        "buffers": plan.buffers, "direct": plan.direct, "direct_text": DIRECT_TEXT, "plio_edges": plan.plio_edges,
        "tile_copies": plan.tile_copies,
        "tile_of": {end: tile_of(end, placement) for end in names},
        "inputs": [_plio(p) for p in plan.inputs], "outputs": [_plio(p) for p in plan.outputs],
        "end_name": names,
    }


def _plio(plio: Plio) -> dict[str, Any]:
    return {"port": port_name(plio), "storage": plio.storage, "element_bytes": storage_bytes(plio.storage),
            "bytes": plio.bytes, "rows": plio.rows, "columns": plio.columns, "first_row": plio.first_row,
            "first_column": plio.first_column, "tensor": plio.tensor, "order": plio.order}


def _platform(design: Design) -> str:
    """The folder name of the base platform; AMD adds the release to it."""
    return design.device.platform or "PLATFORM"


def _end_names(design: Design) -> dict[KernelEnd, str]:
    """The kernel of every tile in the graph."""
    return {KernelEnd(name, chain, position): f"kernel_{name}[{chain * choice.cas_length + position}]"
            for name, choice in design.layers.items()
            for chain in range(choice.cas_num) for position in range(choice.cas_length)}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aie_explorer.firmware", "templates"), undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    environment.filters |= {"numbers": _numbers, "arguments": _arguments, "tiling": _tiling, "source": _source,
                            "sink": _sink}
    return environment


def _numbers(values: IntArray) -> str:
    return ", ".join(map(str, values.tolist()))


def _arguments(role: Role, parameters: str) -> str:
    """The arguments of a kernel's constructor."""
    return ", ".join(f"{array.type} (&{array.name})[{parameters}::{array.size}]" for array in role.arrays)


def _tiling(tiling: Tiling) -> str:
    """The argument of adf::tiling."""
    def listed(values: tuple[int, ...]) -> str:
        return f"{{{', '.join(map(str, values))}}}"

    text = (f"{{.buffer_dimension = {listed(tiling.buffer)}, .tiling_dimension = {listed(tiling.tile)}, "
            f".offset = {listed(tiling.offset)}")
    if tiling.traversal:
        steps = ", ".join(f"{{.dimension = {d}, .stride = {s}, .wrap = {w}}}" for d, s, w in tiling.traversal)
        text += f", .tile_traversal = {{{steps}}}"
    return text + "}"


@jinja2.pass_context
def _source(context: jinja2.runtime.Context, end: KernelEnd | PlioEnd) -> str:
    return f"plio_in[{end.index}].out[0]" if isinstance(end, PlioEnd) else f"{context['end_name'][end]}.out[0]"


@jinja2.pass_context
def _sink(context: jinja2.runtime.Context, end: KernelEnd | PlioEnd) -> str:
    return f"plio_out[{end.index}].in[0]" if isinstance(end, PlioEnd) else f"{context['end_name'][end]}.in[0]"
