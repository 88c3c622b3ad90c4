"""The state of a session as a JSON file: what is selected, pinned, filtered and compared. The network stays outside;
designs that sweeps added are in Parquet files beside it, which it names with their hash."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from aie_explorer.design import Design
from aie_explorer.devices import Device, describe, described
from aie_explorer.errors import AieExplorerError, ExportError
from aie_explorer.explorer import Explorer
from aie_explorer.ir import Network
from aie_explorer.plots.report import write_bytes
from aie_explorer.search.objectives import OBJECTIVES
from aie_explorer.widgets.state import AXES, State, choices_of
from aie_explorer.widgets.table import Filters, Lasso, Span, as_parquet

FORMAT = 1


def to_json(state: State) -> dict[str, Any]:
    """The state as plain data; designs without their network, which the digest names."""
    filters, lasso = state.filters, state.filters.lasso
    return {
        "format": FORMAT, "network": state.design.network.name,
        "network_digest": state.design.network.replace(batch=1).digest,
        "design": _design_data(state.design), "compared": [_design_data(one) for one in state.compared],
        "objective": state.objective, "max_tiles": state.max_tiles, "pinned": sorted(state.pinned),
        "filters": {"spans": {name: [list(part) if isinstance(part, tuple) else part for part in span]
                              for name, span in filters.spans}, "words": filters.words,
                    "lasso": None if lasso is None else {
                        "x": lasso.x, "y": lasso.y, "corners": [list(corner) for corner in lasso.corners]}},
        "axes": [state.x, state.y],
    }


def where_of(device: Device, batch: int) -> dict[str, Any]:
    """A device and a batch as plain data."""
    return {"device": describe(device), "batch": batch, "plio_bits": device.plio_bits, "clock_mhz": device.clock_mhz,
            "pl_clock_mhz": device.pl_clock_mhz}


def _design_data(design: Design) -> dict[str, Any]:
    return {**where_of(design.device, design.network.batch), "copies": design.copies, "layers": choices_of(design),
            "pins": {name: list(tile) for name, tile in design.pins}}


def from_json(data: Mapping[str, Any], network: Network, where: str = "session file") -> State:
    """The state that `to_json` wrote, over the same network.

    Raises:
        AieExplorerError: when it is of another network, or was changed so that it no longer fits together.
    """
    try:
        if data["format"] != FORMAT:
            raise ExportError(f"was written in format {data['format']}; this version reads {FORMAT}", where=where)
        if data["network_digest"] != network.replace(batch=1).digest:
            raise ExportError(f"is of another network ({data['network']})", where=where,
                              remedy="Use another file for this one")
        filters, lasso = data["filters"], data["filters"]["lasso"]
        spans = tuple((str(name), _span(span)) for name, span in filters["spans"].items())
        drawn = None if lasso is None else Lasso(str(lasso["x"]), str(lasso["y"]), tuple(
            (float(x), float(y)) for x, y in lasso["corners"]))
        design = _design(data["design"], network)
        x, y = data["axes"]
        if data["objective"] not in OBJECTIVES or x not in AXES or y not in AXES:
            raise ValueError("an unknown objective or axis")
        return State(design, data["objective"], int(data["max_tiles"]),
                     frozenset(map(str, data["pinned"])) & set(design.layers),
                     Filters(spans, drawn, str(filters["words"])),
                     tuple(_design(one, network) for one in data["compared"]), x, y, f"restored from {where}")
    except AieExplorerError:
        raise
    except Exception as error:  # the file may hold anything
        raise ExportError(f"is no session of this package ({type(error).__name__}: {error})", where=where) from None


def _span(parts: list[Any]) -> Span:
    if parts and all(isinstance(part, str) for part in parts):
        return tuple(map(str, parts))
    return tuple((float(low), float(high)) for low, high in parts)


def _design(data: Mapping[str, Any], network: Network) -> Design:
    device = described(data["device"], float(data["clock_mhz"]), float(data["pl_clock_mhz"]), int(data["plio_bits"]))
    explorer = Explorer(network, device, batch=data["batch"])
    pins = {name: (int(column), int(row)) for name, (column, row) in data["pins"].items()}
    return Design.of(explorer.network, explorer.device, data["layers"], data["copies"], pins)


def save(state: State, path: str | Path, designs: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write the state to a file, whole or not at all.

    Args:
        state: to write.
        path: of the file.
        designs: what `store` gave for tables that belong to it.

    Raises:
        ExportError: when it cannot be written.
    """
    data = to_json(state) | ({"designs": list(designs)} if designs else {})
    write_bytes(Path(path), json.dumps(data, indent=1).encode(), parents=True)


def store(frame: pd.DataFrame, path: str | Path, explorer: Explorer, what: str, sweep: dict[str, Any] | None
          ) -> dict[str, Any]:
    """Write designs to a Parquet file beside a session file, named by its hash; what the session file says of it.

    Raises:
        MissingExtraError: without pyarrow.
        ExportError: when it cannot be written.
    """
    data = as_parquet(frame)
    digest = hashlib.sha256(data).hexdigest()
    file = Path(path).with_suffix(f".{digest[:12]}.parquet")
    write_bytes(file, data, parents=True)
    return {"file": file.name, "sha256": digest, "what": what, "sweep": sweep,
            "of": where_of(explorer.device, explorer.network.batch)}


def stored(entry: Mapping[str, Any], path: str | Path) -> pd.DataFrame:
    """The designs that `store` wrote.

    Raises:
        ExportError: when the file is not there, or not the one that was written.
    """
    file = Path(path).parent / Path(str(entry["file"])).name
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ExportError(f"its designs cannot be read: {error.strerror}", where=str(file)) from None
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise ExportError("its designs are not those that were saved; the file was changed", where=str(file))
    return pd.read_parquet(io.BytesIO(data))


def designs_of(path: str | Path) -> list[dict[str, Any]]:
    """What a session file says of designs beside it; nothing where it cannot be read."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")).get("designs", [])
        return [one for one in found if {"file", "sha256", "what", "sweep", "of"} <= set(one)]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def load(path: str | Path, network: Network) -> State:
    """The state of a file.

    Raises:
        AieExplorerError: when it cannot be read, or is of another network.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise ExportError("is not JSON", where=str(path)) from None
    if not isinstance(data, Mapping):
        raise ExportError("is no session of this package", where=str(path))
    return from_json(data, network, str(path))


def device_name(device: Device) -> str:
    """What `Explorer` takes for a device: its board where it has one."""
    return device.board or device.name
