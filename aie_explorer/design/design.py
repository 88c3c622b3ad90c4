"""A design: a network, a device and one choice a layer. A value, and what can be asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aie_explorer import html
from aie_explorer.design.estimate import Estimate, estimate, recosted, single_design_space
from aie_explorer.design.pins import Pins, ordered_pins, rules_of
from aie_explorer.devices import Device, describe, described
from aie_explorer.errors import AieExplorerError, DesignError, ModelError
from aie_explorer.ir import Network
from aie_explorer.ir.replicate import replicated
from aie_explorer.ir.serialize import network_from_json, network_to_json
from aie_explorer.progress import Step, silent
from aie_explorer.search.copies import check_copies
from aie_explorer.search.routes import check_routes
from aie_explorer.space import Choice, parse_choice

if TYPE_CHECKING:
    from aie_explorer.checks import Violation
    from aie_explorer.cycles import Constants
    from aie_explorer.firmware import FirmwareProject
    from aie_explorer.placement import Placement, Problem, Region
    from aie_explorer.reference import Inputs
    from aie_explorer.search.space import DesignSpace
    from aie_explorer.timeline import Timeline
    from aie_explorer.transport import Plan

FORMAT = 1
PLIO_WEIGHT = 0.05
"""Of a column between a layer at an end of the network and the nearest PLIO: as much as a row of height."""


@dataclass(frozen=True)
class Design:
    """One complete design; equal designs compare and hash equal.

    Attributes:
        network: a lowered network.
        device: where it runs, with its clocks and PLIO width.
        choices: one a layer, in the network's order.
        copies: of the whole network side by side, each with ports of its own.
        pins: layers whose lower left tile is set, and the (column, row) of it; a mapping is accepted. The placement,
            and so the plan and the exported project, respect them.
        single_buffers: plan one copy of every buffer for which it is enough at the interval, not only where memory
            tiles are short.
        copied: where this is the array's view of a design with copies, that design.
    """

    network: Network = field(compare=False)
    device: Device
    choices: tuple[Choice, ...]
    copies: int = 1
    pins: Pins = ()
    single_buffers: bool = False
    copied: Design | None = field(default=None, compare=False, repr=False)
    network_digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "network_digest", self.network.digest)
        check_copies(self.copies, self.device)
        if len(self.choices) != len(self.network.layers):
            raise DesignError(f"{len(self.choices)} choices for {len(self.network.layers)} layers",
                              where=self.network.name)
        object.__setattr__(self, "pins", ordered_pins(self.pins, [op.name for op in self.network.layers]))
        if self.pins and self.copies > 1:
            raise DesignError("the copies of a network are placed as a pattern, in which no layer can be pinned",
                              where=self.pins[0][0], remedy="Use one copy, or no pins")
        layers = self.space.layers
        check_routes(self.space)
        for edge in self.space.edges:
            if not edge.legal.all():
                names = " and ".join(layers[i].name for i in edge.producers)
                raise DesignError(
                    "the cascades and slices of the layers cannot share memory tiles: a memory tile has six ports "
                    "each way, and no boundary of their slices coincides",
                    where=f"{names} to {layers[edge.consumer].name}",
                    rule="AM020 ch5", remedy="Use a smaller cas_num or cas_length, or slices that line up")

    @cached_property
    def space(self) -> DesignSpace:
        """Tables and cycles of this design alone."""
        return single_design_space(self.network, self.device, self.choices)

    @property
    def layers(self) -> dict[str, Choice]:
        """The choice of every layer by name."""
        return {op.name: choice for op, choice in zip(self.network.layers, self.choices, strict=True)}

    @property
    def tiles(self) -> int:
        """Tiles used, by all copies."""
        return self.copies * sum(choice.tiles for choice in self.choices)

    @cached_property
    def on_array(self) -> Design:
        """The design as it stands on the array: where there are copies, one network of as many independent parts."""
        if self.copies == 1:
            return self
        return Design(replicated(self.network, self.copies), self.device, self.choices * self.copies,
                      single_buffers=self.single_buffers, copied=self)

    @cached_property
    def _estimate(self) -> Estimate:
        return estimate(self.space, self.copies)

    def estimate(self, constants: Constants | None = None) -> Estimate:
        """Predicted cycles, and what limits them.

        Args:
            constants: of the cycle model, such as a profile fitted to own measurements (`measured.load_profile`);
                those of the package when None.
        """
        if constants is None:
            return self._estimate
        return estimate(recosted(self.space, constants), self.copies, constants)

    def timeline(self, iterations: int = 4, constants: Constants | None = None) -> Timeline:
        """The design over time: a discrete-event simulation of kernels, buffers, DMA channels and PLIOs.

        Args:
            iterations: calls of the graph to keep the events of.
            constants: as of `estimate`.

        Raises:
            DesignError: for iterations below 1, or when the memory tiles do not suffice.
            PlacementError: when the blocks do not fit the array.
        """
        from aie_explorer.timeline import timeline

        return timeline(self, iterations, constants)

    @property
    def placement_problem(self) -> Problem:
        """The blocks of the design, what they exchange and where they are pinned, as `place` sees them."""
        from aie_explorer.placement import Block, Edge, Problem, Rules, Weights, array_of
        from aie_explorer.placement.geometry import DIRECT, MEMORY_TILE

        if self.copies > 1:
            return self.on_array.placement_problem
        names = list(self.layers)
        blocks = tuple(Block(name, choice.cas_length, choice.cas_num) for name, choice in self.layers.items())
        sources = self.space.sources
        readers = {source: sum(group.count(source) for group in sources) for group in sources for source in group}
        kinds = {edge.consumer: DIRECT if edge.direct.all() else MEMORY_TILE for edge in self.space.edges}
        edges = tuple(Edge(names[source], names[i], kinds[i], exclusive=readers[source] == 1)
                      for i, group in enumerate(sources) for source in group if source >= 0)
        return Problem(blocks, edges, array_of(self.device), Weights(plio=PLIO_WEIGHT),
                       Rules(pins=self.pins), inputs=tuple(names[i] for i in self.space.input_layers),
                       outputs=tuple(names[i] for i in self.space.output_layers), name=self.network.name)

    @cached_property
    def _placement(self) -> Placement:
        from aie_explorer.placement import place_copies, solve

        if self.copies > 1:
            return self.on_array.place()
        if self.copied is not None:
            one = dataclasses.replace(self.copied, copies=1).placement_problem
            return place_copies(one, self.placement_problem)
        return solve(self.placement_problem).placement

    def place(self, *, pins: Mapping[str, tuple[int, int]] | None = None, forbidden_columns: Iterable[int] = (),
              reserved: Iterable[Region] = (), seconds: float = 0.0) -> Placement:
        """Where every layer sits on the array.

        Exports and plans use the placement of a call without arguments.

        Args:
            pins: layers whose lower left tile must be at (column, row), besides the design's own `pins`; `pinned` makes
                a design that keeps them.
            forbidden_columns: columns no layer may use.
            reserved: regions no layer may use.
            seconds: what may be spent, with OR-Tools, on a better placement and a proof; 0 for the quick answer, which
                is the same on every machine.

        Returns:
            The placement, with its `cost`, a `bound` below which none can be, and whether it is `optimal`.

        Raises:
            DesignError: for an unknown layer, or something that is no tile, column or region.
            PlacementError: when the blocks do not fit, naming the block.
            MissingExtraError: when seconds are given and OR-Tools is not installed.
        """
        from aie_explorer.placement import solve

        rules = rules_of(self, pins, forbidden_columns, reserved)
        if rules is None and not seconds:
            return self._placement
        problem = self.placement_problem
        return solve(problem if rules is None else dataclasses.replace(problem, rules=rules), seconds).placement

    def pinned(self, pins: Mapping[str, tuple[int, int]]) -> Design:
        """The same design with these layers at these (column, row), instead of the pins it had.

        Raises:
            DesignError: for an unknown layer, or something that is no tile. Whether a placement exists, `place` says.
        """
        return dataclasses.replace(self, pins=pins)  # type: ignore[arg-type]

    @cached_property
    def _plan(self) -> Plan:
        from aie_explorer.timeline.joins import plan_with_joins, refuse_joins
        from aie_explorer.timeline.single import placed_in_memory
        from aie_explorer.transport import staged

        if self.copies > 1:
            return self.on_array.plan()
        single = self.single_buffers
        if not any(len(op.inputs) > 1 for op in self.network.layers):
            return placed_in_memory(self.space, staged(self.space, self.place()), self.place(), single=single)
        if self.copied is None:
            refuse_joins(self.space)
            return plan_with_joins(self.space, self.place(), single=single)
        one = dataclasses.replace(self.copied, copies=1).plan()  # where it is refused nothing needs placing
        return plan_with_joins(self.space, self.place(), one, single=single)

    def plan(self) -> Plan:
        """How data move: direct edges, memory-tile buffers, their ports and tilings, PLIOs.

        Buffers have two copies; those in front of layers that join several ways have as many as the interval of
        `estimate` needs. Where memory tiles are short, and with `single_buffers` everywhere, they have one if that
        is enough.

        Raises:
            DesignError: when the memory tiles do not suffice.
            PlacementError: when the blocks do not fit the array.
        """
        return self._plan

    def check(self) -> list[Violation]:
        """Design rules that the design breaks, errors first, each with what would fix it; warnings stop no export."""
        from aie_explorer.checks import check

        return check(self)

    def simulate(self, x: Inputs) -> npt.NDArray[np.float64] | dict[str, npt.NDArray[np.float64]]:
        """The model's outputs for any number of samples, in the model's units, by exact integer arithmetic.

        Args:
            x: [samples, *input shape] in the model's units; quantized at the input as the model does. Several inputs
                are given by name, or as a list in the model's order.

        Returns:
            [samples, features]; where there are several outputs, by the name of the model's layer.
        """
        from aie_explorer.reference import simulate

        return simulate(self.network, x)

    def export(self, path: str | Path, *, overwrite: bool = False, x: Inputs | None = None,
               verify: bool | None = None, progress: Step = silent) -> FirmwareProject:
        """Write the Vitis project, then compile and run it on this machine and compare every layer, bit for bit.

        Args:
            path: folder to create.
            overwrite: replace the project that is there.
            x: test vectors in the model's units; random ones when None.
            verify: whether to compile and run it; None does if there is a C++20 compiler, else a warning says why not.
            progress: told "plan", "write", "compile", "emulate" and "compare"; what it raises ends the work.

        Raises:
            ExportError: when the folder exists or cannot be written, or a design rule is broken; nothing is left
                behind.
            EmulationError: when it cannot be verified as asked, or is not bit-exact.
        """
        from aie_explorer.firmware import export

        return export(self, path, overwrite=overwrite, x=x, verify=verify, progress=progress)

    def to_json(self) -> dict[str, Any]:
        """Everything needed to rebuild the design, the network's weights included.

        Raises:
            DeviceError: for a device of a generation that was made by hand.
        """
        device = self.device
        return {
            "format": FORMAT, "device": describe(device), "clock_mhz": device.clock_mhz,
            "pl_clock_mhz": device.pl_clock_mhz, "plio_bits": device.plio_bits,
            "layers": {name: choice.to_dict() for name, choice in self.layers.items()}, "copies": self.copies,
            "pins": {name: list(tile) for name, tile in self.pins}, "single_buffers": self.single_buffers,
            "network_digest": self.network_digest, "network": network_to_json(self.network),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str = "design.json") -> Design:
        """The design that `to_json` wrote.

        Raises:
            DesignError: when the data are of another form, or were changed so that they no longer fit together.
        """
        try:
            if data["format"] != FORMAT:
                raise DesignError(f"was written in format {data['format']}; this version reads {FORMAT}", where=where)
            device = described(data["device"], float(data["clock_mhz"]), float(data["pl_clock_mhz"]),
                               index(data["plio_bits"]))
            network = network_from_json(data["network"], where)
            layers = dict(data["layers"])
            digest, copies = data["network_digest"], data.get("copies", 1)
            pins, single = dict(data.get("pins", {})), data.get("single_buffers", False)
            if not isinstance(single, bool):
                raise TypeError("single_buffers is neither true nor false")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DesignError(f"is not a design of this package ({type(error).__name__}: {error})",
                              where=where) from None
        if digest != network.digest:
            raise DesignError("the network does not match its digest; the file was changed or damaged", where=where)
        return dataclasses.replace(cls.of(network, device, layers, copies, pins), single_buffers=single)

    @classmethod
    def of(cls, network: Network, device: Device, layers: Mapping[str, Choice | Mapping[str, object]],
           copies: int = 1, pins: Mapping[str, tuple[int, int]] | None = None) -> Design:
        """A design from one complete choice for every layer, and perhaps some layers' places, by name.

        Raises:
            DesignError: for a missing or unknown layer, or an illegal choice.
        """
        names = [op.name for op in network.layers]
        for name in layers:
            if name not in names:
                raise DesignError(f"the network has no layer {name!r}", remedy=f"Its layers are: {', '.join(names)}")
        missing = [name for name in names if name not in layers]
        if missing:
            raise DesignError("no choice is given for this layer", where=missing[0])
        return cls(network, device, tuple(parse_choice(layers[name], name) for name in names), copies,
                   pins or ())  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        from aie_explorer.placement import floorplan_text

        estimate, layers = self.estimate(), self.on_array.layers
        words = str(self).splitlines()
        parts = [f"<p><b>{html.escape(words[0])}</b></p>", html.paragraph(estimate.explanation),
                 html.table(["layer", "choice", "tiles", "interval (cycles)", "limited by"], (
                     (one.name, str(one.choice), one.choice.tiles, f"{one.interval_cycles:.0f}", one.limit)
                     for one in estimate.layers)), html.paragraph(words[-1].strip())]
        try:
            parts.append(html.block(floorplan_text(self.place(), self.placement_problem.blocks, self.device,
                                                   memory_tiles={b.memory_tile for b in self.plan().buffers})
                                    if layers else ""))
        except AieExplorerError as error:
            parts.append(html.paragraph(str(error)))
        return "".join(parts)

    def __str__(self) -> str:
        lines = [f"{self.network.name} on {self.device.name}, batch {self.network.batch}"]
        lines += [f"  {self.copies} copies of"] * (self.copies > 1)
        pins = dict(self.pins)
        lines += [f"  {name}: {choice}" + (f", pinned to {pins[name]}" if name in pins else "")
                  for name, choice in self.layers.items()]
        return "\n".join([*lines, f"  {self.estimate()}"])


def load_design(path: str | Path) -> Design:
    """The design of a `design.json`, or of the exported project that holds one.

    Raises:
        DesignError: when there is none, or it is damaged.
    """
    import json

    if not isinstance(path, (str, Path)):
        raise DesignError(f"{path!r} is no path", remedy="Give a design.json or the folder of an exported project")
    file = Path(path)
    try:
        file = file / "design.json" if file.is_dir() else file
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DesignError(f"cannot be read: {error.strerror or error}", where=str(file),
                          remedy="Give a design.json or the folder of an exported project") from None
    except (ValueError, RecursionError):
        raise DesignError("is not JSON", where=str(file)) from None
    try:
        return Design.from_json(data, str(file))
    except ModelError as error:
        raise DesignError(error.problem, where=str(file), rule=error.rule, remedy=error.remedy) from None
    except AieExplorerError:
        raise
    except Exception as error:  # the file may hold anything
        raise DesignError(f"is not a design of this package ({type(error).__name__})", where=str(file)) from None
