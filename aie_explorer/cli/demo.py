"""The demo: the whole way on an embedded model, in one command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from aie_explorer.cli.designs import design_text
from aie_explorer.cli.models import describe, report
from aie_explorer.cli.text import frame_text, table
from aie_explorer.errors import ExportError
from aie_explorer.explorer import Explorer
from aie_explorer.frontends import load


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
    if out.exists() and not (out / "project" / "design.json").is_file():
        raise ExportError("exists and is no earlier demo", where=str(out), remedy="Choose another folder with --out")
    network = load(example_file("digits_mlp.h5"), batch=arguments.batch)
    with np.load(example_file("digits_vectors.npz"), allow_pickle=False) as stored:
        inputs, labels, predictions = stored["inputs"], stored["labels"], stored["predictions"]
    print("A network trained on 8 x 8 images of handwritten digits, quantized with QKeras:\n")
    print(table(describe(network, i) for i in range(len(network.layers))))

    explorer = Explorer(network, arguments.device, plio_bits=arguments.plio_bits)
    front = explorer.pareto(objectives=("tiles", "interval_cycles"))
    print(f"\nOf {explorer.space.size:,} combinations, the {len(front)} that nothing beats in tiles and interval:\n")
    shown = ["tiles", "interval_cycles", "latency_cycles", "samples_per_s", "efficiency", "bottleneck"]
    print(frame_text(front[shown]))

    design = explorer.best("interval")
    print(f"\nThe fastest: {design_text(design)}\n")
    project = design.export(out / "project", overwrite=True, x=inputs)
    html_report(design, out / "report.html", explorer=explorer)
    print(f"wrote {project}\nwrote {out / 'report.html'}\n")

    ours = design.simulate(inputs)
    accuracy = float(np.mean(ours.argmax(axis=1) == labels))
    print(f"The test digits in the integer arithmetic of the array: {accuracy:.1%} recognised,")
    sys.stdout.flush()
    return report(ours, predictions, "QKeras's own predictions", as_json=False)
