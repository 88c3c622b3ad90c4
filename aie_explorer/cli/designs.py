"""Commands about designs: sweep, best, export."""

from __future__ import annotations

import argparse
import importlib.util
import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from aie_explorer.cli.main import LIMITS, given, whole
from aie_explorer.cli.models import read_vectors
from aie_explorer.cli.text import Progress, frame_text, plain, print_json
from aie_explorer.design import Design, load_design
from aie_explorer.design.realise import stops_more_copies
from aie_explorer.errors import DesignError, ExportError, MissingExtraError
from aie_explorer.explorer import SWEEP_LIMIT, Explorer
from aie_explorer.files import replaced
from aie_explorer.frontends import load
from aie_explorer.placement import floorplan_text
from aie_explorer.transport.direct import direct_kinds

SUFFIXES = (".csv", ".json", ".parquet")
HIDDEN = ("interval_ns", "latency_ns", "samples_per_s_per_tile", "plio", "memory_tile_bytes", "macs_issued")
"""Columns of a table that a terminal has no room for."""
HIDDEN_IF_EQUAL = ("device", "batch", "plio_bits", "clock_mhz", "pl_clock_mhz", "copies")
MOST_DESIGNS = 10_000_000  # 1.7 million of three layers take 0.7 GB


def explorer_of(arguments: argparse.Namespace) -> Explorer:
    """The explorer that the common arguments describe."""
    network = load(arguments.model, batch=given(arguments, "batch"), input_type=arguments.input_type)
    return Explorer(network, given(arguments, "device"), plio_bits=arguments.plio_bits,
                    constraints=_constraints(arguments.only))


def sweep(arguments: argparse.Namespace) -> int:
    """Cost many designs and print or write the table."""
    explorer = explorer_of(arguments)
    over = _named_values(arguments.over, "--over")
    if arguments.limit is None:
        arguments.limit = SWEEP_LIMIT
    elif arguments.designs == "front":
        raise DesignError("a front is whole", where="--limit", remedy="Leave it out, or use --designs product")
    if not 1 <= arguments.limit <= MOST_DESIGNS:
        raise DesignError(f"is {arguments.limit}", where="--limit", remedy=f"Use 1 to {MOST_DESIGNS}")
    if arguments.out and arguments.out.endswith("/"):
        return _sweep_to_folder(explorer, over, arguments)
    if arguments.out:
        _check_target(Path(arguments.out), overwrite=arguments.overwrite)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = explorer.sweep(over, designs=arguments.designs, sample=arguments.sample, limit=arguments.limit,
                               executor=arguments.jobs, progress=Progress("sweep"))
    notes = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    if arguments.pareto:
        frame = explorer.pareto(frame)
    if arguments.out:
        write_table(frame, Path(arguments.out))
    if arguments.json:
        print_json({"designs": len(frame), "notes": notes, "out": arguments.out,
                    "rows": [] if arguments.out else frame.astype(object).to_dict("records")})
        return 0
    for note in notes:
        print(f"note: {note}")
    ordered = frame.sort_values(["interval_cycles", "tiles"], kind="stable")
    print(f"{len(frame):,} designs, the fastest first:\n")
    print(_shown(ordered))
    if arguments.out:
        print(f"\nwrote {arguments.out}")
    return 0


def _sweep_to_folder(explorer: Explorer, over: dict[str, list[Any]], arguments: argparse.Namespace) -> int:
    found = explorer.sweep_to(arguments.out, over, designs=arguments.designs, sample=arguments.sample,
                              limit=arguments.limit, executor=arguments.jobs, progress=Progress("sweep"))
    if not found.complete:
        raise KeyboardInterrupt
    if arguments.json:
        print_json({"designs": found.rows, "out": arguments.out, "rows": []})
    else:
        print(f"{found.rows:,} designs in {found.chunks} files\n\nwrote {arguments.out}")
    return 0


def _constraints(texts: list[str]) -> dict[str, Any]:
    """`dense0.cas_length=1,2` and `tiles=1..8` as constraints."""
    found: dict[str, Any] = {}
    for name, values in _named_values(texts, "--only").items():
        first, dots, last = str(values[0]).partition("..")
        if dots and len(values) == 1:
            ends = [_value(end) for end in (first, last)]
            if any(isinstance(end, str) and end for end in ends):
                raise DesignError(f"{values[0]!r} is no range", where=f"--only {name}",
                                  remedy="For example 1..8 or ..8")
            found[name] = {side: end for side, end in zip(("least", "most"), ends, strict=True) if end != ""}
        else:
            found[name] = values
    return found


def _named_values(texts: list[str], where: str) -> dict[str, list[Any]]:
    """`dense0.cas_length=1,2,4` and the like as values by name; what is given twice adds up."""
    over: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise DesignError(f"{text!r} is not NAME=V1,V2", where=where,
                              remedy="For example dense0.cas_length=1,2,4")
        known = over.setdefault(name, [])
        known += [value for value in map(_value, values.split(",")) if value not in known]
    return over


def _value(text: str) -> int | float | str:
    """A whole number, a decimal one, or a word."""
    try:
        return whole(text)
    except argparse.ArgumentTypeError:
        pass
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def _shown(frame: pd.DataFrame) -> str:
    """The columns that tell designs apart."""
    equal = [name for name in HIDDEN_IF_EQUAL if frame[name].nunique() <= 1]
    return frame_text(frame.drop(columns=[*HIDDEN, *equal]))


def _check_target(path: Path, *, overwrite: bool) -> None:
    if path.suffix not in SUFFIXES:
        raise ExportError("has no known ending", where=str(path), remedy=f"Use one of {', '.join(SUFFIXES)}")
    if path.exists() and not overwrite:
        raise ExportError("exists already", where=str(path), remedy="Choose another file or give --overwrite")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table by its file's ending, all of it or nothing.

    Raises:
        ExportError: when the file cannot be written.
        MissingExtraError: for .parquet without pyarrow.
    """
    try:
        with replaced(path) as file:
            if path.suffix == ".csv":
                frame.to_csv(file, index=False)
            elif path.suffix == ".json":
                frame.to_json(file, orient="records")
            else:
                frame.to_parquet(file)
    except ImportError as error:
        if importlib.util.find_spec("pyarrow") is None:
            raise MissingExtraError("pyarrow", "parquet", "writing Parquet") from None
        raise ExportError(f"pyarrow cannot be used: {error}", where=str(path)) from None
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(path)) from None


def limits_of(arguments: argparse.Namespace) -> dict[str, float]:
    """The limits that were given."""
    return {name: getattr(arguments, name) for name in LIMITS if getattr(arguments, name) is not None}


def best_of(arguments: argparse.Namespace) -> Design:
    """The best design by the arguments."""
    return explorer_of(arguments).best(given(arguments, "objective"), copies=arguments.copies,
                                       **limits_of(arguments))


def best(arguments: argparse.Namespace) -> int:
    """Find and print the best design, or the best few."""
    if arguments.top is not None:
        frame = explorer_of(arguments).top(arguments.top, given(arguments, "objective"), copies=arguments.copies,
                                           **limits_of(arguments))
        if arguments.json:
            print_json({"designs": len(frame), "rows": frame.astype(object).to_dict("records")})
        else:
            print(_shown(frame))
        return 0
    design = best_of(arguments)
    if arguments.json:
        print_json(design_json(design))
    else:
        print(design_text(design))
    return 0


def cheapest(arguments: argparse.Namespace) -> int:
    """Find and print the design of fewest tiles within limits, and what the next faster one costs."""
    answer = explorer_of(arguments).cheapest(copies=arguments.copies, **limits_of(arguments))
    if arguments.json:
        faster = None if answer.faster is None else design_json(answer.faster)
        print_json({**design_json(answer.design), "reason": answer.reason, "changed": list(answer.changed),
                    "faster": faster})
    else:
        print(design_text(answer.design))
        print(f"\n{answer.reason}.")
    return 0


def design_json(design: Design) -> dict[str, Any]:
    """The figures of a design as JSON data."""
    estimate, placement = design.estimate(), design.place()
    figures = {key: getattr(estimate, key) for key in (
        "tiles", "interval_cycles", "latency_cycles", "efficiency", "interval_ns", "latency_ns", "samples_per_s",
        "tops", "peak_tops", "bottleneck", "plio_in", "plio_out", "latency_first_out_cycles", "validity",
        "interval_error_pct", "latency_error_pct")}
    layers = [{"name": layer.name, **layer.choice.to_dict(), "kernel_cycles": layer.kernel_cycles,
               "dma_in_cycles": layer.dma_in_cycles, "dma_out_cycles": layer.dma_out_cycles,
               "cascade_cycles": layer.cascade_cycles, "validity": layer.validity, "factors": layer.factors,
               "position": list(placement[name])}
              for name, layer in zip(design.on_array.layers, estimate.layers, strict=False)]  # those of the first copy
    result: dict[str, Any] = plain(figures | {"device": design.device.name, "batch": design.network.batch,
                                              "copies": design.copies, "layers": layers})
    return result


def design_text(design: Design) -> str:
    """A design for the terminal: choices, figures against the peak, bottleneck, floorplan."""
    estimate = design.estimate()
    layers = estimate.to_frame().reset_index()[["layer", "microtile", "cas_length", "cas_num", "split", "tiles",
                                                "kernel_cycles", "dma_in_cycles", "dma_out_cycles", "efficiency"]]
    problem, memory_tiles = design.placement_problem, [buffer.memory_tile for buffer in design.plan().buffers]
    return "\n".join([
        f"{design.network.name} on {design.device.name}, batch {design.network.batch}", "", frame_text(layers), "",
        f"tiles       {estimate.tiles} of {estimate.device_tiles}"
        + (f", {design.copies} copies of the network: {stops_more_copies(design)}" if design.copies > 1 else ""),
        f"interval    {estimate.interval_cycles:.0f} cycles, {estimate.interval_ns:.0f} ns: "
        f"{estimate.samples_per_s / 1e6:.2f} M samples/s",
        f"latency     {estimate.latency_cycles:.0f} cycles, {estimate.latency_ns:.0f} ns",
        f"error       {estimate.error}",
        f"of peak     {estimate.tops:.2f} of {estimate.peak_tops:.2f} TOPS of these tiles ({estimate.efficiency:.1%})",
        f"limit       {estimate.explanation}",
        f"direct      {direct_kinds([*design.plan().direct, *design.plan().plio_edges]) or 'none'}", "", floorplan_text(
            design.place(), problem.blocks, design.device, edges=problem.edges, memory_tiles=memory_tiles)])


def _refuse_choices(arguments: argparse.Namespace) -> None:
    """A design that exists is exported as it is; say so rather than ignore what would change it."""
    for name in ("input_type", "device", "batch", "plio_bits", "objective", "only", "copies", *LIMITS):
        if getattr(arguments, name) not in (None, []):
            raise DesignError(f"--{name.replace('_', '-')} cannot change a design that exists", where=arguments.model,
                              remedy="Leave it out, or give the model instead of the design")


def export(arguments: argparse.Namespace) -> int:
    """Write the Vitis project of a design."""
    source = Path(arguments.model)
    if source.suffix == ".json" or source.is_dir():
        _refuse_choices(arguments)
        design = load_design(source)
    else:
        design = best_of(arguments)
    x = read_vectors(arguments.vectors)["inputs"] if arguments.vectors else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it would say is printed below
        project = design.export(arguments.dir, overwrite=arguments.overwrite, x=x,
                                verify=False if arguments.no_verify else None)
    verdict = project.verdict
    if arguments.json:
        print_json({"path": str(project.path), "files": [str(file) for file in project.files], **design_json(design),
                    "emulation_mismatches": None if verdict is None else verdict.mismatches})
    else:
        print(design_text(design))
        print(f"\nwrote {project}\n{verdict or f'not verified: {project.unverified}'}")
    return 0
