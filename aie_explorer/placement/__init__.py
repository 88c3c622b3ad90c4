"""Placement: where the blocks of a design sit on the array."""

from aie_explorer.placement.cost import Weights, placement_cost
from aie_explorer.placement.floorplan import floorplan_text
from aie_explorer.placement.geometry import Block, Placement, Tile, check, problems
from aie_explorer.placement.search import place

__all__ = [
    "Block", "Placement", "Tile", "Weights", "check", "floorplan_text", "place", "placement_cost", "problems",
]
