"""Edges from tile to tile wherever they are legal: the examples, and what ties are decided by."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import edges

import aie_explorer as aie
from aie_explorer.search.figures import direct_edges, figures, joinable
from aie_explorer.search.objectives import ranked


@pytest.fixture(scope="module", params=edges.MODELS)
def explorer(request):
    return aie.Explorer(aie.load(edges.EXAMPLES / request.param, batch=8))


@pytest.mark.parametrize("objective", edges.OBJECTIVES)
def test_at_most_one_memory_tile_stage_more_than_the_cuts_need(explorer, objective):
    design = explorer.best(objective)
    used, fewest = edges.stages(design)
    assert used <= fewest + 1
    frame = edges.edges(design)
    assert len(frame) == len(design.layers) + 1
    between = frame[frame["staged_cycles"].notna()]
    direct = between["kind"] != "memory_tile"
    assert direct.any() == bool(design.plan().direct)
    assert not (direct & between["needed"]).any()
    assert (between["cycles"] < between["staged_cycles"])[direct].all()


def test_no_design_as_fast_and_small_has_more_direct_edges(explorer):
    """Among all designs of the least interval, and as many tiles as the best of these."""
    best = explorer.best("interval").estimate()
    space, least = explorer.space, best.interval_cycles * (1 + 1e-9)
    rows = [np.flatnonzero((layer.cycles["interval_cycles"] <= least) & (layer.table["tiles"] <= best.tiles))
            for layer in space.layers]
    picks = np.stack([grid.ravel() for grid in np.meshgrid(*rows, indexing="ij")], axis=1)
    tiles = sum(layer.table["tiles"][pick].astype(int) for layer, pick in zip(space.layers, picks.T, strict=True))
    picks = picks[tiles <= best.tiles]
    picks = picks[joinable(space, picks)]
    found = figures(space, picks)
    as_good = (found.interval_cycles <= least) & (found.latency_cycles <= best.latency_cycles * (1 + 1e-9))
    count = sum(direct.astype(int) for _, _, direct in direct_edges(space, picks[as_good]))
    assert as_good.any()
    assert count.max() == len({edge.consumer for edge in space.edges if any(
        one.readers[0].layer == space.layers[edge.consumer].name for one in explorer.best("interval").plan().direct)})


def test_of_equals_the_one_without_memory_tiles_is_first():
    front = pd.DataFrame({"interval_cycles": [9.0, 9.0], "tiles": [4, 4], "latency_cycles": [70.0, 70.0],
                          "memory_tile_bytes": [512, 128]})
    for objective in ("interval", "latency", "tiles", ["tiles", "latency"]):
        assert ranked(front, objective, {})["memory_tile_bytes"].tolist() == [128, 512]
    assert ranked(front.drop(columns="memory_tile_bytes"), "interval", {})["tiles"].tolist() == [4, 4]
