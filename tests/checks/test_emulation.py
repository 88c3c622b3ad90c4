"""The design rules and the static checks of the emulation say the same, on random designs and on broken ones.

The exported graphs of many designs are compiled into two programs at once, each in a namespace of its own, without
kernels and values of weights; a process for each builds it and runs the static checks, no data.
"""

import itertools
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from designs import random_designs

from aie_explorer.checks.check import found_in, subject_of
from aie_explorer.emulation import find_compiler
from aie_explorer.emulation.build import include_folder
from aie_explorer.firmware.render import _context, _environment
from aie_explorer.firmware.stimulus import Stimulus
from aie_explorer.placement import Placement

# what both know: the emulation's name and those of the rules
SAME = {
    "tile_outside_array": {"cascade_columns", "cascade_rows", "memory_tile_place"},
    "tile_shared": {"tile_shared"},
    "dma_channels": {"tile_channels_in", "tile_channels_out", "memory_tile_channels_in", "memory_tile_channels_out"},
    "memory_tile_overflow": {"memory_tile_bytes", "memory_tile_overlap"},
    "word_granularity": {"walk_granularity", "tile_walk_granularity"},
    "buffer_descriptors": {"tile_descriptors"},
    "padding_not_supported": {"padded_write"},
    "address_dimensions": {"walk_dims"},
    "volume_mismatch": {"volumes"},
}
BY_BOTH = set.union(*SAME.values())
MAIN = """
#include <sys/wait.h>
#include <unistd.h>
template <class Graph>
void check(int index)
{
    std::fflush(stderr);
    if (fork() == 0) {
        std::fprintf(stderr, "design %d\\n", index);
        Graph graph;
        graph.init();
        std::fflush(stderr);
        std::_Exit(0);
    }
    int status = 0;
    wait(&status);
    std::fprintf(stderr, "ended %d\\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}
int main()
{
"""


def graph_text(design, plan, placement, name):
    """The exported graph in a namespace, with weights that are zeros and kernels that do nothing."""
    context = _context(design, plan, placement, Stimulus(0, 0, {}, {}))
    for layer in context["layers"]:
        layer["arrays"] = [replace(array, rows=np.zeros((0, 0), np.int64)) for array in layer["arrays"]]
    environment, parts = _environment(), []
    for layer in context["layers"]:
        for path in ("parameters", "weights", "kernels"):
            parts.append(environment.get_template(f"aie/{path}/layer.h.jinja").render(layer=layer))
    parts.append(environment.get_template("aie/graph.h.jinja").render(context))
    text = "\n".join(line for line in "\n".join(parts).splitlines()
                     if not line.startswith(("#include", "#pragma once")))
    text = re.sub(r"(explicit \w+\((.*)\));", lambda found: found[1] + " : " + ", ".join(
        f"{array}_({array})" for array in re.findall(r"\(&(\w+)\)", found[2])) + " {}", text)
    text = re.sub(r"(void run\(.*\));", r"\1 {}", text)
    return f"namespace {name} {{\n{text}\n}}\n"


def static_checks(cases, folder):
    """The name of the first complaint about each (design, plan, placement); None where there is none."""
    half = (len(cases) + 1) // 2
    parts = [(cases[:half], folder / "first"), (cases[half:], folder / "second")]
    with ThreadPoolExecutor() as pool:
        return [name for found in pool.map(lambda part: part_checks(*part), parts) for name in found]


def part_checks(cases, folder):
    folder.mkdir(exist_ok=True)
    graphs = [graph_text(*case, f"d{i}") for i, case in enumerate(cases)]
    calls = "".join(f"    check<d{i}::{design.network.name}_graph>({i});\n" for i, (design, *_) in enumerate(cases))
    source = folder / "graphs.cpp"
    source.write_text("#include <adf.h>\n#include <aie_api/aie.hpp>\n#include <aie_api/aie_adf.hpp>\n"
                      "#include <iterator>\n#include <vector>\n#include <cstdio>\n" + "".join(graphs) + MAIN + calls
                      + "    std::_Exit(0);\n}\n")
    command = [find_compiler().path, "-std=c++20", "-O0", "-w", f"-I{include_folder()}", str(source), "-o",
               str(folder / "graphs")]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[:3000]
    ran = subprocess.run([str(folder / "graphs")], capture_output=True, text=True, timeout=300)
    told = ran.stderr.split("design ")[1:]
    assert len(told) == len(cases), ran.stderr[-2000:]
    found = []
    for text in told:
        ended = int(re.search(r"ended (-?\d+)", text)[1])
        name = re.search(r"AIE_EMULATION_ERROR (\w+)", text)
        assert (ended == 3) == (name is not None), text
        assert ended in {0, 3}, text
        found.append(name[1] if name else None)
    return found


def errors_of(design, plan, placement):
    subject = replace(subject_of(design), plan=plan, placement=placement)
    return {one.rule for one in found_in(subject) if one.severity == "error"}


def clean_ones_agree(count, most_layers, folder):
    designs = list(random_designs(count, first_seed=1000, most_tiles=8, most_layers=most_layers))
    for begin in range(0, count, 25):
        cases = [(design, design.plan(), design.place()) for design in designs[begin:begin + 25]]
        assert [errors_of(*case) for case in cases] == [set()] * len(cases)
        assert static_checks(cases, folder) == [None] * len(cases)


def test_designs_that_break_no_rule_pass_the_static_checks(tmp_path):
    clean_ones_agree(20, 2, tmp_path)


@pytest.mark.slow
def test_designs_that_break_no_rule_pass_the_static_checks_at_length(tmp_path):
    clean_ones_agree(500, 3, tmp_path)


EDITS = ("tile", "beyond", "overlap", "outside", "place", "rows", "pad", "words", "short", "walk", "none")


def broken(design, kind, rng):
    """The plan and placement of a design after one random edit."""
    plan, placement = design.plan(), design.place()
    if not plan.buffers and kind not in ("place", "rows", "walk"):
        return design, plan, placement
    pick = int(rng.integers(max(len(plan.buffers), 1)))
    held = plan.buffers[pick] if plan.buffers else None
    layer = design.network.layers[int(rng.integers(len(design.network.layers)))].name

    def edited(**fields):
        buffers = list(plan.buffers)
        buffers[pick] = replace(held, **fields)
        return replace(plan, buffers=tuple(buffers))

    if kind == "tile":  # all at one place
        where = plan.buffers[0].memory_tile
        plan = replace(plan, buffers=tuple(replace(one, memory_tile=where) for one in plan.buffers))
    elif kind == "beyond":
        plan = edited(offsets_bytes=(0, 524288 - held.bytes + 4, *held.offsets_bytes[2:]))
    elif kind == "overlap":
        plan = edited(offsets_bytes=(held.offsets_bytes[0], held.offsets_bytes[0] + held.bytes - 4,
                                      *held.offsets_bytes[2:]))
    elif kind == "outside":
        plan = edited(memory_tile=(int(rng.choice([-1, 38])), 0))
    elif kind == "place":
        placement = Placement(dict.fromkeys(placement, placement[layer]))
    elif kind == "rows":
        placement = Placement(dict(placement) | {layer: (placement[layer][0], 8)})
    elif kind == "pad":
        port = held.writers[-1]
        offset = (port.tiling.offset[0], port.tiling.offset[1] + port.tiling.tile[1])
        plan = edited(writers=(*held.writers[:-1], replace(port, tiling=replace(port.tiling, offset=offset))))
    elif kind == "words":
        port = held.readers[0]
        plan = edited(readers=(replace(port, tiling=replace(port.tiling, offset=(1, port.tiling.offset[1]))),
                               *held.readers[1:]))
    elif kind == "walk":  # of a tile
        plan = replace(plan, plio_edges=tuple(edge if edge.walk is None else replace(
            edge, walk=replace(edge.walk, traversal=edge.walk.traversal[:-1])) for edge in plan.plio_edges))
    elif kind == "short":
        port = held.readers[0]
        traversal = port.tiling.traversal[:-1]
        plan = edited(readers=(replace(port, tiling=replace(port.tiling, traversal=traversal)), *held.readers[1:]))
    return design, plan, placement


def broken_ones_agree(count, most_layers, folder):
    rng = np.random.default_rng(7)
    designs = random_designs(count, each=2, first_seed=500, most_tiles=8, most_layers=most_layers)
    made = [(kind, broken(design, kind, rng)) for design, kind in zip(designs, itertools.cycle(EDITS), strict=False)]
    seen = set()
    for begin in range(0, count, 25):
        part = made[begin:begin + 25]
        for (kind, case), said in zip(part, static_checks([case for _, case in part], folder), strict=True):
            rules = errors_of(*case) & BY_BOTH
            if said is None:
                assert not rules, (kind, case[0], rules)
            elif said in SAME:
                seen.add(said)
                assert rules & SAME[said], (kind, case[0], said, errors_of(*case))
    return seen


def test_broken_ones_break_the_same_rules(tmp_path):
    assert len(broken_ones_agree(20, 2, tmp_path)) >= 5


@pytest.mark.slow
def test_broken_ones_break_the_same_rules_at_length(tmp_path):
    seen = broken_ones_agree(150, 3, tmp_path)
    assert seen == set(SAME) - {"address_dimensions", "buffer_descriptors"}  # no edit has a walk of more loops
