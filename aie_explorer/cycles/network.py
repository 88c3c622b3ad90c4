"""Interval and latency of whole designs, any number of them at once.

The interval is that of the slowest resource. The latency is the longest way through the layers: each adds its own, so
along a chain latencies add up, and at a join the latest input counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.constants import Constants, fixed_spread_cycles, load_constants
from aie_explorer.cycles.model import RESOURCES
from aie_explorer.cycles.validity import EXTRAPOLATED, UNCALIBRATED, error_pct

FloatColumn = npt.NDArray[np.float64]
IntColumn = npt.NDArray[np.int64]
Edge = tuple[int, int]
"""(producer, consumer), indices of layers."""
Columns = Mapping[str, FloatColumn] | npt.NDArray[np.void]
"""The figures of a layer, one entry a design, by the names in COLUMNS."""
COLUMNS = (*RESOURCES.values(), "mac_cycles", "latency_cycles", "plio_in_cycles", "plio_out_cycles", "entry_cycles",
           "first_out_cycles", "last_out_cycles", "validity", "ports_validity")


@dataclass(frozen=True, eq=False)
class NetworkCycles:
    """Columns of figures, one entry a design.

    Attributes:
        interval: cycles between two results in the steady state.
        first_out: latency from the first input beat to the first output beat.
        last_out: latency from the first input beat to the last output beat.
        bottleneck: index into `bottlenecks`.
        bottlenecks: names of the resources, such as "dense0 kernel" or "input PLIO".
        validity: index into `cycles.VALIDITY`, that of the layer furthest from what was measured.
        interval_error_pct: what the interval may be off by: what designs of that validity were off by and, where a
            kernel is slowest, how well its fixed cycles are known.
        latency_error_pct: the same of the latency; at least what it would be shorter by if every hand-over from tile
            to tile were through memory that both reach, which nothing measured shows.
    """

    interval: FloatColumn
    first_out: FloatColumn
    last_out: FloatColumn
    bottleneck: IntColumn
    bottlenecks: tuple[str, ...]
    validity: npt.NDArray[np.int8]
    interval_error_pct: FloatColumn
    latency_error_pct: FloatColumn


def network_cycles(names: Sequence[str], layers: Sequence[Columns], edges: Sequence[Edge] | None = None,
                   direct: Sequence[npt.NDArray[np.bool_]] | None = None, constants: Constants | None = None, *,
                   inputs: Sequence[int] | None = None, outputs: Sequence[int] | None = None) -> NetworkCycles:
    """Cost designs.

    Args:
        names: of the layers.
        layers: for each layer its figures (fields of CYCLES) in every design.
        edges: how layers are joined; a chain in the given order when None. A layer that no edge enters reads the
            graph's input, one that no edge leaves writes its output.
        direct: for each edge, in which designs it goes from tile to tile with no memory tile between; none when None.
        constants: those of the package when None.
        inputs, outputs: the layers that read an input of the graph and that write an output, where edges alone do not
            say: a layer may read an input and another layer, or be read and written out.
    """
    joined = list(edges) if edges is not None else [(i, i + 1) for i in range(len(layers) - 1)]
    known = constants or load_constants()
    order = _in_order(len(layers), joined)
    if inputs is None:
        inputs = [i for i in range(len(layers)) if all(consumer != i for _, consumer in joined)]
    if outputs is None:
        outputs = [i for i in range(len(layers)) if all(producer != i for producer, _ in joined)]
    interval, bottleneck, bottlenecks = _slowest(names, layers, inputs, outputs)
    ready: dict[int, FloatColumn] = {}
    soonest: dict[int, FloatColumn] = {}  # if what goes from tile to tile took no time at all
    entering: list[list[tuple[int, int]]] = [[] for _ in layers]
    for index, (producer, consumer) in enumerate(joined):
        entering[consumer].append((index, producer))
    for i in order:
        arrivals = [layers[i]["entry_cycles"]] if i in inputs else []
        at_soonest = list(arrivals)
        for index, producer in entering[i]:
            if direct is None:
                arrivals.append(ready[producer])
                continue
            # from tile to tile the words travel once, and there is one leg to set up instead of two
            once = known.hand_over_cycles + np.minimum(layers[producer]["dma_out_cycles"], layers[i]["dma_in_cycles"])
            arrivals.append(ready[producer] - once * direct[index])
            # in memory that both tiles reach nothing travels
            both = 2 * known.hand_over_cycles + layers[producer]["dma_out_cycles"] + layers[i]["dma_in_cycles"]
            at_soonest.append(soonest[producer] - both * direct[index])
        ready[i] = np.maximum.reduce(arrivals) + layers[i]["latency_cycles"]
        soonest[i] = ready[i] if direct is None else np.maximum.reduce(at_soonest) + layers[i]["latency_cycles"]
    level = np.maximum.reduce([layer["validity"] for layer in layers])
    # of the latency: no design that hands over from tile to tile has been measured
    through = np.maximum.reduce([level, *(layers[i]["ports_validity"] for i in {*inputs, *outputs})])
    if direct is not None and len(direct):
        through = np.where(np.logical_or.reduce(list(direct)), np.maximum(through, EXTRAPOLATED), through)
    first, last = (np.maximum.reduce([ready[i] + layers[i][field] for i in outputs])
                   for field in ("first_out_cycles", "last_out_cycles"))
    doubtful = 1 - np.maximum.reduce([soonest[i] + layers[i]["last_out_cycles"] for i in outputs]) / last
    kernel = np.array([name.endswith(" kernel") for name in bottlenecks])[bottleneck]
    unsure = np.where(kernel, fixed_spread_cycles() / interval, 0.0)
    fitted = _fitted_shares(layers, inputs, outputs, interval, last) if np.any(level == UNCALIBRATED) else (0.0, 0.0)
    return NetworkCycles(interval, first, last, bottleneck, bottlenecks, through.astype(np.int8),
                         np.hypot(error_pct("interval", level, fitted[0]), 100 * unsure),
                         np.maximum(error_pct("latency", through, fitted[1]), 100 * doubtful))


def _slowest(names: Sequence[str], layers: Sequence[Columns], inputs: Sequence[int],
             outputs: Sequence[int]) -> tuple[FloatColumn, IntColumn, tuple[str, ...]]:
    """The largest of all resources in every design, which it is, and their names."""
    claims = [(f"{name} {resource}", layer[field]) for name, layer in zip(names, layers, strict=True)
              for resource, field in RESOURCES.items()]
    claims.append(("input PLIO", np.maximum.reduce([layers[i]["plio_in_cycles"] for i in inputs])))
    claims.append(("output PLIO", np.maximum.reduce([layers[i]["plio_out_cycles"] for i in outputs])))
    interval = np.full(len(claims[0][1]), -1.0)
    bottleneck = np.zeros(len(interval), np.int64)
    for i, (_, cycles) in enumerate(claims):  # of equals the first counts
        slower = cycles > interval
        interval[slower] = cycles[slower]
        bottleneck[slower] = i
    return interval, bottleneck, tuple(name for name, _ in claims)


def _fitted_shares(layers: Sequence[Columns], inputs: Sequence[int], outputs: Sequence[int], interval: FloatColumn,
                   latency: FloatColumn) -> tuple[FloatColumn, FloatColumn]:
    """The shares of interval and latency that fitted constants make up; the rest is multiplying and moving."""
    bounds = [layer[field] for layer in layers for field in ("mac_cycles", "dma_in_cycles", "dma_out_cycles")]
    bounds += [layers[i]["plio_in_cycles"] for i in inputs] + [layers[i]["plio_out_cycles"] for i in outputs]
    moved = sum(layer["mac_cycles"] + layer["dma_in_cycles"] + layer["dma_out_cycles"] for layer in layers)
    of_interval: FloatColumn = np.minimum(np.maximum.reduce(bounds) / interval, 1)
    of_latency: FloatColumn = np.minimum(moved / latency, 1)
    return 1.0 - of_interval, 1.0 - of_latency


def _in_order(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layers, each after all that it reads.

    Raises:
        ValueError: when the edges form a circle.
    """
    readers: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count  # for how many edges
    for producer, consumer in edges:
        readers[producer].append(consumer)
        waiting[consumer] += 1
    order = [i for i in range(count) if not waiting[i]]
    for i in order:  # grows on the way
        for consumer in readers[i]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                order.append(consumer)
    if len(order) < count:
        raise ValueError("the layers read each other in a circle")
    return order
