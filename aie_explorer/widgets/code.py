"""The Python that does what the widgets show: copied, it makes the same table, front and design."""

from __future__ import annotations

from typing import Any

from aie_explorer.search.over import WHOLE_DESIGN
from aie_explorer.widgets.files import device_name
from aie_explorer.widgets.options import FIELDS, plain
from aie_explorer.widgets.state import State
from aie_explorer.widgets.table import Filters


def as_code(state: State, model: str = "model.h5", constraints: dict[str, Any] | None = None,
            sweeps: tuple[dict[str, Any], ...] = ()) -> str:
    """Python with the variables `ex` and `design`; with `designs` and `kept` where there are sweeps or filters.

    Args:
        state: what to write down.
        model: the path that `aie.load` is given.
        constraints: of the explorer.
        sweeps: arguments of the sweeps that were run.
    """
    design = state.design
    device = design.device
    lines = ["import aie_explorer as aie", "",
             f"network = aie.load({model!r}, batch={design.network.batch})",
             f"ex = aie.Explorer(network, device={device_name(device)!r}, plio_bits={device.plio_bits}, "
             f"clock_mhz={device.clock_mhz!r}, pl_clock_mhz={device.pl_clock_mhz!r}"
             + (f", constraints={constraints!r})" if constraints else ")")]
    chosen = {name: {field: plain(getattr(choice, field)) for field in FIELDS}
              for name, choice in design.layers.items()}
    layers = [f"    {name!r}: dict(" + ", ".join(f"{field}={value!r}" for field, value in values.items()) + "),"
              for name, values in chosen.items()]
    lines += ["design = ex.design({", *layers, "})"]
    if design.copies > 1:
        lines += ["import dataclasses", f"design = dataclasses.replace(design, copies={design.copies})"]
    if design.pins:
        lines.append(f"design = design.pinned({dict(design.pins)!r})")
    if state.pinned:
        pinned = ",\n".join(f"    {f'{name}.{field}'!r}: {value!r}" for name, values in chosen.items()
                            if name in state.pinned for field, value in values.items())
        lines += ["", "# the layers that are not pinned, optimised", "rest = ex.constrained({", f"{pinned},",
                  f"}}).best({state.objective!r}, copies=1, max_tiles={state.max_tiles})"]
    if sweeps or state.filters:
        lines += ["", "import pandas as pd", "", "designs = pd.concat(["
                  + ", ".join(["ex.pareto()", *(_call(sweep) for sweep in sweeps)]) + "], ignore_index=True)"]
        lines += _filter_lines(state.filters)
    return "\n".join(lines) + "\n"


def _call(arguments: dict[str, Any]) -> str:
    return "ex.sweep(" + ", ".join(
        repr(value) if name == "over" else f"{name}={value!r}" for name, value in arguments.items()) + ")"


def _filter_lines(filters: Filters) -> list[str]:
    lines = ["kept = designs"]
    for name, span in filters.spans:
        if span and isinstance(span[0], str):
            lines.append(f"kept = kept[kept[{name!r}].astype(str).isin({list(span)!r})]")
        else:
            tests = " | ".join(f"kept[{name!r}].between({part[0]!r}, {part[1]!r})" for part in span)
            lines.append(f"kept = kept[{tests}]")
    if filters.lasso is not None:
        lines += ["from aie_explorer.widgets.table import inside",
                  f"kept = kept[inside(kept[{filters.lasso.x!r}].to_numpy(float), "
                  f"kept[{filters.lasso.y!r}].to_numpy(float), {filters.lasso.corners!r})]"]
    if filters.words:
        lines += ["from aie_explorer.widgets.query import matching", f"kept = kept[matching(kept, {filters.words!r})]"]
    return lines


def over_of(text: dict[str, str]) -> dict[str, list[Any]]:
    """Values typed for a sweep, such as {"dense0.cas_length": "1, 2, 4"}, as `Explorer.sweep` takes them.

    >>> over_of({"batch": "1, 8", "dense0.split": "rows", "clock_mhz": ""})
    {'batch': [1, 8], 'dense0.split': ['rows']}
    """
    found: dict[str, list[Any]] = {}
    for name, values in text.items():
        parts = [part.strip() for part in values.replace(";", ",").split(",") if part.strip()]
        if parts:
            found[name] = [_typed(part, number=name in WHOLE_DESIGN) for part in parts]
    return found


def _typed(text: str, *, number: bool) -> Any:
    for kind in (int, float) if number else (int,):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
