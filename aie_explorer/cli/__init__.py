"""The command line, `aie-explorer`."""

from aie_explorer.cli.main import main

__all__ = ["main"]
