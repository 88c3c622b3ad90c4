"""Placement figures, printed: `python tests/benchmarks/placements.py [SECONDS] [FILE ...]`. Nothing here fails.

By problem: the cost and time of the quick placement and its bound, and what `SECONDS` (default 10) of search and proof
make of them, beside the costs that are known (`tests/placement/data/peer.json`).
"""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]
DATA = ROOT / "tests" / "placement" / "data"


def figures(path, seconds, known):
    """One line about one problem."""
    from aie_explorer.errors import AieExplorerError
    from aie_explorer.placement import load_problem, solve

    problem = load_problem(path)
    begin, worked = time.perf_counter(), time.process_time()
    try:
        quick = solve(problem)
    except AieExplorerError as error:
        return f"{problem.name:24s} {error}"
    quick_s, quick_cpu_s = time.perf_counter() - begin, time.process_time() - worked
    best = solve(problem, seconds)
    peers = known.get(problem.name, {})
    return (f"{problem.name:24s} {quick.cost:8.2f} {quick.bound:8.2f} {quick_s:7.3f} {quick_cpu_s:7.3f}   "
            f"{best.cost:8.2f} {best.bound:8.2f} {best.seconds:7.2f}   {'yes' if best.optimal else 'no':7s} "
            f"{'yes' if best.repeatable else 'no':10s} {peers.get('peer', '-'):>6} {peers.get('best_known', '-'):>6}")


def main(arguments):
    seconds = float(arguments[0]) if arguments else 10.0
    files = [Path(name) for name in arguments[1:]] or sorted(DATA.glob("p*_*.json"))
    known = json.loads((DATA / "peer.json").read_text(encoding="utf-8"))
    figures(files[0], 0, known)  # imports and caches
    print(f"{'':24s} quick: cost   bound       s   cpu s   {seconds:g} s: cost   bound       s   optimal repeatable "
          f"  peer  known")
    for path in files:
        print(figures(path, seconds, known), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
