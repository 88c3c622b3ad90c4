"""Compile a project against the emulation's headers; binaries are kept by what went into them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from aie_explorer.emulation.compiler import Compiler, EmulationError
from aie_explorer.emulation.limits import restrain
from aie_explorer.progress import Step, communicate, silent

FLAGS = ("-std=c++20", "-O1", "-Wall", "-Wextra", "-D__X86SIM__")
COMPILE_TIMEOUT_S = 600
MOST_BINARIES = 500
"""Kept in the cache; each takes 0.2 to 2 MB."""


def include_folder() -> Path:
    """The headers that stand in for AMD's."""
    return Path(str(resources.files("aie_explorer.emulation").joinpath("include")))


def cache_folder() -> Path:
    """Where binaries are kept; XDG_CACHE_HOME is honoured."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "aie_explorer" / "emulation"


def build(project: Path, compiler: Compiler, defines: tuple[str, ...] = (), flags: tuple[str, ...] = (),
          progress: Step = silent) -> tuple[Path, float]:
    """The binary of a project, compiled if it is not in the cache.

    Args:
        project: an exported project.
        compiler: what to compile with.
        defines: NAME=VALUE macros.
        flags: further flags.
        progress: told "compile".

    Returns:
        (binary, seconds spent compiling).

    Raises:
        EmulationError: when the project does not compile; its first error is told.
    """
    progress("compile")
    sources = [project / "aie" / "graph.cpp", *sorted((project / "aie" / "kernels").glob("*.cpp"))]
    if not all(source.is_file() for source in sources) or len(sources) < 2:
        raise EmulationError("holds no aie/graph.cpp and kernels", where=str(project),
                             remedy="Give the folder of an exported project")
    command = [compiler.path, *FLAGS, *flags, *(f"-D{define}" for define in defines)]
    binary = cache_folder() / _digest(project, command, compiler) / "run"
    if binary.is_file():
        with contextlib.suppress(OSError):
            os.utime(binary.parent)  # the least recently used go first
        return binary, 0.0
    begin = time.perf_counter()
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".building_", dir=cache_folder()))
    except OSError as error:
        raise _unwritable(error) from None
    try:
        # The linker writes beside the binary's place: a file that we had open ourselves might be refused to run.
        built = _compile(sources, project, command, folder, progress)
        binary.parent.mkdir(exist_ok=True)
        built.replace(binary)
        _evict(cache_folder())
    except OSError as error:
        raise _unwritable(error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return binary, time.perf_counter() - begin


def _unwritable(error: OSError) -> EmulationError:
    return EmulationError(f"the cache cannot be written: {error.strerror}", where=str(cache_folder()),
                          remedy="Set XDG_CACHE_HOME to a folder you may write to")


def _evict(cache: Path) -> None:
    """Remove the binaries that were not used for longest, beyond the most that are kept."""
    kept = []
    for path in cache.iterdir():
        with contextlib.suppress(OSError):  # another process may evict too
            if path.is_dir() and not (path.name.startswith(".building_")
                                      and path.stat().st_mtime > time.time() - COMPILE_TIMEOUT_S):
                kept.append((path.stat().st_mtime, path))
    for _, path in sorted(kept)[:-MOST_BINARIES]:
        shutil.rmtree(path, ignore_errors=True)


def _digest(project: Path, command: list[str], compiler: Compiler) -> str:
    """Of everything that decides the binary: sources, headers, command, compiler."""
    text = hashlib.sha256(repr((command, compiler.version)).encode())
    for root in (project / "aie", include_folder()):
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            text.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return text.hexdigest()[:32]


def _compile(sources: list[Path], project: Path, command: list[str], folder: Path, progress: Step) -> Path:
    includes = [f"-I{project / 'aie'}", f"-I{include_folder()}"]

    def one(source: Path) -> Path:
        target = folder / f"{source.stem}.o"
        _run([*command, *includes, "-c", str(source), "-o", str(target)], source, progress)
        return target

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        objects = list(pool.map(one, sources))
    target = folder / "run"
    _run([*command, *map(str, objects), "-o", str(target)], project, progress)
    return target


def _run(command: list[str], what: Path, progress: Step) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                               start_new_session=True,  # the compiler starts programs of its own
                               preexec_fn=restrain(COMPILE_TIMEOUT_S, alone=False))  # noqa: PLW1509
    try:
        _, stderr = communicate(process, "compile", progress, COMPILE_TIMEOUT_S)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise EmulationError(f"compiling took more than {COMPILE_TIMEOUT_S} s", where=str(what)) from None
        raise
    if process.returncode != 0:
        said = stderr.splitlines() or ["no reason given"]
        first = next((line for line in said if "error" in line), said[0])
        raise EmulationError(f"does not compile: {first}", where=str(what))
