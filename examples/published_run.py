"""Write what a run of `make aiesim` leaves in a project of the 128-256-64 network, in AMD's documented formats.

    python examples/published_run.py PROJECT

The figures are the published ones of KastnerRG/aie4ml's first tutorial for this network and cut (kernels of 645 and 545
cycles, a result every 558 ns), for trying `aie-explorer measured PROJECT` without the simulator. With Vitis, run
`make aiesim` in your project instead.
"""

import sys
from pathlib import Path

HEADER = "Function profiling report information for ::tl.aie_logical.math_engine.array.tile_{}_{}.cm.proc.iss\n"
LINE = "  {calls}  {own}  76.88%  {a}  {b}  {c}  {total}  99.57%  {least}  {average}  {most}  704  1245  0 {name}\n"


def profile(tile, **functions):
    """The profile of one tile: name -> (calls, least, average, most) cycles."""
    text = HEADER.format(*tile)
    for name, (calls, least, average, most) in functions.items():
        text += LINE.format(calls=calls, own=calls * average, a=least, b=average, c=most, total=calls * average,
                            least=least, average=average, most=most, name=name)
    return text


def record(first_ns, gap_ns, iterations, values):
    """Beats of a port with their times; TLAST ends each iteration."""
    text = ""
    for i in range(iterations):
        begin = first_ns + i * gap_ns
        text += f"T {begin:.0f} ns\n{values[0]} {values[1]}\nT {(begin + 8) * 1000:.0f} ps\nTLAST\n{values[2]}\n"
    return text


def write_published_run(project):
    """Fill `aiesimulator_output` of an exported 128-256-64 project with dense0 cut 1 x 2 and dense1 cut 1 x 1."""
    output = Path(project) / "aiesimulator_output"
    (output / "data").mkdir(parents=True)
    (output / "profile_funct_6_0.txt").write_text(profile(
        (6, 3), main=(1, 9000, 9000, 9000), run=(10, 2, 2, 2), dense0_single__run=(10, 641, 645, 700)))
    (output / "profile_funct_6_1.txt").write_text(profile((6, 4), dense0_single__run=(10, 630, 640, 650)))
    (output / "profile_funct_7_0.txt").write_text(profile((7, 3), dense1_single__run=(10, 541, 545, 590)))
    for name in (file.name for file in (Path(project) / "data").iterdir()):
        if name.startswith("expected_"):
            (output / "data" / name.removeprefix("expected_")).write_text(record(3260, 557.5, 10, "456"))
        else:
            (output / "data" / name).write_text(record(1000, 205, 10, "123"))


if __name__ == "__main__":
    write_published_run(sys.argv[1])
