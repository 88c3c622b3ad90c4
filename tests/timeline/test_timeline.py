"""The timeline of designs: agreement with the closed form, contention in words, copies, joins."""

import dataclasses

import numpy as np
import pytest
from designs import has_joins, random_designs
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.cycles import load_constants
from aie_explorer.errors import DesignError
from aie_explorer.ir import Dense, FixedPoint, Network, QuantizedArray, Tensor
from aie_explorer.passes.accumulators import BoundAccumulators
from aie_explorer.timeline.build import build
from aie_explorer.timeline.simulate import simulate
from aie_explorer.timeline.system import KINDS

TOLERANCE = 0.03


def with_two_copies(plan):
    """A plan with no more than two copies of any buffer."""
    return dataclasses.replace(plan, buffers=tuple(dataclasses.replace(held, copies=2) for held in plan.buffers))


@pytest.fixture(scope="module")
def pairs():
    """200 random designs with timeline and estimate."""
    return [(design, design.timeline(2), design.estimate()) for design in random_designs(200, each=8)]


def kinds(design):
    return {edge.kind for edge in design.plan().direct}


def test_agrees_with_the_closed_form(pairs):
    outliers = 0
    for design, found, estimate in pairs:
        of_interval = found.interval_cycles / estimate.interval_cycles - 1
        of_latency = found.latency_cycles / estimate.latency_cycles - 1
        shared = "shared_memory" in kinds(design)
        assert of_interval > -1e-9 or shared  # no design is faster than its slowest resource
        assert of_latency < 1e-9  # nor does the first iteration, which finds the array empty, ever queue
        assert of_interval < TOLERANCE
        if of_interval > 1e-9:
            assert has_joins(design.network) or "wait for each other" in found.explanation
        if abs(of_interval) < 1e-9:
            assert found.resources[0].occupancy == pytest.approx(1)
        if of_latency < -TOLERANCE:
            outliers += 1
            assert "cascade hides" in found.explanation or shared
            assert ("in the memory of its tile, without DMA" in found.explanation) <= shared
    assert 0 < outliers < len(pairs) / 4
    joined = [(found, estimate) for design, found, estimate in pairs if has_joins(design.network)]
    assert len(joined) >= 50
    waiting = [found for design, found, _ in pairs
               if not has_joins(design.network) and "wait for each other" in found.explanation]
    assert len(waiting) < 10  # slices that reach a long cascade one after the other
    chains = [(found, estimate) for design, found, estimate in pairs
              if not has_joins(design.network) and "shared_memory" not in kinds(design)
              and "wait for each other" not in found.explanation]
    assert len(chains) >= 60
    np.testing.assert_allclose([found.interval_cycles for found, _ in chains],
                               [estimate.interval_cycles for _, estimate in chains], rtol=1e-9)


def dense(rng, name, reads, k):
    weights = QuantizedArray(rng.integers(-128, 128, (k, 16)), FixedPoint(8, 7))
    return Dense(name, name, reads, f"{name}_y", weights, None, (-128, 127))


@pytest.mark.parametrize(("batch", "rows"), [(5, 8), (8, 8), (9, 16)])
def test_an_input_beside_a_layer_has_the_rows_that_the_layer_makes(batch, rows):
    """Rows of the batch that fill up whole microtiles travel through its PLIO too, the slowest resource here."""
    rng = np.random.default_rng(0)
    ops = (dense(rng, "a", ("x",), 16), dense(rng, "b", ("a_y", "z"), 272))
    widths = {"x": 16, "z": 256, "a_y": 16, "b_y": 16}
    tensors = {name: Tensor(name, (width,), FixedPoint(8, 7)) for name, width in widths.items()}
    network = BoundAccumulators().apply(Network("beside", batch, ops, tensors, ("x", "z"), ("b_y",)))
    design = aie.Explorer(network).design({"a": cut(), "b": cut() | {"cas_length": 2}})
    found, estimate = design.timeline(1), design.estimate()
    assert [plio.rows for plio in design.plan().inputs if plio.tensor == "z"] == [rows]
    assert found.critical == estimate.bottleneck == "input PLIO"
    assert estimate.interval_cycles == found.interval_cycles == rows * 256 / design.device.plio_bytes_per_cycle
    assert estimate.latency_cycles == pytest.approx(found.latency_cycles)


def by_dma(design):
    """A design whose readers in shared memory have buffers of their own, as if they were further away."""
    moved = dataclasses.replace(design)
    vars(moved)["_plan"] = dataclasses.replace(design.plan(), direct=tuple(
        dataclasses.replace(edge, kind="tile_dma") for edge in design.plan().direct))
    return moved


@pytest.mark.parametrize("kind", ["tile_dma", "broadcast", "shared_memory"])
def test_agrees_where_results_go_from_tile_to_tile(pairs, kind):
    chosen = [(found, estimate) for design, found, estimate in pairs if kinds(design) == {kind}]
    if kind == "tile_dma":  # few are placed so far apart
        chosen += [(by_dma(design).timeline(2), estimate) for design, _, estimate in pairs
                   if kinds(design) == {"shared_memory"}][:12]
    assert len(chosen) >= 4
    for found, estimate in chosen:
        if kind == "shared_memory":  # may be faster, and then says why
            assert found.latency_cycles <= estimate.latency_cycles
            assert (found.latency_cycles > estimate.latency_cycles * 0.99) or "reads what" in found.explanation
        else:
            hidden = "cascade hides" in found.explanation
            assert found.latency_cycles == pytest.approx(estimate.latency_cycles, rel=TOLERANCE) or hidden
        assert found.interval_cycles <= estimate.interval_cycles * (1 + TOLERANCE)


def test_no_resource_is_busier_than_the_interval(pairs):
    for _, found, _ in pairs:
        assert max(one.occupancy for one in found.resources) <= 1 + 1e-9
        named = {group for one in found.resources for group in one.group.split(" and ")}
        assert found.critical in named or " waiting for " in found.critical


def test_the_critical_resource_is_the_bottleneck_of_the_closed_form():
    design = aie.Explorer(mlp([64, 64, 10])).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1},
        "dense1": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1}})
    found = design.timeline()
    assert found.critical == design.estimate().bottleneck == "dense0 kernel"
    assert found.explanation == (f"dense0 kernel is always busy and sets the interval of {found.interval_cycles:.0f} "
                                 "cycles.")


def test_events_are_in_order_and_keep_their_resources():
    staged = {"ports": "memory_tile"}
    design = aie.Explorer(mlp([64, 96, 32, 10]), constraints=staged).best("interval", max_tiles=30)
    frame = design.timeline(6).to_frame()
    assert set(frame["kind"]) == set(KINDS)
    assert frame["iteration"].max() == 5
    for _, one in frame.groupby("name"):
        assert (one["start_cycles"].to_numpy()[1:] >= one["end_cycles"].to_numpy()[:-1] - 1e-9).all()
    first = frame[frame["iteration"] == 0].set_index("name")
    assert first.loc[first["kind"] == "input PLIO", "start_cycles"].eq(0).all()
    # a buffer is read once it is whole: kernels start after the transfer that fills their input
    fill = first[(first["group"] == "dense0 input DMA")]["end_cycles"].max()
    assert (first.loc[first["group"] == "dense0 kernel", "start_cycles"] >= fill).all()


def test_latency_is_the_sum_of_the_way():
    """One tile: PLIO, half a hand-over, DMA, a hand-over, kernel, DMA, a hand-over, PLIO with half a hand-over."""
    design = aie.Explorer(mlp([64, 32])).design({"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})
    found, (layer,), over = design.timeline(), design.estimate().layers, load_constants().hand_over_cycles
    rate, beat = design.device.plio_bytes_per_cycle, 16 / design.device.plio_bytes_per_cycle
    assert found.latency_cycles == pytest.approx(
        64 * 8 / rate + over / 2 + 64 * 8 / 4 + over + layer.kernel_cycles + 32 * 8 / 4 + over + over / 2
        + 32 * 8 / rate - beat)
    assert found.first_out_cycles == pytest.approx(found.latency_cycles - 32 * 8 / rate + beat)


def cut(route="auto"):
    return {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1, "route": route}


def test_results_that_stay_in_shared_memory_take_no_dma():
    """The latency has no second leg, and a DMA that would be the slowest is not there."""
    ex = aie.Explorer(mlp([8, 256, 16]))
    design = ex.design({"dense0": cut(), "dense1": cut()})
    assert kinds(design) == {"shared_memory"}
    found, (first, second) = design.timeline(), design.estimate().layers
    assert found.interval_cycles == max(first.kernel_cycles, second.kernel_cycles) + load_constants().wrapper_cycles
    assert design.estimate().interval_cycles == 256 * 8 / 4
    assert ("The closed form counts dense0 output DMA, 512 cycles, which has nothing to move: dense1 reads what dense0 "
            "makes in the memory of its tile, without DMA.") in found.explanation
    assert "which saves the hand-over too" in found.explanation
    assert not any("dense0 MM2S" in one.resource or "dense1 S2MM" in one.resource for one in found.resources)
    staged = ex.design({"dense0": cut("memory_tile"), "dense1": cut()}).timeline()
    # a memory tile takes two legs, of which shared memory has neither
    assert staged.latency_cycles - found.latency_cycles == pytest.approx(2 * (512 + load_constants().hand_over_cycles))
    assert staged.interval_cycles == 512


def test_a_short_way_beside_a_long_one_waits():
    """Two copies of the join's buffer hold two results of the short way; the third waits for the long one."""
    design = aie.Explorer(residual(2)).best("interval", max_tiles=40)
    assert design.timeline().interval_cycles == pytest.approx(design.estimate().interval_cycles)
    vars(design)["_plan"] = with_two_copies(design.plan())
    found = design.timeline(8)
    assert found.interval_cycles > 1.5 * design.estimate().interval_cycles
    assert set(found.critical.split(" and ")) == {  # a circle, which begins anywhere
        "add1 input DMA waiting for add1 kernel", "add0 output DMA waiting for add1 input DMA"}
    assert "which drains the memory-tile buffer add1_in_1" in found.explanation
    waits = [event.waited_for for event in found.events if event.group == "add0 output DMA" and event.iteration == 7]
    assert all("which drains the memory-tile buffer add1_in_1" in text for text in waits)


def test_one_of_several_copies_is_simulated():
    design = aie.Explorer(mlp([64, 32, 10])).best("interval", max_tiles=12)
    both = dataclasses.replace(design, copies=2)
    assert both.timeline() == design.timeline()


def test_other_constants():
    design = aie.Explorer(mlp([64, 32, 10])).best("interval", max_tiles=12)
    slow = dataclasses.replace(load_constants(), wrapper_cycles=500.0, hand_over_cycles=100.0)
    found, estimate = design.timeline(constants=slow), design.estimate(slow)
    assert found.interval_cycles == pytest.approx(estimate.interval_cycles)
    assert found.latency_cycles == pytest.approx(estimate.latency_cycles, rel=TOLERANCE)
    assert found.interval_cycles > design.timeline().interval_cycles + 400


@pytest.mark.parametrize("iterations", [0, -1, 2.5, "4"])
def test_refuses_iterations(iterations):
    design = aie.Explorer(mlp([16, 16])).best("tiles")
    with pytest.raises(DesignError, match="whole number of 1 or more"):
        design.timeline(iterations)


def test_a_long_simulation_has_the_pace(pairs):
    """Until the buffers have filled, activities may have paces of their own; none is slower in the long run."""
    settled = 0
    for design, found, _ in pairs[::8]:
        run = simulate(build(design.space, design.plan()), 160)
        each = (run.start_cycles[:, -1] - run.start_cycles[:, -61]) / 60
        if np.ptp(each) < 1e-6:
            settled += 1
            assert each[0] == pytest.approx(found.interval_cycles, rel=1e-9)
        else:
            assert each.max() <= found.interval_cycles * (1 + 1e-9)
    assert settled > 12


def test_late_buffers_do_not_hide_the_pace():
    """Of two paces that are close the faster shows at first: a faster layer in front of a slower by a hair."""
    design = aie.Explorer(mlp([64, 64, 64])).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1},
        "dense1": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}})
    assert design.timeline(1).interval_cycles == design.estimate().interval_cycles
