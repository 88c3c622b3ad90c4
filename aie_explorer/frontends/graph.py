"""The model's configuration to the calls of its layers in order: branches, shared layers and nested models included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import (
    DEEPEST,
    MODELS,
    JsonObject,
    RawModel,
    as_integer,
    as_list,
    as_object,
    as_text,
    class_of,
    shorten,
)

MOST_CALLS = 10_000

Reference = tuple[str, int, int]
"""A tensor as Keras names it: layer, which call of it, which of its outputs."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the model.

    Attributes:
        name: as the model spells it; the names of the models it is nested in come before it, separated by "/".
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
class Call:
    """One use of a layer. Values are numbered; the inputs of the graph come first.

    Attributes:
        layer: which.
        inputs: the values it reads.
        output: the value it makes.
    """

    layer: Layer
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True, eq=False)
class Graph:
    """The calls of a model's layers, each after those whose values it reads.

    Attributes:
        name: the model's name.
        inputs: (name, dimensions of one sample) of every input; they are values 0, 1, ...
        outputs: the values the model gives.
    """

    name: str
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]


def parse_graph(raw: RawModel) -> Graph:
    """The calls of a Sequential or Functional model.

    Raises:
        ModelError: when the configuration is malformed, or the model is of a kind that does not describe its graph.
    """
    kind, where = class_of(raw.config, raw.where), raw.where
    if kind not in MODELS:
        raise ModelError(f"is a {kind}, which does not describe its own graph", where=where,
                         remedy="Build it as a Sequential or Functional model")
    config = _model_config(raw.config, where)
    heads = _heads(kind, config, where)
    walk = _Walk(next_value=len(heads))
    outputs = _inline(walk, kind, config, list(range(len(heads))), "", where, 0)
    name = as_text(config.get("name", "model"), "the model's name", where)
    return Graph(name, tuple(heads), tuple(walk.calls), tuple(outputs))


@dataclass
class _Walk:
    """The calls found so far."""

    next_value: int
    calls: list[Call] = field(default_factory=list)

    def call(self, layer: Layer, inputs: Sequence[int]) -> int:
        if len(self.calls) >= MOST_CALLS:
            raise ModelError(f"has more than {MOST_CALLS} calls of layers", where=layer.where)
        self.calls.append(Call(layer, tuple(inputs), self.next_value))
        self.next_value += 1
        return self.next_value - 1


def _model_config(spec: JsonObject, where: str) -> JsonObject:
    settings = spec.get("config")
    if class_of(spec, where) == "Sequential" and isinstance(settings, list):  # Keras before 2.2.3
        settings = {"name": "sequential", "layers": settings}
    return as_object(settings, "the model's config", where)


def _items(config: JsonObject, where: str) -> list[JsonObject]:
    items = [as_object(item, "a layer", where) for item in as_list(config.get("layers"), "the list of layers", where)]
    if not items:
        raise ModelError("the model has no layers", where=where)
    for item in items:
        _require_float32(_settings(item, where), f"{where}: {_name(item, where)}")
    return items


def _heads(kind: str, config: JsonObject, where: str) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of every input of the outermost model."""
    items = _items(config, where)
    if kind == "Sequential":
        if class_of(items[0], where) == "InputLayer":
            return [(_name(items[0], where), _shape(_settings(items[0], where), where))]
        first = _settings(items[0], where)
        if "batch_input_shape" in first or "batch_shape" in first:
            return [("input", _shape(first, where))]
        return [("input", _shape({"batch_shape": config.get("build_input_shape")}, where))]
    known = {_name(item, where): item for item in items if class_of(item, where) == "InputLayer"}
    names = _input_names(config, known, where)
    return [(name, _shape(_settings(known[name], where), where)) for name in names]


def _input_names(config: JsonObject, known: Mapping[str, JsonObject], where: str) -> list[str]:
    """The input layers in the order in which the model takes them."""
    names = [name for name, _, _ in _references(config.get("input_layers"))]
    if not names or sorted(names) != sorted(known):
        raise ModelError(f"its inputs are {shorten(names)} but its input layers {shorten(list(known))}", where=where)
    return names


def _inline(walk: _Walk, kind: str, config: JsonObject, inputs: list[int], prefix: str, where: str, depth: int
            ) -> list[int]:
    """The outputs of a model on given values, its calls appended to the walk."""
    if depth > DEEPEST:
        raise ModelError(f"nests models more than {DEEPEST} deep", where=where)
    items = _items(config, where)
    if kind == "Sequential":
        if len(inputs) != 1:
            raise ModelError(f"a Sequential model is called with {len(inputs)} inputs", where=where)
        value = inputs[0]
        for item in items:
            if class_of(item, where) != "InputLayer":
                value = _apply(walk, item, [value], prefix, where, depth, trains=False)[0]
        return [value]
    return _functional(walk, items, config, inputs, prefix, where, depth)


def _functional(walk: _Walk, items: list[JsonObject], config: JsonObject, inputs: list[int], prefix: str, where: str,
                depth: int) -> list[int]:
    """Calls in the order in which the outputs need them; what no output needs is left out."""
    by_name = {_name(item, where): item for item in items}
    known = {name: item for name, item in by_name.items() if class_of(item, where) == "InputLayer"}
    names = _input_names(config, known, where)
    if len(names) != len(inputs):
        raise ModelError(f"a model of {len(names)} inputs is called with {len(inputs)}", where=where)
    made: dict[tuple[str, int], list[int]] = {(name, 0): [value] for name, value in zip(names, inputs, strict=True)}
    nodes = {name: list(as_list(item.get("inbound_nodes"), "inbound_nodes", where))
             for name, item in by_name.items() if name not in known}
    wanted = list(_references(config.get("output_layers")))
    if not wanted:
        raise ModelError("the model names no output", where=where)
    pending: list[tuple[str, int]] = [(name, node) for name, node, _ in reversed(wanted)]
    entered: set[tuple[str, int]] = set()
    while pending:
        here = pending[-1]
        if here in made:
            pending.pop()
            continue
        sources = _sources(here, nodes, where)
        missing = [(name, node) for name, node, _ in sources if (name, node) not in made]
        if missing:
            if here in entered:
                raise ModelError(f"layer {here[0]!r} reads its own output", where=where)
            entered.add(here)
            pending.extend(reversed(missing))
            continue
        values = [_value(made, source, where) for source in sources]
        made[here] = _apply(walk, by_name[here[0]], values, prefix, where, depth,
                            trains=_trains(nodes[here[0]][here[1]]))
        pending.pop()
    return [_value(made, reference, where) for reference in wanted]


def _sources(call: tuple[str, int], nodes: Mapping[str, list[object]], where: str) -> list[Reference]:
    """The tensors that one call of a layer reads."""
    name, index = call
    if name not in nodes or not 0 <= index < len(nodes[name]):
        raise ModelError(f"layer {name!r} is not connected to the input", where=where)
    found = list(_references(nodes[name][index]))
    if not found:
        raise ModelError(f"layer {name!r} reads nothing", where=where)
    return found


def _value(made: Mapping[tuple[str, int], list[int]], reference: Reference, where: str) -> int:
    name, node, index = reference
    values = made[(name, node)]
    if not 0 <= index < len(values):
        raise ModelError(f"output {index} of layer {name!r} does not exist", where=where)
    return values[index]


def _apply(walk: _Walk, item: JsonObject, inputs: list[int], prefix: str, where: str, depth: int, *, trains: bool
           ) -> list[int]:
    """The values one call of a layer, or of a model in its place, makes."""
    kind, name = class_of(item, where), prefix + _name(item, where)
    if kind in MODELS:
        return _inline(walk, kind, _model_config(item, where), inputs, f"{name}/", f"{where}: {name}", depth + 1)
    return [walk.call(Layer(name, kind, _settings(item, where), f"{where}: {name}", trains), inputs)]


def _references(tree: object) -> Iterator[Reference]:
    """The tensors named anywhere in a structure of call arguments, of Keras 2 or 3, in order."""
    pending = [tree]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            history = here.get("keras_history")
            pending.extend([history] if history is not None else reversed(list(here.values())))
        elif isinstance(here, (list, tuple)):
            if len(here) >= 3 and isinstance(here[0], str) and _is_index(here[1]) and _is_index(here[2]):
                yield here[0], int(here[1]), int(here[2])
                pending.extend(reversed([value for value in here[3:] if isinstance(value, dict)]))
            else:
                pending.extend(reversed(here))


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


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
