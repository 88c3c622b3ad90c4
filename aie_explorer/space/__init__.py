"""The design space of a layer: every option, as a table, and the rules that make it legal."""

from aie_explorer.space.choice import SPLITS, Choice, Split, microtile_name, parse_choice, parse_microtile
from aie_explorer.space.layer import layer_microtiles, layer_options, option_row
from aie_explorer.space.options import FEATURES, OPTION, ROWS, Table, Work, ceil_to, choice_of, work_of
from aie_explorer.space.rules import RULES, Refusal, Rule, refusals

__all__ = [
    "FEATURES", "OPTION", "ROWS", "RULES", "SPLITS", "Choice", "Refusal", "Rule", "Split", "Table", "Work", "ceil_to",
    "choice_of", "layer_microtiles", "layer_options", "microtile_name", "option_row", "parse_choice", "parse_microtile",
    "refusals", "work_of",
]
