"""Our exact front beside the conversion by aie4ml 0.2.1, in one run on one machine.

`python tests/benchmarks/versus.py`. The peer is installed from PyPI into an environment of its own (`--venv`, kept
for the next run); nothing of it is imported here. Each side runs in a process of its own that is pinned to one core and
builds its model by itself; only the search is timed: ours from a network to the table of the front, theirs the
conversion, which ends with one design.

Then designs are compared under both estimates, our cycle model and the formula that the peer documents (`peer.py`,
every leg through a memory tile): the fastest design of ours that is no worse in interval, latency and tiles.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from benchmarks.run import MODELS  # noqa: E402

BATCH = 8
# what its converter reads: Keras 2 models
PEER = ["aie4ml==0.2.1", "hls4ml==1.3.0", "tensorflow~=2.15.0", "keras~=2.15.0", "qkeras==0.9.0", "numpy<2",
        "pyparsing"]

PIN = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
"""

OURS = PIN + """
import json, resource, sys, time
from benchmarks.run import cold
from networks import mlp
import aie_explorer as aie
network = mlp(json.loads(sys.argv[1]), batch=int(sys.argv[2]))
seconds = cold(lambda: aie.Explorer(network).pareto())
print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                  "designs": len(aie.Explorer(network).pareto())}))
"""

THEIRS = PIN + """
import json, resource, sys, tempfile, time
import hls4ml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras
keras.utils.set_random_seed(0)
dims = json.loads(sys.argv[1])
inputs = tensor = keras.Input((dims[0],))
tensor = QActivation(quantized_bits(8, 0, alpha=1), name="q")(tensor)
for i, n in enumerate(dims[1:]):
    eight = {"kernel_quantizer": quantized_bits(8, 0, alpha=1), "bias_quantizer": quantized_bits(8, 0, alpha=1)}
    tensor = QDense(n, name=f"dense{i}", **eight)(tensor)
    tensor = QActivation(quantized_relu(8, 0), name=f"relu{i}")(tensor)
model = keras.Model(inputs, tensor)
config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="AIE")
with tempfile.TemporaryDirectory() as folder:
    begin = time.perf_counter()
    converted = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, output_dir=folder, backend="AIE", project_name="p", batch_size=int(sys.argv[2]),
        optimize=sys.argv[3])
    seconds = time.perf_counter() - begin
from aie4ml.ir import get_backend_context
chosen = get_backend_context(converted).ir.optimizer
print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                  "designs": chosen["designs_tried"], "tiles": chosen["tiles"],
                  "cuts": [[one["cas_length"], one["cas_num"]] for one in chosen["parallelism"].values()]}))
"""


def child(python, code, *arguments, limit_s):
    """The JSON that a process prints last, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "run.py"
        script.write_text(code, encoding="utf-8")
        try:
            done = subprocess.run([python, str(script), *arguments], capture_output=True, text=True, timeout=limit_s,
                                  cwd=folder, check=False,
                                  env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin",
                                       "TF_CPP_MIN_LOG_LEVEL": "3", "HOME": folder} if code is OURS else
                                  {"PATH": "/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3", "HOME": folder})
        except subprocess.TimeoutExpired:
            return {"error": f"not done in {limit_s} s"}
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:100]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def peer_python(folder):
    """The interpreter of the peer's environment, which is made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEER], check=True)
    return str(python)


def spec_of(dims, cuts):
    """A design as `aie_explorer.cycles.spec` reads it."""
    from aie_explorer.cycles.spec import parse_spec

    layers = [{"k": k, "n": n, "dtype_in": "int8" if i == 0 else "uint8", "dtype_w": "int8", "dtype_out": "uint8",
               "bias": True, "relu": True, "microtile": microtile, "cas_length": length, "cas_num": num,
               "split": split}
              for i, (k, n, (microtile, length, num, split)) in enumerate(zip(dims, dims[1:], cuts, strict=False))]
    return parse_spec({"device": "vek280", "clock_mhz": 1250, "batch": BATCH, "plio_bits": 128, "pl_clock_mhz": 312.5,
                       "hand_over": "memory_tile", "layers": layers})


def by_their_formula(dims, cuts):
    """(interval, latency) in cycles."""
    from benchmarks import peer

    layers = [peer.layer(one, BATCH) for one in spec_of(dims, cuts).layers]
    legs = [layers[0][1] / 4, *(max(a[2], b[1]) / 4 for a, b in itertools.pairwise(layers)),
            layers[-1][2] / 4]
    return max(*(kernel for kernel, _, _ in layers), *legs), sum(kernel for kernel, _, _ in layers) + 2 * sum(legs)


def options_by_their_formula(layer, k, n):
    """[options, (tiles, kernel cycles, bytes in, bytes out)] of the options of a layer that theirs has too: by features
    and through memory tiles."""
    from benchmarks import peer

    from aie_explorer.search.pareto import nondominated
    from aie_explorer.space import choice_of

    table = layer.table
    found = []
    for row in np.flatnonzero((table["split"] == 0) & (table["block_rows"] == 2) & (table["block_columns"] == 2)):
        choice = choice_of(table[row])
        one = spec_of([k, n], [(list(choice.microtile), choice.cas_length, choice.cas_num, choice.split)]).layers[0]
        found.append((choice.tiles, *peer.layer(one, BATCH)))
    options = np.array(found, float)
    return options[nondominated(options)]


def front_by_their_formula(network, dims):
    """Designs of our space that are good by their formula: [(interval, latency, tiles)]."""
    import aie_explorer as aie
    from aie_explorer.search.pareto import nondominated

    space = aie.Explorer(network).space
    made = {}  # equal layers share their table
    partial = {None: np.zeros((1, 3))}  # by the bytes that the last layer gives out
    for layer, k, n in zip(space.layers, dims, dims[1:], strict=False):
        if (id(layer.table), k, n) not in made:
            made[id(layer.table), k, n] = options_by_their_formula(layer, k, n)
        grown = {}
        for before, designs in partial.items():
            for tiles, kernel, into, out in made[id(layer.table), k, n]:
                leg = max(before or 0, into) / 4
                longer = designs + np.array([0, kernel + 2 * leg, tiles])
                longer[:, 0] = np.maximum(longer[:, 0], max(kernel, leg))
                grown.setdefault(out, []).append(longer[longer[:, 2] <= space.device.tiles])
        joined = {out: np.unique(np.concatenate(parts), axis=0) for out, parts in grown.items()}
        partial = {out: designs[nondominated(designs)] for out, designs in joined.items()}
    ends = []
    for out, designs in partial.items():
        designs[:, 0] = np.maximum(designs[:, 0], out / 4)
        designs[:, 1] += out / 2
        ends.append(designs)
    return np.concatenate(ends)


def choose(points, theirs):
    """Of [(interval, latency, tiles)] the fastest that is no worse than another design in any of the three, or the
    fastest with no more tiles where there is none."""
    points = points[np.lexsort((points[:, 1], points[:, 2], points[:, 0]))]
    no_worse = points[(points <= np.array(theirs) * (1 + 1e-9)).all(axis=1)]
    return (no_worse if len(no_worse) else points[points[:, 2] <= theirs[2]])[0]


def compare(dims, theirs):
    """For both estimates the (interval, latency, tiles) of their design and of one of ours."""
    from networks import mlp

    import aie_explorer as aie
    from aie_explorer.cycles.estimate import estimate_spec

    network = mlp(dims, batch=BATCH)
    cuts = [([4, 8, 8], length, num, "features") for length, num in theirs["cuts"]]
    tiles = sum(length * num for length, num in theirs["cuts"])
    found = estimate_spec(spec_of(dims, cuts))
    other = found.interval_cycles, found.latency_last_out_cycles, tiles
    front = aie.Explorer(network).pareto()[["interval_cycles", "latency_cycles", "tiles"]].to_numpy(float)
    rows = [("our model", other, choose(front, other))]
    other = *by_their_formula(dims, cuts), tiles
    rows.append(("their formula", other, choose(front_by_their_formula(network, dims), other)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=MODELS, help="one of the models; may be repeated")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache" / "aie_explorer_peer")
    parser.add_argument("--mode", default="throughput", help="what the peer is to optimize")
    parser.add_argument("--limit-s", type=float, default=600, help="seconds given to one conversion")
    arguments = parser.parse_args()
    python = peer_python(arguments.venv)
    lines = []
    print(f"{'model':16s} {'ours s':>8s} {'MB':>5s} {'designs':>8s}  {'theirs s':>9s} {'MB':>6s} {'designs':>8s} "
          f"{'ratio':>8s}")
    for name in arguments.only or MODELS:
        dims = MODELS[name]
        ours = child(sys.executable, OURS, json.dumps(dims), str(BATCH), limit_s=60)
        theirs = child(python, THEIRS, json.dumps(dims), str(BATCH), arguments.mode, limit_s=arguments.limit_s)
        left = f"{name:16s} {ours['seconds']:8.3f} {ours['mb']:5.0f} {ours['designs']:8d}"
        if "error" in theirs:
            print(f"{left}  {theirs['error']}", flush=True)
            continue
        print(f"{left}  {theirs['seconds']:9.1f} {theirs['mb']:6.0f} {theirs['designs']:8d} "
              f"{theirs['seconds'] / ours['seconds']:8.0f}", flush=True)
        for estimate, other, own in compare(dims, theirs):
            worse = [figure for figure, a, b in zip(("interval", "latency", "tiles"), own, other, strict=True)
                     if a > b * (1 + 1e-9)]
            lines.append(f"{name:16s} {estimate:14s} {other[0]:9.0f} {other[1]:8.0f} {other[2]:5d}   "
                         f"{own[0]:9.0f} {own[1]:8.0f} {own[2]:5.0f}   "
                         f"{'WORSE in ' + ', '.join(worse) if worse else 'no worse'}")
    print(f"\n{'model':16s} {'estimate':14s} {'theirs: interval, latency, tiles':>24s}   ours: the same")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
