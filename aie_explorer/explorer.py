"""The Explorer: the object through which a user walks the design space of a network on a device."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aie_explorer import html
from aie_explorer.arguments import number, whole
from aie_explorer.checks import errors
from aie_explorer.design import Design
from aie_explorer.design.cheapest import Cheapest
from aie_explorer.design.realise import fill, realisable
from aie_explorer.devices import Device, find
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.ir import Network
from aie_explorer.search.collect import collect_into, table_of_sweep
from aie_explorer.search.constraints import constrained, demands_of
from aie_explorer.search.copies import FILLING, check_copies, copies_that_fit, fronts_of_copies
from aie_explorer.search.figures import Picks
from aie_explorer.search.frame import choices_of_row, layers_html, options_frame, to_frame
from aie_explorer.search.front import exact_front
from aie_explorer.search.objectives import ADDED, PATH, Objective, column_of, figures_needed, ranked
from aie_explorer.search.over import WHOLE_DESIGN, split_over
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.routes import routed
from aie_explorer.search.run import Progress
from aie_explorer.search.space import DesignSpace, design_space
from aie_explorer.search.store import StoredSweep, stored
from aie_explorer.search.sweep import SAMPLES, Combination, Designs, Sample, layer_candidates, plan_sweep
from aie_explorer.space import Choice, choice_of

if TYPE_CHECKING:
    from aie_explorer.widgets import ExplorerUi

SWEEP_LIMIT = 100_000


class Explorer:
    """The design space of one network on one device.

    Args:
        network: as `aie_explorer.load` returns it.
        device: a device, board or part name, or a Device.
        batch: samples per call; the network's own when None.
        plio_bits: width of the PLIOs (32, 64, 128); the device's default when None.
        clock_mhz, pl_clock_mhz: clocks of the array and of the programmable logic; the device's when None.
        constraints: what layers may be, such as {"dense0.cas_length": 2, "split": "features",
            "dense1.microtile": {"not": "4x8x8"}, "tiles": {"most": 8}}; see `search.constraints`.

    Raises:
        DeviceError: for an unknown device.
        DesignError: when a layer cannot be cut to fit the device.
    """

    def __init__(self, network: Network, device: str | Device = "vek280", *, batch: int | None = None,
                 plio_bits: int | None = None, clock_mhz: float | None = None,
                 pl_clock_mhz: float | None = None, constraints: Mapping[str, Any] | None = None) -> None:
        if not isinstance(network, Network):
            raise DesignError(f"the network is a {type(network).__name__}", where="network",
                              remedy="Pass what aie_explorer.load(model) returns")
        self.network = network if batch is None else network.replace(batch=whole(batch, "batch"))
        found = find(device)
        self.device = dataclasses.replace(
            found, plio_bits=found.plio_bits if plio_bits is None else whole(plio_bits, "plio_bits"),
            clock_mhz=found.clock_mhz if clock_mhz is None else number(clock_mhz, "clock_mhz"),
            pl_clock_mhz=found.pl_clock_mhz if pl_clock_mhz is None else number(pl_clock_mhz, "pl_clock_mhz"))
        self.constraints = {} if constraints is None else demands_of(constraints)

    @cached_property
    def space(self) -> DesignSpace:
        """Options of every layer that the constraints leave, costed."""
        return constrained(design_space(self.network, self.device), self.constraints)

    def constrained(self, constraints: Mapping[str, Any]) -> Explorer:
        """This explorer with more constraints; one of the same name replaces the one before."""
        return Explorer(self.network, self.device, constraints=self.constraints | demands_of(constraints))

    @property
    def layers(self) -> list[str]:
        """Names of the layers that occupy tiles."""
        return [op.name for op in self.network.layers]

    def layer_options(self, layer: str) -> pd.DataFrame:
        """Every legal option of one layer, one a row, with slices, bytes and predicted cycles."""
        return options_frame(self.space.layer(layer))

    def sweep(self, over: Mapping[str, Iterable[Any] | Any] | None = None, *, designs: Designs = "product",
              sample: Sample | None = None, limit: int | None = SWEEP_LIMIT, seed: int = 0,
              progress: Progress | None = None, cancel: Callable[[], bool] | None = None, executor: Any = None,
              resume: pd.DataFrame | None = None) -> pd.DataFrame:
        """Cost many complete designs.

        Interrupted (by the keyboard, `cancel` or lost workers) it returns what is finished, with a warning;
        `resume` goes on from there. For sweeps that do not fit in memory, or that are to survive anything, see
        `sweep_to`.

        Args:
            over: values to combine: "<layer>.<field of Choice>" such as "dense0.cas_length", and "batch", "device",
                "plio_bits", "clock_mhz", "pl_clock_mhz", "copies". A layer with no value takes its Pareto options.
            designs: "product" of the values, or the exact "front" of each device, batch and so on.
            sample: draw `limit` designs, "random" of those that go together and fit the array, or a "latin_hypercube"
                of all; when None only a product above `limit` is sampled, at random, which a warning says.
            limit: most combinations to look at per device, batch and so on; None for all. The table has those that go
                together and fit the array; `frame.attrs["combinations"]` counts all. A front is whole.
            seed: of the sample.
            progress: called with (done, total) designs.
            cancel: asked between chunks; a true answer ends the sweep.
            executor: None to cost here, a number of local processes, a concurrent.futures.Executor or a
                dask.distributed.Client.
            resume: what an interrupted call with the same arguments returned.

        Returns:
            One design a row: the choices, and the figures with units in their names. `design(row)` rebuilds it.
        """
        sweep = plan_sweep(self.combinations(over, designs=designs, sample=sample, limit=limit, seed=seed))
        frame = table_of_sweep(sweep, executor=executor, progress=progress, cancel=cancel, resume=resume)
        if sweep.sampled and frame.attrs["complete"] and (sample is None or len(frame) < sweep.looked_at):
            warnings.warn(sweep.sample_note(len(frame)), stacklevel=2)
        return frame

    def sweep_to(self, path: str | Path, over: Mapping[str, Iterable[Any] | Any] | None = None, *,
                 designs: Designs = "product", sample: Sample | None = None, limit: int | None = None, seed: int = 0,
                 progress: Progress | None = None, cancel: Callable[[], bool] | None = None, executor: Any = None
                 ) -> StoredSweep:
        """A sweep into a folder of Parquet files, in chunks, in little memory.

        Whatever stops it, what is finished stays; the same call goes on where it was. `read_sweep` reads the folder.

        Args:
            path: the folder.
            over, designs, sample, limit, seed, progress, cancel, executor: as of `sweep`; all combinations unless
                limited.

        Raises:
            ExportError: when the folder holds something else, or cannot be written.
            MissingExtraError: without pyarrow.
        """
        sweep = plan_sweep(self.combinations(over, designs=designs, sample=sample, limit=limit, seed=seed))
        collect_into(path, sweep, executor=executor, progress=progress, cancel=cancel)
        return stored(path)

    def combinations(self, over: object = None, *, designs: Designs = "product", sample: Sample | None = None,
                     limit: int | None = SWEEP_LIMIT, seed: int = 0, model: str = "") -> list[Combination]:
        """What a sweep costs, one entry a device, batch and so on; arguments as of `sweep`.

        Raises:
            DesignError: for arguments of another kind, or unknown names.
        """
        if over is not None and not isinstance(over, Mapping):
            raise DesignError(f"is a {type(over).__name__}", where="over",
                              remedy='Give a mapping such as {"dense0.cas_length": [1, 2, 4]}')
        for name, value, known in (("designs", designs, ("product", "front")), ("sample", sample, (None, *SAMPLES))):
            if value not in known:
                raise DesignError(f"is {value!r}", where=name, remedy=f"Use one of {', '.join(map(repr, known))}")
        limit = None if limit is None else whole(limit, "limit", least=1)
        seed = whole(seed, "seed", least=0)
        inner, outer = split_over(over or {}, self.layers)
        copies = outer.pop("copies", [1])
        if inner and designs == "front":
            raise DesignError("a front takes no values of layers", where="over",
                              remedy="Give them as constraints of the Explorer")
        if sample and designs == "front":
            raise DesignError("a front is whole and never sampled", where="sample", remedy="Leave it out")
        keys = [key for key in WHOLE_DESIGN if key in outer]
        made = [self._with(**dict(zip(keys, combo, strict=True)))
                for combo in itertools.product(*(outer[key] for key in keys))]
        largest = max((one.device for one in made), key=lambda device: device.tiles, default=self.device)
        # two names of one device count once
        explorers = list({(one.device, one.network.batch): one for one in made}.values())
        counts = dict.fromkeys(check_copies(value, largest) for value in copies)
        return [Combination(one.network, one.device, self.constraints, inner, designs, sample, limit, seed, count,
                            model) for one in explorers for count in counts]

    def pareto(self, frame: pd.DataFrame | None = None, *, objectives: Sequence[str] = PATH) -> pd.DataFrame:
        """The designs nothing else beats.

        Args:
            frame: a sweep's table to filter; when None the exact front of the whole design space
                (`frame.attrs["lost"]` is 0 where it is exact, see `search.front.Front`).
            objectives: columns to be made small; with no frame any of tiles, interval_cycles, latency_cycles,
                plio_in, plio_out, plio, memory_tile_bytes and macs_issued.

        Raises:
            DesignError: for an unknown column.
        """
        if frame is not None and not isinstance(frame, pd.DataFrame):
            raise DesignError(f"is a {type(frame).__name__}", where="frame", remedy="Pass the table of a sweep")
        if not isinstance(objectives, (tuple, list)) or not objectives:
            raise DesignError("name one column or more", where="objectives", remedy='For example ("tiles",)')
        if frame is None:
            for name in objectives:
                if name not in (*PATH, *ADDED):
                    raise DesignError(f"is no objective of an exact front: {name!r}", where="objectives",
                                      remedy=f"Use some of {', '.join((*PATH, *ADDED))}, or pass the table of a sweep "
                                      "to filter it by other columns")
            source = self._front(tuple(objectives))
        else:
            source = frame
        for name in objectives:
            if not isinstance(name, str) or name not in source.columns:
                raise DesignError(f"the table has no column {name!r}",
                                  remedy=f"It has: {', '.join(map(str, source.columns))}")
        words = [name for name in objectives if not pd.api.types.is_numeric_dtype(source[name])]
        if words:
            raise DesignError("is no figure", where=words[0], remedy="Use columns of numbers")
        points = source[list(objectives)].to_numpy(np.float64)
        kept = source.iloc[nondominated(points, keep_equal=frame is not None)]
        return kept.sort_values(list(objectives), kind="stable").reset_index(drop=True)

    def _front(self, objectives: tuple[str, ...] = PATH) -> pd.DataFrame:
        """The exact front; that of tiles, interval and latency answers most questions."""
        return self._found(objectives)[1]

    def _found(self, objectives: tuple[str, ...]) -> tuple[Picks, pd.DataFrame]:
        if objectives not in self._fronts:
            found = exact_front(self.space, objectives)
            frame = to_frame(self.space, found.picks)
            frame.attrs["lost"] = found.lost
            self._fronts[objectives] = found.picks, frame
        return self._fronts[objectives]

    @cached_property
    def _fronts(self) -> dict[tuple[str, ...], tuple[Picks, pd.DataFrame]]:
        return {}

    def best(self, objective: Objective = "interval", *, copies: int | None = None, **limits: float) -> Design:
        """The best design of the exact front that can also be placed and fed.

        Where the best cannot, the next of the front is tried: a design off the front, equal in tiles or nearly so,
        might then be better.

        Args:
            objective: "interval", "throughput", "latency", "tiles", "efficiency", "throughput_per_tile", "plio",
                "memory_tile_bytes" or "macs_issued"; several, of which the first counts most; or weights of figures,
                such as {"interval_cycles": 2, "tiles": 1}. Ties go to fewer tiles, then to fewer bytes of memory tiles.
            copies: of the whole network side by side; when None one, and for "throughput" as many as fit.
            limits: max_tiles, max_interval_cycles, max_latency_cycles, max_interval_ns, max_latency_ns, max_plio_in,
                max_plio_out, max_plio, max_memory_tile_bytes, max_macs_issued, min_samples_per_s, min_efficiency.
                That of memory-tile bytes is of the table's figure; a plan may take more, see docs/exploring.md.

        Raises:
            DesignError: when no design is within the limits, or none of them can be placed.
        """
        order = self._ranked(objective, copies, limits)
        reasons: list[str] = []
        if objective == "throughput" and copies is None:
            found = fill(zip(self._designs(order), order["samples_per_s"], strict=True), reasons)
        else:
            found = next(realisable(self._designs(order), reasons), None)
        if found is None:
            raise DesignError(f"none of the {len(order)} best designs can be realised; the first fails with: "
                              f"{reasons[0]}", remedy="Set a smaller max_tiles")
        return found

    def top(self, count: int, objective: Objective = "interval", *, copies: int | None = None, **limits: float
            ) -> pd.DataFrame:
        """The best designs of the exact front that can be placed and fed, best first; `design(row)` rebuilds one.

        Args:
            count: how many, at most.
            objective, copies, limits: as of `best`.

        Raises:
            DesignError: when no design is within the limits.
        """
        count = whole(count, "count", least=1)
        order = self._ranked(objective, copies, limits)
        rows: list[int] = []
        for i, design in enumerate(self._designs(order)):
            if not errors(design):
                rows.append(i)
            if len(rows) == count:
                break
        return order.iloc[rows].reset_index(drop=True)

    def cheapest(self, *, copies: int = 1, **limits: float) -> Cheapest:
        """What it takes to be within some limits: the design of fewest tiles, and what the next faster one costs.

        Args:
            copies: of the whole network side by side, of both designs.
            limits: as of `best`, such as max_interval_ns=500.

        Raises:
            DesignError: when no design is within the limits.
        """
        design = self.best("tiles", copies=copies, **limits)
        interval = design.estimate().interval_cycles
        front = self._ranked("tiles", copies, {})
        faster = front[front["interval_cycles"] < interval * (1 - 1e-9)]
        return Cheapest(design, next(realisable(self._designs(faster), []), None))

    def _ranked(self, objective: Objective, copies: int | None, limits: Mapping[str, float]) -> pd.DataFrame:
        given = {name: number(value, name) for name, value in limits.items()}
        needed = figures_needed(objective, given)
        if copies is None and objective != "throughput":
            copies = 1
        if copies == 1:
            return ranked(self._front(needed), objective, given)
        beyond = set(needed) - {*PATH, *FILLING} or {"latency_cycles", "latency_ns"} & set(map(column_of, given))
        if objective == "throughput" and copies is None and not beyond:
            fronts = [self._found(FILLING)[0]]
        else:
            fronts = [one.picks for one in fronts_of_copies(
                self.space, needed, None if copies is None else whole(copies, "copies", least=1))]
        picks, counts = copies_that_fit(self.space, fronts, given, copies)
        return ranked(to_frame(self.space, picks, counts), objective, given)

    def _designs(self, frame: pd.DataFrame) -> Iterator[Design]:
        return (self.design(frame.iloc[i]) for i in range(len(frame)))

    def design(self, layers: Mapping[str, Choice | Mapping[str, object]] | Mapping[Hashable, Any]
               | pd.Series[Any] | None = None) -> Design:
        """A design from choices per layer, from a row of a sweep's table, or the one with fewest tiles.

        A layer left out, or given in part, takes its fastest option among those with the fewest tiles within the
        constraints. One given with microtile, cas_length and cas_num, as a Choice or by a row, is taken as it is, with
        the defaults of `Choice` for the rest, whatever the constraints.

        Raises:
            DesignError: when a choice is not legal, with the rule and legal values.
        """
        if isinstance(layers, pd.Series) or (isinstance(layers, Mapping) and any("." in str(key) for key in layers)):
            row: Mapping[Hashable, Any] = layers.to_dict() if isinstance(layers, pd.Series) else layers  # type: ignore[assignment]
            explorer = self._with(**{key: row[key] for key in WHOLE_DESIGN if key in row and key != "copies"})
            return Design.of(explorer.network, explorer.device, choices_of_row(row, explorer.layers),
                             whole(row.get("copies", 1), "copies", least=1))
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
        if given and "route" in given:
            layer = routed(layer, [given["route"]], f"{name}.route")
        rows = layer_candidates(layer, {key: [value] for key, value in (given or {}).items()})
        order = np.lexsort((layer.cycles["latency_cycles"][rows], layer.cycles["interval_cycles"][rows],
                            layer.table["tiles"][rows]))
        return choice_of(layer.table[rows[order[0]]])

    def _with(self, **changes: Any) -> Explorer:
        """This explorer, or one of another device, batch, PLIO width or clocks; another device has its own clocks."""
        asked = changes.get("device", self.device)
        device = self.device if asked == self.device.name else find(asked)  # that may be one of the user's own
        if device.name == self.device.name:
            device = self.device
        plio_bits = changes.get("plio_bits", self.device.plio_bits)
        other = Explorer(self.network, device, batch=changes.get("batch", self.network.batch), plio_bits=plio_bits,
                         clock_mhz=changes.get("clock_mhz"), pl_clock_mhz=changes.get("pl_clock_mhz"),
                         constraints=self.constraints)
        return self if (other.device, other.network.batch) == (self.device, self.network.batch) else other

    def ui(self, *, session: str | Path | None = None) -> ExplorerUi:
        """The widgets: explore, place and export in the notebook.

        Args:
            session: a JSON file in which what is selected, pinned, filtered and compared is kept at every step, so that
                it survives a restart of the kernel; read if it exists.

        Raises:
            DesignError: when the network has no design on the device.
        """
        from aie_explorer.widgets import explorer_ui

        return explorer_ui(self, session)

    def _repr_html_(self) -> str:
        try:
            layers = layers_html(self.space)
        except AieExplorerError:
            layers = ""  # the reason is in the words
        return html.paragraph(repr(self)) + layers

    def __repr__(self) -> str:
        try:
            size = f"{self.space.size:.3g} combinations of options"
        except AieExplorerError as error:
            size = str(error)
        return (f"Explorer({self.network.name!r} on {self.device.name}, batch {self.network.batch}: "
                f"{len(self.layers)} layers, {size})")
