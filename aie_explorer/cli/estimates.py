"""Commands about the cycle model: estimate, calibration, measured."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from aie_explorer.cli.text import frame_text, print_json, table
from aie_explorer.cycles.calibration import error_frame, summary_frame
from aie_explorer.cycles.estimate import SpecEstimate, estimate_spec
from aie_explorer.cycles.spec import parse_spec
from aie_explorer.errors import DesignError
from aie_explorer.measured import calibrate, comparison, load_profile, read

STDIN = "-"


def estimate(arguments: argparse.Namespace) -> int:
    """Predict the design that a file describes."""
    where = "standard input" if arguments.spec == STDIN else arguments.spec
    constants = load_profile(arguments.profile) if arguments.profile else None
    found = estimate_spec(parse_spec(_read(arguments.spec, where), where), constants)
    if arguments.json:
        print_json(found.to_dict())
    else:
        print(_text(found))
    return 0


def _read(source: str, where: str) -> object:
    """JSON from a file or from standard input; a key given twice would hide a value, so it is refused."""
    try:
        text = sys.stdin.read() if source == STDIN else Path(source).read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except OSError as error:
        raise DesignError(f"cannot be read: {error.strerror or error}", where=where,
                          remedy="Give a JSON file, or - for standard input") from None
    except DesignError as error:
        raise DesignError(error.problem, where=where) from None
    except json.JSONDecodeError as error:
        raise DesignError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}",
                          where=where) from None
    except (ValueError, RecursionError):
        raise DesignError("is not JSON", where=where) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise DesignError(f"gives {next(name for name in names if names.count(name) > 1)!r} twice")
    return found


def _refuse_constant(name: str) -> object:
    raise DesignError(f"holds {name}, which is no number")


def _text(found: SpecEstimate) -> str:
    rows = [{"layer": layer.name, "tiles": layer.tiles, "kernel": layer.kernel_cycles, "DMA in": layer.dma_in_cycles,
             "DMA out": layer.dma_out_cycles, "cascade": layer.cascade_cycles, "interval": layer.interval_cycles,
             "latency": layer.latency_cycles, "efficiency": layer.efficiency, "validity": layer.validity}
            for layer in found.layers]
    lines = [
        table(rows), "",
        f"interval    {found.interval_cycles:.0f} cycles, {found.interval_ns:.0f} ns, "
        f"±{found.interval_error_pct:.0f} %",
        f"latency     {found.latency_first_out_cycles:.0f} cycles to the first output beat, "
        f"{found.latency_last_out_cycles:.0f} to the last, {found.latency_last_out_ns:.0f} ns, "
        f"±{found.latency_error_pct:.0f} %",
        f"validity    {found.validity}",
        f"efficiency  {found.efficiency:.1%} of the peak of {found.tiles} tiles",
        f"limit       {found.explanation}", "", "factors between the peak and what is achieved:",
        table({"layer": layer.name, **layer.factors} for layer in found.layers)]
    return "\n".join([*lines, *(f"warning: {warning}" for warning in found.warnings)])


def calibration(arguments: argparse.Namespace) -> int:
    """Print predicted and measured cycles of every published row."""
    frame = error_frame()
    summary = summary_frame(frame)
    if arguments.json:
        print_json({"summary": summary.to_dict("records"), "rows": frame.to_dict("records")})
        return 0
    print(frame_text(frame.drop(columns=["fitted"]), rows=len(frame)))
    print()
    print(frame_text(summary))
    return 0


def measured(arguments: argparse.Namespace) -> int:
    """Print what a Vitis run measured beside the estimate; fit constants to it if asked."""
    found = read(arguments.dir)
    constants = None
    if arguments.calibrate:
        constants = calibrate(found, arguments.calibrate, overwrite=arguments.overwrite)
    frame = None if found.design is None else comparison(found, constants).reset_index()
    if arguments.json:
        print_json({"comparison": [] if frame is None else frame.to_dict("records"),
                    "tiles": found.to_frame().to_dict("records"), "interval_ns": found.interval_ns,
                    "latency_first_out_ns": found.first_out_ns, "latency_last_out_ns": found.last_out_ns,
                    "mismatches": found.mismatches})
        return 0
    print(frame_text(found.to_frame(), rows=len(found.kernels)) if frame is None else frame_text(frame))
    for simulator, files in found.mismatches.items():
        print(f"{simulator}: {sum(files.values())} values differ from those expected")
    if arguments.calibrate:
        print(f"kept the constants as profile {arguments.calibrate!r}")
    return 0
