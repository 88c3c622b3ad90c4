"""Which C++ compiler this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aie_explorer.errors import AieExplorerError

PROBE = ("#include <concepts>\n#include <map>\n"
         "template <std::integral T> T f(T x) { return x; }\nint main() { return f(0); }\n")


class EmulationError(AieExplorerError):
    """A project cannot be compiled or run on this machine."""


@dataclass(frozen=True)
class Compiler:
    """A compiler that understands C++20.

    Attributes:
        path: the executable.
        version: what it says of itself, the first line.
    """

    path: str
    version: str


def find_compiler() -> Compiler:
    """The first of $CXX, g++ and clang++ that is installed and understands C++20.

    Raises:
        EmulationError: when there is none, saying what was tried.
    """
    return _find(os.environ.get("CXX"), os.environ.get("PATH", ""))


@cache
def _find(chosen: str | None, _path: str) -> Compiler:
    tried = []
    for name in ([chosen] if chosen else []) + ["g++", "clang++"]:
        path = shutil.which(name)
        if path is None:
            tried.append(f"{name} is not installed")
            continue
        problem = _refuses_cpp20(path)
        if problem is None:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            return Compiler(path, version.splitlines()[0] if version else name)
        tried.append(f"{name} does not compile C++20 ({problem})")
    raise EmulationError(f"no C++ compiler can be used: {'; '.join(tried)}",
                         remedy="Install g++ 11 or later, or set CXX")


def _refuses_cpp20(path: str) -> str | None:
    """The first line of its complaint, None if it compiles C++20."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text(PROBE, encoding="utf-8")
        try:
            done = subprocess.run([path, "-std=c++20", "-fsyntax-only", str(source)], capture_output=True, text=True,
                                  timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    return None if done.returncode == 0 else (done.stderr.splitlines() or ["it fails"])[0]
