"""The neutral description of a design, what is refused of it, and its estimate."""

import copy
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp

from aie_explorer import Explorer
from aie_explorer.cycles import FACTORS, VALIDITY, load_constants
from aie_explorer.cycles.estimate import estimate_spec
from aie_explorer.cycles.spec import parse_spec
from aie_explorer.errors import AieExplorerError, DesignError, DeviceError

LAYER = {"k": 64, "n": 64, "dtype_in": "int8", "dtype_w": "int8", "dtype_out": "int8", "bias": True, "relu": False,
         "microtile": [4, 8, 8], "cas_length": 1, "cas_num": 1, "split": "features"}
SPEC = {"device": "vek280", "clock_mhz": 1250, "batch": 8, "plio_bits": 128, "pl_clock_mhz": 312.5,
        "hand_over": "memory_tile", "layers": [LAYER, LAYER]}


def spec(*layers, **top):
    return SPEC | top | {"layers": [LAYER | layer for layer in layers]}


def estimate(*layers, **top):
    return estimate_spec(parse_spec(spec(*layers, **top)))


def test_everything_asked_for_is_there():
    found = estimate({}, {"cas_length": 2}).to_dict()
    assert {"interval_cycles", "latency_first_out_cycles", "latency_last_out_cycles", "efficiency", "bottleneck",
            "error_pct", "validity", "layers"} <= set(found)
    assert {"kernel_cycles", "dma_in_cycles", "dma_out_cycles", "cascade_cycles", "factors"} <= set(found["layers"][0])
    assert tuple(found["layers"][0]["factors"]) == FACTORS


@pytest.mark.parametrize(("change", "words"), [
    ({"batch": 0}, "SPEC.batch: is 0"), ({"batch": True}, "SPEC.batch"), ({"batch": 2.5}, "SPEC.batch"),
    ({"batch": 10**12}, "SPEC.batch"), ({"clock_mhz": 0}, "SPEC.clock_mhz"), ({"clock_mhz": math.inf}, "clock_mhz"),
    ({"clock_mhz": 1e308, "pl_clock_mhz": 1e-300}, "SPEC.clock_mhz: is 1e+308. Use a frequency of"),
    ({"pl_clock_mhz": 5e-324}, "SPEC.pl_clock_mhz"), ({"pl_clock_mhz": math.nan}, "SPEC.pl_clock_mhz: is nan"),
    ({"clock_mhz": "fast"}, "SPEC.clock_mhz"), ({"plio_bits": 48}, "48 bits"), ({"hand_over": "dma"}, "hand_over"),
    ({"layers": []}, "at least one layer"), ({"layers": {}}, "layers"), ({"layers": [3]}, "layers[0]"),
    ({"speed": 1}, "unknown key 'speed'"), ({"device": "vek999"}, "vek999"), ({"device": None}, "None")])
def test_bad_designs_are_refused(change, words):
    with pytest.raises(AieExplorerError) as error:
        parse_spec(SPEC | change)
    assert words in str(error.value)


@pytest.mark.parametrize(("change", "words"), [
    ({"k": 0}, "layers[0].k"), ({"n": "64"}, "layers[0].n"), ({"n": 1 << 21}, "at most"), ({"dtype_w": "int4"}, "int4"),
    ({"microtile": [4, 8]}, "microtile"), ({"microtile": "4x4x4"}, "no 4x4x4"), ({"cas_length": 305}, "304 tiles"),
    ({"cas_num": 305}, "304 tiles"), ({"cas_num": 0}, "layers[0].cas_num"),
    ({"split": "both"}, "split"), ({"relu": 1}, "relu"), ({"bias": 1}, "bias"),
    ({"colour": 1}, "unknown key 'colour'"), ({"dtype_in": "bfloat16"}, "bfloat16 x int8"), ({"name": "input"}, "name"),
    ({"inputs": ["later"]}, "no earlier layer"), ({"dtype_w": ["int8"]}, "dtype_w"), ({"inputs": "input"}, "inputs"),
    ({"blocking": [3, 3]}, "blocking"), ({"blocking": 2}, "blocking")])
def test_bad_layers_are_refused(change, words):
    with pytest.raises(AieExplorerError) as error:
        estimate_spec(parse_spec(SPEC | {"layers": [LAYER | change]}))
    assert words in str(error.value)


@pytest.mark.parametrize("change", [
    {"batch": "9" * 5000}, {"device": "v" * 5000}, {"s" * 5000: 1}, {"hand_over": ["x"] * 5000},
    *({"layers": [LAYER | layer]} for layer in ({"k": 10**4000}, {"microtile": [4] * 5000}, {"dtype_in": "x" * 5000},
                                                {"relu": "x" * 5000}, {"inputs": ["x" * 5000]}))])
def test_errors_are_no_longer_than_a_screen(change):
    with pytest.raises(AieExplorerError) as error:
        estimate_spec(parse_spec(SPEC | change))
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("key", ["k", "n", "dtype_in", "dtype_w", "dtype_out", "microtile"])
def test_what_is_missing_is_named(key):
    layer = copy.deepcopy(LAYER)
    del layer[key]
    with pytest.raises(DesignError, match=f"{key} is missing"):
        parse_spec(SPEC | {"layers": [layer]})


def test_layers_must_fit_together():
    with pytest.raises(DesignError, match="is 60, but layer0 gives 64"):
        parse_spec(spec({}, {"k": 60, "inputs": ["layer0"]}))
    with pytest.raises(DesignError, match="dtype_in: is int16, but layer0 gives int8"):
        parse_spec(spec({}, {"dtype_in": "int16"}))
    parse_spec(spec({"name": "a"}, {"name": "b", "inputs": ["input"]}, {"k": 128, "inputs": ["a", "b"]}))


def test_a_chain_may_leave_out_what_stands_between():
    """Published networks concatenate two frames of 128 between layers of 128 and 256."""
    chain = [{"k": 16, "n": 128}, {"k": 128, "n": 128, "cas_length": 2, "cas_num": 2}]
    whole = estimate(*chain, {"k": 256, "n": 128, "cas_length": 4, "cas_num": 2})
    assert whole.warnings == ("layer1 to layer2: 128 values a sample are made and 256 are read; what stands between is "
                              "not estimated",)
    assert whole.latency_last_out_cycles > estimate(*chain).latency_last_out_cycles


def test_a_layer_stands_on_one_tile_where_nothing_else_is_said():
    bare = {key: value for key, value in LAYER.items() if key not in ("cas_length", "cas_num", "split", "bias", "relu")}
    assert estimate_spec(parse_spec(SPEC | {"layers": [bare]})) == estimate({})


@pytest.mark.parametrize(("short", "long"), [("bf16", "bfloat16"), ("fp32", "float32")])
def test_types_may_be_written_short(short, long):
    def floats(name):
        return estimate({"dtype_in": name, "dtype_w": name, "dtype_out": name, "microtile": [4, 8, 4]})

    assert floats(short) == floats(long)


def test_a_cut_wider_than_the_array_is_estimated_and_said():
    found = estimate({"k": 39 * 16, "n": 9 * 16, "cas_length": 39, "cas_num": 9})
    assert found.tiles == 351
    assert [warning for warning in found.warnings if "VE2802" in warning] == [
        "layer0: cas_length is 39, and VE2802 has 38 columns", "layer0: cas_num is 9, and VE2802 has 8 rows",
        "351 tiles are used and VE2802 has 304"]
    one = estimate({"k": 39 * 16, "n": 8 * 16, "cas_length": 39, "cas_num": 8})  # no row lies beyond the eighth
    assert found.latency_first_out_cycles == one.latency_first_out_cycles


def test_the_whole_array_runs_at_the_pace_of_one_kernel():
    """Published: 296 of 304 tiles reach 98.6 % of the rate of a single kernel."""
    one, many = estimate({"k": 128, "n": 128}, batch=32), estimate(
        {"k": 37 * 128, "n": 8 * 128, "cas_length": 37, "cas_num": 8}, batch=32)
    assert many.tiles == 296
    assert 0.98 <= many.efficiency / one.efficiency <= 1


FLOATS = {"dtype_in": "float32", "dtype_w": "float32", "dtype_out": "float32"}


@pytest.mark.parametrize("layer", [{"microtile": [4, 8, 4]}, FLOATS | {"microtile": [4, 2, 4]}])
@pytest.mark.parametrize("bits", [32, 128])
def test_without_memory_tiles_words_travel_once(layer, bits):
    """The first generation: from a PLIO into a tile, from tile to tile, from a tile to a PLIO; nothing is measured."""
    batch, rate = 8, min(4, bits / 8 * 312.5 / 1250)
    one, two = (estimate(*[layer] * count, device="vck190", batch=batch, plio_bits=bits) for count in (1, 2))
    size = batch * 64 * (4 if layer.get("dtype_in") == "float32" else 1)
    for count, found in enumerate((one, two), 1):
        assert found.validity == "uncalibrated"
        assert not any("memory tile" in warning for warning in found.warnings)
        # into the first tile at the PLIO's rate, kernels with one leg between, a hand-over before and after each leg
        through = size / rate + count * found.layers[0].kernel_cycles + (count - 1) * size / 4
        assert found.latency_first_out_cycles == pytest.approx(
            through + (count + 1) * load_constants().hand_over_cycles)
        assert found.latency_last_out_cycles == pytest.approx(
            found.latency_first_out_cycles + max(size / rate - bits / 8 / rate, size / 4))
    other = estimate(layer | {"cas_num": 2}, layer, device="vck190")
    assert any("no memory tiles" in warning for warning in other.warnings)


@given(batch=st.integers(1, 40), cuts=st.lists(st.tuples(
    st.integers(1, 3), st.integers(1, 3), st.sampled_from([(4, 8, 8), (8, 8, 8), (8, 8, 4)])), min_size=1, max_size=3),
    widths=st.lists(st.integers(1, 200), min_size=4, max_size=4), bits=st.sampled_from([32, 64, 128]))
@settings(max_examples=60, deadline=None)
def test_the_factors_take_what_is_achieved_to_the_peak(batch, cuts, widths, bits):
    layers = [{"k": k, "n": n, "cas_length": length, "cas_num": num, "microtile": shape}
              for (k, n), (length, num, shape) in zip(itertools.pairwise(widths), cuts, strict=False)]
    found = estimate(*layers, batch=batch, plio_bits=bits)
    for layer in found.layers:
        assert min(layer.factors.values()) >= 1 - 1e-12
        assert layer.efficiency * math.prod(layer.factors.values()) == pytest.approx(1, rel=1e-12)
    assert 0 < found.efficiency <= 1
    assert found.latency_first_out_cycles <= found.latency_last_out_cycles
    assert found.interval_cycles >= max(layer.interval_cycles for layer in found.layers) - 1e-9


def test_the_same_design_has_the_same_figures_in_an_explorer():
    """One model: a network's estimate, a sweep's row and the neutral description agree."""
    explorer = Explorer(mlp([96, 64, 40]))
    design = explorer.design({"dense0": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 2, "split": "features"},
                              "dense1": {"microtile": "8x8x8", "cas_length": 2, "cas_num": 1, "split": "features"}})
    layers = [{"k": work.k, "n": work.n, "dtype_in": work.input.storage, "dtype_w": work.weights.storage,
               "dtype_out": work.output.storage, "relu": not work.output.signed, "cas_length": choice.cas_length,
               "cas_num": choice.cas_num, "microtile": choice.microtile}
              for work, choice in zip((layer.work for layer in design.space.layers), design.choices, strict=True)]
    neutral, own = estimate(*layers), design.estimate()
    assert neutral.interval_cycles == pytest.approx(own.interval_cycles)
    assert neutral.latency_last_out_cycles == pytest.approx(own.latency_cycles)
    assert neutral.latency_first_out_cycles == pytest.approx(own.latency_first_out_cycles)
    assert neutral.efficiency == pytest.approx(own.efficiency)
    assert (neutral.validity, neutral.interval_error_pct) == (own.validity, own.interval_error_pct)
    assert neutral.explanation.replace("layer", "dense") == own.explanation
    for theirs, ours in zip(neutral.layers, own.layers, strict=True):
        assert theirs.factors == pytest.approx(ours.factors)


@pytest.mark.parametrize(("layer", "top", "validity"), [
    ({"cas_length": 2, "cas_num": 2}, {}, "calibrated"),
    ({"microtile": [8, 8, 8]}, {"batch": 64}, "interpolated"),
    ({"microtile": [4, 8, 4]}, {}, "extrapolated"),
    ({"dtype_out": "int32"}, {}, "extrapolated"),
    ({"dtype_out": "int16"}, {}, "interpolated"),
    ({"dtype_out": "uint8"}, {}, "calibrated"),
    ({}, {"batch": 200}, "extrapolated"),
    ({"dtype_in": "int16", "microtile": [4, 4, 8]}, {}, "uncalibrated"),
    ({"dtype_in": "int16", "dtype_w": "int16", "microtile": [4, 4, 4]}, {}, "uncalibrated"),
    ({"microtile": [8, 8, 8]}, {"device": "vek385"}, "uncalibrated"),
    ({"dtype_in": "bfloat16", "dtype_w": "bfloat16", "dtype_out": "bfloat16", "microtile": [4, 8, 4]}, {},
     "interpolated")])
def test_how_far_from_what_was_measured(layer, top, validity):
    found = estimate(layer, **top)
    assert found.validity == validity
    assert found.error_pct > 0


def test_a_design_is_as_far_as_its_furthest_layer():
    found = estimate({"cas_length": 2}, {"microtile": [4, 8, 4]}, {})
    assert [layer.validity for layer in found.layers] == ["calibrated", "extrapolated", "calibrated"]
    assert found.validity == "extrapolated"
    assert found.interval_error_pct == estimate({"microtile": [4, 8, 4]}).interval_error_pct


def test_the_error_grows_with_the_distance():
    levels = [estimate({"cas_length": 2}), estimate({"microtile": [8, 8, 8]}, batch=64),
              estimate({"microtile": [4, 8, 4]})]
    assert [VALIDITY.index(found.validity) for found in levels] == [0, 1, 2]
    assert np.all(np.diff([found.interval_error_pct for found in levels]) > 0)
    assert np.all(np.diff([found.latency_error_pct for found in levels]) > 0)


def test_hand_over_from_tile_to_tile():
    """Where the slices are the same, "auto" saves the way through the memory tile; elsewhere nothing changes."""
    same = {"cas_num": 2}, {"cas_length": 2}
    through, direct = estimate(*same), estimate(*same, hand_over="auto")
    assert direct.latency_last_out_cycles < through.latency_last_out_cycles
    assert direct.validity == "extrapolated"
    other = {"cas_num": 4}, {"cas_length": 2}
    assert estimate(*other, hand_over="auto") == estimate(*other)


def test_what_could_not_be_built_is_said():
    found = estimate({"k": 512, "n": 512})
    assert any("bytes of weights of one tile" in warning for warning in found.warnings)
    assert any("tiles have no work" in warning for warning in estimate({"cas_num": 8, "n": 32}).warnings)
    assert estimate({}).warnings == ()


def test_branches_run_side_by_side():
    """A layer that feeds two others, read side by side by a last one, in either order of the two."""
    first, slow, fast = {"name": "first"}, {"inputs": ["first"], "n": 128}, {"inputs": ["first"], "cas_length": 4}
    one = estimate(first, slow | {"name": "a"}, fast | {"name": "b"}, {"k": 192, "inputs": ["a", "b"]})
    two = estimate(first, fast | {"name": "b"}, slow | {"name": "a"}, {"k": 192, "inputs": ["a", "b"]})
    for field in ("interval_cycles", "latency_first_out_cycles", "latency_last_out_cycles", "efficiency", "tiles"):
        assert getattr(one, field) == pytest.approx(getattr(two, field))
    by_name = {layer.name: layer.latency_cycles for layer in one.layers}
    assert by_name["b"] < by_name["a"]  # so the quicker branch costs nothing
    without = estimate(first, slow, {"k": 192, "inputs": ["layer1", "first"]})
    assert one.latency_last_out_cycles == pytest.approx(without.latency_last_out_cycles)


@pytest.mark.parametrize(("device", "pair"), [("vek280", ("float32", "float32")), ("vek385", ("float32", "float32")),
                                              ("vek280", ("float32", "bfloat16"))])
def test_floats_are_estimated_where_facts_exist(device, pair):
    layer = {"dtype_in": pair[0], "dtype_w": pair[1], "dtype_out": pair[0], "microtile": [4, 8, 4]}
    if device == "vek280" and pair[0] == pair[1]:
        assert estimate(layer).layers[0].kernel_cycles > 8 * 64 * 64 * 6 / 128
    else:
        with pytest.raises(DeviceError):
            estimate(layer, device=device)


@pytest.mark.parametrize(("k", "n"), [(128, 256), (512, 64), (64, 512)])
@pytest.mark.parametrize("blocking", [[2, 2], [1, 2], [1, 4], [1, 8]])
def test_a_batch_of_one_streams_its_weights(k, n, blocking):
    """Published: 32 KB of weights in about 1060 cycles, whatever the blocking: one bank gives 32 bytes a cycle."""
    found = estimate({"k": k, "n": n, "blocking": blocking}, batch=1)
    assert found.layers[0].kernel_cycles == pytest.approx(1060, rel=0.06)


def test_one_row_of_microtiles_pads_a_batch_of_one_less():
    two, one = (estimate({"blocking": blocking}, batch=1) for blocking in ([2, 2], [1, 2]))
    assert one.layers[0].factors["padding"] == two.layers[0].factors["padding"] / 2
    assert one.layers[0].dma_in_cycles == two.layers[0].dma_in_cycles / 2
    assert one.validity == "extrapolated"
