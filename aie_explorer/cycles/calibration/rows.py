"""The measurements of `measurements.json`: each a design, what of it was measured, and where it is published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from aie_explorer.cycles.spec import NetworkSpec, parse_spec

SOURCES = {"K": "physics MLPs", "C": "48x48 chains", "T": "two-layer MLP", "R": "float networks",
           "V": "AMD tutorial", "A": "aie4ml kernels",
           "G": "GAMA", "H": "mm.cc on silicon"}
"""The first letter of a row's id names its source."""
MEASURED = dict.fromkeys("KCTRVG", "in AMD's simulator") | {"A": "with Vitis 2026.1.1", "H": "on silicon"}
"""How the figures of a source came about."""


@dataclass(frozen=True)
class Measurement:
    """One published number.

    Attributes:
        id: of the row; its first letter names the source (SOURCES).
        fitted: whether the constants are fitted to it, or it is compared only.
        source, where: the publication, and the place in it.
        kind: "latency" (first input beat to first output beat), "interval", "kernel" (one call, inside the function)
            or "lag" (memory tile to memory tile, through a copy kernel and the layers).
        cycles: what was measured, in cycles of the array clock.
        spec: the design.
        copy_bytes: for a lag, what the copy kernel reads from a port, writes in all, and writes to a port.
        model: the network measured, to leave its designs out together.
        note: what else to know.
    """

    id: str
    fitted: bool
    source: str
    where: str
    kind: str
    cycles: float
    spec: NetworkSpec
    copy_bytes: tuple[int, int, int]
    model: str
    note: str

    @property
    def group(self) -> str:
        """The source in two words."""
        return SOURCES[self.id[0]]

    @property
    def latency(self) -> bool:
        """Whether it is a latency of a design, and not a steady state or a kernel."""
        return self.kind in ("latency", "lag")


@cache
def measurements() -> tuple[Measurement, ...]:
    """All rows, in the file's order."""
    text = resources.files("aie_explorer.cycles.calibration").joinpath("measurements.json").read_text(encoding="utf-8")
    return tuple(_measurement(row) for row in json.loads(text)["rows"])


def _measurement(row: dict[str, Any]) -> Measurement:
    spec = parse_spec(row["spec"], row["id"])
    scale = {"cycles": 1.0, "ns": spec.device.clock_mhz / 1e3, "us": spec.device.clock_mhz}[row["unit"]]
    sizes = "|".join(f"{layer.k}x{layer.n}" for layer in spec.layers)
    return Measurement(
        row["id"], row["use"] == "calibrate", row["source"], row["where"], row["kind"], row["value"] * scale, spec,
        tuple(row.get("copy_bytes", (0, 0, 0))),
        f"{row['id'][0]} {sizes}", row["note"])
