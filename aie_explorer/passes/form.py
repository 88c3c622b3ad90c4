"""Form the layers: every sum that is rounded becomes one Dense, with what follows it folded into shift and clamp.

The operations are followed symbolically. A value is either real numbers that the host has yet to quantize, a sum that
nothing has rounded yet (with the quantizers and ReLUs seen so far), or several values side by side. A sum is made into
a Dense when something needs its integers. So an Add of two layers becomes one Dense over both their inputs, a second
quantizer only tightens the clamp where it does not round again, and where it does a Dense of ones rounds again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir import (
    Add,
    Concat,
    Dense,
    FixedPoint,
    IntArray,
    LeakyRelu,
    Lookup,
    Network,
    Op,
    Permute,
    Quantize,
    QuantizedArray,
    Relu,
    Scale,
    Tensor,
)
from aie_explorer.passes.accumulators import EXACT_OUTPUT_BITS, result_range, sum_bits, sum_range
from aie_explorer.passes.affine import Scaling, composed, fold, realize_scaled
from aie_explorer.passes.ranges import Range
from aie_explorer.passes.realize import realize
from aie_explorer.passes.sums import Sum, Term, permuted_sum, rows_of, selected, side_by_side, summed
from aie_explorer.passes.values import (
    Beside,
    Entries,
    InOrder,
    Pending,
    Permuted,
    Real,
    Value,
    before,
    beside,
    key,
    permuted,
    unnamed,
    with_columns,
)

INT32_MAX = 2**31 - 1
MOST_EXACT_BITS = 16
"""Integers that layers exchange have at most so many bits."""
MOST_NAME = 58
"""Characters of a name, so that a number and the suffix of its tensor still fit an identifier."""


@dataclass(frozen=True)
class FormLayers:
    """Make every operation a Dense."""

    name: str = "form_layers"

    def apply(self, network: Network) -> Network:
        """The network of Dense operations, every tensor typed.

        Raises:
            ModelError: when a value is not quantized where integers are needed, or cannot be held exactly.
        """
        return _Formation(network).run()


@dataclass
class _Formation:
    """The Dense operations formed so far."""

    network: Network
    ops: list[Op] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    formed: dict[Hashable, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    kept: list[Value] = field(default_factory=list)  # so that the identities in `formed` stay theirs

    def run(self) -> Network:
        network = self.network
        if not any(isinstance(op, (Dense, Add)) for op in network.ops):
            raise ModelError("the model has no Dense layer", where=network.name,
                             remedy="Nothing is left to run on the array")
        values: dict[str, Value] = {}
        for name in network.inputs:
            fixed = network.tensors[name].type
            values[name] = Real(name, network.tensors[name].source or name,
                                None if fixed is None else Range.of(fixed))
        self.kept += values.values()
        for op in network.ops:
            values[op.output] = self._follow(op, [values[name] for name in op.inputs])
            self.kept.append(values[op.output])
        outputs = tuple(self._output(values[name], name) for name in network.outputs)
        needed = set(outputs)
        for op in reversed(self.ops):  # what no output needs is left out
            needed |= set(op.inputs) if op.output in needed else set()
        self.ops = [op for op in self.ops if op.output in needed]
        for name in network.inputs:
            if name not in needed:
                raise ModelError("the input is not used", where=name, remedy="Remove it from the model")
        tensors = {name: self.tensors[name] for name in (*network.inputs, *(op.output for op in self.ops))}
        return network.replace(ops=tuple(self.ops), tensors=tensors, outputs=outputs,
                               rewrites=(*network.rewrites, *self.notes))

    def _follow(self, op: Op, inputs: list[Value]) -> Value:
        """The value an operation makes."""
        if isinstance(op, Permute):
            self.notes.append(f"{op.name}: moves nothing; the weights before or after it stand in its order")
            return permuted(inputs[0], op.order)
        if isinstance(op, Dense):
            return Pending(self._product(op, inputs[0]), op.output, op.source)
        if isinstance(op, Add):
            return Pending(self._sum(op, inputs), op.output, op.source)
        if isinstance(op, Concat):
            widths = [math.prod(self.network.tensors[name].shape) for name in op.inputs]
            return beside(list(zip(inputs, widths, strict=True)))
        (value,) = inputs
        if isinstance(value, Permuted):
            return permuted(unnamed(self._each(before(op, value.order), value.value)), value.order)
        return self._each(op, value)

    def _each(self, op: Op, value: InOrder) -> InOrder:
        """The value that an operation on every feature by itself makes."""
        if isinstance(op, Quantize):
            fixed = self.network.type_of(op.output)
            target = Range.of(fixed) if op.clamp is None else Range(fixed, *op.clamp)
            return self._quantized(value, target, op)
        if isinstance(op, Relu):
            return self._rectified(value, op)
        if isinstance(op, (Scale, LeakyRelu, Lookup)):
            return self._function(value, op)
        raise ModelError(f"{type(op).__name__} cannot be lowered", where=op.source)

    def _quantized(self, value: InOrder, target: Range, op: Op) -> InOrder:
        if isinstance(value, Beside):
            return Beside(tuple(unnamed(self._quantized(part, target, op)) for part in value.parts))
        if self._must_copy(value, op) or (isinstance(value, Pending) and value.lookup is not None):
            value = Pending(self._copied(value, op), op.output, op.source)
        found = target if value.reached is None else value.reached.quantized(target)
        if found is None:
            self.notes.append(f"{op.name}: rounds again what is rounded already, by a layer of ones")
            copied = self._copied(value, op)
            return Pending(copied, op.output, op.source, target)
        # A ReLU before the quantizer gives the same as after it: rounding keeps the sign.
        return replace(value, source=op.source, reached=found.relu() if value.rectified else found)

    def _rectified(self, value: InOrder, op: Op) -> InOrder:
        if isinstance(value, Beside):
            return Beside(tuple(unnamed(self._rectified(part, op)) for part in value.parts))
        if self._must_copy(value, op) or (isinstance(value, Pending) and (value.slope_shift or value.lookup)):
            value = Pending(self._copied(value, op), op.output, op.source)
        return replace(value, source=op.source, rectified=True, reached=value.reached and value.reached.relu())

    def _must_copy(self, value: InOrder, op: Op) -> bool:
        """Whether an operation on a quantized input of the network is not the only one: then the host cannot do it."""
        if not isinstance(value, Real) or value.reached is None:
            return False
        tensors = [op.inputs[0]]
        for name in tensors:  # and those that it is in another order, or side by side
            if len(list(self.network.consumers(name))) > 1 or name in self.network.outputs:
                return True
            made = self.network.producer(name)
            tensors += made.inputs if isinstance(made, (Permute, Concat)) else ()
        return False

    def _function(self, value: InOrder, op: Op) -> InOrder:
        """What follows a sum and is no quantizer: a gain and offset, a leaky ReLU, a table."""
        if isinstance(op, Lookup):
            return self._looked_up(value, op)
        free = isinstance(value, Pending) and not (value.reached or value.rectified or value.slope_shift
                                                   or value.lookup) and key(value) not in self.formed
        if isinstance(op, Scale):
            before = value.scaling if isinstance(value, Pending) else None
            after = None if before is None else composed(before, op.gain, op.offset)
            if free and after is not None:
                assert isinstance(value, Pending)
                return replace(value, source=op.source, scaling=after)
            if not free or before is not None:
                value = Pending(self._copied(value, op), op.output, op.source)
            assert isinstance(value, Pending)
            shape = (value.total.n,)
            scaling = Scaling(np.broadcast_to(op.gain, shape), np.broadcast_to(op.offset, shape))
            total_sum = fold(value.total, scaling)
            if total_sum is not None:
                return replace(value, source=op.source, total=total_sum)
            return replace(value, source=op.source, scaling=scaling)
        assert isinstance(op, LeakyRelu)
        if not free:
            value = Pending(self._copied(value, op), op.output, op.source)
        assert isinstance(value, Pending)
        return replace(value, source=op.source, slope_shift=op.slope_shift)

    def _looked_up(self, value: InOrder, op: Lookup) -> InOrder:
        """A table on integers; the values a clamp leaves out are left out of it."""
        if not isinstance(value, Pending) or value.reached is None or value.lookup is not None:
            (name,) = self._stored(value, op) if not isinstance(value, Beside) else ("",)
            if not name:
                raise ModelError("a function of tensors side by side", where=op.source,
                                 remedy="Apply it before joining them")
            kept = self.tensors[name].type
            assert kept is not None
            low, high = self.ranges[name]
            value = Pending(self._copied(value, op), op.output, op.source, Range(kept, low, high))
        assert value.reached is not None
        # a quantizer that kept a coarser grid left the integers of that grid; the table counts in its own input's
        finer = self.network.type_of(op.inputs[0]).frac - value.reached.type.frac
        index = np.arange(value.reached.low, value.reached.high + 1) * 2**finer - op.first
        if finer < 0 or index[0] < 0 or index[-1] >= len(op.table):
            raise ModelError("its table does not cover its input", where=op.source)
        uncertain = None if op.uncertain is None or not op.uncertain[index].any() else op.uncertain[index]
        return replace(value, source=op.source,
                       lookup=Entries(op.table[index], self.network.type_of(op.output), uncertain))

    def _product(self, op: Dense, value: Value) -> Sum:
        """Weights on the integers of a value."""
        if isinstance(value, Permuted):
            rows = np.empty_like(op.weights.values)
            rows[value.order] = op.weights.values
            return self._product(replace(op, weights=QuantizedArray(rows, op.weights.type)), value.value)
        names = self._stored(value, op)
        start = 0
        bias = np.zeros(op.n, np.int64) if op.bias is None else op.bias.values
        bias_frac = np.full(op.n, 0 if op.bias is None else op.bias.type.frac, np.int64)
        zero = np.zeros(op.n, np.int64)
        parts = []
        for name in names:
            tensor = self.tensors[name]
            width = tensor.model_features
            weights = rows_of(op.weights.values[start:start + width], tensor)
            start += width
            frac = self._frac(name) + op.weights.type.frac + (zero if op.finer is None else op.finer)
            parts.append(Sum(op.name, op.source, (Term(name, weights, frac),), zero, zero, 0))
        if start != op.k:
            raise ModelError(f"its weights have {op.k} rows for {start} inputs", where=op.source)
        found = summed(op.name, op.source, tuple(parts))
        if op.bias is not None and op.finer is not None:
            bias_frac = bias_frac + op.finer
        return replace(found, bias=bias, bias_frac=bias_frac, macs=op.macs)

    def _sum(self, op: Add, values: list[Value]) -> Sum:
        """The sum of several values: sums that nothing follows are merged, others read as integers."""
        parts = []
        for value in values:
            if isinstance(value, Pending) and value.plain and key(value) not in self.formed:
                parts.append(value.total)
            elif isinstance(value, Permuted):
                parts.append(permuted_sum(self._sum(op, [value.value]), value.order))
            else:
                parts.append(self._copied(value, op))
        if len({part.n for part in parts}) != 1:
            raise ModelError(f"adds tensors of {' and '.join(str(part.n) for part in parts)} features",
                             where=op.source, remedy="Give all the same shape")
        return summed(op.name, op.source, tuple(parts))

    def _copied(self, value: Value, op: Op) -> Sum:
        """The sum that is a value itself: weights of one on its integers."""
        if isinstance(value, Permuted):
            return permuted_sum(self._copied(value.value, op), value.order)
        parts = []
        for name in self._stored(value, op):
            tensor = self.tensors[name]
            features = range(tensor.shape[0]) if tensor.features is None else tensor.features
            where = {feature: column for column, feature in enumerate(features) if feature >= 0}
            columns = np.array([where[feature] for feature in range(tensor.model_features)], np.intp)
            parts.append(selected(name, columns, tensor.shape[0], self._frac(name), op.name, op.source))
        return replace(side_by_side(tuple(parts)), name=op.name, source=op.source)

    def _frac(self, name: str) -> int:
        fixed = self.tensors[name].type
        assert fixed is not None
        return fixed.frac

    def _stored(self, value: InOrder, op: Op) -> list[str]:
        """The tensors that hold a value's integers, formed now where they are not yet."""
        if isinstance(value, Beside):
            return [name for part in value.parts for name in self._stored(part, op)]
        if key(value) not in self.formed:
            self.formed[key(value)] = self._input(value) if isinstance(value, Real) else self._formed(value, op)
        return [self.formed[key(value)]]

    def _input(self, value: Real) -> str:
        """Give an input of the network its type."""
        reached, tensor = value.reached, self.network.tensors[value.tensor]
        if reached is None:
            raise ModelError("the model does not quantize its input", where=value.tensor,
                             remedy='Give input_type="quantized_bits(8,0,alpha=1)" to load, or begin the model with a '
                                    "QActivation")
        exact = reached.as_type()
        if exact is None:
            raise ModelError(f"the input takes the integers {reached.low} to {reached.high}, which no type has",
                             where=value.tensor, remedy="Use one quantizer at the input")
        known = self.tensors.get(value.tensor)
        if known is not None and known.type != exact:
            raise ModelError(f"the input is quantized to {known.type} and to {exact}", where=value.tensor,
                             rule="the host sends one of them", remedy="Quantize the input once, before it branches")
        self.tensors[value.tensor] = replace(tensor, type=exact)
        self.ranges[value.tensor] = (exact.min_int, exact.max_int)
        return value.tensor

    def _formed(self, value: Pending, op: Op | None) -> str:
        """Form the Dense of a sum; `op` is what needs its integers, None where they leave the network."""
        name, output = self._names(value)
        bits = max(self._storage_bits(term.tensor) for term in value.total.terms)
        first = self._frac(value.total.terms[0].tensor)
        kind = None if value.reached is None else value.reached.type
        given = value.lookup.type if value.lookup is not None else kind
        shape = Tensor(output, (value.total.n,), given, value.source)
        if value.reached is None:
            if value.scaling is not None or value.slope_shift:
                raise ModelError("its output is not quantized after a scale or a leaky ReLU", where=value.total.source,
                                 remedy="Add a QActivation (quantized_relu or quantized_bits) after it")
            dense, tensor, notes = realize(value.total, shape, None, (0, INT32_MAX) if value.rectified else None, name,
                                           first, bits)
            if op is not None:
                dense, tensor = self._exact(dense, tensor, value)
        else:
            assert kind is not None
            clamp = (value.reached.low, value.reached.high)
            if value.scaling is None:
                dense, tensor, notes = realize(value.total, shape, kind.frac, clamp, name, first, bits)
            else:
                dense, tensor, notes = realize_scaled(value.total, value.scaling, shape, kind.frac, clamp, name, first)
                if sum_bits(dense, *self._ends(dense)) > EXACT_OUTPUT_BITS:
                    raise ModelError(f"its sums need more than {EXACT_OUTPUT_BITS} bits before they are scaled",
                                     where=value.total.source, remedy="Use fewer bits in its weights or input")
            dense = replace(dense, slope_shift=value.slope_shift)
            if value.lookup is not None:
                dense = replace(dense, table=value.lookup.table, table_frac=kind.frac, table_rounding=kind.rounding,
                                table_uncertain=value.lookup.uncertain)
        self.ops.append(dense)
        self.tensors[output] = tensor
        self.notes += notes
        self.ranges[output] = result_range(dense) or sum_range(dense, *self._ends(dense))
        return output

    def _exact(self, dense: Dense, tensor: Tensor, value: Pending) -> tuple[Dense, Tensor]:
        """An unquantized sum that another layer reads: held as it is, where so many bits are enough."""
        low, high = sum_range(dense, *self._ends(dense))
        low = max(low, 0) if value.rectified else low
        signed = low < 0
        bits = sum_bits(dense, *self._ends(dense)) - (not signed)
        if bits > MOST_EXACT_BITS:
            raise ModelError("its output is not quantized before the next layer", where=value.total.source,
                             rule=f"layers exchange integers of at most {MOST_EXACT_BITS} bits; its exact sums need "
                                  f"{bits}", remedy="Add a QActivation (quantized_relu or quantized_bits) after it")
        assert tensor.type is not None
        self.notes.append(f"{dense.name}: nothing quantizes its output; its exact sums fit {bits} bits")
        exact = FixedPoint(max(bits, 2), tensor.type.frac, signed)
        return replace(dense, clamp=(low, high)), replace(tensor, type=exact)

    def _ends(self, dense: Dense) -> tuple[IntArray, IntArray]:
        """[k] least and greatest integer of every input."""
        ends = [np.full((self.tensors[name].shape[0], 2), self.ranges[name], np.int64) for name in dense.inputs]
        joined = np.concatenate(ends)
        return joined[:, 0], joined[:, 1]

    def _storage_bits(self, name: str) -> int:
        fixed = self.tensors[name].type
        assert fixed is not None
        return 8 if fixed.storage in ("int8", "uint8") else 16

    def _names(self, value: Pending) -> tuple[str, str]:
        """Names of the Dense and of its tensor; numbered where one sum is formed more than once."""
        name, output, number = value.total.name, value.output, 1
        while name in self.taken:
            number += 1
            name = f"{value.total.name[:MOST_NAME - 10]}_{number}"
            output = name + "_out"
        self.taken.add(name)
        return name, output

    def _output(self, value: Value, name: str) -> str:
        """The tensor of an output of the network; a layer of ones makes it where no layer does."""
        if isinstance(value, Permuted) and isinstance(value.value, Pending) and key(value.value) not in self.formed:
            value = with_columns(value.value, value.order, name, self.network.tensors[name].source)
            self.kept.append(value)
        if not isinstance(value, Pending):
            op = Op(f"{name[:MOST_NAME - 10]}_copy", name, (), name)
            self.notes.append(f"{name}: copied by a layer of ones, as no single layer makes it")
            value = Pending(self._copied(value, op), f"{op.name}_out", name)
            return self._formed(value, op)
        if key(value) not in self.formed:
            self.formed[key(value)] = self._formed(value, None)
        return self.formed[key(value)]
