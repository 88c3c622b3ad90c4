"""What one call of a layer comes to: operations before they have names and tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from aie_explorer.ir import FixedPoint, IntArray, QuantizedArray

if TYPE_CHECKING:
    from aie_explorer.frontends.qkeras.activations import Activation

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """An operation before it has a name and tensors.

    Attributes:
        kind: which operation.
        source: the layer it comes from, as the model spells it.
        shape: dimensions of one sample of the result.
        type: what a "quantize" rounds to, and a "lookup" gives.
        clamp: bounds of a "quantize" where they are narrower than the type's.
        weights: integers [k, n] of a "dense".
        bias: integers [n] of a "dense", or None.
        finer: fraction bits that each output's weights have beyond the common ones, where outputs differ.
        macs: multiply-accumulates of a sample of a "dense".
        gain, offset: [features] exact numbers of a "scale".
        order: [features] of a "permute": for every feature of the result the one of its input that it is.
        slope_shift: of a "leaky": what is negative is multiplied by 2**-slope_shift.
        activation: whose table a "lookup" takes, made once the type of its input is known.
        table: of a "lookup" on -1 and 0.
        note: what was changed without loss, in words; empty if nothing.
    """

    kind: Literal["quantize", "relu", "reshape", "permute", "dense", "add", "concat", "scale", "leaky", "lookup"]
    source: str
    shape: Shape
    type: FixedPoint | None = None
    clamp: tuple[int, int] | None = None
    weights: QuantizedArray | None = None
    bias: QuantizedArray | None = None
    finer: IntArray | None = None
    macs: int | None = None
    gain: npt.NDArray[np.float64] | None = None
    offset: npt.NDArray[np.float64] | None = None
    order: IntArray | None = None
    slope_shift: int = 0
    activation: Activation | None = None
    table: IntArray | None = None
    note: str = ""
