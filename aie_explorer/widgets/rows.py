"""What the front ends of layers, floorplan and grid are given, as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aie_explorer.design import Design
from aie_explorer.plots import floorplan_info
from aie_explorer.plots.style import colour, ink, letter
from aie_explorer.widgets.options import FIELDS, offered, shown, wishes
from aie_explorer.widgets.session import Session
from aie_explorer.widgets.table import cells, columns_shown, ordered

LABELS = {"interval_cycles": "interval (cycles)", "latency_cycles": "latency (cycles)", "interval_ns": "interval (ns)",
          "latency_ns": "latency (ns)", "samples_per_s": "samples/s", "memory_tile_bytes": "memory tiles (B)",
          "macs_issued": "MACs issued", "plio": "PLIOs", "plio_bits": "PLIO bits", "clock_mhz": "clock (MHz)"}


def layer_rows(session: Session) -> list[dict[str, Any]]:
    """One layer a row: its controls with legal values and wishes, and its figures."""
    state, explorer = session.state, session.explorer
    design, estimate = state.design, state.design.estimate()
    found = []
    for i, layer in enumerate(estimate.layers):
        legal, wished = offered(explorer, layer.name, layer.choice), wishes(explorer, layer.name)
        fields = {}
        if "direct" in legal.get("route", ()) and not _direct(design, layer.name):
            legal["route"].remove("direct")  # the slices of the readers forbid it
        for name in FIELDS:
            value = shown(getattr(layer.choice, name))
            values = legal[name] if value in legal[name] else [*legal[name], value]
            fields[name] = {"value": value, "offered": values,
                            "others": [one for one in wished[name] if one not in values]}
        op = design.space.layers[i]
        tint = colour(i)
        found.append({
            "layer": layer.name, "letter": letter(i), "colour": tint, "ink": ink(tint),
            "size": f"{op.work.k} x {op.work.n}", "pinned": layer.name in state.pinned, "fields": fields,
            "worst": estimate.bottleneck.startswith(f"{layer.name} "),
            "cells": [str(layer.choice.tiles), f"{layer.interval_cycles:.0f}", f"{layer.efficiency:.1%}", layer.limit]})
    return found


def _direct(design: Design, layer: str) -> bool:
    """Whether all that a layer sends goes, or can go, from tile to tile."""
    edges = [edge for edge in design.placement_problem.edges if edge.producer == layer]
    if design.layers[layer].route == "memory_tile":
        return True  # not known before it is tried
    return bool(edges) and all(edge.kind == "direct" for edge in edges)


def plan_data(design: Design) -> dict[str, Any]:
    """The floorplan of a placed design."""
    info, pins = floorplan_info(design), dict(design.pins)
    data = asdict(info)
    for block in data["blocks"]:
        block |= {"ink": ink(block["colour"]), "pinned": block["name"] in pins,
                  "text": block["text"].replace("<br>", "\n")}
    for memory in data["memory_tiles"]:
        memory["text"] = memory["text"].replace("<br>", "\n")
    return data


def plan_words(design: Design) -> str:
    """The sentence below the floorplan."""
    place, estimate = design.place(), design.estimate()
    bound = "" if place.bound is None else f" (no placement is below {place.bound:.4g})"
    cost = "" if place.cost is None else (
        f"placement cost {place.cost:.4g}{' (proven least)' if place.optimal else bound}")
    put = ", ".join(name for name, _ in design.pins)
    return (f"{cost}; {estimate.plio_in} input and {estimate.plio_out} output PLIOs; "
            + (f"put by you: {put}; double click lets a block go" if put else "drag a block to move it"))


def grid_columns(session: Session) -> list[dict[str, Any]]:
    """The columns of the grid."""
    table = session.table
    layers = set(table.layers)
    return [{"name": name, "label": LABELS.get(name, name), "help": " ".join(FIELDS) if name in layers else "",
             "numeric": name not in layers and name not in ("bottleneck", "validity", "device")}
            for name in columns_shown(table)]


def grid_rows(session: Session, order: Any, first: int, count: int) -> dict[str, Any]:
    """The rows of the grid in view."""
    rows = order[first:first + count]
    texts = cells(session.table, rows, columns_shown(session.table)) if len(rows) else []
    return {"first": int(first), "rows": [{"row": int(row), "cells": text}
                                          for row, text in zip(rows, texts, strict=True)]}


def order_of(session: Session, column: str, descending: bool) -> Any:
    """Rows that the filters keep, in order."""
    return ordered(session.table, session.kept, column, descending)


def peak_tops(design: Design) -> float:
    """Architectural peak of the whole array for the design's mix of types, in 10^12 operations a second."""
    estimate = design.estimate()
    return estimate.peak_tops * design.device.tiles / estimate.tiles
