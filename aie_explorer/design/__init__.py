"""A design as a value, and its estimate."""

from aie_explorer.design.design import Design, load_design
from aie_explorer.design.estimate import Estimate, LayerEstimate

__all__ = ["Design", "Estimate", "LayerEstimate", "load_design"]
