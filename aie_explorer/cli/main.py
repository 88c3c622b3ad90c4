"""Arguments of the command line, and how mistakes are told.

Exit codes: 0 done; 1 a comparison found mismatches; 2 the request cannot be carried out; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from aie_explorer.errors import AieExplorerError

OBJECTIVES = ("interval", "throughput", "latency", "tiles", "efficiency")
LIMITS = ("max_tiles", "max_interval_cycles", "max_latency_cycles", "max_interval_ns", "max_latency_ns", "max_plio_in",
          "max_plio_out")


class _Parser(argparse.ArgumentParser):
    """One sentence for a mistake, as for every other error."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"aie-explorer: error: {message}. Try: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; those of the process when None.

    Returns:
        The exit code.
    """
    try:
        arguments = _parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = _commands()[arguments.command]
        return command(arguments)
    except AieExplorerError as error:
        sys.stderr.write(f"aie-explorer: error: {error}\n")
        return 2
    except SystemExit as stop:  # argparse: usage errors and --help
        return int(stop.code or 0)
    except KeyboardInterrupt:
        sys.stderr.write("aie-explorer: interrupted\n")
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    from aie_explorer.cli import demo, designs, models

    return {"devices": models.devices, "info": models.info, "verify": models.verify, "sweep": designs.sweep,
            "best": designs.best, "export": designs.export, "demo": demo.demo}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="aie-explorer",
                     description="Explore and compile quantized neural networks for AMD AI Engines.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    demo = commands.add_parser("demo", help="the whole way on an embedded model: explore, place, export, compare")
    demo.add_argument("--out", default="aie_explorer_demo", metavar="DIR",
                      help="folder to write (default: %(default)s)")
    _device_arguments(demo)

    devices = commands.add_parser("devices", help="list the devices")
    devices.add_argument("--json", action="store_true", help="print JSON")

    info = commands.add_parser("info", help="what a model computes: types, shifts, accumulators")
    _model_arguments(info)
    info.add_argument("--batch", type=int, default=8, help="samples per call (default: 8)")

    sweep = commands.add_parser("sweep", help="cost many designs")
    _model_arguments(sweep)
    _device_arguments(sweep)
    sweep.add_argument("--over", action="append", default=[], metavar="NAME=V1,V2",
                       help="values to combine, such as dense0.cas_length=1,2,4 or batch=1,8")
    sweep.add_argument("--limit", type=int, default=100_000,
                       help="most combinations; more are sampled (default: 100000)")
    sweep.add_argument("--pareto", action="store_true", help="keep the designs nothing else beats")
    sweep.add_argument("--out", metavar="FILE", help="write the table: .csv, .json or .parquet")
    sweep.add_argument("--overwrite", action="store_true", help="replace FILE")

    best = commands.add_parser("best", help="the best design under limits")
    _model_arguments(best)
    _device_arguments(best)
    _objective_arguments(best)

    export = commands.add_parser("export", help="write the Vitis project of the best design, or of a design.json")
    export.add_argument("model", metavar="MODEL", help="a .h5 or .keras file, a design.json or an exported project")
    export.add_argument("dir", metavar="DIR", help="folder to create")
    export.add_argument("--input-type", metavar="QUANTIZER", help="as in info")
    export.add_argument("--overwrite", action="store_true", help="replace an earlier project at DIR")
    export.add_argument("--vectors", metavar="FILE",
                        help=".npz with `inputs`, or .npy: test vectors in the model's units")
    export.add_argument("--json", action="store_true", help="print JSON")
    _device_arguments(export)
    _objective_arguments(export)

    verify = commands.add_parser("verify", help="compare our integer arithmetic with QKeras, bit by bit")
    _model_arguments(verify)
    verify.add_argument("--vectors", metavar="FILE",
                        help=".npz with `inputs` and, if QKeras is not to run, `predictions`")
    verify.add_argument("--samples", type=int, default=1000,
                        help="random samples if no vectors are given (default: 1000)")
    return parser


def _model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .h5 or .keras file saved by QKeras")
    parser.add_argument("--input-type", metavar="QUANTIZER",
                        help="type of the inputs where the model does not quantize them, "
                             'such as "quantized_bits(8,0,alpha=1)"')
    parser.add_argument("--json", action="store_true", help="print JSON")


def _device_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="vek280", help="device, board or part (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=8, help="samples per call (default: %(default)s)")
    parser.add_argument("--plio-bits", type=int, choices=(32, 64, 128), help="width of the PLIOs")


def _objective_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--objective", default="interval", choices=OBJECTIVES, help="default: %(default)s")
    for limit in LIMITS:
        parser.add_argument(f"--{limit.replace('_', '-')}", type=float, metavar="N")


class _Version(argparse.Action):
    """Import the package only when its version is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from aie_explorer import __version__

        print(f"aie-explorer {__version__}")
        parser.exit()
