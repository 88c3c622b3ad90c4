"""The neutral description of a design: sizes, types and cuts of Dense layers, as JSON, with no model behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aie_explorer.arguments import number, shown, whole
from aie_explorer.cycles.operands import TYPES, Operands, type_bytes
from aie_explorer.devices import Device, find
from aie_explorer.devices.hardware import FASTEST_MHZ, SLOWEST_MHZ
from aie_explorer.errors import DesignError, nearest
from aie_explorer.space import BLOCKINGS, TWO_BY_TWO, Blocking, Choice, parse_microtile

MOST = 1 << 20  # of a size: far beyond what tiles can hold
LONGEST_MICROTILE = 32  # characters
GRAPH_INPUT = "input"
HAND_OVERS = ("memory_tile", "auto")
SHORT = {"bf16": "bfloat16", "fp32": "float32"}  # names of types as publications write them
NETWORK_KEYS = ("device", "clock_mhz", "batch", "plio_bits", "pl_clock_mhz", "hand_over", "layers")
LAYER_KEYS = ("name", "inputs", "k", "n", "dtype_in", "dtype_w", "dtype_out", "bias", "relu", "microtile", "cas_length",
              "cas_num", "split", "blocking")


@dataclass(frozen=True)
class LayerSpec:
    """One Dense layer.

    Attributes:
        name: unique; "layer0" and so on where none was given.
        inputs: names of the layers whose outputs it reads side by side; the graph's input has the name "input".
        k, n: inputs and outputs of a sample.
        operands: types and activation.
        choice: how it is cut over tiles.
    """

    name: str
    inputs: tuple[str, ...]
    k: int
    n: int
    operands: Operands
    choice: Choice


@dataclass(frozen=True)
class NetworkSpec:
    """A design on a device.

    Attributes:
        device: with its clocks and PLIO width.
        batch: samples of a call.
        direct: whether tiles may hand over to tiles where their slices are the same ("auto").
        layers: in the order given; every layer reads earlier ones.
    """

    device: Device
    batch: int
    direct: bool
    layers: tuple[LayerSpec, ...]

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(producer, consumer) of every edge between layers, each once."""
        index = {layer.name: i for i, layer in enumerate(self.layers)}
        return tuple(dict.fromkeys((index[name], i) for i, layer in enumerate(self.layers)
                                   for name in layer.inputs if name != GRAPH_INPUT))


def parse_spec(data: object, where: str = "SPEC") -> NetworkSpec:
    """A design from JSON data.

    Args:
        data: an object with the keys of NETWORK_KEYS, of which only `device` and `layers` must be there; a layer has
            those of LAYER_KEYS, of which k, n, the types and microtile must be there.
        where: what errors call it.

    Raises:
        DesignError: naming the missing, unknown or malformed key.
        DeviceError: for an unknown device or PLIO width.
    """
    spec = _object(data, where, NETWORK_KEYS, ("device", "layers"))
    device = _device(spec, where)
    batch = _size(spec.get("batch", 1), f"{where}.batch")
    hand_over = spec.get("hand_over", "memory_tile")
    if hand_over not in HAND_OVERS:
        raise DesignError(f"is {shown(hand_over)}", where=f"{where}.hand_over", remedy='Use "memory_tile" or "auto"')
    rows = spec["layers"]
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise DesignError("is not a list of at least one layer", where=f"{where}.layers")
    layers: list[LayerSpec] = []
    for i, row in enumerate(rows):
        layers.append(_layer(row, f"{where}.layers[{i}]", i, layers, device))
    return NetworkSpec(device, batch, hand_over == "auto", tuple(layers))


def _object(data: object, where: str, known: Sequence[str], needed: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise DesignError("is not a JSON object", where=where)
    for key in data:
        if key not in known:
            raise DesignError(f"has an unknown key {shown(key)}", where=where,
                              remedy=f"Close ones: {nearest(str(key), known)}")
    for key in needed:
        if key not in data:
            raise DesignError(f"{key} is missing", where=where)
    return data


def _device(spec: Mapping[str, Any], where: str) -> Device:
    name = spec["device"]
    device = find(name[:60] if isinstance(name, str) else name)  # no name is longer, and errors show it
    changes: dict[str, Any] = {}
    for key in ("clock_mhz", "pl_clock_mhz"):
        if key in spec:
            changes[key] = number(spec[key], f"{where}.{key}")
            if not SLOWEST_MHZ <= changes[key] <= FASTEST_MHZ:
                raise DesignError(f"is {changes[key]:g}", where=f"{where}.{key}",
                                  remedy=f"Use a frequency of {SLOWEST_MHZ} to {FASTEST_MHZ} MHz")
    if "plio_bits" in spec:
        changes["plio_bits"] = whole(spec["plio_bits"], f"{where}.plio_bits")
    return dataclasses.replace(device, **changes)


def _layer(row: object, where: str, index: int, before: Sequence[LayerSpec], device: Device) -> LayerSpec:
    needed = ("k", "n", "dtype_in", "dtype_w", "dtype_out", "microtile")
    data = _object(row, where, LAYER_KEYS, needed)
    k, n = (_size(data[key], f"{where}.{key}") for key in ("k", "n"))
    name = data.get("name", f"layer{index}")
    if not isinstance(name, str) or not name or name in {GRAPH_INPUT, *(layer.name for layer in before)}:
        raise DesignError(f"is {shown(name)}", where=f"{where}.name", remedy="Use a name no other layer has")
    if not isinstance(data.get("bias", True), bool):
        raise DesignError(f"is {shown(data['bias'])}", where=f"{where}.bias", remedy="Use true or false")
    operands = _operands(data, where)
    inputs = _inputs(data, where, before)
    _check_inputs(inputs, k, operands, before, where, named="inputs" in data)
    return LayerSpec(name, inputs, k, n, operands, _choice(data, where, device))


def _operands(data: Mapping[str, Any], where: str) -> Operands:
    types = []
    for key in ("dtype_in", "dtype_w", "dtype_out"):
        name = SHORT.get(data[key], data[key]) if isinstance(data[key], str) else None
        if name not in TYPES:
            raise DesignError(f"is {shown(data[key])}", where=f"{where}.{key}", remedy=f"Use one of {', '.join(TYPES)}")
        types.append(name)
    relu = data.get("relu", False)
    if not (isinstance(relu, bool) or relu == "leaky"):
        raise DesignError(f"is {shown(relu)}", where=f"{where}.relu", remedy='Use true, false or "leaky"')
    a, weights, out = types
    return Operands(a, weights, out, elementwise=int(bool(relu)), products=int(relu == "leaky"))


def _inputs(data: Mapping[str, Any], where: str, before: Sequence[LayerSpec]) -> tuple[str, ...]:
    if "inputs" not in data:
        return (before[-1].name,) if before else (GRAPH_INPUT,)
    names = data["inputs"]
    known = [GRAPH_INPUT, *(layer.name for layer in before)]
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        raise DesignError("is not a list of names", where=f"{where}.inputs")
    for name in names:
        if name not in known:
            raise DesignError(f"no earlier layer is called {shown(name)}", where=f"{where}.inputs",
                              remedy=f"There are: {', '.join(known)}")
    return tuple(names)


def _check_inputs(inputs: Sequence[str], k: int, operands: Operands, before: Sequence[LayerSpec], where: str,
                  named: bool) -> None:
    """The layers read together must be of the type read and, where they are named, as wide as k.

    A plain chain may leave out what stands between two layers, such as a concatenation; the estimate warns of it.
    """
    by_name = {layer.name: layer for layer in before}
    if any(name not in by_name for name in inputs):
        return
    width = sum(by_name[name].n for name in inputs)
    if named and width != k:
        raise DesignError(f"is {k}, but {', '.join(inputs)} gives {width}", where=f"{where}.k")
    for name in inputs:
        given = by_name[name].operands.out
        if type_bytes(given) != type_bytes(operands.a):
            raise DesignError(f"is {operands.a}, but {name} gives {given}", where=f"{where}.dtype_in")


def _choice(data: Mapping[str, Any], where: str, device: Device) -> Choice:
    values = []
    for key in ("cas_length", "cas_num"):
        value = whole(data.get(key, 1), f"{where}.{key}", least=1)
        if value > device.tiles:
            raise DesignError(f"is {shown(value)}; {device.name} has {device.tiles} tiles", where=f"{where}.{key}")
        values.append(value)
    split = data.get("split", "features")
    if split not in ("features", "rows"):
        raise DesignError(f"is {shown(split)}", where=f"{where}.split", remedy='Use "features" or "rows"')
    microtile = data["microtile"]
    if isinstance(microtile, (str, Sequence)) and len(microtile) > LONGEST_MICROTILE:
        raise DesignError(f"{shown(microtile)} is no microtile", where=f"{where}.microtile",
                          remedy="Write it as [M, K, N]")
    return Choice(parse_microtile(microtile, f"{where}.microtile"), values[0], values[1], split,
                  _blocking(data, where))


def _blocking(data: Mapping[str, Any], where: str) -> Blocking:
    value = data.get("blocking", list(TWO_BY_TWO))
    known = [list(blocking) for blocking in BLOCKINGS]
    if not isinstance(value, Sequence) or list(value) not in known or any(isinstance(n, bool) for n in value):
        raise DesignError(f"is {shown(value)}", where=f"{where}.blocking",
                          remedy=f"Use one of {', '.join(map(str, known))}: rows and columns of microtiles")
    return Blocking(*value)


def _size(value: object, where: str) -> int:
    size = whole(value, where, least=1)
    if size > MOST:
        raise DesignError(f"is {shown(size)}", where=where, remedy=f"Use at most {MOST}")
    return size
