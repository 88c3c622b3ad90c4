"""What a tensor of the model stands for while its layers are formed (`passes.form`)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aie_explorer.ir import FixedPoint, IntArray
from aie_explorer.passes.affine import Scaling
from aie_explorer.passes.ranges import Range
from aie_explorer.passes.sums import Sum


@dataclass(frozen=True, eq=False)
class Real:
    """An input of the network that the host quantizes: how is not known until a quantizer is met.

    Attributes:
        tensor: its name.
        reached: the integers left by the quantizers so far; None before the first.
        rectified: whether a ReLU was met.
        source: the layer of the model whose output this is.
    """

    tensor: str
    source: str
    reached: Range | None = None
    rectified: bool = False


@dataclass(frozen=True, eq=False)
class Entries:
    """A table on the integers that quantizers left.

    Attributes:
        table: what becomes of each, the least first.
        type: of what it gives.
        uncertain: entries that the model's own float32 may compute otherwise; None for none.
    """

    table: IntArray
    type: FixedPoint
    uncertain: npt.NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class Pending:
    """A sum with what follows it.

    Attributes:
        total: the sum.
        output: name of the tensor that holds it once it is formed.
        source: the layer of the model whose output this is.
        reached: the integers left by the quantizers so far; None before the first.
        rectified: whether a ReLU was met.
        scaling: a gain and an offset before any quantizer, or None.
        slope_shift: of a leaky ReLU before any quantizer; 0 where there is none.
        lookup: a table after the quantizers; nothing more can follow then.
    """

    total: Sum
    output: str
    source: str
    reached: Range | None = None
    rectified: bool = False
    scaling: Scaling | None = None
    slope_shift: int = 0
    lookup: Entries | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the sum and nothing more."""
        return not (self.reached or self.rectified or self.scaling or self.slope_shift or self.lookup)


@dataclass(frozen=True, eq=False)
class Beside:
    """Values side by side."""

    parts: tuple[Real | Pending | Beside, ...]


Value = Real | Pending | Beside


def unnamed(value: Value) -> Value:
    """A value that is only a part of what a layer of the model gives."""
    return value if isinstance(value, Beside) else replace(value, source="")


def key(value: Real | Pending) -> Hashable:
    """Equal for values that one tensor can hold: the same sum with the same to follow it."""
    if isinstance(value, Real):
        return value.tensor, value.reached, value.rectified
    return (id(value.total), value.reached, value.rectified, id(value.scaling), value.slope_shift, id(value.lookup))
