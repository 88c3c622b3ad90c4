"""Measured beside estimated."""

from __future__ import annotations

import pandas as pd

from aie_explorer.cycles import Constants
from aie_explorer.errors import DesignError
from aie_explorer.measured.read import Measured


def comparison(measured: Measured, constants: Constants | None = None) -> pd.DataFrame:
    """Measured and estimated cycles of every layer's kernel and of the network.

    Args:
        measured: of a project that this package exported.
        constants: of the cycle model; those of the package when None.

    Returns:
        One row for each layer ("dense0 kernel") and for the interval and latencies of the network, in cycles of the
        array clock; `measured` is missing where the run did not record it, `error_pct` then too. A kernel is the
        quickest call of its slowest tile: slower ones wait for data or for the cascade.

    Raises:
        DesignError: when the project holds no design.
    """
    design = measured.design
    if design is None:
        raise DesignError("holds no design to compare with", where=str(measured.path),
                          remedy="Give the folder of a project that this package exported")
    estimate = design.estimate(constants)
    per_ns = design.device.clock_mhz / 1e3
    rows: list[tuple[str, float, float | None]] = []
    for layer in estimate.layers:
        kernels = measured.layer_kernels(layer.name)
        rows.append((f"{layer.name} kernel", layer.kernel_cycles,
                     max(float(kernel.least) for kernel in kernels) if kernels else None))
    for name, cycles, ns in (("interval", estimate.interval_cycles, measured.interval_ns),
                             ("latency to the first output", estimate.latency_first_out_cycles, measured.first_out_ns),
                             ("latency to the last output", estimate.latency_cycles, measured.last_out_ns)):
        rows.append((name, cycles, None if ns is None else ns * per_ns))
    frame = pd.DataFrame(rows, columns=["what", "estimated", "measured"]).set_index("what").astype(float)
    frame["error_pct"] = 100 * (frame["estimated"] / frame["measured"] - 1)
    return frame
