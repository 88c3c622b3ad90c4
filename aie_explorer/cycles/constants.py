"""The constants of the cycle model, read from `constants.json`, which holds their meanings, sources and errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Constants:
    """What no public document states and measurements had to fix, in cycles of the array clock.

    Attributes:
        call_cycles: of a kernel call outside its register blocks: entry, loop set-up, first loads, last store, return.
        result_cycles: of a block that its multiply-accumulates do not hide, per microtile of results.
        elementwise_cycles: of one operation (ReLU, a clamp) on one accumulator register of results.
        float_block_cycles: of a block of floats that its multiply-accumulates do not hide: its loop is filled and
            emptied for every block.
        fp32_issue_cycles: per bfloat16 multiply-accumulate of an emulated fp32 product, splitting included.
        wrapper_cycles: between two calls: locks released and acquired, buffers swapped, the call itself.
        hand_over_cycles: of a transfer between a tile and a memory tile beyond its words: locks, descriptors, switches.
        cascade_drain_cycles: at most this long after its last multiply-accumulate does a block enter the cascade.
    """

    call_cycles: float
    result_cycles: float
    elementwise_cycles: float
    float_block_cycles: float
    fp32_issue_cycles: float
    wrapper_cycles: float
    hand_over_cycles: float
    cascade_drain_cycles: float

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The constants, in the order of the fields."""
        return tuple(field.name for field in fields(cls))

    def values(self) -> tuple[float, ...]:
        """Their values, in the same order."""
        return tuple(float(getattr(self, name)) for name in self.names())

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Constants:
        """From the form of `constants.json`."""
        return cls(**{name: float(data[name]["value"]) for name in cls.names()})


@cache
def fixed_spread_cycles() -> float:
    """How well the cycles of a call outside its blocks are known: the standard errors of the fit together."""
    entries = constants_data()["constants"]
    return math.hypot(*(float(entries[name]["spread"]) for name in ("wrapper_cycles", "call_cycles")))


@dataclass(frozen=True)
class Assumed:
    """What neither a public document states nor a measurement shows: counted from the instructions it takes.

    Attributes:
        affine_cycles: of a gain and an offset on one result.
        lookup_cycles: of one result by a table.
        hidden_stores: 256-bit stores of a microtile's results that its multiply-accumulates hide.
    """

    affine_cycles: float
    lookup_cycles: float
    hidden_stores: float


@cache
def load_assumed() -> Assumed:
    """Those of the package."""
    return Assumed(**{name: float(entry["value"]) for name, entry in constants_data()["assumed"].items()})


@cache
def constants_data() -> Any:
    """`constants.json` as it is: constants, fitted and assumed, with meaning and source, measured ranges, errors."""
    text = resources.files("aie_explorer.cycles").joinpath("constants.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def load_constants() -> Constants:
    """The constants shipped with the package."""
    return Constants.of(constants_data()["constants"])
