"""Passes: lossless changes from the model's operations to what the array runs."""

from aie_explorer.passes.absorb import AbsorbInputQuantizer
from aie_explorer.passes.accumulators import BoundAccumulators, sum_bits
from aie_explorer.passes.align import AlignFractions
from aie_explorer.passes.base import Pass
from aie_explorer.passes.drop import DropReshapes
from aie_explorer.passes.fuse import FuseActivations
from aie_explorer.passes.lower import PIPELINE, lower

__all__ = [
    "PIPELINE", "AbsorbInputQuantizer", "AlignFractions", "BoundAccumulators", "DropReshapes", "FuseActivations",
    "Pass", "lower", "sum_bits",
]
