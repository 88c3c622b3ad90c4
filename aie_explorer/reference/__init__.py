"""The bit-exact integer reference."""

from aie_explorer.reference.simulate import simulate, simulate_ints

__all__ = ["simulate", "simulate_ints"]
