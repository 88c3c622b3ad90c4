"""Is the exported firmware equal to the reference, bit for bit, at every layer, in host emulation?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aie_explorer import html
from aie_explorer.emulation import EmulationError, emulate
from aie_explorer.firmware.pack import in_rows, to_text
from aie_explorer.firmware.render import array_flags, port_name
from aie_explorer.firmware.stimulus import inputs_of, stimulus
from aie_explorer.ir import IntArray, storage_bytes
from aie_explorer.progress import Step, silent
from aie_explorer.reference import Inputs, simulate_ints
from aie_explorer.transport import DirectEdge, KernelEnd, MemoryBuffer, Plio

EMPTY = np.zeros(0, np.int64)

if TYPE_CHECKING:
    from aie_explorer.design import Design
    from aie_explorer.firmware.project import FirmwareProject


@dataclass(frozen=True)
class TensorVerdict:
    """One tensor: how many of its values the firmware computed otherwise, and the first of them."""

    tensor: str
    values: int
    mismatches: int
    first: str


@dataclass(frozen=True)
class Verdict:
    """What the comparison found.

    Attributes:
        tensors: every tensor of the network in memory tiles and where tiles receive it, then what leaves the array.
        samples: compared.
        compile_seconds, run_seconds: spent by the emulation.
    """

    tensors: tuple[TensorVerdict, ...]
    samples: int
    compile_seconds: float
    run_seconds: float

    @property
    def mismatches(self) -> int:
        """Values that differ, over all tensors."""
        return sum(tensor.mismatches for tensor in self.tensors)

    def to_frame(self) -> pd.DataFrame:
        """One tensor a row."""
        return pd.DataFrame([vars(tensor) for tensor in self.tensors]).set_index("tensor")

    def _repr_html_(self) -> str:
        return html.paragraph(str(self)) + html.table(["tensor", "values", "mismatches", "first"], (
            (one.tensor, f"{one.values:,}", one.mismatches, one.first) for one in self.tensors))

    def __str__(self) -> str:
        values = sum(tensor.values for tensor in self.tensors)
        if self.mismatches == 0:
            return (f"bit-exact in host emulation: 0 mismatches in {values:,} values of {len(self.tensors)} tensors, "
                    f"{self.samples} samples")
        worst = next(tensor for tensor in self.tensors if tensor.mismatches)
        return (f"NOT bit-exact in host emulation: {self.mismatches} of {values:,} values differ, "
                f"the first in {worst.tensor} at {worst.first}")


def verify(project: FirmwareProject, x: Inputs | None = None, *, samples: int = 64,
           timeout_s: float = 120.0, flags: tuple[str, ...] = (), progress: Step = silent) -> Verdict:
    """Compile the project, run it, and compare every tensor with the numpy reference.

    Args:
        project: what to verify.
        x: [samples, *input shape] in the model's units, by name or as a list where there are several inputs;
            when None engineered ones that reach the limits of layers, and `samples` random ones over the whole
            input range.
        samples: how many random samples.
        timeout_s: after which the program is ended.
        flags: further compiler flags.
        progress: told "compile", "emulate" and "compare".

    Raises:
        EmulationError: when it cannot be compiled or run, or the emulation reports a diagnostic.
    """
    design = project.design.on_array
    space, network, plan = design.space, design.network, design.plan()
    ints = inputs_of(project.design, x, samples)
    vectors = stimulus(space, plan, ints)
    bits = design.device.plio_bits
    texts = {port_name(p): to_text(vectors.inputs[p.name], bits // 8 // storage_bytes(p.storage)) for p in plan.inputs}
    result = emulate(project.path, inputs=texts, iterations=vectors.iterations, timeout_s=timeout_s,
                     flags=(*array_flags(design.device), *flags), progress=progress)
    progress("compare")
    if len(result.traces) != len(plan.buffers):
        raise EmulationError(f"the program has {len(result.traces)} memory-tile buffers, and design.json describes "
                             f"{len(plan.buffers)}", where=str(project.path),
                             remedy="Export the design again: design.json does not belong to the sources beside it")
    reference = simulate_ints(network, ints)
    tensors = []
    for name in (*network.inputs, *(op.output for op in network.ops)):
        parts = [_compare(_calls(trace, vectors.iterations, b)
                          [:, :, part.column:part.column + part.columns],
                          b.first_row, part.first_column, reference[name], network.batch)
                 for b, trace in zip(plan.buffers, result.traces, strict=True) for part in b.parts
                 if part.tensor == name]
        parts += [_compare(_calls(result.handed.get((_number(design, end), 0), EMPTY), vectors.iterations, d),
                           d.first_row, d.first_column, reference[name], network.batch)
                  for d in plan.direct if d.tensor == name for end in d.readers]
        parts += [_compare(_calls(result.handed.get((_number(design, end), 0), EMPTY), vectors.iterations,
                                  replace(e.window, microtile=e.microtile)),
                           e.window.first_row, e.window.first_column, reference[name], network.batch)
                  for e in plan.plio_edges if e.into and e.window.tensor == name for end in e.tiles]
        tensors.append(_merge(name, parts))
    for name in network.outputs:
        leaves = [_compare(_calls(result.outputs.get(port_name(p), EMPTY), vectors.iterations, p, port_name(p)),
                           p.first_row, p.first_column, reference[name], network.batch)
                  for p in plan.outputs if p.tensor == name]
        tensors.append(_merge(f"{name} at the PLIOs", leaves))
    return Verdict(tuple(tensors), vectors.samples, result.compile_seconds, result.run_seconds)


def _number(design: Design, end: KernelEnd) -> int:
    """The kernel of a tile, by its place in the graph."""
    names = list(design.layers)
    before = sum(choice.tiles for choice in design.choices[:names.index(end.layer)])
    return before + end.chain * design.layers[end.layer].cas_length + end.position


def _calls(values: IntArray, calls: int, what: MemoryBuffer | DirectEdge | Plio, where: str | None = None) -> IntArray:
    """[calls, rows, columns] what the program wrote.

    Raises:
        EmulationError: when it wrote more or less.
    """
    rows, columns = what.rows, what.columns
    if values.size != calls * rows * columns:
        raise EmulationError(f"the program wrote {values.size} numbers, not {calls * rows * columns}",
                             where=where or what.name,
                             remedy="Make room on the disk; or the project was edited and moves other amounts")
    values = values.reshape(calls, rows, columns)
    microtile = None if isinstance(what, MemoryBuffer) else what.microtile
    return values if microtile is None else in_rows(values, microtile)


@dataclass(frozen=True)
class _Part:
    values: int
    mismatches: int
    first: str


def _compare(got: IntArray, first_row: int, first_column: int, expected: IntArray, batch: int) -> _Part:
    """Compare the part of a tensor that a buffer or PLIO holds; padding rows and columns are passed over.

    Args:
        got: [calls, rows, columns] contents.
        first_row, first_column: where they begin in the tensor.
        expected: [samples, columns] the whole tensor.
        batch: samples of a call.
    """
    calls = len(got)
    samples, features = expected.shape
    window = got[:, :max(0, batch - first_row), :max(0, features - first_column)]
    wanted = np.zeros((calls * batch, features), np.int64)
    wanted[:samples] = expected
    true = np.zeros(calls * batch, bool)
    true[:samples] = True
    index = slice(first_row, first_row + window.shape[1]), slice(first_column, first_column + window.shape[2])
    wanted = wanted.reshape(calls, batch, features)[:, index[0], index[1]]
    true = true.reshape(calls, batch)[:, index[0]]
    wrong = (window != wanted) & true[:, :, None]
    first = ""
    if wrong.any():
        call, row, column = (int(v) for v in np.argwhere(wrong)[0])
        first = (f"sample {call * batch + first_row + row}, feature {first_column + column}: expected "
                 f"{wanted[call, row, column]}, got {window[call, row, column]}")
    return _Part(int(true.sum()) * window.shape[2], int(wrong.sum()), first)


def _merge(name: str, parts: list[_Part]) -> TensorVerdict:
    return TensorVerdict(name, sum(p.values for p in parts), sum(p.mismatches for p in parts),
                         next((p.first for p in parts if p.first), ""))
