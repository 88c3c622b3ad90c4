"""Copies of a network side by side."""

import dataclasses

import numpy as np
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.errors import DesignError
from aie_explorer.ir.replicate import replicated
from aie_explorer.reference import simulate

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
    for i in range(0, len(frame), 5):
        design, row = ex.design(frame.iloc[i]), frame.iloc[i]
        assert design.copies == row["copies"]
        assert design.estimate().samples_per_s == pytest.approx(row["samples_per_s"])
        assert design.estimate().tiles == row["tiles"]
        assert aie.Design.from_json(design.to_json()) == design


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


def test_copies_are_exported_and_emulated(tmp_path):
    design = aie.Explorer(SMALL).best("tiles", copies=3)
    project = design.export(tmp_path / "project", verify=True)
    assert project.verdict.mismatches == 0
    assert aie.load_design(project.path) == design
