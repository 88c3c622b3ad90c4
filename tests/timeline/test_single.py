"""One copy of buffers: where the interval allows it, never where it would be worse."""

import dataclasses

import pytest
from designs import random_designs
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.checks import errors
from aie_explorer.design import Design
from aie_explorer.errors import DesignError
from aie_explorer.timeline import single
from aie_explorer.timeline.build import build
from aie_explorer.timeline.single import with_single
from aie_explorer.transport import PlioEnd, staged


def cut(length, num, **more):
    return {"microtile": "4x8x8", "cas_length": length, "cas_num": num} | more


@pytest.fixture(scope="module")
def chain():
    """512 cycles into dense0; what follows is faster."""
    return aie.Explorer(mlp([256, 64, 48, 48, 10])).design({
        "dense0": cut(1, 2), "dense1": cut(1, 3, blocking="1x1"), "dense2": cut(1, 1), "dense3": cut(1, 1)})


def frugal(design):
    return dataclasses.replace(design, single_buffers=True)


def short_of_descriptors(design, count):
    """A design on a device whose memory tiles have so many."""
    memory = design.device.generation.memory_tile
    fewer = dataclasses.replace(memory, dma=dataclasses.replace(memory.dma, buffer_descriptors=count))
    generation = dataclasses.replace(design.device.generation, memory_tile=fewer)
    return dataclasses.replace(design, device=dataclasses.replace(design.device, generation=generation))


def test_no_design_is_worse():
    memory = tiles = 0
    for design in random_designs(24, each=4, first_seed=100, most_tiles=6):
        two, one = design.timeline(1), frugal(design).timeline(1)
        assert one.interval_cycles <= two.interval_cycles * (1 + 1e-9)
        assert one.latency_cycles <= two.latency_cycles * (1 + 1e-9)
        plan = frugal(design).plan()
        memory += sum(held.copies == 1 for held in plan.buffers)
        tiles += len(plan.single)
        for held in plan.buffers:
            if held.copies == 1:
                assert not any(isinstance(end, PlioEnd) for port in (*held.writers, *held.readers) for end in port.ends)
    assert memory > 10
    assert tiles > 30


def test_what_has_one_copy_and_what_has_two(chain):
    frame = frugal(chain).plan().to_frame()
    assert frame["copies"].to_dict() == {
        "x_0": 2, "dense3_y_0": 2,  # the programmable logic is at their other side
        "dense0 input": 2,  # filling takes the interval
        "dense0_y_0": 1, "dense1_y_0": 1, "dense2_y_0": 1, "dense0 output": 1, "dense1 input": 1, "dense1 output": 1,
        "dense2 input": 1, "dense2 output": 1, "dense3 output": 1}
    assert frame["count"].sum() == 5 + 2 + 2 + 3 + 3 + 1 + 1 + 1
    assert set(chain.plan().to_frame()["copies"]) == {2}


def test_one_copy_too_few_is_seen(chain):
    """Filling and draining take turns."""
    two = chain.timeline(1)
    layer = chain.estimate().layers[0]
    design = dataclasses.replace(chain)
    vars(design)["_plan"] = dataclasses.replace(chain.plan(), single=frozenset({("dense0", "input")}))
    found = design.timeline(1)
    assert found.interval_cycles == pytest.approx(layer.dma_in_cycles + layer.kernel_cycles)
    assert found.interval_cycles > two.interval_cycles
    assert "which drains the input buffer of dense0 cascade" in found.explanation


def test_an_error_of_the_model_is_allowed_for(chain, monkeypatch):
    """The surer the figures, the more buffers have one copy."""
    plan, names = chain.plan(), [held.name for held in chain.plan().buffers]
    found = []
    for pct in (0.0, 60.0, 95.0):
        monkeypatch.setattr(single, "estimate", lambda space, pct=pct: dataclasses.replace(
            chain.estimate(), interval_error_pct=pct))
        fewer = with_single(chain.space, plan, names, tiles=True)
        found.append(len(fewer.single) + sum(held.copies == 1 for held in fewer.buffers))
    assert found[0] > found[1] > found[2] == 0


def test_where_memory_tiles_are_short_one_copy_does(chain):
    design = short_of_descriptors(chain, 16)
    copies = {held.name: held.copies for held in design.plan().buffers}
    assert copies == {"x_0": 2, "dense0_y_0": 2, "dense1_y_0": 1, "dense3_y_0": 2}  # three writers and a reader
    assert not design.plan().single
    assert errors(design) == []
    assert design.timeline(1).interval_cycles == chain.timeline(1).interval_cycles
    with pytest.raises(DesignError, match="no memory tile has"):
        short_of_descriptors(chain, 6).plan()


def test_joins_keep_the_copies_they_need():
    design = aie.Explorer(residual(2)).design({op.name: cut(1, 1) for op in residual(2).layers})
    one = frugal(design)
    assert one.timeline(1).interval_cycles <= design.timeline(1).interval_cycles * (1 + 1e-9)
    assert max(held.copies for held in one.plan().buffers) == max(held.copies for held in design.plan().buffers) > 2


def test_in_shared_memory_the_output_counts(chain):
    plan = dataclasses.replace(chain.plan(), single=frozenset({("dense3", "input")}))
    assert set(build(chain.space, plan).copies) == {2}  # dense3 has no input buffer of its own
    plan = dataclasses.replace(plan, single=frozenset({("dense2", "output")}))
    assert sum(count == 1 for count in build(chain.space, plan).copies) == 1


def test_is_part_of_a_design(chain):
    one = frugal(chain)
    assert one != chain
    assert Design.from_json(one.to_json()) == one
    assert Design.from_json({key: value for key, value in chain.to_json().items() if key != "single_buffers"}) == chain
    assert [held.copies for held in dataclasses.replace(one, copies=2).plan().buffers].count(1) == 4


def test_nothing_asked_nothing_simulated(chain, monkeypatch):
    monkeypatch.setattr(single, "build", None)
    plan = staged(chain.space)
    assert with_single(chain.space, plan, []) is plan
