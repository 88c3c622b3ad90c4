"""The demo: the whole way on an embedded model, in one command."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cli.designs import design_text
from aie_explorer.cli.main import given
from aie_explorer.cli.models import describe, report
from aie_explorer.cli.text import frame_text, table
from aie_explorer.emulation import EmulationError, find_compiler
from aie_explorer.errors import ExportError
from aie_explorer.explorer import Explorer
from aie_explorer.firmware import FirmwareProject
from aie_explorer.frontends import load
from aie_explorer.reference import compare, output_names, simulate_all

MANIFEST = "demo.json"
"""Digests of the files a demo wrote: only these may a later one replace."""
ELSEWHERE = "Choose another folder with --out"


def example_file(name: str) -> Path:
    """A file of the examples: inside an installed package, or in the checkout the package runs from.

    Raises:
        ExportError: when it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "demo", package.parent / "examples"):
        if (folder / name).is_file():
            return folder / name
    raise ExportError(f"the example {name} is missing from this installation", remedy="Install the package again")


def demo(arguments: argparse.Namespace) -> int:
    """Explore, place, export and compare the handwritten digits network."""
    from aie_explorer.plots import html_report

    out = Path(arguments.out)
    _refuse_foreign(out)
    network = load(example_file("digits_mlp.h5"), batch=given(arguments, "batch"))
    with np.load(example_file("digits_vectors.npz"), allow_pickle=False) as stored:
        inputs, labels, predictions = stored["inputs"], stored["labels"], stored["predictions"]
    print("A network trained on 8 x 8 images of handwritten digits, quantized with QKeras:\n")
    print(table(describe(network, i) for i in range(len(network.layers))))

    explorer = Explorer(network, given(arguments, "device"), plio_bits=arguments.plio_bits)
    front = explorer.pareto(objectives=("tiles", "interval_cycles"))
    print(f"\nOf {explorer.space.size:,} combinations, the {len(front)} that nothing beats in tiles and interval:\n")
    shown = ["tiles", "interval_cycles", "latency_cycles", "samples_per_s", "efficiency", "bottleneck"]
    print(frame_text(front[shown]))

    design = explorer.best("interval")
    print(f"\nThe fastest: {design_text(design)}\n")
    scratch = _scratch(out)
    try:
        project = design.export(scratch / "project", x=inputs, verify=False)
        html_report(design, scratch / "report.html", explorer=explorer)
        files = len(project.files)
        _write_manifest(scratch)
        _install(scratch, out)
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(out), remedy=ELSEWHERE) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"wrote {out / 'project'}: {files} files\nwrote {out / 'report.html'}\n")

    (label,) = output_names(network)
    ours = simulate_all(network, inputs)[label]
    accuracy = float(np.mean(ours.argmax(axis=1) == labels))
    print(f"The test digits in the integer arithmetic of the array: {accuracy:.1%} recognised,")
    sys.stdout.flush()
    status = report(compare(network, inputs, {label: predictions}), len(inputs), "QKeras's own predictions",
                    as_json=False)
    return _emulate(FirmwareProject.open(out / "project"), inputs) or status


def _emulate(project: FirmwareProject, inputs: npt.NDArray[Any]) -> int:
    """Compile and run what was written, where this machine has a compiler."""
    try:
        find_compiler()
    except EmulationError as error:
        print(f"The project was not compiled on this machine: {error}")
        return 0
    verdict = project.verify(inputs)
    print(f"\nThe project itself, compiled and run on this machine ({verdict.compile_seconds:.1f} s to compile, "
          f"{verdict.run_seconds:.2f} s to run), every layer against that arithmetic:\n{verdict}")
    return 1 if verdict.mismatches else 0


def _walk(folder: Path) -> Iterator[Path]:
    """All that is in a folder but folders with something in them; nothing if there is no folder."""
    return (path for path in folder.rglob("*")
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir()))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    """Of the contents; a link or a device is never ours, so it has none."""
    if path.is_symlink() or not path.is_file():
        return "no file"
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _is_ours(path: Path, digest: object) -> bool:
    return digest is not None and _digest(path) == digest


def _refuse_foreign(out: Path) -> None:
    """Only a new or empty folder will do, or one that holds nothing but what an earlier demo wrote.

    Raises:
        ExportError: otherwise, naming a file that would be lost.
    """
    try:
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise ExportError("exists and is no folder", where=str(out), remedy=ELSEWHERE)
        manifest = out / MANIFEST
        written = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        if not isinstance(written, dict):
            raise ValueError("no table of digests")
        foreign = next((path for path in _walk(out)
                        if path != manifest and not _is_ours(path, written.get(_name(path, out)))), None)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"its {MANIFEST} is damaged"
        raise ExportError(f"cannot be used: {reason}", where=str(out), remedy=ELSEWHERE) from None
    if foreign is not None:
        raise ExportError(f"holds {_name(foreign, out)}, which no earlier demo wrote in this form", where=str(out),
                          remedy=ELSEWHERE)


def _scratch(out: Path) -> Path:
    """A folder beside `out`, so that moving things there is one step."""
    target = out.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(out), remedy=ELSEWHERE) from None


def _write_manifest(folder: Path) -> None:
    digests = {_name(path, folder): _digest(path) for path in sorted(_walk(folder))}
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


def _install(scratch: Path, out: Path) -> None:
    """Move what is finished to its place; the manifest goes first and comes last, the folder itself stays."""
    out.mkdir(exist_ok=True)
    for old in (out / MANIFEST, out / "report.html"):
        old.unlink(missing_ok=True)
    if (out / "project").exists():
        shutil.rmtree(out / "project")
    for new in ("project", "report.html", MANIFEST):
        (scratch / new).rename(out / new)
