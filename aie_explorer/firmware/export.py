"""Write a design as a Vitis project: all of it, or nothing."""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import replace
from pathlib import Path

from aie_explorer.checks import errors
from aie_explorer.design import Design
from aie_explorer.emulation import EmulationError, find_compiler
from aie_explorer.errors import ExportError
from aie_explorer.firmware.manifest import check_replaceable, write_manifest
from aie_explorer.firmware.place import put, scratch_folder
from aie_explorer.firmware.project import FirmwareProject
from aie_explorer.firmware.render import render
from aie_explorer.firmware.stimulus import inputs_of, stimulus
from aie_explorer.firmware.verify import Verdict
from aie_explorer.progress import Step, silent
from aie_explorer.reference import Inputs

ASK = "Choose another folder or ask for overwriting"


def export(design: Design, path: str | Path, *, overwrite: bool = False,
           x: Inputs | None = None, verify: bool | None = None, progress: Step = silent) -> FirmwareProject:
    """Write the project of a design. It is made beside its place and moved there when complete.

    Then it is compiled and run on this machine and every layer compared with the reference (`verify`).

    Args:
        design: what to write.
        path: folder to create; its parents are made.
        overwrite: replace an earlier project at that place, as it was written; a folder that holds anything else, or
            a file that was edited since, is never touched.
        x: [samples, *input shape] test vectors in the model's units, by name or as a list where there are several
            inputs; random and engineered ones when None.
        verify: whether to; when None it is done if this machine has a C++20 compiler, else a warning says why not.
        progress: told "plan", "write", "compile", "emulate" and "compare"; what it raises ends the work. Before
            "compile" nothing is left behind, from then on a complete project that is not verified.

    Returns:
        The project, with its verdict, or with the reason why it has none.

    Raises:
        ExportError: when a design rule is broken, the folder exists, or it cannot be written.
        EmulationError: when there is no compiler but `verify` asks for one, or what was written is not bit-exact.
    """
    target = _absolute(path)
    progress("plan")
    unverified = "not asked for" if verify is False else _no_compiler(required=verify is True)
    violations = errors(design)
    if violations:
        raise ExportError(f"the design breaks a rule: {violations[0]}", where=design.network.name)
    _refuse_existing(target, overwrite)
    ints = inputs_of(design, x)
    if len(next(iter(ints.values()))) == 0:
        raise ExportError("there is no sample among the test vectors", where="x", remedy="Leave x out or give some")
    vectors = stimulus(design.on_array.space, design.plan(), ints)
    progress("write")
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        with scratch_folder(target) as scratch:
            for name, text in render(design, vectors):
                file = scratch / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
                progress("write")
            write_manifest(scratch)
            _refuse_existing(target, overwrite)  # it may have come, or been edited, meanwhile
            put(scratch, target, replace=overwrite)
    except OSError as error:
        if isinstance(error, FileExistsError) and error.filename == str(target):
            raise ExportError("exists already", where=str(target), remedy=ASK) from None
        raise ExportError(f"cannot be written: {error.strerror}", where=str(path),
                          remedy="Choose a folder you may write to, with space left") from None
    finally:
        for parent in made:  # those made for nothing
            with contextlib.suppress(OSError):
                parent.rmdir()
    project = FirmwareProject(Path(path), design, unverified=unverified)
    if unverified:
        if verify is None:
            warnings.warn(f"{path} was written but not verified: {unverified}", stacklevel=3)
        return project
    return replace(project, verdict=_verdict(project, x, progress))


def _no_compiler(*, required: bool) -> str:
    """Why this machine cannot verify; empty if it can."""
    try:
        find_compiler()
    except EmulationError as error:
        if required:
            raise
        return str(error)
    return ""


def _verdict(project: FirmwareProject, x: Inputs | None, progress: Step) -> Verdict:
    verdict = project.verify(x, progress=progress)
    if verdict.mismatches:
        raise EmulationError(f"is {verdict}", where=str(project.path),
                             remedy="Do not use it; this is a bug of aie_explorer")
    return verdict


def _absolute(path: object) -> Path:
    try:
        target = Path(os.path.abspath(path))  # type: ignore[call-overload]
        target.exists()
        if "\0" in str(target):
            raise ValueError("it holds a null character")
    except TypeError:
        raise ExportError(f"{path!r} is no path", remedy="Give the folder to create") from None
    except (OSError, ValueError) as error:
        raise ExportError(f"is no usable path ({error})", where=repr(path)[:80]) from None
    return target


def _refuse_existing(target: Path, overwrite: bool) -> None:
    """Only an earlier project of this package may be replaced."""
    if not target.exists() and not target.is_symlink():
        return
    if not overwrite:
        raise ExportError("exists already", where=str(target), remedy=ASK)
    check_replaceable(target)

