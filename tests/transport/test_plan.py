import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.devices import find
from aie_explorer.errors import DesignError
from aie_explorer.transport import KernelEnd, PlioEnd, Tiling
from aie_explorer.transport.locate import descriptors, runs


def test_tiling_counts_and_pads():
    inside = Tiling((64, 8), (8, 4), (0, 0), ((0, 8, 8), (1, 4, 2)))
    assert inside.elements == 512
    assert not inside.pads
    assert Tiling((60, 8), (8, 4), (0, 0), ((0, 8, 8), (1, 4, 2))).pads
    assert Tiling((64, 6), (8, 4), (0, 0), ((0, 8, 8), (1, 4, 2))).pads


@given(dims=st.lists(st.sampled_from([10, 64, 100, 300]), min_size=2, max_size=5), most=st.sampled_from([50, 100, 200]))
@settings(max_examples=25, deadline=None)
def test_memory_tiles_are_within_their_budgets(dims, most):
    staged = aie.Explorer(mlp(dims), constraints={"ports": "memory_tile"})
    assert within_budgets(staged.best("interval", max_tiles=most)) == {2}


@pytest.mark.parametrize(("blocks", "copies"), [(2, 1), (3, 2)])
def test_memory_tiles_with_more_copies_are_within_their_budgets(blocks, copies):
    design = aie.Explorer(residual(blocks)).best("interval", max_tiles=60)
    one = within_budgets(design)
    assert max(one) > 2
    # each of the networks side by side is as one alone
    assert within_budgets(dataclasses.replace(design, copies=copies)) == one


def within_budgets(design):
    """The copies that buffers have, after a look at every memory tile."""
    memory = design.device.generation.memory_tile
    used = {}
    for b in design.plan().buffers:
        used.setdefault(b.memory_tile, []).append(b)
    for tile, buffers in used.items():
        assert 0 <= tile[0] < design.device.columns
        assert sum(len(b.writers) for b in buffers) <= memory.dma.channels_in
        assert sum(len(b.readers) for b in buffers) <= memory.dma.channels_out
        for way in ("writers", "readers"):
            ports = [port for b in buffers for port in getattr(b, way)]
            assert len(ports) <= 6
        for parity in (0, 1):
            taken = sum(descriptors(port, copies, memory) for way in ("writers", "readers")
                        for i, (port, copies) in enumerate((port, b.copies) for b in buffers
                                                           for port in getattr(b, way)) if i % 2 == parity)
            assert taken <= 24
        assert all(len(b.offsets_bytes) == b.copies for b in buffers)
        spans = sorted((begin, begin + b.bytes) for b in buffers for begin in b.offsets_bytes)
        assert spans[-1][1] <= memory.size_bytes
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    return {b.copies for buffers in used.values() for b in buffers}


@pytest.mark.parametrize("ports", ["memory_tile", "direct_in", "direct_out"])
def test_every_tile_is_fed_once_and_every_cascade_drained_once(ports):
    end = "dense2" if ports == "direct_out" else "dense0"
    explorer = aie.Explorer(mlp([300, 200, 100, 10]), constraints={f"{end}.ports": ports})
    design = explorer.best("interval", max_tiles=150)
    plan = design.plan()
    fed = [end for b in plan.buffers for port in b.readers for end in port.ends if isinstance(end, KernelEnd)]
    drained = [end for b in plan.buffers for port in b.writers for end in port.ends if isinstance(end, KernelEnd)]
    fed += [end for edge in plan.direct for end in edge.readers]
    drained += [edge.producer for edge in plan.direct]
    for edge in plan.plio_edges:
        (fed if edge.into else drained).extend(edge.tiles)
    plios = [edge.plio for edge in plan.plio_edges if edge.into]
    plios += [end for b in plan.buffers for port in b.writers for end in port.ends if isinstance(end, PlioEnd)]
    assert sorted(plio.index for plio in plios) == list(range(len(plan.inputs)))
    assert len(fed) == len(set(fed)) == design.tiles
    assert len(drained) == len(set(drained)) == sum(choice.cas_num for choice in design.choices)


def test_the_frame_is_the_plan():
    for ports, kinds in (("memory_tile", ["memory_tile"] * 2 + ["shared_memory"]),
                         (["direct_in", "direct_out"], ["shared_memory", "plio_in", "plio_out"])):
        design = aie.Explorer(mlp([64, 32, 10]), constraints={"ports": ports}).best("tiles")
        plan = design.plan()
        frame = plan.to_frame()
        moved = [*plan.buffers, *plan.direct, *(edge.window for edge in plan.plio_edges)]
        assert list(frame.index[:3]) == [one.name for one in moved]
        assert np.array_equal(frame["bytes"][:3], [one.bytes for one in moved])
        assert list(frame["kind"]) == kinds + ["tile"] * 3
        assert set(frame.index[3:]) == {"dense0 input", "dense0 output", "dense1 output"}
        table = {layer.name: layer.table[0] for layer in design.space.layers}
        sizes = {"dense0 input": table["dense0"]["in_bytes"], "dense1 output": table["dense1"]["out_bytes"],
                 "dense0 output": table["dense0"]["out_bytes"]}
        assert all(frame.loc[name, "bytes"] == size for name, size in sizes.items())
        assert (frame.loc[list(sizes), "copies"] == 2).all()


def test_layers_that_cannot_share_memory_tiles_are_refused():
    ex = aie.Explorer(mlp([64, 128, 64]))
    with pytest.raises(DesignError, match=r"dense0 to dense1: .*six ports"):
        ex.design({"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 8},
                   "dense1": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})


@pytest.mark.parametrize(("buffer", "wraps", "expected"), [
    ((64, 8), (8, 2), 1),     # whole tiles only
    ((56, 8), (8, 2), 1),     # a zero tile after whole ones folds into their padding
    ((60, 8), (8, 2), 4),     # the last tile is cut, in each of two rows of tiles
    ((64, 6), (8, 2), 2),     # the last row of tiles is cut
    ((64, 2), (8, 6), 3),     # cut, then zeros
    ((64, 4), (8, 20), 2),    # more zeros than fold
])
def test_runs_of_a_walk(buffer, wraps, expected):
    tiling = Tiling(buffer, (8, 4), (0, 0), ((0, 8, wraps[0]), (1, 4, wraps[1])))
    assert runs(tiling, find("vek280").generation.memory_tile) == expected


@pytest.mark.parametrize(("device", "most"), [("vek280", 15), ("vek385", 63)])
def test_zeros_fold_as_far_as_the_generation_can(device, most):
    memory = find(device).generation.memory_tile
    for zeros in (most, most + 1):
        tiling = Tiling((64, 4), (8, 4), (0, 0), ((0, 8, 8), (1, 4, 1 + zeros)))
        assert runs(tiling, memory) == 1 + (zeros > most)
