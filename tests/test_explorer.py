import warnings

import numpy as np
import pandas as pd
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError, DesignError, DeviceError


@pytest.fixture(scope="module")
def ex():
    return aie.Explorer(mlp([64, 64, 32, 10]))


def test_a_row_of_a_sweep_rebuilds_its_design_exactly(ex):
    frame = ex.sweep({"batch": [1, 8], "device": ["vek280", "ve2302"], "dense0.cas_length": [1, 2]})
    assert set(frame["batch"]) == {1, 8}
    assert set(frame["device"]) == {"VE2802", "VE2302"}
    for _, row in frame.sample(25, random_state=0).iterrows():
        estimate = ex.design(row).estimate()
        assert estimate.bottleneck == row["bottleneck"]
        for name in ("tiles", "interval_cycles", "latency_cycles", "interval_ns", "latency_ns", "samples_per_s",
                     "efficiency", "plio_in", "plio_out"):
            assert getattr(estimate, name) == pytest.approx(row[name])


def test_sweep_takes_only_the_values_asked_for(ex):
    frame = ex.sweep({"dense0.microtile": ["4x8x8", (8, 8, 8)], "dense0.cas_num": 2, "dense1.split": "features"})
    assert set(frame["dense0.microtile"].astype(str)) == {"4x8x8", "8x8x8"}
    assert set(frame["dense0.cas_num"]) == {2}
    assert set(frame["dense1.split"].astype(str)) == {"features"}
    assert not frame.duplicated().any()


def test_a_sampled_sweep_says_so(ex):
    with pytest.warns(UserWarning, match="random sample"):
        frame = ex.sweep({"dense0.cas_num": [1, 2, 4], "dense1.cas_num": [1, 2]}, limit=500)
    assert frame.attrs["sampled"]
    assert frame.attrs["combinations"] > 500
    assert len(frame) <= 500


def test_pareto_of_a_table_is_part_of_it(ex):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = ex.sweep(limit=2000)
    front = ex.pareto(frame, objectives=("tiles", "interval_cycles"))
    merged = front[["tiles", "interval_cycles"]].drop_duplicates()
    assert np.all(np.diff(merged["interval_cycles"]) < 0)
    assert front["interval_cycles"].min() == frame["interval_cycles"].min()


def test_the_exact_front_is_at_least_as_good_as_any_sweep(ex):
    sweep, front = ex.sweep(), ex.pareto()
    for tiles in (4, 8, 16, 64):
        assert front[front.tiles <= tiles].interval_cycles.min() <= sweep[sweep.tiles <= tiles].interval_cycles.min()


@pytest.mark.parametrize("objective", ["interval", "throughput", "latency", "tiles", "efficiency"])
def test_best_is_best_on_the_front_and_can_be_realised(ex, objective):
    design = ex.best(objective, max_tiles=40, copies=1)
    assert design.tiles <= 40
    assert design.check() == []
    estimate, front = design.estimate(), ex.pareto()
    front = front[front.tiles <= 40]
    best = {"interval": (estimate.interval_cycles, front.interval_cycles.min()),
            "throughput": (estimate.samples_per_s, front.samples_per_s.max()),
            "latency": (estimate.latency_cycles, front.latency_cycles.min()),
            "tiles": (estimate.tiles, front.tiles.min()),
            "efficiency": (estimate.efficiency, front.efficiency.max())}[objective]
    assert best[0] == pytest.approx(best[1])


def test_designs_are_values(ex):
    a = ex.design({"dense0": {"cas_length": 2, "cas_num": 2, "microtile": (4, 8, 8)}})
    b = ex.design({"dense0": {"cas_length": 2, "cas_num": 2, "microtile": "4x8x8", "split": "features"}})
    assert a == b
    assert len({a, b}) == 1
    assert a != ex.design({"dense0": {"cas_length": 1, "cas_num": 2, "microtile": (4, 8, 8)}})
    assert a != aie.Explorer(mlp([64, 64, 32, 10], seed=1)).design(a.layers)


def test_json_round_trip(ex, tmp_path):
    import json

    design = ex.best("interval", max_tiles=12)
    file = tmp_path / "design.json"
    file.write_text(json.dumps(design.to_json()))
    again = aie.load_design(file)
    assert again == design
    assert again.estimate() == design.estimate()
    x = np.random.default_rng(0).normal(size=(7, 64))
    assert np.array_equal(again.simulate(x), design.simulate(x))


@pytest.mark.parametrize("damage", [
    lambda d: d.pop("layers"), lambda d: d.update(format=99), lambda d: d["layers"].pop("dense1"),
    lambda d: d["layers"]["dense0"].update(cas_length=99), lambda d: d.update(device="nonesuch"),
    lambda d: d["network"].update(batch=0), lambda d: d["network"]["ops"][0]["weights"].update(data="AAAA"),
    lambda d: d["network"]["ops"].pop(), lambda d: d.update(network_digest="0"), lambda d: d.update(plio_bits=7)])
def test_a_damaged_design_file_is_refused_in_words(ex, tmp_path, damage):
    import json

    data = json.loads(json.dumps(ex.design().to_json()))
    damage(data)
    file = tmp_path / "design.json"
    file.write_text(json.dumps(data))
    with pytest.raises(AieExplorerError):
        aie.load_design(file)


@pytest.mark.parametrize(("call", "words"), [
    (lambda ex: ex.layer_options("conv"), "no layer 'conv'.*dense0"),
    (lambda ex: ex.design({"conv": {}}), "no layer 'conv'"),
    (lambda ex: ex.design({"dense0": {"cas_length": 999}}), "no legal option has the value 999.*Legal values: 1, 2"),
    (lambda ex: ex.design({"dense0": 3}), "a mapping"),
    (lambda ex: ex.best("speed"), "no objective 'speed'"),
    (lambda ex: ex.best("interval", max_tile=3), "no limit 'max_tile'.*max_tiles"),
    (lambda ex: ex.best("interval", max_tiles=2), "The least within the other limits is 3"),
    (lambda ex: ex.sweep({"dense0.colour": [1]}), "no 'colour'"),
    (lambda ex: ex.sweep({"batches": [1]}), "nothing called 'batches'"),
    (lambda ex: ex.sweep({"batch": []}), "no value"),
    (lambda ex: ex.pareto(objectives=("speed",)), "no objective of an exact front: 'speed'"),
])
def test_mistakes_are_answered_in_words(ex, call, words):
    with pytest.raises(DesignError, match=words):
        call(ex)


def test_unfit_devices():
    with pytest.raises(DeviceError, match="VEK280"):
        aie.Explorer(mlp([16, 16]), device="vek28")
    with pytest.raises(DesignError, match="no memory tiles"):
        aie.Explorer(mlp([16, 16]), device="vck190").pareto()
    with pytest.raises(DesignError, match="need at least"):
        aie.Explorer(mlp([784, *[512] * 6]), device="ve2302").pareto()
    with pytest.raises(AieExplorerError, match="batch of 1"):
        aie.Explorer(mlp([16, 16]), batch=0)


def test_layer_options_are_a_table_with_units(ex):
    frame = ex.layer_options("dense0")
    assert isinstance(frame, pd.DataFrame)
    assert {"microtile", "cas_length", "cas_num", "split", "tiles", "kernel_cycles"} <= set(frame.columns)
    assert (frame["efficiency"] <= 1).all()
    assert (frame["useful_fraction"] <= 1).all()


def test_the_batch_can_be_changed(ex):
    assert aie.Explorer(ex.network, batch=32).best("tiles").network.batch == 32


@pytest.mark.parametrize("call", [
    lambda ex: ex.sweep("dense0"), lambda ex: ex.sweep([1]), lambda ex: ex.sweep({"dense0.cas_length": None}),
    lambda ex: ex.sweep({"dense0.cas_length": [1.5]}), lambda ex: ex.sweep(limit=-1), lambda ex: ex.sweep(limit="a"),
    lambda ex: ex.sweep({"batch": ["a"]}), lambda ex: aie.Explorer(ex.network, batch=2.5),
    lambda ex: aie.Explorer(ex.network, clock_mhz=float("nan")), lambda ex: aie.Explorer(ex.network, None),
    lambda ex: aie.Explorer("model.h5"), lambda ex: ex.best("interval", max_tiles="few"), lambda ex: ex.best(None),
    lambda ex: ex.design([1]), lambda ex: ex.design("dense0"), lambda ex: ex.design({3: {}}),
    lambda ex: ex.design({"dense0": {"cas_length": True, "cas_num": 1, "microtile": (4, 8, 8)}}),
    lambda ex: ex.design({"dense0": {"cas_length": 1.7, "cas_num": 1, "microtile": (4, 8, 8)}}),
    lambda ex: ex.design(pd.Series({"a.b": 1})), lambda ex: ex.pareto("x"), lambda ex: ex.pareto(objectives=()),
    lambda ex: ex.pareto(ex.sweep(), objectives=("bottleneck",)), lambda ex: ex.layer_options(3),
    lambda ex: ex.design().export(3), lambda ex: ex.design().export("a\0b"), lambda ex: ex.design().export("a" * 300),
    lambda ex: ex.design().export("p", x=np.zeros((0, 64))), lambda ex: ex.design().simulate("abc"),
    lambda ex: aie.load_design(None), lambda ex: aie.load(None),
])
def test_wrong_kinds_of_arguments_never_end_in_our_depths(ex, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AieExplorerError):
        call(ex)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("dims", "batch"), [([128, 128, 128], 16), ([300, 100, 10], 8)])
@pytest.mark.parametrize("limits", [{"max_plio_out": 1}, {"max_plio_in": 2}, {"max_plio_in": 1, "max_plio_out": 1}])
def test_plio_limits_are_part_of_the_search(dims, batch, limits):
    ex = aie.Explorer(mlp(dims, batch=batch))
    first, last = (ex.layer_options(name) for name in (ex.layers[0], ex.layers[-1]))
    design = ex.best("interval", **limits)
    estimate = design.estimate()
    assert estimate.plio_in <= limits.get("max_plio_in", 99)
    assert estimate.plio_out <= limits.get("max_plio_out", 99)
    lengths = [int(v) for v in first.cas_length.unique() if v <= limits.get("max_plio_in", 99)]
    nums = [int(v) for v in last.cas_num.unique() if v <= limits.get("max_plio_out", 99)]
    over = {f"{ex.layers[0]}.cas_length": lengths, f"{ex.layers[-1]}.cas_num": nums}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampled = ex.sweep(over, limit=20_000)
    assert estimate.interval_cycles <= sampled.interval_cycles.min()
    with pytest.raises(DesignError, match="plio_out of at most 0"):
        ex.best("interval", max_plio_out=0)


def test_clocks_stay_with_a_sweep_and_its_rows():
    ex = aie.Explorer(mlp([64, 32]), clock_mhz=1000)
    frame = ex.sweep({"device": ["vek280", "VE2802", "ve2302"], "dense0.cas_length": [1, 2]})
    assert not frame.duplicated().any()
    assert set(frame[frame.device == "VE2802"].clock_mhz) == {1000.0}
    for _, row in frame.groupby("device", observed=True).head(2).iterrows():
        assert ex.design(row).estimate().interval_ns == pytest.approx(row["interval_ns"])


def test_a_tampered_accumulator_is_noticed(ex, tmp_path):
    import json

    data = json.loads(json.dumps(ex.design().to_json()))
    data["network"]["ops"][0]["accumulator_bits"] = 3
    file = tmp_path / "design.json"
    file.write_text(json.dumps(data))
    with pytest.raises(AieExplorerError, match="digest"):
        aie.load_design(file)


@pytest.mark.parametrize("text", ["[" * 100_000, "null", "3", '{"format": 1}', "[1]", '"x"'])
def test_files_that_hold_something_else(tmp_path, text):
    file = tmp_path / "design.json"
    file.write_text(text)
    with pytest.raises(AieExplorerError):
        aie.load_design(file)
