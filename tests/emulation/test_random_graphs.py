"""Random graphs with all that can follow a sum, exported, compiled, run, and compared with the reference."""

import numpy as np
import pytest
from graphs import random_graph
from networks import some_picks

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError, ModelError
from aie_explorer.passes import lower
from aie_explorer.space import choice_of

# seeds whose networks together have every feature; see the test below
SEEDS = (39, 148, 3, 131)


def lowered(seed):
    """The first graph from a seed on that is not refused."""
    while True:
        graph = random_graph(seed, 3 + seed % 4, 1 + seed % 2)
        try:
            return lower(graph.network(tuple(dict.fromkeys(op.output for op in graph.ops[-2:]))))
        except ModelError:
            seed += 1000


def check(seed, tmp_path, without=pytest.fail):
    """`without` says what it means that a network has no design to try."""
    network = lowered(seed)
    rng = np.random.default_rng(seed)
    try:
        ex = aie.Explorer(network)
        rows = [rng.permutation(np.flatnonzero(layer.table["tiles"] <= 4))[:20] for layer in ex.space.layers]
        picks = some_picks(ex.space, rows, 500, seed)
        for pick in picks[rng.permutation(len(picks))[:20]]:
            design = ex.design({layer.name: choice_of(layer.table[i])
                                for layer, i in zip(ex.space.layers, pick, strict=True)})
            if not design.check():
                break
        else:
            without("no design of the sample can be realised")
    except AieExplorerError as error:
        without(str(error))
    verdict = design.export(tmp_path / "project", verify=False).verify()
    assert verdict.mismatches == 0, f"{design}\n{verdict.to_frame()}"


def features(network):
    return {name for op in network.layers for name, has in (
        ("side by side", len(op.inputs) > 1), ("own shifts", op.finer is not None), ("gain", op.affine is not None),
        ("leaky", op.slope_shift > 0), ("table", op.table is not None), ("two outputs", len(network.outputs) > 1),
        ("two inputs", len(network.inputs) > 1)) if has}


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_reference(seed, tmp_path):
    check(seed, tmp_path)


def test_the_seeds_have_every_feature():
    assert len(set.union(*(features(lowered(seed)) for seed in SEEDS))) == 7


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_equals_the_reference_at_length(seed, tmp_path):
    check(seed, tmp_path, pytest.skip)
