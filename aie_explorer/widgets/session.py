"""The state behind the widgets, in plain Python: which explorer, which design, which points are shown."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from aie_explorer.design import Design
from aie_explorer.errors import DesignError
from aie_explorer.explorer import Explorer
from aie_explorer.space import (
    CHOICES,
    SPLITS,
    Choice,
    choice_of,
    parse_blocking,
    parse_microtile,
    parse_route,
    shape_name,
)

SHOWN_DESIGNS = 2_000


@dataclass(frozen=True, eq=False)
class Session:
    """One moment of an exploration.

    Attributes:
        explorer: network, device, batch.
        design: the selected design.
        front: its exact Pareto front.
        frame: the designs shown: the front, then a sample of others.
        note: what the last change did, for the user.
    """

    explorer: Explorer
    design: Design
    front: pd.DataFrame
    frame: pd.DataFrame
    note: str = ""


def start(explorer: Explorer, objective: str = "interval", max_tiles: int | None = None) -> Session:
    """Select the best design of an explorer.

    Raises:
        AieExplorerError: when there is none.
    """
    limits = {} if max_tiles is None else {"max_tiles": float(max_tiles)}
    design = explorer.best(objective, copies=1, **limits)
    front = explorer.pareto()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the sample is announced in the plot's title
        others = explorer.sweep(limit=SHOWN_DESIGNS)
    frame = pd.concat([front, others[front.columns]], ignore_index=True)
    return Session(explorer, design, front, frame, f"best {objective}: {design.tiles} tiles")


def select_row(session: Session, index: int) -> Session:
    """Select a design of the table.

    Raises:
        AieExplorerError: when it cannot be placed.
    """
    design = session.explorer.design(session.frame.iloc[index])
    design.plan()
    return replace(session, design=design, note=f"selected a design of {design.tiles} tiles")


def layer_values(session: Session, layer: str) -> dict[str, list[str | int]]:
    """The values each control of a layer offers: those legal with the controls before it.

    The order is that of CHOICES.
    """
    table = session.explorer.space.layer(layer).table
    choice = session.design.layers[layer]
    shapes = sorted({(int(r["M"]), int(r["K"]), int(r["N"])) for r in table})
    M, K, N = choice.microtile
    table = table[(table["M"] == M) & (table["K"] == K) & (table["N"] == N)]
    lengths: list[str | int] = sorted({int(v) for v in table["cas_length"]})
    table = table[table["cas_length"] == choice.cas_length]
    nums: list[str | int] = sorted({int(v) for v in table["cas_num"]})
    table = table[table["cas_num"] == choice.cas_num]
    splits = [SPLITS[int(v)] for v in sorted({int(v) for v in table["split"]})]
    table = table[table["split"] == SPLITS.index(choice.split)]
    blockings = sorted({(int(r["block_rows"]), int(r["block_columns"])) for r in table})
    routes = ["auto"]
    edges = [edge for edge in session.design.placement_problem.edges if edge.producer == layer]
    if edges:
        routes += ["memory_tile", *(["direct"] if all(edge.kind == "direct" for edge in edges) else [])]
    return {"microtile": [shape_name(shape) for shape in shapes], "cas_length": lengths, "cas_num": nums,
            "split": list(splits), "blocking": [shape_name(blocking) for blocking in blockings],
            "route": list(dict.fromkeys([*routes, choice.route]))}


def change_layer(session: Session, layer: str, key: str, value: str | int) -> Session:
    """Change one choice of a layer; the choices behind it move to the nearest legal option if they must.

    Raises:
        AieExplorerError: when the design with it cannot be realised; the session stays as it was.
    """
    old = session.design.layers[layer]
    asked = _with(old, key, value)
    fixed = CHOICES[:CHOICES.index(key) + 1]
    options = [replace(choice_of(row), route=asked.route) for row in session.explorer.space.layer(layer).table]
    legal = [option for option in options if all(getattr(option, k) == getattr(asked, k) for k in fixed)]
    if not legal:
        raise DesignError(f"{key} {value} is not legal with the choices before it", where=layer)
    new = min(legal, key=lambda option: _distance(option, asked))
    choices: dict[str, Choice | Mapping[str, object]] = {**session.design.layers, layer: new}
    design = Design.of(session.design.network, session.design.device, choices)
    design.plan()
    moved = [k for k in CHOICES if getattr(new, k) != getattr(asked, k)]
    note = f"{layer}: {key} {value}"
    if moved:
        note += "; moved to a legal value: " + ", ".join(f"{k} {_shown(getattr(new, k))}" for k in moved)
    return replace(session, design=design, note=note)


def _with(choice: Choice, key: str, value: str | int) -> Choice:
    if key == "microtile":
        return replace(choice, microtile=parse_microtile(value, key))
    if key == "blocking":
        return replace(choice, blocking=parse_blocking(value, key))
    if key == "route":
        return replace(choice, route=parse_route(value, key))
    if key == "split":
        return replace(choice, split="rows" if value == "rows" else "features")
    return replace(choice, cas_length=int(value)) if key == "cas_length" else replace(choice, cas_num=int(value))


def _distance(option: Choice, asked: Choice) -> float:
    return (abs(option.cas_length - asked.cas_length) + abs(option.cas_num - asked.cas_num)
            + 0.5 * (option.split != asked.split) + 0.25 * (option.blocking != asked.blocking))


def _shown(value: object) -> object:
    return shape_name(value) if isinstance(value, tuple) else value


def as_code(session: Session, model: str = "model.h5") -> str:
    """The Python that makes the selected design."""
    layers = ",\n".join(
        f'    "{name}": dict(microtile={choice.microtile}, cas_length={choice.cas_length}, cas_num={choice.cas_num}, '
        f'split="{choice.split}", blocking={tuple(choice.blocking)}, route="{choice.route}")'
        for name, choice in session.design.layers.items())
    device = session.design.device
    network = f'aie.load("{model}", batch={session.design.network.batch})'
    return (f'import aie_explorer as aie\n\nex = aie.Explorer({network}, '
            f'device="{(device.board or device.name).lower()}", plio_bits={device.plio_bits})\n'
            f"design = ex.design({{\n{layers},\n}})\n")
