"""`load`: from a QKeras model to an exact integer network."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Protocol, runtime_checkable

from aie_explorer.errors import ModelError
from aie_explorer.frontends.archive import read_archive
from aie_explorer.frontends.assemble import assemble
from aie_explorer.frontends.graph import parse_graph
from aie_explorer.frontends.live import LiveModel, read_live
from aie_explorer.frontends.qkeras.activations import activation
from aie_explorer.frontends.qkeras.quantizer import parse_quantizer
from aie_explorer.frontends.raw import RawModel, shorten
from aie_explorer.ir import FixedPoint, Network
from aie_explorer.passes import lower


@runtime_checkable
class LiveQuantizer(Protocol):
    """What is used of a QKeras quantizer object."""

    def get_config(self) -> dict[str, object]:
        """Its arguments."""


def load(
    model: str | PathLike[str] | LiveModel,
    *,
    batch: int = 8,
    input_type: FixedPoint | str | LiveQuantizer | None = None,
    name: str | None = None,
) -> Network:
    """Read a quantized model into a network whose integer arithmetic equals the model's own.

    The network computes what `model.predict` computes, bit for bit, as long as the model's float32 sums are exact
    (below 2**24 steps) and its inputs lie within 2**24 steps of the input type; beyond, float32 itself rounds and
    the network, which does not, is the more exact.

    Args:
        model: a path to a model saved as `.h5` or `.keras`, or a live Sequential or Functional model with QKeras
            layers. A file is read without TensorFlow, and nothing in it is executed.
        batch: samples per call of the compiled graph.
        input_type: the type of the input, for a model that does not quantize it: a `FixedPoint`, or a quantizer
            such as "quantized_bits(8,0,alpha=1)".
        name: a name for the network; the model's own by default.

    Returns:
        A chain of Dense operations whose tensors all have exact types.

    Raises:
        ModelError: when the model cannot be read, or a part of it has no exact integer meaning; the message names
            the layer, the reason and what to change.
    """
    if isinstance(batch, bool) or not isinstance(batch, int):
        raise ModelError(f"the batch is {shorten(batch)}", where="batch", remedy="Use a whole number of samples")
    asked = _input_type(input_type)
    raw = _read(model)
    return lower(assemble(parse_graph(raw), raw, batch, asked, name))


def _read(model: object) -> RawModel:
    if isinstance(model, (str, PathLike)):
        return read_archive(str(fspath(model)))
    if isinstance(model, LiveModel):
        return read_live(model)
    raise ModelError(f"cannot load a {type(model).__name__}", where="load",
                     remedy="Give a Keras model or the path of a saved one (.keras or .h5)")


def _input_type(given: object) -> FixedPoint | None:
    if given is None:
        return None
    if isinstance(given, FixedPoint):
        if not 1 <= given.width <= 16 or given.min_int == given.max_int:
            raise ModelError(f"{given} has {given.width} bits", where="input_type", remedy="Use 2 to 16 bits")
        return given
    if isinstance(given, LiveQuantizer):
        given = {"class_name": type(given).__name__, "config": given.get_config()}
    quantizer = parse_quantizer(given, "input_type")
    assert quantizer is not None
    found = activation(quantizer, "input_type")
    if found.function != "identity" or (found.low, found.high) != (found.type.min_int, found.type.max_int):
        raise ModelError(f"{found.text} does more than to round and saturate", where="input_type",
                         remedy="Use quantized_bits(bits, integer, alpha=1)")
    return found.type
