"""What a tensor of the model stands for while its layers are formed (`passes.form`)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aie_explorer.ir import FixedPoint, IntArray, Op, Scale
from aie_explorer.passes.affine import Scaling
from aie_explorer.passes.ranges import Range
from aie_explorer.passes.sums import Sum, permuted_sum


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


InOrder = Real | Pending | Beside


@dataclass(frozen=True, eq=False)
class Permuted:
    """A value whose features stand in another order. The layers that read it have the rows of their weights in the
    order of the value instead, so nothing is moved.

    Attributes:
        value: the value.
        order: [features] for every feature the one of `value` that it is.
    """

    value: InOrder
    order: IntArray


Value = InOrder | Permuted


def unnamed(value: InOrder) -> InOrder:
    """A value that is only a part, or another order, of what a layer of the model gives."""
    return value if isinstance(value, Beside) else replace(value, source="")


def permuted(value: Value, order: IntArray) -> Value:
    """A value in another order."""
    if isinstance(value, Permuted):
        order, value = value.order[order], value.value
    return value if np.array_equal(order, np.arange(len(order))) else Permuted(value, order)


def beside(values: Sequence[tuple[Value, int]]) -> Value:
    """Values side by side, each given with its features."""
    parts: list[InOrder] = []
    order = [np.zeros(0, np.int64)]
    start = 0
    for value, features in values:
        inner, inside = (value.value, value.order) if isinstance(value, Permuted) else (value, np.arange(features))
        parts += inner.parts if isinstance(inner, Beside) else (inner,)
        order.append(start + inside)
        start += features
    return permuted(Beside(tuple(parts)), np.concatenate(order))


def key(value: Real | Pending) -> Hashable:
    """Equal for values that one tensor can hold: the same sum with the same to follow it."""
    if isinstance(value, Real):
        return value.tensor, value.reached, value.rectified
    return (id(value.total), value.reached, value.rectified, id(value.scaling), value.slope_shift, id(value.lookup))


def with_columns(value: Pending, order: IntArray, output: str, source: str) -> Pending:
    """A sum, and what follows it, whose outputs are made in another order."""
    scaling = value.scaling
    if scaling is not None:
        scaling = Scaling(scaling.gain[order], scaling.offset[order])
    return replace(value, total=permuted_sum(value.total, order), scaling=scaling, output=output, source=source)


def before(op: Op, order: IntArray) -> Op:
    """An operation on each feature by itself, as it is done before the features are put in an order."""
    if not isinstance(op, Scale):
        return op
    gain, offset = (np.empty(len(order)) for _ in range(2))
    gain[order], offset[order] = op.gain, op.offset
    return replace(op, gain=gain, offset=offset)
