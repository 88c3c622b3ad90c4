"""Passes: lossless changes from the model's operations to what the array runs."""

from aie_explorer.passes.accumulators import BoundAccumulators, sum_bits, sum_range
from aie_explorer.passes.base import Pass
from aie_explorer.passes.drop import DropReshapes
from aie_explorer.passes.form import FormLayers
from aie_explorer.passes.lower import PIPELINE, lower
from aie_explorer.passes.side_by_side import FillSlices, ShareStorage

__all__ = [
    "PIPELINE", "BoundAccumulators", "DropReshapes", "FillSlices", "FormLayers", "Pass", "ShareStorage", "lower",
    "sum_bits", "sum_range",
]
