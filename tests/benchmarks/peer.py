"""The ranking estimate that aie4ml 0.2.1 documents, for comparison: by its own words a ranking, not a measure.

A kernel takes the longer of its loads at 32 bytes a cycle and its multiply-accumulates, 30 cycles a call and 30 for
every further tile of its cascade. A leg through a memory tile takes the cycles of its port's bytes, 32 bits each, as
interval and twice that as latency. The interval is the largest kernel or leg, the latency the way through all of them.

`python tests/benchmarks/peer.py` prints its errors beside ours.
"""

import itertools
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

WIDTH = {"int8": 1, "uint8": 1, "int16": 2, "bfloat16": 2, "float32": 4}
PEAK = 256


def up(value, multiple):
    return -(-value // multiple) * multiple


def layer(one, batch):
    """(kernel cycles, bytes of an input port, bytes of an output port)."""
    M, K, N = one.choice.microtile
    rows = up(batch, 2 * M)
    k = up(-(-one.k // one.choice.cas_length), 2 * K)
    n = up(-(-one.n // one.choice.cas_num), 2 * N)
    a = WIDTH[one.operands.a]
    inputs, outputs = rows * k * a, rows * n * WIDTH[one.operands.out]
    loads = inputs + k * n * WIDTH[one.operands.weights] + 4 * n
    return max(loads / 32, rows * k * n * a / PEAK) + 30 + 30 * (one.choice.cas_length - 1), inputs, outputs


def estimate(row):
    """Cycles of a measurement (`cycles.calibration.Measurement`) by the peer's formula."""
    costs = [layer(one, row.spec.batch) for one in row.spec.layers]
    kernels = [kernel for kernel, _, _ in costs]
    if row.kind == "kernel":
        return kernels[0]
    legs = [costs[0][1] / 4] + [max(before[2], after[1]) / 4 for before, after in itertools.pairwise(costs)]
    if row.kind == "interval":
        return max(kernels + legs + [costs[-1][2] / 4])
    return sum(kernels) + 2 * sum(legs) + costs[-1][2] / 4  # the first output beat leaves once the memory tile is full


def errors():
    """By kind of measurement: rows, mean and worst error in percent of the peer's formula and of ours."""
    from aie_explorer.cycles import load_constants
    from aie_explorer.cycles.calibration import measurements, predict, prepare

    rows = [row for row in measurements() if row.fitted and row.kind != "lag"]
    measured = np.array([row.cycles for row in rows])
    theirs = 100 * abs(np.array([estimate(row) for row in rows]) / measured - 1)
    ours = 100 * abs(predict(prepare(rows), load_constants()) / measured - 1)
    found = {}
    for name, chosen in {
        "latency, int8": [row.kind == "latency" for row in rows],
        "interval, int8": [row.kind == "interval" and row.id[0] == "T" for row in rows],
        "interval, floats": [row.kind == "interval" and row.id[0] == "R" for row in rows],
        "kernel, int8": [row.kind == "kernel" and row.id[0] in "AV" for row in rows],
    }.items():
        found[name] = (sum(chosen), theirs[chosen].mean(), theirs[chosen].max(), ours[chosen].mean(),
                       ours[chosen].max())
    return found


def main():
    print(f"{'':18s} rows   peer mean  worst   ours mean  worst   (absolute errors in percent)")
    for name, (count, *figures) in errors().items():
        print(f"{name:18s} {count:4d}   " + "".join(f"{figure:9.1f}" for figure in figures))


if __name__ == "__main__":
    main()
