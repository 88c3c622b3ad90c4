"""Steps of the layers to a network: names, tensors, and the type of the input."""

from __future__ import annotations

from collections.abc import Sequence

from aie_explorer.errors import ModelError
from aie_explorer.frontends.graph import Chain
from aie_explorer.frontends.layers import Step, layer_steps
from aie_explorer.frontends.names import TENSOR_SUFFIX, identifier
from aie_explorer.frontends.raw import RawModel
from aie_explorer.ir import Dense, FixedPoint, Network, Op, Quantize, Relu, Reshape, Tensor


def assemble(chain: Chain, raw: RawModel, batch: int, input_type: FixedPoint | None, name: str | None) -> Network:
    """The network of a model, each layer spelled out as operations.

    Raises:
        ModelError: when a layer has no exact integer meaning, or `input_type` contradicts the model.
    """
    steps: list[Step] = []
    shape = chain.input_shape
    for layer in chain.layers:
        steps += layer_steps(layer, raw.weights.get(layer.name, ()), shape)
        shape = steps[-1].shape if steps else shape
    steps = _with_input(steps, chain, input_type, raw.where)
    taken: set[str] = set()
    title = identifier(name if name is not None else chain.name, set(), "model")
    first = Tensor(identifier(chain.input_name, taken, "x"), chain.input_shape, None)
    tensors = [first]
    ops: list[Op] = []
    for step in steps:
        label = identifier(_label(step, ops), taken)
        ops.append(_op(step, label, tensors[-1].name))
        kept = tensors[-1].type if step.kind in ("relu", "reshape") else step.type
        tensors.append(Tensor(label + TENSOR_SUFFIX, step.shape, kept))
    return Network(title, batch, tuple(ops), {tensor.name: tensor for tensor in tensors}, (first.name,),
                   (tensors[-1].name,))


def _label(step: Step, ops: Sequence[Op]) -> str:
    """The layer's name; the activation inside a layer, being its second operation, adds what it is."""
    return f"{step.source}_{step.kind}" if ops and ops[-1].source == step.source else step.source


def _with_input(steps: list[Step], chain: Chain, asked: FixedPoint | None, where: str) -> list[Step]:
    """The steps with the input quantized as the caller asks, where the model does not say."""
    if asked is None:
        return steps
    given = next((step for step in steps if step.kind not in ("reshape", "relu")), None)
    if given is None or given.kind != "quantize":
        return [Step("quantize", chain.input_name, chain.input_shape, asked), *steps]
    if given.type != asked:
        raise ModelError(f"the model quantizes its input to {given.type} but input_type asks for {asked}",
                         where=f"{where}: {given.source}", remedy="Leave input_type out")
    return steps


def _op(step: Step, name: str, source: str) -> Op:
    target = name + TENSOR_SUFFIX
    if step.kind == "dense":
        assert step.weights is not None
        return Dense(name, step.source, source, target, step.weights, step.bias)
    return {"quantize": Quantize, "relu": Relu, "reshape": Reshape}[step.kind](name, step.source, source, target)
