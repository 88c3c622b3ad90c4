"""Why a design stays below the peak, as factors whose product takes its achieved rate to the peak exactly."""

from __future__ import annotations

import itertools
import math

import numpy as np

FACTORS = ("padding", "microtile", "load bound", "prologue", "call", "cascade", "movement", "imbalance")
"""In the order in which they are charged:

* padding: multiply-accumulates issued for zeros over the useful ones;
* microtile: issues of the microtile over those of the fastest mode of the types;
* load bound: steps that wait for loads or for their own accumulator;
* prologue: register blocks' prologue, epilogue, stores and activation;
* call: entering, leaving and waking the kernel;
* cascade: where its beats are slower than the kernels;
* movement: where the tile's DMA, or a PLIO of the graph, is slower still;
* imbalance: where the layer waits for a slower one.
"""


def gap_factors(row: np.void, ideal_cycles: float, padded_cycles: float, slowest_layer: float,
                interval_cycles: float) -> dict[str, float]:
    """Factors, each at least 1; achieved rate x their product = peak.

    A layer that only copies or rounds does no useful work: its padding is infinite.

    Args:
        row: figures of the layer (fields of CYCLES).
        ideal_cycles: its useful multiply-accumulates over tiles x peak.
        padded_cycles: those it issues, padding included, over the same.
        slowest_layer: the largest interval of a layer of the design.
        interval_cycles: of the design.
    """
    steps = [ideal_cycles, padded_cycles, float(row["mac_cycles"]), float(row["pace_cycles"]),
             float(row["block_cycles"]), float(row["tile_cycles"])]
    steps.append(max(steps[-1], float(row["cascade_busy_cycles"])))
    layer = float(row["interval_cycles"])
    ratios = [after / before if before else math.inf for before, after in itertools.pairwise(steps)]
    movement = layer / steps[-1] * (interval_cycles / slowest_layer)
    return dict(zip(FACTORS, [*ratios, movement, slowest_layer / layer], strict=True))
