"""Which designs a sweep costs, in chunks that can be costed anywhere and in any order.

A sweep is a list of combinations (network, device, batch, PLIO width) and, in each, of designs: all products of the
layers' options, a sample of them, or the exact front. A chunk is a range of the designs of one combination; the same
chunk is the same table on every machine.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from aie_explorer.cycles import load_constants
from aie_explorer.devices import Device
from aie_explorer.errors import DesignError, nearest
from aie_explorer.ir import Network
from aie_explorer.search.constraints import constrained, matches
from aie_explorer.search.copies import fronts_of_copies, have_room
from aie_explorer.search.draw import Places, latin_hypercube, random_sample
from aie_explorer.search.figures import Picks, fitting
from aie_explorer.search.frame import to_frame
from aie_explorer.search.front import exact_front
from aie_explorer.search.objectives import PATH
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.routes import routed
from aie_explorer.search.space import DesignSpace, LayerSpace, design_space
from aie_explorer.space import CHOICES

CHUNK = 100_000
Designs = Literal["product", "front"]
Sample = Literal["random", "latin_hypercube"]
SAMPLES = ("random", "latin_hypercube")
MOST_SAMPLED = 20_000_000


@dataclass(frozen=True, eq=False)
class Combination:
    """One network on one device, and what its designs are made of.

    Attributes:
        network: lowered, with its batch.
        device: with its clocks and PLIO width.
        constraints: `search.constraints`.
        values: by layer and choice the values to combine; a layer without takes its Pareto options.
        designs: "product" of the layers' options, or the exact "front".
        sample: how designs are drawn from a product larger than `limit`, or always if it is named.
        limit: most designs looked at; None for all.
        seed: of the sample.
        copies: of the whole network side by side.
        model: what the network is called in a table of several; "" in one of its own.
    """

    network: Network
    device: Device
    constraints: Mapping[str, Any]
    values: Mapping[str, Mapping[str, list[Any]]]
    designs: Designs
    sample: Sample | None
    limit: int | None
    seed: int
    copies: int = 1
    model: str = ""

    @cached_property
    def request(self) -> str:
        """All of it, in words; equal combinations are those of the same request, also in another process."""
        return json.dumps([self.network.digest, self.network.batch, repr(self.device), dict(self.constraints),
                           dict(self.values), self.designs, self.sample, self.limit, self.seed, self.copies,
                           self.model], default=str, sort_keys=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Combination) and self.request == other.request

    def __hash__(self) -> int:
        return hash(self.request)


@dataclass(frozen=True)
class Chunk:
    """Designs [begin, end) of a combination, by its index."""

    combination: int
    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class Sweep:
    """All that a sweep costs.

    Attributes:
        combinations: in order.
        chunks: in the order of the table's rows.
        size: designs in the whole product.
        looked_at: designs of the chunks, before those that cannot be joined are left out.
    """

    combinations: tuple[Combination, ...]
    chunks: tuple[Chunk, ...]
    size: int
    looked_at: int

    @property
    def sampled(self) -> bool:
        """Whether a part of the product is left out."""
        return self.looked_at < self.size

    def sample_note(self, rows: int) -> str:
        """What a sweep that is sampled tells the user: how many of its sample are in the table."""
        if self.combinations[0].sample == "latin_hypercube":
            return (f"{self.size:,} combinations: costed a Latin-hypercube sample of {self.looked_at:,}, of which "
                    f"{rows:,} go together and fit the array; raise limit, restrict some layers or take the random "
                    "sample, which is drawn among such")
        return (f"{self.size:,} combinations: costed a random sample of {rows:,}, all of which go together and fit the "
                "array; raise limit or restrict some layers")

    @property
    def stamp(self) -> dict[str, str]:
        """What the table's figures come from: hashes of the networks, of the cycle model and of the whole request."""
        networks = "".join(one.network.digest for one in self.combinations)
        request = [one.request for one in self.combinations]
        chunks = [(chunk.combination, chunk.begin, chunk.end) for chunk in self.chunks]
        return {"networks": _digest(networks), "cycle_model": cycle_model_digest(),
                "sweep": _digest(json.dumps([request, chunks]))}


def cycle_model_digest() -> str:
    """A hash of the constants of the cycle model."""
    return _digest(repr(load_constants()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_sweep(combinations: Iterable[Combination], chunk: int = CHUNK) -> Sweep:
    """Cut combinations into chunks.

    Raises:
        DesignError: for values that no option has, or a layer that cannot be cut to fit a device.
    """
    made, chunks, size, looked_at = tuple(combinations), list[Chunk](), 0, 0
    for index, one in enumerate(made):
        space = _space(one)
        if one.designs == "front":
            chunks.append(Chunk(index, 0, 0))
            continue
        total = math.prod(len(rows) for rows in _candidates(one, space))
        count = total if one.limit is None else min(total, one.limit)
        if count > MOST_SAMPLED and (count < total or one.sample is not None):
            raise DesignError(f"would draw {count:,} designs", where="limit",
                              remedy=f"Use at most {MOST_SAMPLED:,}, or None for all {total:,}")
        size, looked_at = size + total, looked_at + count
        chunks += [Chunk(index, begin, min(begin + chunk, count)) for begin in range(0, count, chunk)]
    return Sweep(made, tuple(chunks), size, looked_at)


def cost_chunk(one: Combination, chunk: Chunk) -> pd.DataFrame:
    """The table of a chunk: of its designs those that can be joined and fit the device."""
    frame = _costed_chunk(one, chunk)
    if one.model:
        words: Any = pd.Categorical
        frame.insert(0, "model", words.from_codes(np.zeros(len(frame), np.int8), [one.model]))
    return frame


def _costed_chunk(one: Combination, chunk: Chunk) -> pd.DataFrame:
    space = _space(one)
    if one.designs == "front":
        fronts = [exact_front(space)] if one.copies == 1 else fronts_of_copies(space, PATH, one.copies)
        picks = np.concatenate([np.empty((0, len(space.layers)), np.intp), *(front.picks for front in fronts)])
        frame = to_frame(space, realisable(space, picks, one.copies), one.copies)
        frame.attrs["lost"] = max((front.lost for front in fronts), default=0.0)
        return frame
    candidates = _candidates(one, space)
    sizes = tuple(len(rows) for rows in candidates)
    total = math.prod(sizes)
    count = total if one.limit is None else min(total, one.limit)
    if count == total and one.sample != "latin_hypercube":
        digits = _digits(np.arange(chunk.begin, chunk.end), sizes)
    else:
        part = _sample(one, count)[chunk.begin:chunk.end]
        digits = part if part.ndim == 2 else _digits(part, sizes)
    picks = np.stack([rows[digit] for rows, digit in zip(candidates, digits.T, strict=True)], axis=1)
    return to_frame(space, realisable(space, picks, one.copies), one.copies)


def realisable(space: DesignSpace, picks: Picks, copies: int = 1) -> Picks:
    """The designs that can be joined and so many copies of which fit the device."""
    kept: Picks = picks[fitting(space, picks, space.device.tiles // copies)]
    return kept if copies == 1 else kept[have_room(space, kept, copies)]


def _digits(flat: npt.NDArray[np.int64], sizes: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """[designs, layers] which of its options each layer takes, from the place in the product."""
    return np.stack(np.unravel_index(flat, sizes), axis=1)


@lru_cache(maxsize=1)
def _sample(one: Combination, count: int) -> Places:
    space = _space(one)
    candidates = _candidates(one, space)
    if one.sample == "latin_hypercube":
        return latin_hypercube(tuple(map(len, candidates)), count, one.seed)
    return random_sample(space, candidates, count, space.device.tiles // one.copies, one.seed)


@lru_cache(maxsize=8)
def _space(one: Combination) -> DesignSpace:
    space = constrained(design_space(one.network, one.device), one.constraints)
    layers = tuple(routed(layer, one.values[layer.name]["route"], f"{layer.name}.route")
                   if "route" in one.values.get(layer.name, {}) else layer for layer in space.layers)
    return replace(space, layers=layers)


def _candidates(one: Combination, space: DesignSpace) -> list[npt.NDArray[np.intp]]:
    return [layer_candidates(layer, one.values.get(layer.name, {})) for layer in space.layers]


def layer_candidates(layer: LayerSpace, over: Mapping[str, Iterable[object]]) -> npt.NDArray[np.intp]:
    """Rows of a layer's table that a sweep uses: those with the given values, or its Pareto options if none is given
    or only routes and ports are; where no ports are given, those that go through memory tiles if there are such.

    A layer's Pareto options are those that no other beats in tiles, interval and latency.

    Raises:
        DesignError: for a value no legal option has, with the legal ones.
    """
    if set(over) <= {"route", "ports"}:
        points = np.stack([layer.table["tiles"].astype(np.float64), layer.cycles["interval_cycles"],
                           layer.cycles["latency_cycles"]], axis=1)
        kept = np.logical_and.reduce([matches(layer, key, list(values), f"{layer.name}.{key}")
                                      for key, values in over.items()] or [np.ones(len(layer.table), np.bool_)])
        if "ports" not in over:
            kept &= layer.table["ports"] == layer.table["ports"].min()
        ways = np.stack([layer.table["route"], layer.table["ports"]], axis=1)
        alike = [np.flatnonzero(kept & (ways == way).all(axis=1)) for way in np.unique(ways[kept], axis=0)]
        return np.sort(np.concatenate([rows[nondominated(points[rows])] for rows in alike]))
    keep = np.ones(len(layer.table), np.bool_)
    for key, values in over.items():
        where = f"{layer.name}.{key}"
        if key not in CHOICES:
            raise DesignError(f"a layer has no {key!r}", where=where,
                              remedy=f"Close ones: {nearest(key, CHOICES)}")
        keep &= matches(layer, key, list(values), where)
    if not keep.any():
        raise DesignError("no legal option has this combination of values", where=layer.name,
                          remedy=f"See layer_options({layer.name!r})")
    return np.flatnonzero(keep)
