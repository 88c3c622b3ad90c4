"""Placement: where the blocks of a design sit on the array."""

from aie_explorer.placement.cost import Weights, placement_cost
from aie_explorer.placement.feasible import fits
from aie_explorer.placement.floorplan import floorplan_text
from aie_explorer.placement.geometry import Array, Block, Edge, Placement, Region, Tile, array_of
from aie_explorer.placement.place import Legalised, legalise, place
from aie_explorer.placement.problem import Problem
from aie_explorer.placement.problem_file import load_problem, parse_problem
from aie_explorer.placement.replicas import Pattern, Replicas, most_copies, place_copies, place_replicas
from aie_explorer.placement.rules import Rules, check, problems
from aie_explorer.placement.solve import Solution, solve
from aie_explorer.placement.spots import illegal_spots

__all__ = [
    "Array", "Block", "Edge", "Legalised", "Pattern", "Placement", "Problem", "Region", "Replicas", "Rules",
    "Solution", "Tile", "Weights", "array_of", "check", "fits", "floorplan_text", "illegal_spots", "legalise",
    "load_problem", "most_copies", "parse_problem", "place", "place_copies", "place_replicas", "placement_cost",
    "problems", "solve",
]
