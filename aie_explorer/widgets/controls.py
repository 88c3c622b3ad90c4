"""The controls of a layer: lists that offer legal values only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from aie_explorer.space import CHOICES, shape_name
from aie_explorer.widgets.session import Session, layer_values

HELP = {"microtile": "shape given to aie::mmul, M x K x N",
        "cas_length": "tiles of a cascade, which share the reduction",
        "cas_num": "cascades, which share the outputs or the rows", "split": "what the cascades divide",
        "blocking": "register blocking of the kernel, rows x columns of microtiles",
        "route": "results go from tile to tile or through a memory tile; auto: directly where that can be"}
OnChange = Callable[[str, str, Any], None]


class LayerRow:
    """One layer's controls. `on_change(layer, key, value)` is called when the user changes one.

    Args:
        layer: its name.
        on_change: what to do.
    """

    def __init__(self, layer: str, on_change: OnChange) -> None:
        self.layer = layer
        self._on_change, self._quiet = on_change, False
        self.lists: dict[str, w.Dropdown] = {}
        for key in CHOICES:
            wide = "150px" if key in ("cas_length", "cas_num") else "170px"
            control = w.Dropdown(description=key, tooltip=f"{layer}: {HELP[key]}", layout={"width": wide},
                                 style={"description_width": "78px"})
            control.observe(lambda change, key=key: self._changed(key, change["new"]), "value")
            self.lists[key] = control
        label = w.HTML(layout={"width": "130px"})
        self._label = label
        self.box = w.HBox([label, *self.lists.values()], layout={"flex_flow": "row wrap"})

    def show(self, session: Session, label: str) -> None:
        """Take the values of a session without calling back."""
        choice, values = session.design.layers[self.layer], layer_values(session, self.layer)
        self._label.value = label
        self._quiet = True
        try:
            for key, control in self.lists.items():
                value = getattr(choice, key)
                value = shape_name(value) if isinstance(value, tuple) else value
                control.set_trait("options", tuple(values[key]))
                control.value = value
                control.disabled = len(values[key]) < 2
        finally:
            self._quiet = False

    def _changed(self, key: str, value: Any) -> None:
        if not self._quiet and value is not None:
            self._on_change(self.layer, key, value)
