"""Speed figures, printed: `python tests/benchmarks/run.py`. Nothing here passes or fails.

One core is used (the process pins itself where the system allows it). Times are the best of three; ratios are taken
within this run, as machines differ.
"""

import itertools
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
MODELS = {
    "128-256-64": [128, 256, 64], "384-256-200-10": [384, 256, 200, 10], "784-512-256-10": [784, 512, 256, 10],
    "7x512": [512] * 8, "12x512": [512] * 13, "20x128": [128] * 21, "24x256": [256] * 25,
}


def best_of(function, times: int = 3) -> float:
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        spent.append(time.perf_counter() - begin)
    return min(spent)


FIRST_ESTIMATE = """import aie_explorer as aie
design = aie.Explorer(aie.load("examples/digits_mlp.h5")).best("interval", max_tiles=24)
design.estimate().explanation"""
FIRST_PLOT = FIRST_ESTIMATE + """
from aie_explorer.plots import floorplan_figure, floorplan_info
floorplan_figure(floorplan_info(design)).to_json()"""


def newcomer() -> None:
    """What someone waits for at first, each in a new process."""
    def spent(*command: str) -> float:
        return best_of(lambda: subprocess.run([sys.executable, *command], cwd=ROOT, check=True,
                                              stdout=subprocess.DEVNULL))

    python_s = spent("-c", "")
    for label, *command in [("import aie_explorer", "-c", "import aie_explorer"),
                            ("aie-explorer --help", "-m", "aie_explorer", "--help"),
                            ("import and first estimate", "-c", FIRST_ESTIMATE),
                            ("import, estimate, first plot", "-c", FIRST_PLOT)]:
        print(f"{label:30s} {spent(*command):8.3f} s  (python alone {python_s:.3f} s)")


def cold(function) -> float:
    """Time of one call with empty caches."""
    from aie_explorer.search import space
    from aie_explorer.space import handover, layer

    def run() -> None:
        for cached in (space._costed, space._legal, handover.edge_groups, handover.joinable, layer.layer_options):
            cached.cache_clear()
        function()

    return best_of(run)


def cost_pairs() -> tuple[float, int]:
    """Seconds to cost every legal option of many layers, and how many options that is."""
    from aie_explorer.cycles import cost_layer
    from aie_explorer.devices import find
    from aie_explorer.ir import FixedPoint
    from aie_explorer.space import Work, layer_options

    device, kind = find("vek280"), FixedPoint(8, 7)
    works = [Work(8, k, n, kind, kind, kind, 24) for k in range(64, 1024, 48) for n in range(64, 1024, 48)]
    tables = [(layer_options(work, device), work) for work in works]
    seconds = best_of(lambda: [cost_layer(table, work, device) for table, work in tables])
    return seconds, sum(len(table) for table, _ in tables)


SEEDS = itertools.count()


def sweep_all(explorer, limit: int) -> None:
    """A sweep of all legal options of every layer, or a sample of them, another each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more combinations than the limit are sampled
        explorer.sweep({f"{name}.split": ["features", "rows"] for name in explorer.layers}, limit=limit,
                       seed=next(SEEDS))


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    newcomer()

    import aie_explorer as aie

    digits = aie.load(ROOT / "examples/digits_mlp.h5")
    explorer = aie.Explorer(digits)
    limit = 100_000
    rng = np.random.default_rng(0)
    from aie_explorer.search.figures import joinable
    from aie_explorer.search.frame import to_frame

    sweep_s = best_of(lambda: sweep_all(explorer, limit))
    print(f"sweep of {limit:,} designs      {sweep_s:8.3f} s  (digits model, {explorer.space.size:,} combinations)")
    from networks import mlp, residual

    four = aie.Explorer(mlp([128, 96, 64, 32, 10]))
    for count in (100_000, 1_000_000):
        four_s = best_of(lambda count=count: sweep_all(four, count), 2)
        print(f"sweep of {count:>9,} combinations {four_s:6.3f} s  (four layers)")
        picks = np.stack([rng.integers(0, len(layer.table), count) for layer in four.space.layers], axis=1)
        cost_s = best_of(lambda picks=picks: (joinable(four.space, picks), to_frame(four.space, picks)), 2)
        print(f"table of {count:>9,} designs    {cost_s:8.3f} s  (four layers, {cost_s / count * 1e9:.0f} ns a design)")

    pairs_s, pairs = cost_pairs()
    print(f"cost of 1,000,000 (layer, option) pairs {pairs_s / pairs * 1e6:.3f} s  ({pairs:,} of different layers)")
    from benchmarks import peer

    print("\nerrors of the cycle model on published measurements:")
    peer.main()

    print("\nexact front of tiles, interval and latency, batch 8, VEK280, from nothing:")
    networks = {"digits": digits} | {name: mlp(dims) for name, dims in MODELS.items()}
    networks |= {f"{count} residual blocks": residual(count) for count in (1, 4, 8)}
    for name, network in networks.items():
        front_s = cold(lambda network=network: aie.Explorer(network).pareto())
        found = aie.Explorer(network)
        front = found.pareto()
        print(f"  {name:17s} {front_s:8.3f} s   {len(front):4d} designs of {found.space.size:.2g}, lost "
              f"{front.attrs['lost']:g}")
    small = mlp(MODELS["384-256-200-10"])
    design = aie.Explorer(small).best("interval", max_tiles=64)
    place_s = best_of(lambda: aie.Design(design.network, design.device, design.choices).place())
    print(f"\nplacement of 384-256-200-10    {place_s:8.3f} s  ({design.tiles} tiles)")
    for name in ("digits", "24x256"):
        design = aie.Explorer(networks[name]).best("interval", max_tiles=200)
        design.plan()
        timeline_s = best_of(design.timeline)
        print(f"timeline of {name:17s}  {timeline_s:8.3f} s  ({design.tiles} tiles)")
    print(f"peak memory                    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
