"""What a tensor of the model stands for while its layers are formed (`passes.form`)."""

from __future__ import annotations

from dataclasses import dataclass

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
        lookup: a table after the quantizers, with the type of what it gives; nothing more can follow then.
    """

    total: Sum
    output: str
    source: str
    reached: Range | None = None
    rectified: bool = False
    scaling: Scaling | None = None
    slope_shift: int = 0
    lookup: tuple[IntArray, FixedPoint] | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the sum and nothing more."""
        return not (self.reached or self.rectified or self.scaling or self.slope_shift or self.lookup)


@dataclass(frozen=True, eq=False)
class Beside:
    """Values side by side."""

    parts: tuple[Real | Pending | Beside, ...]


Value = Real | Pending | Beside
