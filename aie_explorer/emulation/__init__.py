"""Compile and run an exported project on this machine, with no AMD licence."""

from aie_explorer.emulation.compiler import Compiler, EmulationError, find_compiler
from aie_explorer.emulation.run import EmulationResult, emulate, read_numbers

__all__ = ["Compiler", "EmulationError", "EmulationResult", "emulate", "find_compiler", "read_numbers"]
