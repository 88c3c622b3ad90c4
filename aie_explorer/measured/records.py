"""The text files that the simulators of Vitis leave.

* `data/*.txt` of aiesimulator: a line `T <time> <unit>` before each beat, `TLAST` before the values of the last beat
  of a transfer (UG1076, simulation output data streams).
* `profile_funct_<column>_<row>.txt`: a line a function with its calls, its own cycles and those with its descendants,
  each as total, percent, least, average and most (UG1076, AI Engine simulation-based profiling).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from aie_explorer.errors import ModelError

NS = {"ps": 1e-3, "ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
_TIME = re.compile(r"T\s+([0-9]+(?:\.[0-9]+)?)\s*(ps|ns|us|ms|s)")
_CYCLES = r"(\d+)\s+[\d.]+%\s+(\d+)\s+([\d.]+)\s+(\d+)"
_FUNCTION = re.compile(rf"\s*(\d+)\s+{_CYCLES}\s+{_CYCLES}\s+(?:\d+\s+)*(\S.*?)\s*$")
_TILE = re.compile(r"tile_(\d+)_(\d+)")
_NAME = re.compile(r"profile_funct_(\d+)_(\d+)\.txt")


@dataclass(frozen=True)
class PortRecord:
    """What passed a PLIO.

    Attributes:
        name: of the file, without its ending.
        first_ns: time of the first beat; None where the file has no times, as those of x86simulator.
        last_ns: times of the last beats of the transfers, one an iteration.
        values: all values, in order.
    """

    name: str
    first_ns: float | None
    last_ns: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def interval_ns(self) -> float | None:
        """Mean time between the ends of transfers in the steady state; None for fewer than three, or at one time.

        The first gap is left out: it still fills the buffers.
        """
        if len(self.last_ns) < 3 or self.last_ns[-1] <= self.last_ns[1]:
            return None
        return (self.last_ns[-1] - self.last_ns[1]) / (len(self.last_ns) - 2)


@dataclass(frozen=True)
class FunctionProfile:
    """Cycles of a function on a tile, its descendants included.

    Attributes:
        tile: (column, row) of the whole array, interface and memory tiles counted, as the simulator names it.
        function: its name, mangled where the file gives that too.
        calls: how often.
        least, average, most: cycles of a call.
    """

    tile: tuple[int, int]
    function: str
    calls: int
    least: int
    average: float
    most: int


def read_port(path: Path) -> PortRecord:
    """One file of a PLIO.

    Raises:
        ModelError: for a line that is neither a time, TLAST nor numbers, or times that go back.
    """
    times: list[float] = []
    ends: list[float] = []
    values: list[float] = []
    for number, line in enumerate(_lines(path), 1):
        text = line.strip()
        if not text:
            continue
        time = _TIME.fullmatch(text)
        if time:
            times.append(float(time[1]) * NS[time[2]])
            if len(times) > 1 and times[-1] < times[-2]:
                raise ModelError("times go back", where=f"{path}:{number}")
        elif text == "TLAST":
            if times:
                ends.append(times[-1])
        else:
            values += _numbers(text, path, number)
    return PortRecord(path.stem, times[0] if times else None, tuple(ends), tuple(values))


def read_profile(path: Path) -> tuple[FunctionProfile, ...]:
    """The functions of one tile, those of the runtime included.

    Raises:
        ModelError: when the file holds no function, or does not say of which tile it is.
    """
    lines = _lines(path)
    named = _NAME.fullmatch(path.name)
    # The header's tile counts rows of the whole array; the file's name is what there is without it.
    tile = next((found for line in lines if (found := _TILE.search(line))), named)
    if tile is None:
        raise ModelError("does not say which tile it profiles", where=str(path))
    functions = []
    for line in lines:
        found = _FUNCTION.fullmatch(line)
        if found:
            calls, _, _, _, _, total, least, _, most, name = found.groups()
            functions.append(FunctionProfile((int(tile[1]), int(tile[2])), name, int(calls), int(least),
                                             int(total) / max(int(calls), 1), int(most)))
    if not functions:
        raise ModelError("holds no function with its cycles", where=str(path),
                         remedy="Run aiesimulator with --profile")
    return tuple(functions)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _numbers(text: str, path: Path, line: int) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        raise ModelError(f"{text[:40]!r} is neither a time, TLAST nor numbers", where=f"{path}:{line}") from None
