"""Which devices and microtiles there are, and how a name finds its device."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pandas as pd

from aie_explorer.devices.hardware import Device, Dma, Generation, Geometry, MemoryTile, Microtile
from aie_explorer.errors import DeviceError, nearest

_GEOMETRY = ("columns", "rows", "memory_tile_rows", "pl_columns", "first_pl_column", "noc_columns")
_PART = re.compile(r"x[caq](?P<name>2?v[a-z]\d{4})-[a-z]+\d+-(?P<grade>\d[hml])[a-z]*-[a-z](-[a-z])?")
_SIGNED = {"int8": "int8", "uint8": "int8", "int16": "int16", "uint16": "int16"}


def devices() -> list[Device]:
    """Every device of the catalogue, those whose array shape is unknown included."""
    return list(_devices())


def find(name: str | Device) -> Device:
    """The device of a name, in any case: a device ("VE2802"), board ("VEK280"), platform or part string.

    A part string other than the catalogued one is accepted if it is well formed; its speed grade sets the clock of the
    array, and a quarter of it is the default clock of the PLIO (UG1393).

    Raises:
        DeviceError: for an unknown name, with the closest known ones.

    >>> find("vek280").name, find("vek280").columns, find("vek280").rows
    ('VE2802', 38, 8)
    """
    if isinstance(name, Device):
        return name
    if not isinstance(name, str):
        raise DeviceError(f"{name!r} is not the name of a device", where="device", remedy="Use a name such as 'VEK280'")
    asked = name.strip().lower()
    names = _names()
    if asked in names:
        return names[asked]
    for device in _devices():
        # Installed platforms carry the release behind the name: xilinx_vek280_base_202510_1.
        if device.platform and asked.startswith(f"{device.platform}_"):
            return device
    graded = _from_part(asked)
    if graded is not None:
        return graded
    spelled = [known for device in _devices() for known in (device.name, device.board, device.part) if known]
    raise DeviceError(f"no device, board or part is called {name!r}", where="device",
                      remedy=f"The closest: {nearest(name, spelled)}")


def microtiles(device: str | Device, a: str, b: str) -> tuple[Microtile, ...]:
    """The dense shapes aie::mmul accepts on a device for operands stored as `a` (activations) and `b` (weights).

    Args:
        device: a device or its name.
        a: int8, uint8, int16 or uint16; the M x K operand.
        b: the same; the K x N operand.

    Raises:
        DeviceError: when the matrix unit does not take these types.

    >>> [str(tile) for tile in microtiles("VEK385", "uint8", "int8")]
    ['8x8x8', '4x8x8']
    """
    return _microtiles(find(device).generation.name, _pair(find(device), a, b))


def peak_macs_per_cycle(device: str | Device, a: str, b: str) -> int:
    """Multiply-accumulates one tile can do in a cycle for operands stored as `a` and `b`.

    Raises:
        DeviceError: when the matrix unit does not take these types.

    >>> peak_macs_per_cycle("VEK280", "int8", "int8")
    256
    """
    return find(device).generation.macs_per_cycle[_pair(find(device), a, b)]


def to_frame() -> pd.DataFrame:
    """The catalogue as a table, one device a row; what is unknown is missing there."""
    rows = []
    for device in _devices():
        shape = dataclasses.asdict(device.geometry) if device.geometry else {}
        memory_rows, columns = shape.get("memory_tile_rows"), shape.get("columns")
        peak = 2 * device.tiles * device.generation.macs_per_cycle["int8xint8"] * device.clock_mhz / 1e6
        rows.append({
            "device": device.name, "board": device.board, "generation": device.generation.name, "columns": columns,
            "rows": shape.get("rows"), "tiles": device.tiles,
            "memory_tiles": None if memory_rows is None else memory_rows * columns,
            "pl_columns": shape.get("pl_columns"), "clock_mhz": device.clock_mhz, "int8_peak_tops": round(peak, 1),
            "part": device.part,
        })
    counts = ["columns", "rows", "memory_tiles", "pl_columns"]
    return pd.DataFrame(rows).astype(dict.fromkeys(counts, "Int64")).set_index("device")


def _pair(device: Device, a: str, b: str) -> str:
    """The name of the row for two storage types, after the rules on signs."""
    where = f"{device.name} ({device.generation.name})"
    for storage in (a, b):
        if storage not in _SIGNED:
            raise DeviceError(f"the matrix unit is not described for {storage} operands", where=where,
                              remedy=f"Use {', '.join(_SIGNED)}")
        if storage == "uint16" and device.generation.name == "AIE":
            raise DeviceError("16-bit operands of the matrix unit are signed", where=where,
                              rule="AIE API: aie::mmul on the first generation has no uint16",
                              remedy="Give the tensor a sign bit, so that int16 stores it, or 8 bits")
    return f"{_SIGNED[a]}x{_SIGNED[b]}"


def fmax_mhz(device: Device) -> float | None:
    """The highest clock of an array: that of the speed grade of the part, or of the fastest grade of the generation
    where no part is known; None for a device that is not in the catalogue.

    >>> fmax_mhz(find("vek280"))
    1250.0
    """
    known = _catalogue()["speed_grades"].get(device.generation.name)
    if known is None or device.name.lower() not in _names():
        return None
    grades: Mapping[str, float] = known["value"]
    match = _PART.fullmatch((device.part or "").lower())
    return float(grades.get(match["grade"].upper() if match else "", max(grades.values())))


def _from_part(asked: str) -> Device | None:
    """The device of a part string that is not itself in the catalogue, clocked by its speed grade."""
    match = _PART.fullmatch(asked)
    device = _names().get(match["name"]) if match else None
    if match is None or device is None:
        return None
    grades: Mapping[str, float] = _catalogue()["speed_grades"][device.generation.name]["value"]
    clock = grades.get(match["grade"].upper())
    if clock is None:
        raise DeviceError(f"speed grade -{match['grade'].upper()} has no known clock", where=asked,
                          remedy=f"Known grades: {', '.join('-' + grade for grade in grades)}")
    head, tail = asked.split(f"-{match['grade']}", 1)
    grade, suffix = (match["grade"] + tail).split("-", 1)
    part = f"{head}-{grade.upper()}-{suffix[0]}{suffix[1:].upper()}"
    return dataclasses.replace(device, part=part, clock_mhz=float(clock), pl_clock_mhz=clock / 4, board=None,
                               platform=None)


@functools.cache
def _catalogue() -> Any:
    return json.loads(_text("catalogue.json"))


def _text(file: str) -> str:
    return resources.files("aie_explorer.devices").joinpath(file).read_text(encoding="utf-8")


@functools.cache
def _devices() -> tuple[Device, ...]:
    generations = {name: _generation(name, entry) for name, entry in _catalogue()["generations"].items()}
    return tuple(_device(entry, generations) for entry in _catalogue()["devices"])


@functools.cache
def _names() -> dict[str, Device]:
    """Everything a device is known by, in lower case."""
    return {
        known.lower(): device
        for device in _devices() for known in (device.name, device.board, device.platform, device.part) if known
    }


@functools.cache
def _microtiles(generation: str, pair: str) -> tuple[Microtile, ...]:
    shapes = json.loads(_text("microtiles.json"))["shapes"]
    rows = [row for row in shapes if (row["generation"], row["pair"]) == (generation, pair)]
    return tuple(Microtile(**{key: value for key, value in row.items() if key != "generation"}) for row in rows)


def _device(entry: Mapping[str, Any], generations: Mapping[str, Generation]) -> Device:
    fields = {key: _frozen(value) for key, value in entry.items() if key not in _GEOMETRY}
    shape = {key: _frozen(entry[key]) for key in _GEOMETRY}
    fields["generation"] = generations[entry["generation"]]
    fields["geometry"] = Geometry(**shape) if shape["columns"] is not None else None
    return Device(**fields)


def _generation(name: str, entry: Mapping[str, Any]) -> Generation:
    fields = _values(entry)
    fields["dma"] = Dma(**_values(entry["dma"]))
    memory = entry["memory_tile"]
    if memory is not None:
        fields["memory_tile"] = MemoryTile(**{**_values(memory), "dma": Dma(**_values(memory["dma"]))})
    return Generation(name=name, sources=tuple(_sources(entry)), **fields)


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of an entry without their sources; nested entries are left to the caller."""
    return {key: _frozen(item["value"]) if item and "value" in item else item for key, item in entry.items()}


def _sources(entry: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """(field, document) of every figure of an entry and of the entries inside it."""
    found: list[tuple[str, str]] = []
    for key, item in entry.items():
        if item is not None and "value" in item:
            found.append((prefix + key, item["source"]))
        elif item is not None:
            found += _sources(item, f"{prefix}{key}.")
    return found


def _frozen(value: Any) -> Any:
    """JSON lists and objects as tuples, so that the records are hashable."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value
