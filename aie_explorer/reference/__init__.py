"""The bit-exact integer reference."""

from aie_explorer.reference.simulate import apply_dense, simulate, simulate_ints

__all__ = ["apply_dense", "simulate", "simulate_ints"]
