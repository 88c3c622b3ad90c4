"""The network: a directed acyclic graph of integer operations over tensors with exact types."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir.types import FixedPoint, IntArray, QuantizedArray, Rounding

_T = TypeVar("_T", bound=np.generic)

CHANNEL_BLOCK = 8
"""Outputs that share a shift where outputs differ: every microtile is 4 or 8 outputs wide."""

# Names of networks, layers and tensors become C++ identifiers and file names.
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Tensor:
    """A value that flows between operations.

    Attributes:
        name: identifier, unique in the network, safe in C++ and in paths.
        shape: dimensions of one sample, the batch not included.
        type: the exact type; None where the model computes on unquantized real numbers.
        source: the layer of the user's model whose output it is, as the model spells it; empty where it is none.
        features: for every column the feature of the model's tensor it holds, -1 for one that only fills up; None
            where columns are the features in order.
    """

    name: str
    shape: tuple[int, ...]
    type: FixedPoint | None
    source: str = ""
    features: tuple[int, ...] | None = None

    @property
    def model_features(self) -> int:
        """Features of one sample in the model."""
        return math.prod(self.shape) if self.features is None else max(self.features, default=-1) + 1

    def to_model(self, values: npt.NDArray[_T]) -> npt.NDArray[_T]:
        """[samples, columns] to [samples, features], in the model's order."""
        if self.features is None:
            return values
        order = np.array(self.features)
        out = np.empty((len(values), self.model_features), values.dtype)
        out[:, order[order >= 0]] = values[:, order >= 0]
        return out

    def from_model(self, values: npt.NDArray[_T]) -> npt.NDArray[_T]:
        """[samples, features] in the model's order to [samples, columns]; what fills up is zero."""
        if self.features is None:
            return values
        order = np.array(self.features)
        out = np.zeros((len(values), len(order)), values.dtype)
        out[:, order >= 0] = values[:, order[order >= 0]]
        return out


@dataclass(frozen=True, eq=False)
class Op:
    """One operation: reads `inputs`, writes `output` (names of tensors)."""

    name: str
    source: str
    """The layer of the user's model it came from, as the model spells it."""
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True, eq=False)
class Quantize(Op):
    """Round and saturate to the output tensor's type.

    Attributes:
        clamp: (low, high) integers of that type, where they are narrower than its own.
    """

    clamp: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Relu(Op):
    """max(x, 0)."""


@dataclass(frozen=True, eq=False)
class Reshape(Op):
    """The same numbers in another shape (Flatten, Reshape, Dropout at inference, linear activations)."""


@dataclass(frozen=True, eq=False)
class Permute(Op):
    """The same numbers in another order.

    Attributes:
        order: [features] for every feature of the output the one of the input that it is.
    """

    order: IntArray


@dataclass(frozen=True, eq=False)
class Add(Op):
    """The sum of two tensors or more of one shape."""


@dataclass(frozen=True, eq=False)
class Concat(Op):
    """Tensors side by side, along the last axis."""


@dataclass(frozen=True, eq=False)
class Scale(Op):
    """gain * x + offset for every feature, both exact numbers (batch normalisation, scales of weights).

    Attributes:
        gain: [features] or one number.
        offset: [features] or one number.
    """

    gain: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeakyRelu(Op):
    """x where it is positive, else x * 2**-slope_shift."""

    slope_shift: int = 0


@dataclass(frozen=True, eq=False)
class Lookup(Op):
    """A function of integers of at most 8 bits, by table.

    Attributes:
        table: from the integers of the input, the least first, to those of the output's type.
        first: the integer that the table begins with.
        uncertain: entries that the model's own float32 may compute otherwise; None for none.
    """

    table: IntArray
    first: int
    uncertain: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Affine:
    """gain * sum + offset, in integers.

    Attributes:
        gain: [n] integers of at most 31 bits and a sign.
        offset: [n] integers of at most 61 bits and a sign, at the fraction bits of gain * sum.
        frac: fraction bits of the gains.
    """

    gain: IntArray
    offset: IntArray
    frac: int


@dataclass(frozen=True, eq=False)
class Dense(Op):
    """y = clamp(srs(x @ weights + bias)), the clamp and shift being there once an activation is fused.

    With `affine` it is clamp(srs(gain * (x @ weights) + offset)); with `slope_shift` what is negative is shifted
    further; with `table` the clamped integer is looked up.

    x is its inputs side by side. Their integers may be worth different powers of two: the weights make up for it, so
    that every product is worth 2**-(frac of the first input + frac of the weights).

    Attributes:
        weights: integers [k, n].
        bias: integers [n] at the accumulator's fraction bits, or None.
        clamp: (low, high) integers of the output type, once a quantizer is fused; None leaves the exact sum.
        accumulator_bits: signed bits that hold every partial sum for any input of the input type, from the
            actual weights; 0 before it is computed.
        finer: for each output the fraction bits that its weights, bias and sums have beyond the common ones, where
            outputs differ; equal within each block of CHANNEL_BLOCK outputs.
        model_macs: multiply-accumulates of a sample in the user's model; None where they are the k x n of the weights.
        affine: a gain and an offset an output, or None.
        slope_shift: how many bits further negative sums are shifted; 0 where they are not.
        table: what becomes of each integer of the clamp, its least first, or None. The clamp is then of the integers
            before the table, which are at `table_frac` fraction bits.
        table_frac: fraction bits of the integers before the table.
        table_rounding: how sums are rounded to them.
        table_uncertain: entries that the model's own float32 may compute otherwise; None for none.
    """

    weights: QuantizedArray
    bias: QuantizedArray | None = None
    clamp: tuple[int, int] | None = None
    accumulator_bits: int = 0
    finer: IntArray | None = None
    model_macs: int | None = None
    affine: Affine | None = None
    slope_shift: int = 0
    table: IntArray | None = None
    table_frac: int = 0
    table_rounding: Rounding | None = None
    table_uncertain: npt.NDArray[np.bool_] | None = None

    @property
    def k(self) -> int:
        """Inputs of the layer (the reduction axis)."""
        return int(self.weights.values.shape[0])

    @property
    def n(self) -> int:
        """Outputs of the layer."""
        return int(self.weights.values.shape[1])

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates of one sample."""
        return self.k * self.n if self.model_macs is None else self.model_macs

    def rounded_frac(self, network: Network) -> int:
        """Fraction bits of the integers that sums are rounded to: of the output, or of what its table reads."""
        return network.type_of(self.output).frac if self.table is None else self.table_frac

    def rounding(self, network: Network) -> Rounding:
        """How sums are rounded."""
        return self.table_rounding or network.type_of(self.output).rounding

    def sum_frac(self, network: Network) -> IntArray:
        """[n] fraction bits of every output's sum, the gain included."""
        common = network.type_of(self.inputs[0]).frac + self.weights.type.frac
        common += self.affine.frac if self.affine else 0
        return np.full(self.n, common, np.int64) + (0 if self.finer is None else self.finer)


@dataclass(frozen=True, eq=False)
class Network:
    """Operations in topological order, the tensors they exchange, and the batch they run on.

    Attributes:
        name: identifier of the model, safe in C++ and in paths.
        batch: samples per call of the compiled graph.
        rewrites: the lossless changes made on the way from the model, in words.
    """

    name: str
    batch: int
    ops: tuple[Op, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rewrites: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", MappingProxyType(dict(self.tensors)))
        if isinstance(self.batch, bool) or not isinstance(self.batch, int) or self.batch < 1:
            raise ModelError(f"the batch is {self.batch!r}", where="batch", remedy="Use a batch of 1 or more")
        validate(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """For workers of other processes: the read-only view of the tensors cannot be pickled itself."""
        values = [getattr(self, one.name) for one in dataclasses.fields(self)]
        return Network, tuple(dict(value) if isinstance(value, MappingProxyType) else value for value in values)

    def replace(self, **changes: object) -> Network:
        """A copy with some fields changed, validated again."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def type_of(self, tensor: str) -> FixedPoint:
        """The exact type of a tensor.

        Raises:
            ModelError: when the model leaves it unquantized.
        """
        found = self.tensors[tensor].type
        if found is None:
            raise ModelError("is not quantized", where=tensor, remedy="Add a QActivation before it")
        return found

    def consumers(self, tensor: str) -> Iterator[Op]:
        """The operations that read a tensor."""
        return (op for op in self.ops if tensor in op.inputs)

    def producer(self, tensor: str) -> Op | None:
        """The operation that writes a tensor, None for a network input."""
        return next((op for op in self.ops if op.output == tensor), None)

    @property
    def layers(self) -> tuple[Dense, ...]:
        """The operations that occupy tiles, in topological order."""
        return tuple(op for op in self.ops if isinstance(op, Dense))

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates of one call (all samples of the batch)."""
        return self.batch * sum(op.macs for op in self.layers)

    @cached_property
    def digest(self) -> str:
        """A hash of everything that fixes the network's arithmetic, the batch included."""
        text = hashlib.sha256()
        for op in self.ops:
            text.update(repr((type(op).__name__, op.name, op.inputs, op.output)).encode())
            if isinstance(op, Dense):
                arrays = [op.weights] + ([op.bias] if op.bias is not None else [])
                text.update(repr((op.clamp, op.accumulator_bits, [(a.type, a.values.shape) for a in arrays])).encode())
                more = [op.finer, op.table, *((op.affine.gain, op.affine.offset) if op.affine else ())]
                scalars = (op.slope_shift, op.table_frac, op.table_rounding, op.affine and op.affine.frac)
                text.update(repr(scalars).encode())
                for values in [array.values for array in arrays] + [one for one in more if one is not None]:
                    text.update(values.astype("<i8").tobytes())
            if isinstance(op, Permute):
                text.update(op.order.astype("<i8").tobytes())
        text.update(repr((self.batch, sorted(self.tensors.items()), self.inputs, self.outputs)).encode())
        return text.hexdigest()


def validate(network: Network) -> None:
    """Check that a network is well formed: names safe and unique, every tensor defined before it is used.

    Raises:
        ModelError: naming the operation at fault.
    """
    for name in (network.name, *network.tensors, *(op.name for op in network.ops)):
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
            raise ModelError(f"{str(name)[:80]!r} is not an identifier",
                             remedy="Use at most 64 letters, digits and underscores")
    ready = set(network.inputs)
    names: set[str] = set()
    for op in network.ops:
        if op.name in names:
            raise ModelError("two operations have this name", where=op.name)
        names.add(op.name)
        for name in op.inputs:
            if name not in ready:
                raise ModelError(f"reads {str(name)[:80]!r} before it is computed", where=op.name)
        if op.output in ready:
            raise ModelError(f"writes {str(op.output)[:80]!r} a second time", where=op.name)
        if op.output not in network.tensors:
            raise ModelError(f"writes the unknown tensor {str(op.output)[:80]!r}", where=op.name)
        ready.add(op.output)
    for name in network.outputs:
        if name not in ready:
            raise ModelError("is an output that nothing computes", where=str(name)[:80])
