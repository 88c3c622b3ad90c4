"""Copies of the buffers in front of joins: as many as the interval needs, no more; refused where they do not fit."""

import dataclasses

import pytest
from designs import random_designs
from networks import mlp, nested, residual

import aie_explorer as aie
from aie_explorer.checks import errors
from aie_explorer.design.estimate import estimate
from aie_explorer.errors import DesignError
from aie_explorer.timeline import joins
from aie_explorer.timeline.build import build
from aie_explorer.timeline.joins import SLACK, plan_with_joins, refuse_joins
from aie_explorer.timeline.pace import busy_cycles, pace
from aie_explorer.transport import PlioEnd, staged
from aie_explorer.transport.locate import fits_alone

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


def test_copies_that_another_join_makes_needless_are_taken_back():
    """The buffer of the join within is deepened after one in front of it, and makes up for some of its copies."""
    network = nested(16, 3)
    cut = {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1, "route": "memory_tile"}
    space = aie.Explorer(network).design({op.name: cut for op in network.layers[:-1]}).space
    plan = staged(space)
    system = build(space, plan)
    target = SLACK * max(estimate(space).interval_cycles, *busy_cycles(system))
    deepened, only = joins._with_copies(space, plan, False)
    assert not only
    more = [held for held in deepened.buffers if held.copies > 2]
    assert len(more) == 2
    assert pace(build(space, deepened))[0] <= target
    for held in more:
        assert pace(build(space, having(deepened, held.name, held.copies - 1)))[0] > target


def test_buffers_of_inputs_and_outputs_have_two(deep):
    for design in deep:
        for held in design.plan().buffers:
            ends = [end for port in (*held.writers, *held.readers) for end in port.ends]
            if isinstance(held.readers[0].ends[0], PlioEnd) or all(isinstance(end, PlioEnd) for end in ends):
                assert held.copies == 2


@pytest.fixture(scope="module")
def front():
    """Some designs of a front of residual blocks, and what their plans say: None, or why they are refused."""
    found = []
    ex = aie.Explorer(residual(3, 128, batch=32))
    for _, row in ex.pareto().iloc[22:58:4].iterrows():
        design = ex.design(row)
        try:
            design.plan()
        except DesignError as error:
            found.append((design, error))
        else:
            found.append((design, None))
    return found


def test_most_of_a_front_of_residual_blocks_fits():
    ex = aie.Explorer(residual(2))
    refused = 0
    for _, row in ex.pareto().iloc[::4].iterrows():
        try:
            refuse_joins(ex.design(row).space)
        except DesignError:
            refused += 1
    assert refused <= 1


def test_what_comes_different_ways_has_buffers_of_its_own():
    """So what waits is not held as often as what is waited for."""
    cut = {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1}
    design = aie.Explorer(residual(2)).design({op.name: cut for op in residual(2).layers})
    copies = {held.tensor: held.copies for held in design.plan().buffers}
    assert copies["add0_s"] > copies["block1_b_s"] == 2


def test_buffers_are_divided_among_readers_where_one_memory_tile_has_not_the_descriptors():
    narrow, wide = ({"microtile": "8x8x8", "cas_length": length, "cas_num": 1} for length in (3, 6))
    tall = {"microtile": "8x8x8", "cas_length": 1, "cas_num": 3, "blocking": "1x1"}
    design = aie.Explorer(residual(2)).design({
        "block0_a": tall, "block0_b": narrow, "add0": wide, "block1_a": tall, "block1_b": narrow, "add1": wide})
    one, many = design.plan(), dataclasses.replace(design, copies=2)
    parts = [held for held in one.buffers if held.name.startswith("add1_in_0_part")]
    assert len(parts) > 1
    assert [end.position for held in parts for port in held.readers for end in port.ends] == list(range(6))
    for held in parts:
        assert held.copies >= 4
        assert not fits_alone(dataclasses.replace(held, readers=tuple(port for one in parts for port in one.readers)),
                              design.device)
        assert replace_names(held) == replace_names(parts[0])
    assert errors(design) == []
    assert design.timeline(1).interval_cycles <= SLACK * design.estimate().interval_cycles
    begun = joins._begun(staged(many.on_array.space), one)
    assert sorted((held.copies, len(held.readers)) for held in begun.buffers) == sorted(
        [(held.copies, len(held.readers)) for held in one.buffers] * 2)
    assert len({held.name for held in begun.buffers}) == len(begun.buffers)


def replace_names(held):
    """What two parts of one buffer have in common."""
    return dataclasses.replace(held, name="", readers=(), memory_tile=(0, 0), offsets_bytes=())


def test_an_interval_that_is_not_real_is_refused_in_words(front):
    refused = [(design, error) for design, error in front if error]
    assert len(refused) > 2
    for _, error in refused:
        with pytest.raises(DesignError, match=REFUSED):
            raise error
    for design, _ in refused[:2]:
        assert errors(design)[0].rule == "memory_tiles"
        assert "joins a short way" in str(errors(design)[0])
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
            if early % 3 == 1:  # placing takes its time
                with pytest.raises(DesignError):
                    plan_with_joins(design.space, design.place())
    assert early > 2


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
