"""The model's configuration to its layers in order: Sequential and Functional, one chain for now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import (
    JsonObject,
    RawModel,
    as_integer,
    as_list,
    as_object,
    as_text,
    class_of,
    shorten,
)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the model.

    Attributes:
        name: as the model spells it.
        kind: its class, such as "QDense".
        config: its settings.
        where: file and layer, for messages.
        trains: called with training=True, so that it acts as in training even at inference.
    """

    name: str
    kind: str
    config: JsonObject
    where: str
    trains: bool = False


@dataclass(frozen=True, eq=False)
class Chain:
    """Layers that follow each other, from one input to one output.

    Attributes:
        name: the model's name.
        input_name: the name of the input layer.
        input_shape: dimensions of one sample.
    """

    name: str
    input_name: str
    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]


def parse_graph(raw: RawModel) -> Chain:
    """The chain of layers of a Sequential or Functional model.

    Raises:
        ModelError: when the model branches, nests models, shares layers, or the configuration is malformed.
    """
    kind, where = class_of(raw.config, raw.where), raw.where
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(f"is a {kind}, which does not describe its own graph", where=where,
                         remedy="Build it as a Sequential or Functional model")
    settings = raw.config.get("config")
    if kind == "Sequential" and isinstance(settings, list):  # Keras before 2.2.3
        settings = {"name": "sequential", "layers": settings}
    config = as_object(settings, "the model's config", where)
    items = [as_object(item, "a layer", where) for item in as_list(config.get("layers"), "the list of layers", where)]
    if not items:
        raise ModelError("the model has no layers", where=where)
    if kind == "Sequential":
        ordered, head = _sequential(items, config, where)
    else:
        ordered, head = _functional(items, config, where)
    name = as_text(config.get("name", "model"), "the model's name", where)
    for item in items:
        _require_float32(_settings(item, where), f"{where}: {_name(item, where)}")
    return Chain(name, *head, tuple(_layer(item, where) for item in ordered))


def _sequential(
    items: Sequence[JsonObject], config: JsonObject, where: str
) -> tuple[Sequence[JsonObject], tuple[str, tuple[int, ...]]]:
    if class_of(items[0], where) == "InputLayer":
        return items[1:], (_name(items[0], where), _shape(_settings(items[0], where), where))
    first = _settings(items[0], where)
    if "batch_input_shape" in first or "batch_shape" in first:
        return items, ("input", _shape(first, where))
    return items, ("input", _shape({"batch_shape": config.get("build_input_shape")}, where))


def _functional(
    items: Sequence[JsonObject], config: JsonObject, where: str
) -> tuple[Sequence[JsonObject], tuple[str, tuple[int, ...]]]:
    by_source: dict[str, JsonObject] = {}
    heads = [item for item in items if class_of(item, where) == "InputLayer"]
    if len(heads) != 1:
        raise ModelError(f"the model has {len(heads)} inputs; only one is supported so far", where=where,
                         remedy="Load each branch as a model of its own")
    for item in items:
        if item is heads[0]:
            continue
        source = _source(item, where)
        if source in by_source:
            raise ModelError(f"the output of layer {source!r} is used {_both(by_source[source], item, where)}; "
                             "branches are not supported so far", where=where,
                             remedy="Load each branch as a model of its own")
        by_source[source] = item
    ordered: list[JsonObject] = []
    here = _name(heads[0], where)
    # Popping ends the walk even where a malformed file names itself as its own input.
    while here in by_source:
        ordered.append(by_source.pop(here))
        here = _name(ordered[-1], where)
    if by_source:
        stray = _name(next(iter(by_source.values())), where)
        raise ModelError(f"layer {stray!r} is not connected to the input", where=where)
    outputs = list(_tensors(config.get("output_layers")))
    if outputs != [here]:
        raise ModelError(f"the model's outputs are {shorten(outputs)} but its chain of layers ends at {here!r}; only "
                         "one output at the end is supported so far", where=where)
    return ordered, (_name(heads[0], where), _shape(_settings(heads[0], where), where))


def _both(one: JsonObject, other: JsonObject, where: str) -> str:
    return f"by both {_name(one, where)!r} and {_name(other, where)!r}"


def _source(item: JsonObject, where: str) -> str:
    """The only layer whose output this one reads."""
    name, nodes = _name(item, where), as_list(item.get("inbound_nodes"), "inbound_nodes", where)
    sources = list(_tensors(nodes))
    if len(nodes) == 1 and len(sources) == 1:
        return sources[0]
    if len(nodes) > 1:
        raise ModelError("the layer is shared (called more than once)", where=f"{where}: {name}",
                         remedy="Give every place a layer of its own")
    raise ModelError(f"the layer reads {len(sources)} tensors; branches are not supported so far",
                     where=f"{where}: {name}", remedy="Load each branch as a model of its own")


def _tensors(tree: object) -> Iterator[str]:
    """The layers whose outputs are named anywhere in a structure of call arguments, of Keras 2 or 3."""
    pending = [tree]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            history = here.get("keras_history")
            pending.extend([history] if history is not None else here.values())
        elif isinstance(here, (list, tuple)):
            if len(here) >= 3 and isinstance(here[0], str) and isinstance(here[1], int):
                yield here[0]
            else:
                pending.extend(here)


def _trains(tree: object) -> bool:
    """Whether a call passes training=True."""
    pending = [tree]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            if here.get("training"):
                return True
            pending.extend(here.values())
        elif isinstance(here, (list, tuple)):
            pending.extend(here)
    return False


def _layer(item: JsonObject, where: str) -> Layer:
    name = _name(item, where)
    return Layer(name, class_of(item, f"{where}: {name}"), _settings(item, where), f"{where}: {name}",
                 _trains(item.get("inbound_nodes")))


def _settings(item: JsonObject, where: str) -> JsonObject:
    return as_object(item.get("config"), "a layer's config", where)


def _require_float32(settings: JsonObject, where: str) -> None:
    """Quantizers compute in float32; another type would round differently before they see a number."""
    dtype = settings.get("dtype") or "float32"
    if isinstance(dtype, dict):
        dtype = as_object(dtype.get("config"), "the dtype policy", where).get("name")
    if dtype != "float32":
        raise ModelError(f"computes in {shorten(dtype)}", where=where, remedy="Build the model in float32")


def _name(item: JsonObject, where: str) -> str:
    return as_text(_settings(item, where).get("name", item.get("name")), "a layer's name", where)


def _shape(settings: JsonObject, where: str) -> tuple[int, ...]:
    shape = settings.get("batch_shape", settings.get("batch_input_shape"))
    if shape is None:
        raise ModelError("the model has no input shape", where=where, remedy="Give it an Input layer")
    sizes = as_list(shape, "the input shape", where)[1:]
    if not sizes or any(size is None for size in sizes):
        raise ModelError(f"the input shape {shorten(shape)} leaves a dimension open", where=where,
                         remedy="Give the Input layer a fixed shape")
    whole = tuple(as_integer(size, "a dimension of the input", where) for size in sizes)
    if min(whole) < 1:
        raise ModelError(f"the input shape {whole} is empty", where=where)
    return whole
