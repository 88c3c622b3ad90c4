"""Copies of the buffers in front of joins: as many as the interval needs, no more; refused where they do not fit."""

import dataclasses

import pytest
from designs import random_designs
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.checks import errors
from aie_explorer.errors import DesignError
from aie_explorer.timeline import joins
from aie_explorer.timeline.build import build
from aie_explorer.timeline.joins import SLACK, plan_with_joins, refuse_joins
from aie_explorer.timeline.pace import busy_cycles, pace
from aie_explorer.transport import PlioEnd

REFUSED = (r"(add|block|head)\w*: joins a short way with a longer one: at an interval of \d+ cycles \d+ copies of \d+ "
           r"bytes \(.*\) wait in front of it, and no memory tile has .* \(AM020 ch5\)\. Use fewer tiles for the "
           "slowest layer")


@pytest.fixture(scope="module")
def deep():
    """Random designs some of whose buffers have more than two copies."""
    return [design for design in random_designs(60, each=6, first_seed=3000, most_tiles=6, only_joins=True)
            if any(held.copies > 2 for held in design.plan().buffers)]


def having(plan, name, copies):
    """A plan with another number of copies of one buffer."""
    return dataclasses.replace(plan, buffers=tuple(
        dataclasses.replace(held, copies=copies) if held.name == name else held for held in plan.buffers))


def test_copies_are_as_many_as_needed_and_no_more(deep):
    assert len(deep) >= 10
    for design in deep:
        plan = design.plan()
        system = build(design.space, plan)
        target = SLACK * max(design.estimate().interval_cycles, *busy_cycles(system))
        assert pace(system)[0] <= target
        for held in plan.buffers:
            if held.copies > 2:
                assert pace(build(design.space, having(plan, held.name, held.copies - 1)))[0] > target


def test_buffers_of_inputs_and_outputs_have_two(deep):
    for design in deep:
        for held in design.plan().buffers:
            ends = [end for port in (*held.writers, *held.readers) for end in port.ends]
            if isinstance(held.readers[0].ends[0], PlioEnd) or all(isinstance(end, PlioEnd) for end in ends):
                assert held.copies == 2


@pytest.fixture(scope="module")
def front():
    """Every fifth design of a front of residual blocks, and what its plan says: None, or why it is refused."""
    found = []
    ex = aie.Explorer(residual(2))
    for _, row in ex.pareto().iloc[::5].iterrows():
        design = ex.design(row)
        try:
            design.plan()
        except DesignError as error:
            found.append((design, error))
        else:
            found.append((design, None))
    return found


def test_an_interval_that_is_not_real_is_refused_in_words(front):
    refused = [(design, error) for design, error in front if error]
    assert len(refused) > 3
    for design, error in refused[:3]:
        with pytest.raises(DesignError, match=REFUSED):
            raise error
        assert errors(design)[0].rule == "memory_tiles"
        assert "joins a short way" in str(design.check()[0])
    for design, error in front:
        if not error:
            assert design.timeline(1).interval_cycles <= SLACK * design.estimate().interval_cycles


def test_what_is_refused_before_placing_would_be_refused_after(front):
    early = 0
    for design, _ in front:
        try:
            refuse_joins(design.space)
        except DesignError:
            early += 1
            if early % 4 == 0:  # placing takes its time
                with pytest.raises(DesignError):
                    plan_with_joins(design.space, design.place())
    assert early > 6


def test_the_best_is_one_whose_interval_is_real():
    ex = aie.Explorer(residual(2))
    for objective in ("interval", "latency", "tiles"):
        design = ex.best(objective, max_tiles=40)
        assert errors(design) == []
        assert design.timeline(1).interval_cycles <= SLACK * design.estimate().interval_cycles


def test_networks_side_by_side_have_the_copies_of_one(deep):
    design = min(deep, key=lambda one: one.tiles)
    one = [held.copies for held in design.plan().buffers]
    many = [held.copies for held in dataclasses.replace(design, copies=3).plan().buffers]
    assert sorted(many) == sorted(one * 3)


def test_chains_need_no_simulation(monkeypatch):
    monkeypatch.setattr(joins, "pace", None)
    design = aie.Explorer(mlp([64, 96, 32, 10])).best("interval", max_tiles=30)
    assert {held.copies for held in design.plan().buffers} == {2}
    with pytest.raises(TypeError):
        aie.Explorer(residual(2)).best("interval", max_tiles=40)
