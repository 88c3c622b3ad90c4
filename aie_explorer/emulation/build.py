"""Compile a project against the emulation's headers; objects and binaries are kept by what went into them.

Kernels of layers that did not change are not compiled again, nor is the part of the emulation that no project changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
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

FLAGS = ("-std=c++20", "-O1", "-Wall", "-Wextra", "-D__X86SIM__", "-DAIE_EMULATION_SEPARATE")
COMPILE_TIMEOUT_S = 600
MOST_BINARIES = 500
"""Kept in the cache, and as many objects; each takes 0.1 to 2 MB."""

INCLUDE = re.compile(rb'^\s*#\s*include\b\s*(?:["<]([^">]+)[">])?', flags=re.MULTILINE)


def include_folder() -> Path:
    """The headers that stand in for AMD's."""
    return Path(str(resources.files("aie_explorer.emulation").joinpath("include")))


def cache_folder() -> Path:
    """Where binaries are kept; XDG_CACHE_HOME is honoured."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "aie_explorer" / "emulation"


def object_folder() -> Path:
    """Where the objects are kept from which binaries are linked."""
    return cache_folder().with_name("objects")


def build(project: Path, compiler: Compiler, defines: tuple[str, ...] = (), flags: tuple[str, ...] = (),
          progress: Step = silent) -> tuple[Path, float]:
    """The binary of a project, compiled if it is not in the cache.

    Args:
        project: an exported project.
        compiler: what to compile with.
        defines: NAME=VALUE macros of graph.cpp.
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
    aie, headers = project / "aie", include_folder()
    command = [compiler.path, *FLAGS, *flags]
    includes = [f"-I{aie}", f"-I{headers}"]
    emulation = _digest(_files(headers), headers, compiler.version)
    units = {source: [*command, *(f"-D{define}" for define in defines if source == sources[0])]
             for source in [*sources, headers / "emulation" / "runtime.cpp"]}
    digests = {source: _digest(_included(source, aie), aie if source in sources else headers, emulation, *unit)
               for source, unit in units.items()}
    binary = cache_folder() / _digest([], aie, *digests.values()) / "run"
    if binary.is_file():
        with contextlib.suppress(OSError):
            os.utime(binary.parent)  # the least recently used go first
        return binary, 0.0
    begin = time.perf_counter()
    try:
        object_folder().mkdir(parents=True, exist_ok=True)
        cache_folder().mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".building_", dir=cache_folder()))
    except OSError as error:
        raise _unwritable(error) from None

    def one(source: Path) -> str:
        target = folder / f"{digests[source]}.o"
        kept = object_folder() / target.name
        with contextlib.suppress(OSError):
            os.utime(kept)
            shutil.copy2(kept, target)
            return str(target)
        _run([*units[source], *includes, "-c", str(source), "-o", str(target)], source, progress)
        copy = target.with_suffix(".kept")
        shutil.copy2(target, copy)
        copy.replace(kept)
        return str(target)

    try:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            objects = list(pool.map(one, units))
        # The linker writes beside the binary's place: a file that we had open ourselves might be refused to run.
        built = folder / "run"
        _run([*command, *objects, "-o", str(built)], project, progress)
        binary.parent.mkdir(exist_ok=True)
        built.replace(binary)
        for cache in (cache_folder(), object_folder()):
            _evict(cache)
    except OSError as error:
        raise _unwritable(error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return binary, time.perf_counter() - begin


def _unwritable(error: OSError) -> EmulationError:
    return EmulationError(f"the cache cannot be written: {error.strerror}", where=str(cache_folder()),
                          remedy="Set XDG_CACHE_HOME to a folder you may write to")


def _evict(cache: Path) -> None:
    """Remove what was not used for longest, beyond the most that are kept."""
    kept = []
    for path in cache.iterdir():
        with contextlib.suppress(OSError):  # another process may evict too
            age = path.stat().st_mtime
            if not path.name.startswith(".building_") or age < time.time() - COMPILE_TIMEOUT_S:
                kept.append((age, path))
    for _, path in sorted(kept)[:-MOST_BINARIES]:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _included(source: Path, root: Path) -> list[Path]:
    """A source and the files of its project that it includes; all of them where the name of one is a macro."""
    met = [source.resolve()]
    for file in met:
        for name in INCLUDE.findall(file.read_bytes()):
            if not name:
                return _files(root.resolve())
            places = [folder / os.fsdecode(name) for folder in (file.parent, root)]
            found = next((path.resolve() for path in places if path.is_file()), None)
            if found and found not in met:
                met.append(found)
    return met


def _digest(files: list[Path], root: Path, *words: str) -> str:
    """Of words and files with their names below a root, wherever that lies."""
    text = hashlib.sha256(repr(words).encode())
    for file in files:
        text.update(os.path.relpath(file.resolve(), root.resolve()).encode() + b"\0" + file.read_bytes() + b"\0")
    return text.hexdigest()[:32]


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
