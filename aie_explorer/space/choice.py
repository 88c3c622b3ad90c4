"""What a designer decides for one layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aie_explorer.arguments import whole
from aie_explorer.errors import DesignError

Split = Literal["features", "rows"]
SPLITS: tuple[Split, Split] = ("features", "rows")


@dataclass(frozen=True, order=True)
class Choice:
    """How one Dense layer is cut over tiles.

    Attributes:
        microtile: (M, K, N) of aie::mmul.
        cas_length: tiles of a cascade; they share the reduction axis.
        cas_num: cascades; they share the outputs (split "features") or the rows (split "rows").
        split: which axis the cascades divide.
    """

    microtile: tuple[int, int, int]
    cas_length: int
    cas_num: int
    split: Split = "features"

    def __post_init__(self) -> None:
        if self.cas_num == 1:  # a single cascade divides nothing, so both splits are the same
            object.__setattr__(self, "split", "features")

    @property
    def tiles(self) -> int:
        """Tiles the layer occupies."""
        return self.cas_length * self.cas_num

    def to_dict(self) -> dict[str, object]:
        """The choice as JSON data."""
        return {"microtile": list(self.microtile), "cas_length": self.cas_length, "cas_num": self.cas_num,
                "split": self.split}

    def __str__(self) -> str:
        return f"{microtile_name(self.microtile)}, {self.cas_length} x {self.cas_num}, split by {self.split}"


def microtile_name(microtile: tuple[int, int, int]) -> str:
    """The spelling used in tables and plots.

    >>> microtile_name((4, 8, 8))
    '4x8x8'
    """
    return "x".join(map(str, microtile))


def parse_microtile(value: object, where: str) -> tuple[int, int, int]:
    """A microtile from (4, 8, 8), [4, 8, 8] or "4x8x8".

    Raises:
        DesignError: when the value is none of these.
    """
    parts = value.lower().split("x") if isinstance(value, str) else value
    try:
        M, K, N = (int(part) if isinstance(part, str) else operator.index(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise DesignError(f"{value!r} is no microtile", where=where,
                          remedy='Write it as (M, K, N) or "MxKxN", for example "4x8x8"') from None
    return M, K, N


def parse_choice(value: Choice | Mapping[str, object], where: str) -> Choice:
    """A complete choice from a mapping with the fields of `Choice`; split may be left out.

    Raises:
        DesignError: naming the missing, unknown or malformed field.
    """
    if isinstance(value, Choice):
        value = {"microtile": value.microtile, "cas_length": value.cas_length, "cas_num": value.cas_num,
                 "split": value.split}
    if not isinstance(value, Mapping):
        raise DesignError(f"the choice is a {type(value).__name__}", where=where,
                          remedy='Give a mapping such as {"cas_length": 2, "cas_num": 2}')
    unknown = [key for key in value if key not in ("microtile", "cas_length", "cas_num", "split")]
    if unknown:
        raise DesignError(f"unknown choice {unknown[0]!r}", where=where,
                          remedy="A layer has microtile, cas_length, cas_num and split")
    for key in ("microtile", "cas_length", "cas_num"):
        if key not in value:
            raise DesignError(f"{key} is missing", where=where)
    split = value.get("split", "features")
    if not isinstance(split, str) or split not in SPLITS:
        raise DesignError(f"split is {split!r}", where=where, remedy='Use "features" or "rows"')
    length, num = (whole(value[key], f"{where}.{key}") for key in ("cas_length", "cas_num"))
    return Choice(parse_microtile(value["microtile"], where), length, num, "rows" if split == "rows" else "features")
