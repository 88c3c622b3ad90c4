"""Devices in files: by name those of the catalogue, by their array and generation those made by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

from aie_explorer.devices.catalogue import devices, find
from aie_explorer.devices.hardware import Device, Geometry
from aie_explorer.errors import DeviceError

_OWN = ("name", "tiles", "part", "board", "platform")


def describe(device: Device) -> str | dict[str, Any]:
    """A device without clocks and PLIO width, as JSON data.

    Raises:
        DeviceError: when its generation is none of the catalogue.
    """
    name = device.part or device.name
    for known in devices():
        if name in (known.part, known.name) and _with_clocks(known, device) == device:
            return name
    try:
        if _with_clocks(find(name), device) == device:  # a part of another speed grade
            return name
    except DeviceError:
        pass
    if all(known.generation != device.generation for known in devices()):
        raise DeviceError(f"its generation {device.generation.name} is not that of the catalogue, so a file cannot "
                          "describe it", where=device.name)
    geometry = None if device.geometry is None else dataclasses.asdict(device.geometry)
    return {"generation": device.generation.name, "geometry": geometry,
            **{field: getattr(device, field) for field in _OWN}}


def described(data: Any, clock_mhz: float, pl_clock_mhz: float, plio_bits: int) -> Device:
    """The device that `describe` wrote, with clocks and PLIO width.

    Raises:
        DeviceError: for an unknown name or generation.
        KeyError, TypeError: for data of another form.
    """
    clocks: dict[str, Any] = {"clock_mhz": clock_mhz, "pl_clock_mhz": pl_clock_mhz, "plio_bits": plio_bits}
    if isinstance(data, str):
        return dataclasses.replace(find(data), **clocks)
    generations = {device.generation.name: device.generation for device in devices()}
    if data["generation"] not in generations:
        raise DeviceError(f"there is no generation {data['generation']!r}", where=str(data["name"]),
                          remedy=f"The generations are: {', '.join(generations)}")
    shape = data["geometry"]
    geometry = None if shape is None else Geometry(**{
        **shape, "noc_columns": None if shape["noc_columns"] is None else tuple(shape["noc_columns"])})
    return Device(generation=generations[data["generation"]], geometry=geometry,
                  **{field: data[field] for field in _OWN}, **clocks)


def _with_clocks(known: Device, device: Device) -> Device:
    return dataclasses.replace(known, clock_mhz=device.clock_mhz, pl_clock_mhz=device.pl_clock_mhz,
                               plio_bits=device.plio_bits, note=device.note)
