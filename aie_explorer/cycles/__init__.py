"""The cycle model: predicted cycles of every option, of layers and of whole designs."""

from aie_explorer.cycles.constants import Constants, load_constants
from aie_explorer.cycles.model import CYCLES, LayerModel, cost_layer, kernel_cycles, limiting_resource

__all__ = ["CYCLES", "Constants", "LayerModel", "cost_layer", "kernel_cycles", "limiting_resource", "load_constants"]
