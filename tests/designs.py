"""Random designs that can be placed and fed, for tests that need many of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from graphs import random_graph
from networks import mlp, residual, some_picks

from aie_explorer.design import Design
from aie_explorer.devices import find
from aie_explorer.errors import AieExplorerError
from aie_explorer.ir import Network
from aie_explorer.passes import lower
from aie_explorer.search.space import DesignSpace, design_space
from aie_explorer.space import choice_of

SIZES = (8, 16, 32, 64, 75, 96, 128, 256)


def random_network(seed: int) -> Network:
    """A chain, one in four a graph with joins and several inputs and outputs, one in four of residual blocks.

    Raises:
        ModelError: for a graph that is refused.
    """
    rng = np.random.default_rng(seed)
    if seed % 4 == 3:
        return residual(int(rng.integers(1, 4)), int(rng.choice([32, 64, 128])), batch=int(rng.choice([8, 16, 32])),
                        seed=seed)
    if seed % 4 == 2:
        graph = random_graph(seed, 3 + seed % 5, 1 + seed % 2)
        return lower(graph.network(tuple(dict.fromkeys(op.output for op in graph.ops[-2:]))))
    dims = [int(rng.choice(SIZES)) for _ in range(int(rng.integers(2, 9)))]
    return mlp(dims, batch=int(rng.choice([1, 8, 20, 64])), seed=seed)


def has_joins(network: Network) -> bool:
    """Whether a layer reads several tensors."""
    return any(len(op.inputs) > 1 for op in network.layers)


def direct_edges(space: DesignSpace, picks: np.ndarray) -> np.ndarray:
    """[designs] how many edges go from tile to tile."""
    count = np.zeros(len(picks), np.int64)
    for edge in space.edges:
        sides = [space.layers[i].writers[1][picks[:, i]] for i in edge.producers]
        count += edge.direct[(*sides, space.layers[edge.consumer].readers[1][picks[:, edge.consumer]])]
    return count


def random_designs(count: int, *, each: int = 5, first_seed: int = 0, most_tiles: int = 16,
                   most_layers: int = 99, only_joins: bool = False) -> Iterator[Design]:
    """So many designs with a plan, up to `each` of one network; half are those with the most direct edges.

    Args:
        count: how many.
        each: of one network, at most.
        first_seed: networks are of the seeds behind it.
        most_tiles: of a layer.
        most_layers: of a network.
        only_joins: of networks with layers that read several tensors.
    """
    seed, found = first_seed, 0
    while found < count:
        seed += 1
        rng = np.random.default_rng(seed)
        try:
            network = random_network(seed)
            if len(network.layers) > most_layers or (only_joins and not has_joins(network)):
                continue
            space = design_space(network, find("vek280"))
            rows = [rng.permutation(np.flatnonzero(layer.table["tiles"] <= most_tiles))[:30] for layer in space.layers]
            picks = some_picks(space, rows, 200, seed)
        except AieExplorerError:
            continue
        picks = picks[rng.permutation(len(picks))]
        most = np.argsort(-direct_edges(space, picks), kind="stable")[:each // 2]
        for pick in [*picks[most], *np.delete(picks, most, axis=0)[:each - len(most)]]:
            design = Design(space.network, space.device, tuple(
                choice_of(layer.table[i]) for layer, i in zip(space.layers, pick, strict=True)))
            try:
                design.plan()
            except AieExplorerError:
                continue
            found += 1
            yield design
            if found == count:
                return
