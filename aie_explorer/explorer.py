"""The Explorer: the object through which a user walks the design space of a network on a device."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aie_explorer.arguments import number, whole
from aie_explorer.design import Design
from aie_explorer.devices import Device, find
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.ir import Network
from aie_explorer.search.frame import choices_of_row, options_frame, to_frame
from aie_explorer.search.front import exact_front
from aie_explorer.search.objectives import PLIO_LIMITS, ranked
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.space import DesignSpace, design_space, with_plio_limits
from aie_explorer.search.sweep import layer_candidates, product
from aie_explorer.space import Choice

if TYPE_CHECKING:
    from aie_explorer.widgets import ExplorerUi

SWEEP_LIMIT = 100_000
CHUNK = 100_000
OUTER = ("device", "batch", "plio_bits")
Progress = Callable[[int, int], None]
"""Called with (done, total) as a sweep goes on."""


class Explorer:
    """The design space of one network on one device.

    Args:
        network: as `aie_explorer.load` returns it.
        device: a device, board or part name, or a Device.
        batch: samples per call; the network's own when None.
        plio_bits: width of the PLIOs (32, 64, 128); the device's default when None.
        clock_mhz, pl_clock_mhz: clocks of the array and of the programmable logic; the device's when None.

    Raises:
        DeviceError: for an unknown device.
        DesignError: when a layer cannot be cut to fit the device.
    """

    def __init__(self, network: Network, device: str | Device = "vek280", *, batch: int | None = None,
                 plio_bits: int | None = None, clock_mhz: float | None = None,
                 pl_clock_mhz: float | None = None) -> None:
        if not isinstance(network, Network):
            raise DesignError(f"the network is a {type(network).__name__}", where="network",
                              remedy="Pass what aie_explorer.load(model) returns")
        self.network = network if batch is None else network.replace(batch=whole(batch, "batch"))
        found = find(device)
        self.device = dataclasses.replace(
            found, plio_bits=found.plio_bits if plio_bits is None else whole(plio_bits, "plio_bits"),
            clock_mhz=found.clock_mhz if clock_mhz is None else number(clock_mhz, "clock_mhz"),
            pl_clock_mhz=found.pl_clock_mhz if pl_clock_mhz is None else number(pl_clock_mhz, "pl_clock_mhz"))

    @cached_property
    def space(self) -> DesignSpace:
        """Options of every layer, costed."""
        return design_space(self.network, self.device)

    @property
    def layers(self) -> list[str]:
        """Names of the layers that occupy tiles."""
        return [op.name for op in self.network.layers]

    def layer_options(self, layer: str) -> pd.DataFrame:
        """Every legal option of one layer, one a row, with slices, bytes and predicted cycles."""
        return options_frame(self.space.layer(layer))

    def sweep(self, over: Mapping[str, Iterable[Any] | Any] | None = None, *, limit: int = SWEEP_LIMIT, seed: int = 0,
              progress: Progress | None = None) -> pd.DataFrame:
        """Cost many complete designs.

        Args:
            over: values to combine: "<layer>.<microtile|cas_length|cas_num|split>", and "batch", "device",
                "plio_bits". A layer with no value given takes its Pareto options.
            limit: most combinations to cost per device, batch and PLIO width; a larger product is sampled at random
                (`frame.attrs["combinations"]` has its true size, and a warning says so).
            seed: of that sample.
            progress: called with (done, total).

        Returns:
            One design a row: the choices, and the figures with units in their names. `design(row)` rebuilds it.
        """
        if over is not None and not isinstance(over, Mapping):
            raise DesignError(f"is a {type(over).__name__}", where="over",
                              remedy='Give a mapping such as {"dense0.cas_length": [1, 2, 4]}')
        limit, seed = whole(limit, "limit", least=1), whole(seed, "seed", least=0)
        inner, outer = _split_over(over or {}, self.layers)
        keys = [key for key in OUTER if key in outer]
        made = [self._with(**dict(zip(keys, combo, strict=True)))
                for combo in itertools.product(*(outer[key] for key in keys))]
        combos = list({(e.device, e.network.batch): e for e in made}.values())  # two names of one device count once
        frames, total, looked = [], 0, 0
        for done, explorer in enumerate(combos):
            candidates = [layer_candidates(layer, inner.get(layer.name, {})) for layer in explorer.space.layers]
            picks, size = product(explorer.space, candidates, limit, seed)
            parts = np.array_split(picks, max(1, len(picks) // CHUNK))
            for i, part in enumerate(parts):
                frames.append(to_frame(explorer.space, part))
                if progress:  # in parts of a combination, as one alone may be large
                    progress(done * len(parts) + i + 1, len(combos) * len(parts))
            total, looked = total + size, looked + min(size, limit)
        frame = _concat(frames)
        frame.attrs |= {"combinations": total, "sampled": looked < total}
        if looked < total:
            warnings.warn(f"{total:,} combinations: costed a random sample of {looked:,}; raise limit or restrict "
                          "some layers", stacklevel=2)
        return frame

    def pareto(self, frame: pd.DataFrame | None = None, *,
               objectives: tuple[str, ...] = ("tiles", "interval_cycles", "latency_cycles")) -> pd.DataFrame:
        """The designs nothing else beats.

        Args:
            frame: a sweep's table to filter; when None the exact front of the whole design space.
            objectives: columns to be made small; with no frame, a subset of the default.

        Raises:
            DesignError: for an unknown column.
        """
        if frame is not None and not isinstance(frame, pd.DataFrame):
            raise DesignError(f"is a {type(frame).__name__}", where="frame", remedy="Pass the table of a sweep")
        source = self._front if frame is None else frame
        if not isinstance(objectives, (tuple, list)) or not objectives:
            raise DesignError("name one column or more", where="objectives", remedy='For example ("tiles",)')
        for name in objectives:
            if not isinstance(name, str) or name not in source.columns:
                raise DesignError(f"the table has no column {name!r}",
                                  remedy=f"It has: {', '.join(map(str, source.columns))}")
        if frame is None and not set(objectives) <= {"tiles", "interval_cycles", "latency_cycles"}:
            raise DesignError("the exact front is over tiles, interval_cycles and latency_cycles", where="objectives",
                              remedy="Pass the table of a sweep to filter it by other columns")
        words = [name for name in objectives if not pd.api.types.is_numeric_dtype(source[name])]
        if words:
            raise DesignError("is no figure", where=words[0], remedy="Use columns of numbers")
        points = source[list(objectives)].to_numpy(np.float64)
        kept = source.iloc[nondominated(points, keep_equal=frame is not None)]
        return kept.sort_values(list(objectives), kind="stable").reset_index(drop=True)

    @cached_property
    def _front(self) -> pd.DataFrame:
        return to_frame(self.space, exact_front(self.space).picks)

    def best(self, objective: str = "interval", **limits: float) -> Design:
        """The best design of the exact front that can also be placed and fed.

        Where the best cannot, the next of the front is tried: a design off the front, equal in tiles or nearly so,
        might then be better.

        Args:
            objective: "interval", "throughput", "latency", "tiles" or "efficiency"; ties go to fewer tiles.
            limits: max_tiles, max_interval_cycles, max_latency_cycles, max_interval_ns, max_latency_ns, max_plio_in,
                max_plio_out.

        Raises:
            DesignError: when no design is within the limits, or none of them can be placed.
        """
        given = {name: number(value, name) for name, value in limits.items()}
        ports = {name: given.pop(name) for name in PLIO_LIMITS if name in given}
        front = self._front
        if ports:
            space = with_plio_limits(self.space, ports.get("max_plio_in"), ports.get("max_plio_out"))
            front = to_frame(space, exact_front(space).picks)
        order = ranked(front, objective, given)
        reasons: list[str] = []
        for i in range(len(order)):
            design = self.design(order.iloc[i])
            violations = design.check()
            if not violations:
                return design
            reasons.append(str(violations[0]))
        raise DesignError(f"none of the {len(order)} best designs can be realised; the first fails with: {reasons[0]}",
                          remedy="Set a smaller max_tiles")

    def design(self, layers: Mapping[str, Choice | Mapping[str, object]] | Mapping[Hashable, Any]
               | pd.Series[Any] | None = None) -> Design:
        """A design from choices per layer, from a row of a sweep's table, or the one with fewest tiles.

        A layer left out, or given in part, takes its fastest option among those with the fewest tiles.

        Raises:
            DesignError: when a choice is not legal, with the rule and legal values.
        """
        if isinstance(layers, pd.Series) or (isinstance(layers, Mapping) and any("." in str(key) for key in layers)):
            row: Mapping[Hashable, Any] = layers.to_dict() if isinstance(layers, pd.Series) else layers  # type: ignore[assignment]
            explorer = self._with(**{key: row[key] for key in (*OUTER, "clock_mhz", "pl_clock_mhz") if key in row})
            return Design.of(explorer.network, explorer.device, choices_of_row(row, explorer.layers))
        if layers is not None and not isinstance(layers, Mapping):
            raise DesignError(f"is a {type(layers).__name__}", where="layers",
                              remedy='Give a mapping such as {"dense0": {"cas_length": 2, "cas_num": 2}}')
        given = dict(layers or {})
        for name in given:
            self.space.layer(str(name))
        complete = {name: self._complete(name, given.get(name)) for name in self.layers}
        return Design.of(self.network, self.device, complete)

    def _complete(self, name: str, given: Choice | Mapping[str, object] | None) -> Choice | Mapping[str, object]:
        """Fill in what a user left open: the fewest tiles, then the fastest."""
        if given is not None and not isinstance(given, (Choice, Mapping)):
            raise DesignError(f"the choice is a {type(given).__name__}", where=name,
                              remedy='Give a mapping such as {"cas_length": 2, "cas_num": 2}')
        if isinstance(given, Choice) or (given and {"microtile", "cas_length", "cas_num"} <= set(given)):
            return given
        layer = self.space.layer(name)
        rows = layer_candidates(layer, {key: [value] for key, value in (given or {}).items()})
        order = np.lexsort((layer.cycles["latency_cycles"][rows], layer.cycles["interval_cycles"][rows],
                            layer.table["tiles"][rows]))
        from aie_explorer.space import choice_of

        return choice_of(layer.table[rows[order[0]]])

    def _with(self, **changes: Any) -> Explorer:
        """This explorer, or one of another device, batch, PLIO width or clocks; another device has its own clocks."""
        device = find(changes.get("device", self.device))
        if device.name == self.device.name:
            device = self.device
        plio_bits = changes.get("plio_bits", self.device.plio_bits)
        other = Explorer(self.network, device, batch=changes.get("batch", self.network.batch), plio_bits=plio_bits,
                         clock_mhz=changes.get("clock_mhz"), pl_clock_mhz=changes.get("pl_clock_mhz"))
        return self if (other.device, other.network.batch) == (self.device, self.network.batch) else other

    def ui(self) -> ExplorerUi:
        """The widgets: explore, place and export in the notebook."""
        from aie_explorer.widgets import explorer_ui

        return explorer_ui(self)

    def __repr__(self) -> str:
        try:
            size = f"{self.space.size:.3g} combinations of options"
        except AieExplorerError as error:
            size = str(error)
        return (f"Explorer({self.network.name!r} on {self.device.name}, batch {self.network.batch}: "
                f"{len(self.layers)} layers, {size})")


def _split_over(over: Mapping[str, Any], layers: list[str]
                ) -> tuple[dict[str, dict[str, list[Any]]], dict[str, list[Any]]]:
    """Sort the values of a sweep into those of layers and those of the whole design."""
    inner: dict[str, dict[str, list[Any]]] = {}
    outer: dict[str, list[Any]] = {}
    for key, values in over.items():
        if not isinstance(key, str):
            raise DesignError(f"{key!r} is no name to sweep", remedy='Use "<layer>.cas_length" and the like')
        single = _is_microtile(values) or isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or (
            isinstance(values, np.ndarray) and values.ndim == 0)
        several = [values] if single else list(values)
        plain = (str, int, float, np.integer, np.floating, Device)
        if any(not isinstance(value, plain) and not _is_microtile(value) for value in several):
            raise DesignError("is no list of values", where=key, remedy="For example [1, 2, 4]")
        if not several:
            raise DesignError("no value is given to sweep", where=key)
        layer, dot, field = key.rpartition(".")
        if not dot:
            if key not in OUTER:
                raise DesignError(f"there is nothing called {key!r} to sweep",
                                  remedy=f'Use "<layer>.cas_length" and the like, or one of {", ".join(OUTER)}')
            outer[key] = several
        elif layer not in layers:
            raise DesignError(f"the network has no layer {layer!r}", remedy=f"Its layers are: {', '.join(layers)}")
        else:
            inner.setdefault(layer, {})[field] = several
    return inner, outer


def _is_microtile(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(isinstance(v, (int, np.integer)) for v in value)


def _concat(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables whose categorical columns may have different categories."""
    if len(frames) == 1:
        return frames[0]
    for column in frames[0].select_dtypes("category").columns:
        categories = pd.unique(np.concatenate([frame[column].cat.categories.to_numpy(object) for frame in frames]))
        for frame in frames:
            frame[column] = frame[column].cat.set_categories(categories)
    return pd.concat(frames, ignore_index=True)
