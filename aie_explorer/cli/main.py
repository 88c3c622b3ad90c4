"""Arguments of the command line, and how mistakes are told.

Exit codes: 0 done; 1 a comparison found mismatches; 2 the request cannot be carried out; 3 a defect of this package, so
that a crash is never taken for mismatches; 130 interrupted.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from aie_explorer.errors import AieExplorerError

# Those of search.objectives, which would load numpy for every --help
OBJECTIVES = ("interval", "throughput", "latency", "tiles", "efficiency", "throughput_per_tile", "plio",
              "memory_tile_bytes", "macs_issued")
LIMITS = ("max_tiles", "max_interval_cycles", "max_latency_cycles", "max_interval_ns", "max_latency_ns", "max_plio_in",
          "max_plio_out", "max_plio", "max_memory_tile_bytes", "max_macs_issued", "min_samples_per_s",
          "min_efficiency")
DEFAULTS: dict[str, Any] = {"device": "vek280", "batch": 8, "objective": "interval"}
"""Of arguments whose absence a command must be able to see."""
LARGEST = 2**31 - 1
DEBUG = "AIE_EXPLORER_DEBUG"
MOST_TOLD = 1000  # characters of a mistake, which may hold whole arguments


class _Parser(argparse.ArgumentParser):
    """One sentence for a mistake, as for every other error."""

    def error(self, message: str) -> None:  # type: ignore[override]
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)  # arguments may hold line breaks
        text = text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]}..."
        self.exit(2, f"aie-explorer: error: {text}. Try: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; those of the process when None.

    Returns:
        The exit code.
    """
    _speak_plainly()
    try:
        code = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a failure can still be answered
        return code
    except KeyboardInterrupt:
        return _fail("interrupted", 130, kind="")
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        _discard_output()
        return 0
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _fail(*_answer(error))


def _speak_plainly() -> None:
    """Where the terminal's encoding has no ±, as in the C locale, it is spelled out, not a crash."""
    def spelled(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError)
        return "".join({"±": "+-"}.get(letter, "?") for letter in error.object[error.start:error.end]), error.end

    codecs.register_error("aie_explorer", spelled)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="aie_explorer")


def _answer(error: Exception) -> tuple[str, int]:
    """What to say about an error, and the exit code."""
    if isinstance(error, AieExplorerError):
        return str(error), 2
    if isinstance(error, MemoryError):
        return "this needs more memory than there is. Use a smaller --limit, --batch or --samples.", 2
    if isinstance(error, OSError):  # of standard output: what reads and writes files answers for itself
        _discard_output()
        return f"{error.filename or 'the output'}: {error.strerror or error}.", 2
    return f"{type(error).__name__}: {error}. This is a defect of aie_explorer; {DEBUG}=1 shows where.", 3


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:  # usage errors and --help
        return int(stop.code or 0)
    return _commands()[arguments.command](arguments)


def _fail(text: str, code: int, kind: str = "error: ") -> int:
    """One line on standard error, over a progress bar that may be there."""
    erase = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{erase}aie-explorer: {kind}{' '.join(text.split())}\n")
    return code


def _discard_output() -> None:
    """Keep Python from writing again, when it ends, what could not be written."""
    with contextlib.suppress(OSError, ValueError):  # it may have no file behind it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    from aie_explorer.cli import demo, designs, estimates, models, placements

    return {"devices": models.devices, "info": models.info, "verify": models.verify, "sweep": designs.sweep,
            "best": designs.best, "cheapest": designs.cheapest, "export": designs.export, "demo": demo.demo,
            "estimate": estimates.estimate, "calibration": estimates.calibration,
            "measured": estimates.measured, "place": placements.place}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="aie-explorer",
                     description="Explore and compile quantized neural networks for AMD AI Engines.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    _design_commands(commands)
    _model_commands(commands)
    _cycle_commands(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _design_commands(commands: _Commands) -> None:
    demo = commands.add_parser("demo", help="the whole way on an embedded model: explore, place, export, compare")
    demo.add_argument("--out", default="aie_explorer_demo", metavar="DIR",
                      help="folder to write (default: %(default)s)")
    _device_arguments(demo)

    sweep = commands.add_parser("sweep", help="cost many designs")
    _model_arguments(sweep)
    _device_arguments(sweep)
    sweep.add_argument("--over", action="append", default=[], metavar="NAME=V1,V2",
                       help="values to combine, such as dense0.cas_length=1,2,4 or batch=1,8")
    sweep.add_argument("--limit", type=whole,
                       help="most combinations; more are sampled (default: 100000, at most 10000000)")
    sweep.add_argument("--designs", choices=("product", "front"), default="product",
                       help="all products of the values, or the exact front of each device, batch and so on")
    sweep.add_argument("--sample", choices=("random", "latin_hypercube"), help="draw --limit designs in this way")
    sweep.add_argument("--jobs", type=whole, metavar="N", help="cost on N processes")
    sweep.add_argument("--pareto", action="store_true", help="keep the designs nothing else beats")
    sweep.add_argument("--out", metavar="FILE", help="write the table: .csv, .json or .parquet; a name that ends "
                       "with / is a folder of Parquet files, in which the same command goes on after an interruption")
    sweep.add_argument("--overwrite", action="store_true", help="replace FILE")

    best = commands.add_parser("best", help="the best design under limits")
    _model_arguments(best)
    _device_arguments(best)
    _objective_arguments(best)
    best.add_argument("--top", type=whole, metavar="N", help="list the N best instead of showing one")

    cheapest = commands.add_parser("cheapest", help="the fewest tiles within limits, and what the next faster costs")
    _model_arguments(cheapest)
    _device_arguments(cheapest)
    cheapest.add_argument("--copies", type=whole, default=1, metavar="N",
                          help="of the whole network side by side (default: %(default)s)")
    _limit_arguments(cheapest)

    export = commands.add_parser("export", help="write the Vitis project of the best design, or of a design.json")
    export.add_argument("model", metavar="MODEL", help="a .h5 or .keras file, a design.json or an exported project")
    export.add_argument("dir", metavar="DIR", help="folder to create")
    export.add_argument("--input-type", metavar="QUANTIZER", help="as in info")
    export.add_argument("--overwrite", action="store_true", help="replace an earlier project at DIR")
    export.add_argument("--vectors", metavar="FILE",
                        help=".npz with `inputs`, or .npy: test vectors in the model's units")
    export.add_argument("--no-verify", action="store_true",
                        help="do not compile and run the project on this machine afterwards")
    export.add_argument("--json", action="store_true", help="print JSON")
    _device_arguments(export)
    _objective_arguments(export)


def _model_commands(commands: _Commands) -> None:
    devices = commands.add_parser("devices", help="list the devices")
    devices.add_argument("--json", action="store_true", help="print JSON")

    info = commands.add_parser("info", help="what a model computes: types, shifts, accumulators")
    _model_arguments(info)
    _batch_argument(info)

    verify = commands.add_parser("verify",
                                 help="compare a project in host emulation, or our arithmetic with QKeras, bit by bit")
    _model_arguments(verify)
    verify.add_argument("--against", metavar="MODEL",
                        help="the QKeras model of a project: compare the reference with it too, layer by layer")
    verify.add_argument("--vectors", metavar="FILE",
                        help=".npz with `inputs` and with `predictions` to compare with where QKeras is not installed")
    verify.add_argument("--samples", type=whole, default=1000,
                        help="random samples if no vectors are given (default: 1000, at most 1000000); a "
                             "project adds some that reach its limits")


def _cycle_commands(commands: _Commands) -> None:
    estimate = commands.add_parser("estimate", help="predict the cycles of a design given by its sizes, as JSON")
    estimate.add_argument("spec", metavar="SPEC.json", help="file, or - for standard input; see docs/estimate.md")
    estimate.add_argument("--profile", metavar="NAME", help="constants fitted to own measurements; see measured")
    estimate.add_argument("--json", action="store_true", help="print JSON")

    calibration = commands.add_parser("calibration", help="predicted against measured cycles of published designs")
    calibration.add_argument("--json", action="store_true", help="print JSON")

    measured = commands.add_parser("measured", help="what a Vitis run of a project measured, beside the estimate")
    measured.add_argument("dir", metavar="DIR", help="an exported project after make aiesim or make x86sim")
    measured.add_argument("--calibrate", metavar="NAME", help="fit the constants to it and keep them as a profile")
    measured.add_argument("--overwrite", action="store_true", help="replace the profile NAME")
    measured.add_argument("--json", action="store_true", help="print JSON")

    _place_arguments(commands.add_parser(
        "place", help="place the blocks of a problem file, with a bound on what is possible"))


def _place_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problem", metavar="PROBLEM.json", help="blocks, edges and array; see docs/placement.md")
    parser.add_argument("--seconds", type=_number, metavar="S",
                        help="what may be spent on a better placement and a proof, with OR-Tools (default: 10); 0 for "
                             "the quick placement")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .h5 or .keras file saved by QKeras")
    parser.add_argument("--input-type", metavar="QUANTIZER",
                        help="type of the inputs where the model does not quantize them, "
                             'such as "quantized_bits(8,0,alpha=1)"')
    parser.add_argument("--json", action="store_true", help="print JSON")


def _device_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help=f"device, board or part (default: {DEFAULTS['device']})")
    _batch_argument(parser)
    parser.add_argument("--plio-bits", type=int, choices=(32, 64, 128), help="width of the PLIOs")
    parser.add_argument("--only", action="append", default=[], metavar="NAME=V1,V2",
                        help="what layers may be, such as dense0.cas_length=1,2 or split=features or tiles=1..8")


def _batch_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--batch", type=whole, help=f"samples per call (default: {DEFAULTS['batch']})")


def _objective_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--objective", choices=OBJECTIVES, help=f"default: {DEFAULTS['objective']}")
    parser.add_argument("--copies", type=whole, metavar="N",
                        help="of the whole network side by side (default: 1; for throughput as many as fit)")
    _limit_arguments(parser)


def _limit_arguments(parser: argparse.ArgumentParser) -> None:
    for limit in LIMITS:
        parser.add_argument(f"--{limit.replace('_', '-')}", type=_number, metavar="N")


def whole(text: str) -> int:
    """A whole number that fits what counts samples and designs.

    Raises:
        argparse.ArgumentTypeError: otherwise.
    """
    try:
        value = int(text)
    except ValueError:  # no number, or one of thousands of digits
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number") from None
    if abs(value) > LARGEST:
        raise argparse.ArgumentTypeError(f"{text[:40]} is too large")
    return value


def given(arguments: argparse.Namespace, name: str) -> Any:
    """An argument, or its default where it was left out."""
    value = getattr(arguments, name)
    return DEFAULTS[name] if value is None else value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number")
    return value


class _Version(argparse.Action):
    """Import the package only when its version is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from aie_explorer import __version__

        print(f"aie-explorer {__version__}")
        parser.exit()
