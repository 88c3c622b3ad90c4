"""The bit-exact integer reference."""

from aie_explorer.reference.compare import Comparison, compare, float32_tolerance
from aie_explorer.reference.simulate import (
    Inputs,
    apply_dense,
    in_model_units,
    output_names,
    quantized,
    simulate,
    simulate_all,
    simulate_ints,
)

__all__ = [
    "Comparison",
    "Inputs",
    "apply_dense",
    "compare",
    "float32_tolerance",
    "in_model_units",
    "output_names",
    "quantized",
    "simulate",
    "simulate_all",
    "simulate_ints",
]
