"""The list of files of an exported project, with their digests: what a later export may replace."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from aie_explorer.errors import ExportError

MANIFEST = "files.json"
# what the Makefile's targets, the emulation and the simulators leave beside the project
BUILT = ("build", "x86simulator_output", "aiesimulator_output", "package", ".Xil")


def write_manifest(folder: Path) -> None:
    """List every file below a finished project."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    listed = {file.relative_to(folder).as_posix(): _digest(file) for file in files}
    (folder / MANIFEST).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8", newline="\n")


def check_replaceable(folder: Path) -> None:
    """Allow replacing a folder that holds an exported project as it was written, and what its build left.

    Raises:
        ExportError: for anything else, naming the first file that is foreign or was edited.
    """
    elsewhere = "Choose another folder, or move it away"
    if folder.is_symlink() or not folder.is_dir():
        raise ExportError("exists and is no folder of this package, so it is not overwritten", where=str(folder),
                          remedy=elsewhere)
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        assert isinstance(listed, dict)
    except (OSError, ValueError, AssertionError):
        raise ExportError("exists and is no project of this package, so it is not overwritten", where=str(folder),
                          remedy=elsewhere) from None
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_dir() and not file.is_symlink():
            continue
        if name == MANIFEST or name.split("/")[0] in BUILT:
            continue
        if file.is_symlink() or name not in listed:
            raise ExportError(f"holds {name}, which the export did not write, so it is not overwritten",
                              where=str(folder), remedy=elsewhere)
        if _digest(file) != listed[name]:
            raise ExportError(f"holds {name}, which was edited since the export, so it is not overwritten",
                              where=str(folder), remedy=elsewhere)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
