"""Read back what a Vitis run left in a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from aie_explorer.design import Design, load_design
from aie_explorer.errors import ModelError
from aie_explorer.firmware.render import port_name
from aie_explorer.measured.records import FunctionProfile, PortRecord, read_port, read_profile

RUNTIME = ("main", "_main", "_main_init", "_start", "_cxa", "__cxa", "_fini", "_init", "done", "exit", "_exit")
"""Functions that the compiler adds around the kernels."""
SIMULATORS = ("aiesimulator", "x86simulator")


@dataclass(frozen=True)
class Measured:
    """What was measured of a project.

    Attributes:
        path: of the project.
        design: the design it was exported from, None for a project of another tool.
        kernels: for each profiled tile the kernel that ran there.
        inputs, outputs: what passed the PLIOs of aiesimulator.
        mismatches: for each simulator and output file, how many values differ from those expected.
    """

    path: Path
    design: Design | None
    kernels: tuple[FunctionProfile, ...]
    inputs: tuple[PortRecord, ...]
    outputs: tuple[PortRecord, ...]
    mismatches: dict[str, dict[str, int]]

    @property
    def interval_ns(self) -> float | None:
        """Steady-state time between two results, of the slowest output; None without three iterations."""
        gaps = [port.interval_ns for port in self.outputs if port.interval_ns is not None]
        return max(gaps) if gaps else None

    @property
    def first_out_ns(self) -> float | None:
        """First input beat to first output beat.

        None where no input has times (aiesimulator --graph-latency), or an output did not wait for it.
        """
        return self._since_input([port.first_ns for port in self.outputs])

    @property
    def last_out_ns(self) -> float | None:
        """First input beat to last beat of the first result; None as for `first_out_ns`."""
        return self._since_input([port.last_ns[0] if port.last_ns else None for port in self.outputs])

    def _since_input(self, times: list[float | None]) -> float | None:
        begin = [port.first_ns for port in self.inputs if port.first_ns is not None]
        end = [time for time in times if time is not None]
        return max(end) - min(begin) if begin and end and max(end) > min(begin) else None

    def layer_kernels(self, layer: str) -> tuple[FunctionProfile, ...]:
        """The profiled tiles of a layer, by the name of their kernel."""
        return tuple(kernel for kernel in self.kernels if _belongs(kernel.function, layer, self._names))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.design.layers) if self.design else ()

    def to_frame(self) -> pd.DataFrame:
        """One profiled tile a row."""
        rows = [{"column": kernel.tile[0], "row": kernel.tile[1], "function": kernel.function, "calls": kernel.calls,
                 "least_cycles": kernel.least, "average_cycles": kernel.average, "most_cycles": kernel.most}
                for kernel in self.kernels]
        return pd.DataFrame(rows, columns=["column", "row", "function", "calls", "least_cycles", "average_cycles",
                                           "most_cycles"])


def read(project_dir: str | Path) -> Measured:
    """Everything the simulators left in a project.

    Args:
        project_dir: folder of an exported project, or of any with `aiesimulator_output` or `x86simulator_output`.

    Raises:
        ModelError: when no simulation has run there, or a file is damaged.
    """
    path = Path(project_dir)
    folders = {name: path / f"{name}_output" for name in SIMULATORS if (path / f"{name}_output").is_dir()}
    if not folders:
        raise ModelError("no simulation has run here", where=str(path),
                         remedy="Run `make aiesim` or `make x86sim` in the project")
    design = load_design(path) if (path / "design.json").exists() else None
    inputs: list[PortRecord] = []
    outputs: list[PortRecord] = []
    kernels: list[FunctionProfile] = []
    if "aiesimulator" in folders:
        fed = None if design is None else {f"{port_name(plio)}.txt" for plio in design.plan().inputs}
        for file in sorted((folders["aiesimulator"] / "data").glob("*.txt")):
            (inputs if _is_input(file, path, fed) else outputs).append(read_port(file))
        for file in sorted(folders["aiesimulator"].glob("profile_funct_*.txt")):
            kernels += _kernel(read_profile(file))
    return Measured(path, design, tuple(kernels), tuple(inputs), tuple(outputs),
                    {name: _mismatches(path, folder) for name, folder in folders.items()})


def _is_input(file: Path, project: Path, fed: set[str] | None) -> bool:
    """Whether a file records an input: the project has data of that name to feed, or the name is an input's.

    Args:
        fed: names of the files that feed a design; None for a project of another tool, where only customs tell.
    """
    if (project / "data" / file.name).exists():
        return True
    return file.name.startswith(("x_", "ifm", "input")) if fed is None else file.name in fed


def _kernel(functions: tuple[FunctionProfile, ...]) -> list[FunctionProfile]:
    """The function of a tile that takes most of its time; those of the runtime and those never called left out."""
    own = [function for function in functions if function.least > 0 and not function.function.startswith(RUNTIME)]
    return [max(own, key=lambda function: function.calls * function.average)] if own else []


def _belongs(function: str, layer: str, layers: tuple[str, ...]) -> bool:
    """Whether a function is a kernel of the layer: `<layer>_<role>`, of the longest name of a layer that fits."""
    fitting = [name for name in layers if f"{name}_" in function]
    return bool(fitting) and max(fitting, key=len) == layer


def _mismatches(project: Path, folder: Path) -> dict[str, int]:
    """Values that differ, for each output that the project says what to expect of."""
    found = {}
    for expected in sorted((project / "data").glob("expected_*.txt")):
        name = expected.name.removeprefix("expected_")
        want = np.array(read_port(expected).values)
        output = folder / "data" / name
        got = np.array(read_port(output).values) if output.exists() else np.empty(0)
        shared = min(len(want), len(got))
        found[Path(name).stem] = int(np.sum(want[:shared] != got[:shared])) + abs(len(want) - len(got))
    return found
