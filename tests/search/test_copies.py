"""Copies of a network side by side."""

import dataclasses
import itertools

import numpy as np
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.checks import errors
from aie_explorer.errors import DesignError
from aie_explorer.ir.replicate import replicated
from aie_explorer.reference import simulate
from aie_explorer.search.copies import copies_that_fit, resources
from aie_explorer.search.figures import joinable
from aie_explorer.search.frame import to_frame
from aie_explorer.search.objectives import ranked

SMALL = mlp([16, 12, 4])


@pytest.mark.parametrize("network", [SMALL, residual(1, 16)])
def test_each_copy_computes_what_the_network_does(network):
    copies = replicated(network, 3)
    rng = np.random.default_rng(0)
    xs = [rng.normal(0, 0.6, (20, 16)) for _ in range(3)]
    found = simulate(copies, dict(zip(copies.inputs, xs, strict=True)))
    for x, name in zip(xs, copies.outputs, strict=True):
        np.testing.assert_array_equal(list(found.values())[copies.outputs.index(name)], simulate(network, x))


def test_figures_of_copies():
    ex = aie.Explorer(SMALL)
    one, three = ex.best("tiles"), ex.best("tiles", copies=3)
    a, b, alone = one.estimate(), three.estimate(), dataclasses.replace(three, copies=1).estimate()
    assert three.copies == 3
    assert three.tiles == b.tiles == 3 * a.tiles
    assert b.interval_cycles == a.interval_cycles
    assert b.latency_cycles == alone.latency_cycles  # of equal tiles and interval another may be quicker
    assert b.samples_per_s == pytest.approx(3 * a.samples_per_s)
    assert b.efficiency == a.efficiency
    assert (b.plio_in, b.plio_out) == (3 * a.plio_in, 3 * a.plio_out)
    assert len(three.plan().inputs) == b.plio_in
    assert "3 copies" in str(three)


def test_the_row_of_a_table_and_a_file_hold_the_copies():
    ex = aie.Explorer(SMALL)
    frame = ex.sweep({"copies": [1, 2, 5], "dense0.cas_num": [1, 2], "dense1.cas_num": 1})
    assert set(frame["copies"]) == {1, 2, 5}
    for i in range(0, len(frame), len(frame) // 12):
        design, row = ex.design(frame.iloc[i]), frame.iloc[i]
        assert design.copies == row["copies"]
        assert design.estimate().samples_per_s == pytest.approx(row["samples_per_s"])
        assert design.estimate().tiles == row["tiles"]
        assert aie.Design.from_json(design.to_json()) == design


def test_copies_leave_the_best_design_where_they_have_room_for_it():
    """Whatever is asked for: the best of one network, as often, is no better than the best found for so many."""
    ex = aie.Explorer(SMALL)
    for objective, figure, times in (("latency", "latency_cycles", 1), ("plio", "plio", 3), ("macs_issued", None, 3),
                                     ("memory_tile_bytes", None, 3), ("interval", "interval_cycles", 1)):
        one, three = ex.top(1, objective, max_tiles=20), ex.top(1, objective, copies=3, max_tiles=60)
        name = figure or objective
        assert three[name][0] <= times * one[name][0] * (1 + 1e-9), objective


@pytest.mark.parametrize(("network", "only"), [(SMALL, {"cas_num": {"most": 2}}), (
    residual(1, 16, batch=3), {"blocking": "2x2", "cas_num": {"most": 2}, "cas_length": 1})])
@pytest.mark.parametrize("objective", ["latency", "interval", "memory_tile_bytes", "throughput"])
def test_the_best_of_copies_is_that_of_every_design(network, only, objective):
    ex = aie.Explorer(network, constraints=only)
    picks = np.array(list(itertools.product(*(range(len(layer.table)) for layer in ex.space.layers))), np.intp)
    picks = picks[joinable(ex.space, picks)]
    everything = to_frame(ex.space, picks)
    limits = {"max_latency_cycles": float(np.median(everything["latency_cycles"]))}
    if objective == "throughput":
        picks, counts = copies_that_fit(ex.space, [picks], limits, None)
    else:
        picks, counts = copies_that_fit(ex.space, [picks], limits, 7)
    best = ranked(to_frame(ex.space, picks, counts), objective, limits)
    found = ex._ranked(objective, None if objective == "throughput" else 7, limits)
    name = {"latency": "latency_cycles", "interval": "interval_cycles", "throughput": "samples_per_s"}
    column = name.get(objective, objective)
    assert len(picks) > 50
    assert found[column].iloc[0] == pytest.approx(best[column].iloc[0])


def test_a_limit_in_nanoseconds_is_that_in_cycles():
    ex = aie.Explorer(SMALL)
    least = ex.best("latency").estimate()
    found = [ex.best("throughput", max_latency_ns=1.01 * least.latency_ns),
             ex.best("throughput", max_latency_cycles=1.01 * least.latency_cycles)]
    assert found[0] == found[1]
    assert found[0].copies > 1


@pytest.mark.parametrize("designs", ["product", "front"])
def test_tables_of_copies_hold_what_the_array_has_room_for(designs):
    """Not tiles alone: each copy has PLIOs and channels of memory tiles of its own."""
    ex = aie.Explorer(mlp([64, 64, 32, 10]))
    frame = ex.sweep({"copies": [30, 60]}, designs=designs, limit=3000, sample=None if designs == "front" else "random")
    assert set(frame["copies"]) == {30, 60}
    for name, most in resources(ex.device).items():
        if name in frame:
            assert frame[name].max() <= most
    if designs == "front":
        one = ex.best("latency", copies=60)
        assert frame.loc[frame["copies"] == 60, "latency_cycles"].min() <= one.estimate().latency_cycles


def test_too_many_copies_are_refused_with_how_many_fit():
    with pytest.raises(DesignError, match=r"no design has room for 500 copies.*At most \d+ fit"):
        aie.Explorer(SMALL).best("latency", copies=500)


def test_throughput_fills_the_tiles_it_may_use():
    ex = aie.Explorer(SMALL)
    design = ex.best("throughput", max_tiles=23)
    assert design.check() == []
    assert design.tiles <= 23
    one = ex.pareto(objectives=("tiles", "interval_cycles"))
    bound = ((23 // one["tiles"]) * one["samples_per_s"]).max()
    assert design.estimate().samples_per_s == pytest.approx(bound)


def test_more_copies_than_fit():
    with pytest.raises(DesignError, match=r"no design has room for 500 copies.*At most"):
        aie.Explorer(SMALL).best("tiles", copies=500)
    with pytest.raises(DesignError, match="copies"):
        aie.Explorer(SMALL).best("tiles", copies=0)


@pytest.mark.parametrize("copies", [305, 1000, 10**9, 10**400])
def test_more_copies_than_the_array_has_tiles_are_no_design(copies):
    design = aie.Explorer(SMALL).best("tiles", copies=3)
    with pytest.raises(DesignError, match=r"^copies: is 1?.*VE2802 has 304 tiles.*Use 1 to 304"):
        dataclasses.replace(design, copies=copies)
    with pytest.raises(DesignError, match="Use 1 to 304"):
        aie.Design.from_json(design.to_json() | {"copies": copies})


@pytest.mark.parametrize("copies", [0, -1, 1.5, True, "3", None])
def test_what_is_no_number_of_copies_is_refused(copies):
    data = aie.Explorer(SMALL).best("tiles").to_json()
    with pytest.raises(DesignError, match="whole number of 1 or more"):
        aie.Design.from_json(data | {"copies": copies})


@pytest.mark.parametrize(("copies", "rules", "made"), [(304, {"tiles"}, False), (100, {"plio_out"}, True)])
def test_what_counting_refuses_is_not_placed(copies, rules, made, monkeypatch):
    """Copies for which tiles or PLIOs do not suffice are told at once: neither placed nor planned."""
    one = aie.Explorer(SMALL).best("tiles")
    design = dataclasses.replace(one, copies=copies)
    made_networks = []
    monkeypatch.setattr("aie_explorer.design.design.replicated",
                        lambda *asked: made_networks.append(asked) or replicated(*asked))
    for way in ("place", "plan"):
        monkeypatch.setattr(aie.Design, way, lambda *_: pytest.fail("is placed"))
    found = errors(design)
    assert rules <= {one.rule for one in found} <= {"tiles", "plio_in", "plio_out"}
    assert bool(made_networks) == made


def test_copies_are_exported_and_emulated(tmp_path):
    design = aie.Explorer(SMALL).best("tiles", copies=3)
    project = design.export(tmp_path / "project", verify=True)
    assert project.verdict.mismatches == 0
    assert aie.load_design(project.path) == design
