"""What a designer decides for one layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple, TypeVar

from aie_explorer.arguments import whole
from aie_explorer.errors import DesignError

Split = Literal["features", "rows"]
SPLITS: tuple[Split, Split] = ("features", "rows")
Route = Literal["auto", "memory_tile", "direct"]
ROUTES: tuple[Route, ...] = ("auto", "memory_tile", "direct")
Ports = Literal["memory_tile", "direct_in", "direct_out", "direct"]
PORTS: tuple[Ports, ...] = ("memory_tile", "direct_in", "direct_out", "direct")
INTO, OUT_OF = 1, 2
"""Bits of a place in PORTS: PLIOs straight into the tiles of a layer, and straight out of them."""


class Blocking(NamedTuple):
    """Register blocking: microtiles of rows and of columns whose sums a kernel holds at once."""

    rows: int
    columns: int


TWO_BY_TWO = Blocking(2, 2)
BLOCKINGS = tuple(Blocking(*pair) for pair in ((2, 2), (1, 1), (2, 1), (1, 2), (4, 2), (2, 4), (1, 4), (1, 8)))
"""The forms kernels have. 2 x 2 is what published designs use; one row of microtiles suits a batch of 1."""


@dataclass(frozen=True, order=True)
class Choice:
    """How one Dense layer is cut over tiles.

    Attributes:
        microtile: (M, K, N) of aie::mmul.
        cas_length: tiles of a cascade; they share the reduction axis.
        cas_num: cascades; they share the outputs (split "features") or the rows (split "rows").
        split: which axis the cascades divide.
        blocking: register blocking of the kernel, (rows, columns) of microtiles.
        route: how the results reach the layers that read them: "direct", from tile to tile; through a "memory_tile";
            or "auto", each reader directly where that is legal.
        ports: how the network's own inputs and outputs come and go, of a layer at an end of it: through a
            "memory_tile", or "direct_in", from PLIOs into its tiles, "direct_out", from them to PLIOs, or "direct",
            both.
    """

    microtile: tuple[int, int, int]
    cas_length: int
    cas_num: int
    split: Split = "features"
    blocking: Blocking = TWO_BY_TWO
    route: Route = "auto"
    ports: Ports = "memory_tile"

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
                "split": self.split, "blocking": list(self.blocking), "route": self.route,
                "ports": self.ports}

    def __str__(self) -> str:
        blocks = "" if self.blocking == TWO_BY_TWO else f", blocks of {shape_name(self.blocking)}"
        route = {"auto": "", "memory_tile": ", through memory tiles", "direct": ", directly"}[self.route]
        ports = {"memory_tile": "", "direct_in": ", PLIOs into tiles", "direct_out": ", PLIOs out of tiles",
                 "direct": ", PLIOs into and out of tiles"}[self.ports]
        cut = f"{shape_name(self.microtile)}, {self.cas_length} x {self.cas_num}, split by {self.split}"
        return f"{cut}{blocks}{route}{ports}"


CHOICES = tuple(field.name for field in fields(Choice))


def shape_name(shape: tuple[int, ...]) -> str:
    """The spelling of a microtile or a register blocking in tables and plots.

    >>> shape_name((4, 8, 8))
    '4x8x8'
    """
    return "x".join(map(str, shape))


def _parse_shape(value: object) -> tuple[int, ...]:
    """Whole numbers from (4, 8, 8), [4, 8, 8] or "4x8x8"; none where it is something else."""
    parts = value.lower().split("x") if isinstance(value, str) else value
    try:
        return tuple(int(part) if isinstance(part, str) else operator.index(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return ()


def parse_microtile(value: object, where: str) -> tuple[int, int, int]:
    """A microtile from (4, 8, 8), [4, 8, 8] or "4x8x8".

    Raises:
        DesignError: when the value is none of these.
    """
    shape = _parse_shape(value)
    if len(shape) != 3:
        raise DesignError(f"{value!r} is no microtile", where=where,
                          remedy='Write it as (M, K, N) or "MxKxN", for example "4x8x8"')
    return shape[0], shape[1], shape[2]


def parse_blocking(value: object, where: str) -> Blocking:
    """A register blocking from (2, 2), [2, 2] or "2x2".

    Raises:
        DesignError: when the value is none of these or no kernel has it.
    """
    shape = _parse_shape(value)
    if shape not in BLOCKINGS:
        raise DesignError(f"{value!r} is no register blocking", where=where,
                          remedy=f"Use one of {', '.join(map(shape_name, BLOCKINGS))}: rows x columns of microtiles")
    return Blocking(*shape)


def parse_route(value: object, where: str) -> Route:
    """A route by its name.

    Raises:
        DesignError: when there is none of that name.
    """
    return _one_of(ROUTES, value, where, "route")


def parse_ports(value: object, where: str) -> Ports:
    """A way of the network's inputs and outputs by its name.

    Raises:
        DesignError: when there is none of that name.
    """
    return _one_of(PORTS, value, where, "way in or out of the array")


_Word = TypeVar("_Word", bound=str)


def _one_of(words: tuple[_Word, ...], value: object, where: str, what: str) -> _Word:
    for word in words:
        if value == word:
            return word
    raise DesignError(f"{value!r} is no {what}", where=where, remedy=f"Use one of {', '.join(words)}")


def parse_choice(value: Choice | Mapping[str, object], where: str) -> Choice:
    """A complete choice from a mapping with the fields of `Choice`; split, blocking, route and ports may be left out.

    Raises:
        DesignError: naming the missing, unknown or malformed field.
    """
    if isinstance(value, Choice):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        raise DesignError(f"the choice is a {type(value).__name__}", where=where,
                          remedy='Give a mapping such as {"cas_length": 2, "cas_num": 2}')
    unknown = [key for key in value if key not in CHOICES]
    if unknown:
        raise DesignError(f"unknown choice {unknown[0]!r}", where=where,
                          remedy=f"A layer has {', '.join(CHOICES[:-1])} and {CHOICES[-1]}")
    for key in ("microtile", "cas_length", "cas_num"):
        if key not in value:
            raise DesignError(f"{key} is missing", where=where)
    split = value.get("split", "features")
    if not isinstance(split, str) or split not in SPLITS:
        raise DesignError(f"split is {split!r}", where=where, remedy='Use "features" or "rows"')
    length, num = (whole(value[key], f"{where}.{key}") for key in ("cas_length", "cas_num"))
    return Choice(parse_microtile(value["microtile"], where), length, num, "rows" if split == "rows" else "features",
                  parse_blocking(value.get("blocking", TWO_BY_TWO), f"{where}.blocking"),
                  parse_route(value.get("route", "auto"), f"{where}.route"),
                  parse_ports(value.get("ports", "memory_tile"), f"{where}.ports"))
