"""Edges by kind and what they cost in predicted cycles, of the best designs of the example networks.

    python tests/benchmarks/edges.py

A stage is an edge through memory tiles. The fewest are those that the cuts of a design leave no choice: edges whose
reader does not read just the slices that its producer makes, and PLIOs whose data are no whole transfers.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import aie_explorer as aie
from aie_explorer.cycles import load_constants
from aie_explorer.design import Design
from aie_explorer.search.space import straight, whole_beats
from aie_explorer.space import INTO, OUT_OF
from aie_explorer.transport.direct import direct_kinds

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = ("digits_mlp.h5", "jet_tagger.h5")
OBJECTIVES = ("interval", "latency", "tiles")


def edges(design: Design) -> pd.DataFrame:
    """One edge a row: its kind, the cycles it adds to the latency, those of memory tiles in its place (between layers),
    and whether only memory tiles can join its sides."""
    plan, space, over = design.plan(), design.space, load_constants().hand_over_cycles
    layers, found = space.layers, []
    for i in space.input_layers:
        cost = layers[i].cycles[0]
        found.append({"edge": f"PLIO to {layers[i].name}", **_port(design, i, INTO, "plio_in"),
                      "cycles": cost["entry_cycles"] + cost["dma_in_cycles"] + over})
    for edge in space.edges:
        reader = layers[edge.consumer]
        for i in edge.producers:
            out, into = float(layers[i].cycles["dma_out_cycles"][0]), float(reader.cycles["dma_in_cycles"][0])
            direct = [one for one in plan.direct if one.producer.layer == layers[i].name
                      and one.readers[0].layer == reader.name]
            staged = out + into + 2 * over
            shared = all(one.kind == "shared_memory" for one in direct)
            found.append({"edge": f"{layers[i].name} to {reader.name}", "kind": direct_kinds(direct) or "memory_tile",
                          "needed": not edge.direct.all(), "staged_cycles": staged,
                          "cycles": staged if not direct else 0.0 if shared else over + max(out, into)})
    for i in space.output_layers:
        cost = layers[i].cycles[0]
        found.append({"edge": f"{layers[i].name} to PLIO", **_port(design, i, OUT_OF, "plio_out"),
                      "cycles": cost["dma_out_cycles"] + over + cost["last_out_cycles"]})
    return pd.DataFrame(found)


def _port(design: Design, i: int, bit: int, kind: str) -> dict[str, object]:
    """How an end of the network is built, and whether only memory tiles can be there."""
    table = design.space.layers[i].table.copy()
    used = bool(table["ports"][0] & bit)
    table["ports"] |= bit
    possible = straight(design.network, design.network.layers[i]) & bit and whole_beats(table, design.device)[0]
    return {"kind": kind if used else "memory_tile", "needed": not possible}


def stages(design: Design) -> tuple[int, int]:
    """Memory-tile stages of a design, and the fewest that its cuts allow."""
    frame = edges(design)
    return int((frame["kind"] == "memory_tile").sum()), int(frame["needed"].sum())


def main() -> None:
    """Print the table."""
    for model in MODELS:
        explorer = aie.Explorer(aie.load(EXAMPLES / model, batch=8))
        for objective in OBJECTIVES:
            design = explorer.best(objective)
            used, fewest = stages(design)
            said = design.estimate()
            print(f"{model}, best {objective}: {said.tiles} tiles, interval {said.interval_cycles:.0f}, latency "
                  f"{said.latency_cycles:.0f} cycles (timeline {design.timeline(1).latency_cycles:.0f}); "
                  f"{used} memory-tile stages, at least {fewest}")
            table = edges(design).drop(columns=["needed", "staged_cycles"])
            print(table.to_string(index=False, float_format="%.0f"), "\n")


if __name__ == "__main__":
    main()
