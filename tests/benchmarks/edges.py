"""Edges by kind and what they cost in predicted cycles, of the best designs of the example networks.

    python tests/benchmarks/edges.py

A stage is an edge through memory tiles. The fewest are those that the cuts of a design leave no choice: edges whose
reader does not read just the slices that its producer makes, and what comes from and goes to PLIOs.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import aie_explorer as aie
from aie_explorer.cycles import load_constants
from aie_explorer.design import Design
from aie_explorer.space.direct import made_layout, read_layout
from aie_explorer.transport.direct import direct_kinds

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = ("digits_mlp.h5", "jet_tagger.h5")
OBJECTIVES = ("interval", "latency", "tiles")


def edges(design: Design) -> pd.DataFrame:
    """One edge a row: its kind, the cycles it adds to the latency, and whether only memory tiles can join its sides."""
    plan, layers, over = design.plan(), design.space.layers, load_constants().hand_over_cycles
    found = [{"edge": f"PLIO to {layers[i].name}", "kind": "memory_tile", "needed": True,
              "cycles": layers[i].cycles["entry_cycles"][0] + layers[i].cycles["dma_in_cycles"][0] + over}
             for i in design.space.input_layers]
    for edge in design.space.edges:
        reader = layers[edge.consumer]
        for i in edge.producers:
            out, into = float(layers[i].cycles["dma_out_cycles"][0]), float(reader.cycles["dma_in_cycles"][0])
            direct = [one for one in plan.direct if one.producer.layer == layers[i].name
                      and one.readers[0].layer == reader.name]
            cycles = out + into + 2 * over
            if direct:
                shared = all(one.kind == "shared_memory" for one in direct)
                cycles = 0.0 if shared else over + max(out, into)
            equal = (made_layout(layers[i].table) == read_layout(reader.table))[0]
            found.append({"edge": f"{layers[i].name} to {reader.name}", "kind": direct_kinds(direct) or "memory_tile",
                          "needed": len(edge.producers) > 1 or not equal, "cycles": cycles})
    found += [{"edge": f"{layers[i].name} to PLIO", "kind": "memory_tile", "needed": True,
               "cycles": layers[i].cycles["dma_out_cycles"][0] + over + layers[i].cycles["last_out_cycles"][0]}
              for i in design.space.output_layers]
    return pd.DataFrame(found)


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
            print(edges(design).drop(columns="needed").to_string(index=False, float_format="%.0f"), "\n")


if __name__ == "__main__":
    main()
