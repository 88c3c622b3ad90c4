"""The design space of a layer: every option, as a table, and the rules that make it legal."""

from aie_explorer.space.choice import (
    BLOCKINGS,
    CHOICES,
    INTO,
    OUT_OF,
    PORTS,
    ROUTES,
    SPLITS,
    TWO_BY_TWO,
    Blocking,
    Choice,
    Ports,
    Route,
    Split,
    parse_blocking,
    parse_choice,
    parse_microtile,
    parse_ports,
    parse_route,
    shape_name,
)
from aie_explorer.space.layer import layer_microtiles, layer_options, option_row
from aie_explorer.space.options import (
    FEATURES,
    OPTION,
    ROWS,
    SHAPE_FIELDS,
    Table,
    Work,
    ceil_to,
    choice_of,
    work_of,
)
from aie_explorer.space.rules import RULES, Refusal, Rule, refusals

__all__ = [
    "BLOCKINGS", "CHOICES", "FEATURES", "INTO", "OPTION", "OUT_OF", "PORTS", "ROUTES", "ROWS", "RULES", "SHAPE_FIELDS",
    "SPLITS", "TWO_BY_TWO", "Blocking", "Choice", "Ports", "Refusal", "Route", "Rule", "Split", "Table", "Work",
    "ceil_to", "choice_of", "layer_microtiles", "layer_options", "option_row", "parse_blocking", "parse_choice",
    "parse_microtile", "parse_ports", "parse_route", "refusals", "shape_name", "work_of",
]
