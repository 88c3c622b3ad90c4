"""Calls of the layers to a network: names, tensors, and the types of the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aie_explorer.errors import ModelError
from aie_explorer.frontends.graph import Graph
from aie_explorer.frontends.layers import layer_steps
from aie_explorer.frontends.names import TENSOR_SUFFIX, identifier
from aie_explorer.frontends.qkeras.activations import table
from aie_explorer.frontends.raw import RawModel
from aie_explorer.frontends.steps import Step
from aie_explorer.ir import (
    Add,
    Concat,
    Dense,
    FixedPoint,
    LeakyRelu,
    Lookup,
    Network,
    Op,
    Permute,
    Quantize,
    Relu,
    Reshape,
    Scale,
    Tensor,
)

_PLAIN: Mapping[str, type[Op]] = {"relu": Relu, "reshape": Reshape, "add": Add, "concat": Concat}


def assemble(graph: Graph, raw: RawModel, batch: int, input_type: FixedPoint | None, name: str | None) -> Network:
    """The network of a model, each layer spelled out as operations.

    Raises:
        ModelError: when a layer has no exact integer meaning, or `input_type` contradicts the model.
    """
    made = _Assembly()
    title = identifier(name if name is not None else graph.name, set(), "model")
    for value, (label, shape) in enumerate(graph.inputs):
        tensor = Tensor(identifier(label, made.taken, "x"), shape, None, label)
        made.tensors[tensor.name] = tensor
        made.names[value] = tensor.name
    inputs = tuple(made.tensors)
    read = {value for call in graph.calls for value in call.inputs}
    for call in graph.calls:
        shapes = tuple(made.tensors[made.names[value]].shape for value in call.inputs)
        last = call.output in graph.outputs and call.output not in read
        current = tuple(made.names[value] for value in call.inputs)
        for step in layer_steps(call.layer, raw.weights.get(call.layer.name, ()), shapes, last=last):
            current = (made.add(step, current),)
        made.names[call.output] = current[0]
    outputs = tuple(made.names[value] for value in graph.outputs)
    if len(set(outputs)) != len(outputs):
        raise ModelError("gives one tensor twice", where=raw.where, remedy="Give each output once")
    network = Network(title, batch, tuple(made.ops), made.tensors, inputs, outputs, tuple(made.notes))
    return network if input_type is None else _with_input(network, input_type, raw.where)


@dataclass
class _Assembly:
    """What is put together so far."""

    taken: set[str] = field(default_factory=set)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)  # of the tensor of each value
    ops: list[Op] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, step: Step, sources: tuple[str, ...]) -> str:
        """The operation of a step; the name of its tensor."""
        if step.note:
            self.notes.append(step.note)
        label = identifier(self._label(step), self.taken)
        target = label + TENSOR_SUFFIX
        if step.kind == "dense":
            assert step.weights is not None
            op: Op = Dense(label, step.source, sources, target, step.weights, step.bias, finer=step.finer,
                           model_macs=step.macs)
        elif step.kind == "scale":
            assert step.gain is not None
            assert step.offset is not None
            op = Scale(label, step.source, sources, target, step.gain, step.offset)
        elif step.kind == "permute":
            assert step.order is not None
            op = Permute(label, step.source, sources, target, step.order)
        elif step.kind == "quantize":
            op = Quantize(label, step.source, sources, target, step.clamp)
        elif step.kind == "lookup":
            op = self._lookup(step, label, sources, target)
        elif step.kind == "leaky":
            op = LeakyRelu(label, step.source, sources, target, step.slope_shift)
        else:
            op = _PLAIN[step.kind](label, step.source, sources, target)
        kept = self.tensors[sources[0]].type if step.kind in ("relu", "reshape", "permute") else step.type
        self.ops.append(op)
        self.tensors[target] = Tensor(target, step.shape, kept, step.source)
        return target

    def _lookup(self, step: Step, label: str, sources: tuple[str, ...], target: str) -> Lookup:
        """The table of a function on the integers of its input's type."""
        if step.activation is None:
            assert step.table is not None
            return Lookup(label, step.source, sources, target, step.table, -1)
        known = self.tensors[sources[0]].type
        if known is None:
            raise ModelError(f"{step.activation.text} of numbers that are not quantized", where=step.source,
                             rule="it is computed by a table of at most 8 bits",
                             remedy='Put QActivation("quantized_bits(8, integer, alpha=1)") before it')
        try:
            found = table(step.activation, known)
        except ModelError as error:
            raise ModelError(error.problem, where=step.source, rule=error.rule, remedy=error.remedy) from None
        return Lookup(label, step.source, sources, target, found.outputs, found.first, found.uncertain)

    def _label(self, step: Step) -> str:
        """The layer's name; the activation inside a layer, being its second operation, adds what it is."""
        again = bool(self.ops) and self.ops[-1].source == step.source
        return f"{step.source}_{step.kind}" if again and step.kind not in ("dense", "add", "concat") else step.source


def _with_input(network: Network, asked: FixedPoint, where: str) -> Network:
    """The network with every input quantized as the caller asks, where the model does not say."""
    ops, tensors = list(network.ops), dict(network.tensors)
    for name in network.inputs:
        first = _first_quantizers(network, name)
        if first is None:
            tensors[name] = Tensor(name, tensors[name].shape, asked, tensors[name].source)
        for op in first or ():
            if network.type_of(op.output) != asked:
                raise ModelError(f"the model quantizes its input to {network.type_of(op.output)} but input_type asks "
                                 f"for {asked}", where=f"{where}: {op.source}", remedy="Leave input_type out")
    return network.replace(ops=tuple(ops), tensors=tensors)


def _first_quantizers(network: Network, tensor: str) -> list[Op] | None:
    """The quantizers an input reaches first; None where something else computes with it unquantized."""
    found: list[Op] = []
    for op in network.consumers(tensor):
        if isinstance(op, Quantize):
            found.append(op)
        elif isinstance(op, (Permute, Relu, Reshape)):
            beyond = _first_quantizers(network, op.output)
            if beyond is None:
                return None
            found += beyond
        else:
            return None
    return found
