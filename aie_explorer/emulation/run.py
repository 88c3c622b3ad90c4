"""Run a compiled project in a process of its own and read what it wrote."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aie_explorer.emulation.build import build
from aie_explorer.emulation.compiler import Compiler, EmulationError, find_compiler
from aie_explorer.emulation.limits import ended_by, restrain
from aie_explorer.ir import IntArray
from aie_explorer.progress import Step, communicate, silent

DIAGNOSTIC = re.compile(r"^AIE_EMULATION_ERROR (\w+): (.*?): (.*)$", flags=re.MULTILINE)
MOST_SAID_BYTES = 1 << 20
"""Read of what a program says."""


@dataclass(frozen=True, eq=False)
class EmulationResult:
    """What a run left.

    Attributes:
        outputs: by name of the data file without its ending, the numbers in order.
        traces: contents of every memory-tile buffer, call after call, in the order of the graph.
        compile_seconds, run_seconds: time spent; compiling is 0 when the binary was at hand.
        handed: what kernels received from kernels, call after call, by (kernel, input) in the order of the graph.
    """

    outputs: dict[str, IntArray]
    traces: tuple[IntArray, ...]
    compile_seconds: float
    run_seconds: float
    handed: dict[tuple[int, int], IntArray] = field(default_factory=dict)


def emulate(project: str | Path, *, inputs: Mapping[str, str] | None = None, iterations: int | None = None,
            timeout_s: float = 120.0, compiler: Compiler | None = None, flags: tuple[str, ...] = (),
            environment: Mapping[str, str] | None = None, progress: Step = silent) -> EmulationResult:
    """Compile a project, unmodified, and run its own main().

    Args:
        project: folder of an exported project.
        inputs: texts of data files to use instead of the project's, by file name without its ending.
        iterations: calls of the graph; the project's own when None.
        timeout_s: after which the program is ended.
        compiler: what to compile with; found when None.
        flags: further compiler flags.
        environment: further variables of the program, such as AIE_EMULATION_DEPTH.
        progress: told "compile" and "emulate".

    Raises:
        EmulationError: when there is no compiler, the project does not compile, the program reports a diagnostic,
            hangs or fails.
    """
    folder = Path(project)
    defines = () if iterations is None else (f"ITERATIONS={iterations}",)
    binary, compile_seconds = build(folder, compiler or find_compiler(), defines, flags, progress)
    try:
        with tempfile.TemporaryDirectory(prefix="aie_emulation_") as scratch:
            work = Path(scratch)
            shutil.copytree(folder / "data", work / "data", ignore=shutil.ignore_patterns("expected_*"))
            for name, text in (inputs or {}).items():
                (work / "data" / f"{name}.txt").write_text(text, encoding="ascii")
            (work / "trace").mkdir()
            begin = time.perf_counter()
            sanitized = any(flag.startswith("-fsanitize") for flag in flags)  # its shadow memory is beyond any limit
            _execute(binary, work, timeout_s, dict(environment or {}), progress, limited=not sanitized)
            run_seconds = time.perf_counter() - begin
            written = sorted((work / "x86simulator_output" / "data").glob("*.txt"))
            traces = sorted((work / "trace").glob("shared_buffer_*.txt"),
                            key=lambda file: int(file.stem.rpartition("_")[2]))
            handed = {(int(words[1]), int(words[3])): read_numbers(file)
                      for file in (work / "trace").glob("kernel_*_in_*.txt") for words in [file.stem.split("_")]}
            return EmulationResult({file.stem: read_numbers(file) for file in written},
                                   tuple(read_numbers(file) for file in traces), compile_seconds, run_seconds, handed)
    except OSError as error:
        raise EmulationError(f"cannot be run: {error.strerror}", where=str(folder)) from None


def _execute(binary: Path, work: Path, timeout_s: float, more: dict[str, str], progress: Step, *, limited: bool
             ) -> None:
    """The program sees a scrubbed environment, its own session, and limits on what it may use."""
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "AIE_EMULATION_TRACE": str(work / "trace")} | more
    messages = work / "messages"  # a file, so that a program without end cannot fill our own memory
    with messages.open("wb") as stderr:
        process = subprocess.Popen([str(binary)], cwd=work, env=env, stdout=subprocess.DEVNULL, stderr=stderr,
                                   stdin=subprocess.DEVNULL, text=True, start_new_session=True,
                                   preexec_fn=restrain(timeout_s) if limited else None)  # noqa: PLW1509
    try:
        communicate(process, "emulate", progress, timeout_s)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise EmulationError(f"did not end within {timeout_s:g} s", where=str(binary)) from None
        raise
    with messages.open("rb") as file:
        said = file.read(MOST_SAID_BYTES).decode("utf-8", errors="replace")
    found = DIAGNOSTIC.search(said)
    if found:
        raise EmulationError(f"{found[1]}: {found[3]}", where=found[2])
    if process.returncode != 0:
        why = ended_by(process.returncode, said)
        last = (said.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise EmulationError(why or f"failed: {last[:200]}", where=str(binary))


def read_numbers(file: Path) -> IntArray:
    """The numbers of a simulator's data file; lines of time stamps (`T 12 ns`) and TLAST are passed over.

    Raises:
        EmulationError: when something else stands there.
    """
    words = [word for line in file.read_text(encoding="ascii", errors="replace").splitlines()
             if not line.startswith(("T ", "TLAST")) for word in line.split()]
    try:
        return np.array([int(word) for word in words], np.int64)
    except (ValueError, OverflowError) as error:
        raise EmulationError(f"holds something that is no number ({error})", where=str(file)) from None
