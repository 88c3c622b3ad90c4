"""The constants of the cycle model, read from `constants.json`, which holds their sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Constants:
    """Constants of the cycle model; `constants.json` says what each means and what fixed it.

    Attributes:
        microtiles: (M, K, N) -> (call_cycles, block_cycles) where measured on int8, AIE-ML.
    """

    call_cycles: float
    block_cycles: float
    cascade_stage_cycles: float
    hand_over_cycles: float
    microtiles: tuple[tuple[tuple[int, int, int], float, float], ...]


@cache
def load_constants() -> Constants:
    """The constants shipped with the package."""
    text = resources.files("aie_explorer.cycles").joinpath("constants.json").read_text(encoding="utf-8")
    data = json.loads(text)
    measured = tuple((tuple(row["microtile"]), row["call_cycles"], row["block_cycles"])
                     for row in data["measured_microtiles"]["values"])
    return Constants(data["call_cycles"]["value"], data["block_cycles"]["value"], data["cascade_stage_cycles"]["value"],
                     data["hand_over_cycles"]["value"], measured)
