"""The cycle model: predicted cycles of options, layers and whole designs, and how far to trust them."""

from aie_explorer.cycles.constants import Constants, load_constants
from aie_explorer.cycles.factors import FACTORS, gap_factors
from aie_explorer.cycles.kernel import kernel_cycles
from aie_explorer.cycles.model import CYCLES, LayerModel, cost_layer, limiting_resource
from aie_explorer.cycles.network import NetworkCycles, network_cycles
from aie_explorer.cycles.validity import VALIDITY

__all__ = [
    "CYCLES", "FACTORS", "VALIDITY", "Constants", "LayerModel", "NetworkCycles", "cost_layer", "gap_factors",
    "kernel_cycles", "limiting_resource", "load_constants", "network_cycles",
]
