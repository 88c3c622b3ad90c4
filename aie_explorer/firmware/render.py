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
from aie_explorer.emulation.build import include_folder
from aie_explorer.firmware.pack import pack_bias, pack_shifts, pack_weights, to_text
from aie_explorer.firmware.stimulus import Stimulus
from aie_explorer.ir import Dense, IntArray, storage_bytes
from aie_explorer.placement import Placement
from aie_explorer.search.space import LayerSpace
from aie_explorer.space import SPLITS
from aie_explorer.transport import KernelEnd, Plan, Plio, PlioEnd, Tiling

# Input and output buffers alternate between two banks, away from the weights, so that loads of both operands and
# the DMA seldom meet in one bank (AM020 ch2: two accesses of a bank in a cycle stall the core).
BANKS = {"ping": 0, "bias": 1, "weights": 2, "pong": 3}
OLDEST_VITIS = "2025.2"
VERBATIM = {"aie/library/dense.h": "aie/library/dense.h", "pl/mm2s.cpp": "pl/mm2s.cpp", "pl/s2mm.cpp": "pl/s2mm.cpp",
            "check.py": "check.py"}
ONCE = ("aie/graph.h", "aie/graph.cpp", "aie/aie.cfg", "pl/system.cfg", "host/host.cpp", "Makefile", "README.md")
PER_LAYER = ("aie/parameters/layer.h", "aie/weights/layer.h", "aie/kernels/layer.h", "aie/kernels/layer.cpp")


@dataclass(frozen=True)
class Role:
    """The place of a tile in its cascade: whether it starts the sums and whether it ends them."""

    name: str
    starts: bool
    ends: bool


SINGLE, FIRST, MIDDLE, LAST = (Role("single", True, True), Role("first", True, False), Role("middle", False, False),
                               Role("last", False, True))


def render(design: Design, stimulus: Stimulus) -> Iterator[tuple[str, str]]:
    """(path in the project, text) of every file."""
    plan, placement = design.plan(), design.place()
    context = _context(design, plan, placement, stimulus)
    for path, template in VERBATIM.items():
        yield path, resources.files("aie_explorer.firmware").joinpath("templates", template).read_text(encoding="utf-8")
    for file in sorted(path for path in include_folder().rglob("*") if path.is_file()):
        yield f"emulation/{file.relative_to(include_folder()).as_posix()}", file.read_text(encoding="utf-8")
    environment = _environment()
    for path in ONCE:
        yield path, environment.get_template(f"{path}.jinja").render(context)
    for op, layer, described in zip(design.network.layers, design.space.layers, context["layers"], strict=True):
        packed = described | {"weights": pack_weights(layer, op), "bias": pack_bias(layer, op)}
        if op.finer is not None:
            packed["shift_rows"] = pack_shifts(layer, op, described["shift"])
        for path in PER_LAYER:
            text = environment.get_template(f"{path}.jinja").render(layer=packed)
            yield path.replace("layer", op.name), text
    yield "design.json", json.dumps(design.to_json(), indent=1) + "\n"
    for plios, values, prefix in ((plan.inputs, stimulus.inputs, ""), (plan.outputs, stimulus.outputs, "expected_")):
        for plio in plios:
            per_line = design.device.plio_bits // 8 // storage_bytes(plio.storage)
            yield f"data/{prefix}{port_name(plio)}.txt", to_text(values[plio.name], per_line)


def port_name(plio: Plio) -> str:
    """The name of a PLIO in the graph, in the connections and of its data file."""
    return f"plio_{plio.name}"


def layer_context(op: Dense, layer: LayerSpace, design: Design, placement: Placement) -> dict[str, Any]:
    """What the templates say of one layer."""
    o, network = layer.table[0], design.network
    source, target = network.type_of(op.inputs[0]), network.type_of(op.output)
    storage_low, storage_high = np.iinfo(target.storage).min, np.iinfo(target.storage).max
    low, high = op.clamp or (int(storage_low), int(storage_high))
    numbers = {name: int(o[name]) for name in ("M", "K", "N", "cas_length", "cas_num", "rows", "k", "n", "acc_bits")}
    column, row = placement[op.name]
    return numbers | {
        "name": op.name, "k_total": op.k, "n_total": op.n, "split": SPLITS[int(o["split"])],
        "in_t": source.storage, "weight_t": op.weights.type.storage, "out_t": target.storage,
        "acc_tag": f"acc{numbers['acc_bits']}", "column": column, "row": row, "low": low, "high": high,
        "shift": 0 if op.clamp is None else int(op.sum_frac(network).min()) - target.frac,
        "shifts": op.finer is not None,
        "rounding": target.rounding, "roles": _roles(numbers["cas_length"]),
    }


def _roles(cas_length: int) -> tuple[Role, ...]:
    if cas_length == 1:
        return (SINGLE,)
    return (FIRST, LAST) if cas_length == 2 else (FIRST, MIDDLE, LAST)


def _context(design: Design, plan: Plan, placement: Placement, stimulus: Stimulus) -> dict[str, Any]:
    device = design.device
    return {
        "name": design.network.name, "device": device.name, "board": device.board, "platform": _platform(design),
        "batch": design.network.batch, "tiles": design.tiles, "device_tiles": device.tiles,
        "version": aie_explorer.__version__, "vitis": OLDEST_VITIS, "estimate": str(design.estimate()),
        "plio_bits": device.plio_bits, "pl_clock_mhz": device.pl_clock_mhz, "banks": BANKS,
        "iterations": stimulus.iterations, "samples": stimulus.samples,
        "layers": [layer_context(op, layer, design, placement)
                   for op, layer in zip(design.network.layers, design.space.layers, strict=True)],
        "buffers": plan.buffers, "inputs": [_plio(p) for p in plan.inputs], "outputs": [_plio(p) for p in plan.outputs],
        "end_name": _end_names(design),
    }


def _plio(plio: Plio) -> dict[str, Any]:
    return {"port": port_name(plio), "storage": plio.storage, "element_bytes": storage_bytes(plio.storage),
            "bytes": plio.bytes, "rows": plio.rows, "columns": plio.columns, "first_row": plio.first_row,
            "first_column": plio.first_column, "tensor": plio.tensor}


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
    environment.filters |= {"numbers": _numbers, "tiling": _tiling, "source": _source, "sink": _sink}
    return environment


def _numbers(values: IntArray) -> str:
    return ", ".join(map(str, values.tolist()))


def _tiling(tiling: Tiling) -> str:
    """The argument of adf::tiling."""
    def pair(values: tuple[int, int]) -> str:
        return f"{{{values[0]}, {values[1]}}}"

    text = (f"{{.buffer_dimension = {pair(tiling.buffer)}, .tiling_dimension = {pair(tiling.tile)}, "
            f".offset = {pair(tiling.offset)}")
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
