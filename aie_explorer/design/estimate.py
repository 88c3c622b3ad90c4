"""What the cycle model says of one design."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from aie_explorer.cycles import VALIDITY, Constants, cost_layer, gap_factors, limiting_resource
from aie_explorer.cycles.relief import relief
from aie_explorer.devices import Device, peak_macs_per_cycle
from aie_explorer.ir import Network
from aie_explorer.search.figures import figures
from aie_explorer.search.space import DesignSpace, LayerSpace
from aie_explorer.space import Choice, choice_of, option_row, shape_name, work_of


@dataclass(frozen=True)
class LayerEstimate:
    """Predicted figures of one layer.

    Attributes:
        name: the layer.
        choice: how it is cut.
        kernel_cycles: one call of its slowest tile.
        tile_cycles: the same with the wrapper that waits for locks and calls it.
        fixed_cycles: of these, what a call costs however little it computes.
        dma_in_cycles, dma_out_cycles: one buffer from and to the memory tile.
        cascade_cycles: latency its cascade adds.
        interval_cycles: steady state of the layer alone.
        latency_cycles: memory tile to memory tile.
        limit: the resource that sets its interval.
        weight_bytes: of one tile.
        useful_fraction: useful multiply-accumulates over those issued, 0 to 1.
        efficiency: useful multiply-accumulates over interval x tiles x peak, of the layer alone, 0 to 1.
        validity: how far from what was measured, one of `cycles.VALIDITY`.
        factors: by name, each at least 1: the peak is their product times what the layer achieves in the design.
    """

    name: str
    choice: Choice
    kernel_cycles: float
    tile_cycles: float
    fixed_cycles: float
    dma_in_cycles: float
    dma_out_cycles: float
    cascade_cycles: float
    interval_cycles: float
    latency_cycles: float
    limit: str
    weight_bytes: int
    useful_fraction: float
    efficiency: float
    validity: str
    factors: dict[str, float] = field(hash=False)


@dataclass(frozen=True)
class Estimate:
    """Predicted figures of a design.

    Attributes:
        tiles: tiles used, of device_tiles.
        interval_cycles, interval_ns: steady state between two results (a result is a batch).
        latency_cycles, latency_ns: first input word to last output word.
        latency_first_out_cycles: first input word to first output word.
        samples_per_s: throughput.
        efficiency: useful multiply-accumulates over interval x tiles x peak per cycle, 0 to 1.
        tops: useful operations achieved, in 10^12 a second (a multiply-accumulate is two).
        peak_tops: architectural peak of the tiles used, at the network's mix of types; tops = efficiency x peak_tops.
        plio_in, plio_out: ports used.
        bottleneck: the resource that sets the interval, such as "dense0 kernel".
        validity: how far from what was measured, one of `cycles.VALIDITY`, of the furthest layer.
        interval_error_pct, latency_error_pct: what the figures may be off by; see `docs/calibration.md`.
        layers: the same layer by layer, of one copy.
        copies: of the network side by side; interval and latency are of each, the other figures of all.
    """

    tiles: int
    device_tiles: int
    interval_cycles: float
    latency_cycles: float
    latency_first_out_cycles: float
    interval_ns: float
    latency_ns: float
    samples_per_s: float
    efficiency: float
    tops: float
    peak_tops: float
    plio_in: int
    plio_out: int
    bottleneck: str
    validity: str
    interval_error_pct: float
    latency_error_pct: float
    layers: tuple[LayerEstimate, ...]
    copies: int = 1

    def to_frame(self) -> pd.DataFrame:
        """One layer a row."""
        return pd.DataFrame([{
            "layer": layer.name, "microtile": shape_name(layer.choice.microtile),
            "cas_length": layer.choice.cas_length, "cas_num": layer.choice.cas_num, "split": layer.choice.split,
            "blocking": shape_name(layer.choice.blocking), "tiles": layer.choice.tiles,
            "kernel_cycles": layer.kernel_cycles, "dma_in_cycles": layer.dma_in_cycles,
            "dma_out_cycles": layer.dma_out_cycles, "cascade_cycles": layer.cascade_cycles,
            "interval_cycles": layer.interval_cycles, "latency_cycles": layer.latency_cycles, "limit": layer.limit,
            "weight_bytes": layer.weight_bytes, "useful_fraction": layer.useful_fraction,
            "efficiency": layer.efficiency, "validity": layer.validity,
        } for layer in self.layers]).set_index("layer")

    @property
    def explanation(self) -> str:
        """What limits the interval, and what would relieve it, in a sentence."""
        fixed = next((layer.fixed_cycles for layer in self.layers if self.bottleneck == f"{layer.name} kernel"), 0.0)
        return relief(self.bottleneck, self.interval_cycles, fixed)

    @property
    def error(self) -> str:
        """The error bars and what they rest on, in words."""
        return (f"interval ±{self.interval_error_pct:.0f} %, latency ±{self.latency_error_pct:.0f} % "
                f"({self.validity})")

    def __str__(self) -> str:
        copies = f" ({self.copies} copies)" if self.copies > 1 else ""
        return (f"{self.tiles} of {self.device_tiles} tiles{copies}, interval {self.interval_cycles:.0f} cycles "
                f"({self.interval_ns:.0f} ns) ±{self.interval_error_pct:.0f} %, latency {self.latency_cycles:.0f} "
                f"cycles ({self.latency_ns:.0f} ns) ±{self.latency_error_pct:.0f} % ({self.validity}), "
                f"{self.samples_per_s / 1e6:.2f} M samples/s, {self.tops:.2f} of {self.peak_tops:.2f} TOPS "
                f"({self.efficiency:.1%} of the peak of its tiles), limited by {self.bottleneck}")

    def _repr_html_(self) -> str:
        table = self.to_frame().style.format(precision=2).to_html()
        return f"<p>{self}</p>{table}"


def single_design_space(network: Network, device: Device, choices: tuple[Choice, ...]) -> DesignSpace:
    """The design space of exactly one design, costed with the package's constants.

    Raises:
        DesignError: when a choice is not legal.
    """
    layers = []
    for op, choice in zip(network.layers, choices, strict=True):
        work = work_of(network, op)
        row = option_row(work, device, choice, op.name)
        model = cost_layer(row, work, device)
        layers.append(LayerSpace(op.name, work, row, model.cycles, model.ideal_tile_cycles))
    return DesignSpace(network, device, tuple(layers))


def recosted(space: DesignSpace, constants: Constants) -> DesignSpace:
    """The same options, costed with other constants."""
    layers = [replace(layer, cycles=cost_layer(layer.table, layer.work, space.device, constants).cycles)
              for layer in space.layers]
    return replace(space, layers=tuple(layers))


def estimate(space: DesignSpace, copies: int = 1, constants: Constants | None = None) -> Estimate:
    """The figures of the one design of a single-design space, so many copies of it side by side.

    Args:
        space: of one design.
        copies: of the network.
        constants: those that the space was costed with; those of the package when None.
    """
    device = space.device
    whole = figures(space, np.zeros((1, len(space.layers)), np.intp), constants)
    interval, latency, tiles = float(whole.interval_cycles[0]), float(whole.latency_cycles[0]), int(whole.tiles[0])
    ns_per_cycle = 1e3 / device.clock_mhz
    macs = sum(layer.work.macs for layer in space.layers)
    peak_per_cycle = tiles * _peak_of_mix(space)
    slowest = max(float(layer.cycles["interval_cycles"][0]) for layer in space.layers)
    return Estimate(
        tiles * copies, device.tiles, interval, latency, float(whole.first_out_cycles[0]),
        interval * ns_per_cycle, latency * ns_per_cycle,
        copies * space.network.batch * 1e9 / (interval * ns_per_cycle), float(whole.efficiency[0]),
        copies * 2 * macs / (interval * ns_per_cycle) / 1e3, copies * 2 * peak_per_cycle * device.clock_mhz / 1e6,
        copies * int(whole.plio_in[0]), copies * int(whole.plio_out[0]), whole.bottlenecks[int(whole.bottleneck[0])],
        VALIDITY[int(whole.validity[0])], float(whole.interval_error_pct[0]), float(whole.latency_error_pct[0]),
        tuple(_layer_estimate(layer, device, slowest, interval) for layer in space.layers), copies)


def _peak_of_mix(space: DesignSpace) -> float:
    """Multiply-accumulates a cycle that a tile makes at its peak, over a network's mix of types.

    Where layers have other types, that of tiles which are always busy at the peak of their own types: the
    multiply-accumulates of the network over the tile-cycles these take.
    """
    macs = sum(layer.work.macs for layer in space.layers)
    if not macs:  # a network that only adds tensors
        return float(min(peak_macs_per_cycle(space.device, layer.work.input.storage, layer.work.weights.storage)
                         for layer in space.layers))
    return macs / sum(layer.ideal_tile_cycles for layer in space.layers)


def _layer_estimate(layer: LayerSpace, device: Device, slowest: float, interval: float) -> LayerEstimate:
    row, cycles = layer.table[0], layer.cycles[0]
    peak = peak_macs_per_cycle(device, layer.work.input.storage, layer.work.weights.storage)
    factors = gap_factors(cycles, layer.ideal_tile_cycles / int(row["tiles"]),
                          int(row["rows"]) * int(row["k"]) * int(row["n"]) / peak, slowest, interval)
    issued = int(row["rows"]) * int(row["k"]) * int(row["n"]) * int(row["tiles"])
    kernel, tile, fill, drain, cascade, own_interval, latency = (float(cycles[name]) for name in (
        "kernel_cycles", "tile_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_cycles", "interval_cycles",
        "latency_cycles"))
    return LayerEstimate(
        layer.name, choice_of(row), kernel, tile, tile - float(cycles["block_cycles"]), fill, drain, cascade,
        own_interval, latency, limiting_resource(cycles), int(row["weight_bytes"]), layer.work.macs / issued,
        layer.ideal_tile_cycles / (own_interval * int(row["tiles"])), VALIDITY[int(cycles["validity"])], factors)
