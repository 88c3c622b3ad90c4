"""Sweeps over several models."""

import pandas as pd
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import DesignError
from aie_explorer.ir import FixedPoint

MODELS = {f"{bits} bits": mlp([64, 32, 10], w=FixedPoint(bits, bits - 1)) for bits in (4, 8, 16)}


def test_fronts_of_several_models():
    frame = aie.sweep_models(MODELS, {"batch": [1, 8], "device": ["vek280", "vek385"]})
    assert list(frame["model"].unique()) == list(MODELS)
    for (model, device, batch), rows in frame.groupby(["model", "device", "batch"], observed=True):
        front = aie.Explorer(MODELS[model], device, batch=batch).pareto()
        assert sorted(rows["interval_cycles"]) == sorted(front["interval_cycles"])
    row = frame[frame["model"] == "16 bits"].iloc[0]
    rebuilt = aie.Explorer(MODELS["16 bits"]).design(row)
    assert rebuilt.estimate().interval_cycles == pytest.approx(row["interval_cycles"])


def test_on_processes_it_is_the_same_table():
    pd.testing.assert_frame_equal(aie.sweep_models(MODELS, executor=2), aie.sweep_models(MODELS))


def test_models_of_different_layers_share_a_table():
    frame = aie.sweep_models({"two": MODELS["8 bits"], "three": mlp([64, 32, 16, 10])}, designs="product", limit=500,
                             sample="random")
    assert frame.loc[frame["model"] == "two", "dense2.cas_num"].isna().all()
    assert frame.loc[frame["model"] == "three", "dense2.cas_num"].notna().all()
    for model, network in (("two", MODELS["8 bits"]), ("three", mlp([64, 32, 16, 10]))):
        row = frame[frame["model"] == model].iloc[0]
        assert aie.Explorer(network).design(row).tiles == row["tiles"]


@pytest.mark.parametrize("models", [[], {}, "net", {3: MODELS["8 bits"]}, {"": MODELS["8 bits"]}, {"a": "model.h5"}])
def test_what_is_no_set_of_models(models):
    with pytest.raises(DesignError):
        aie.sweep_models(models)


def built(bits, hidden):
    """A stand-in for training: more bits and neurons are more accurate."""
    if bits == 3 and hidden == 64:
        raise RuntimeError("training diverged")
    accuracy = 1 - 0.5 ** bits - 1 / hidden
    return mlp([64, hidden, 10], w=FixedPoint(bits, bits - 1)), {"accuracy": accuracy}


SETTINGS = {"bits": [2, 3, 4, 6, 8, 12, 16], "hidden": [8, 16, 32, 48, 64, 96, 128]}
BOTH = {"accuracy": "max", "interval_ns": "min"}


def test_every_model_of_some_settings():
    with pytest.warns(UserWarning, match="1 of 4 models were refused; bits=3, hidden=64: RuntimeError: training"):
        frame = aie.sweep_models(built, settings={"bits": [3, 8], "hidden": [16, 64]}, objectives=BOTH)
    assert list(frame["model"].unique()) == ["bits=3, hidden=16", "bits=8, hidden=16", "bits=8, hidden=64"]
    assert frame.attrs["complete"]
    for (bits, hidden), rows in frame.groupby(["bits", "hidden"]):
        network, measures = built(bits, hidden)
        front = aie.Explorer(network).pareto()
        assert sorted(rows["interval_cycles"]) == sorted(front["interval_cycles"])
        assert (rows["accuracy"] == measures["accuracy"]).all()
        assert aie.Explorer(network).design(rows.iloc[0]).tiles == rows.iloc[0]["tiles"]
    for _, row in frame.iterrows():
        beaten = ((frame["accuracy"] >= row["accuracy"]) & (frame["interval_ns"] <= row["interval_ns"])
                  & ((frame["accuracy"] > row["accuracy"]) | (frame["interval_ns"] < row["interval_ns"]))).any()
        assert row["pareto"] == (not beaten)


@pytest.mark.filterwarnings("ignore:.*models were refused")
def test_a_search_finds_most_of_the_front_with_part_of_the_models():
    every = aie.sweep_models(built, settings=SETTINGS, objectives=BOTH)
    assert every["model"].nunique() == 48
    found = aie.sweep_models(built, settings=SETTINGS, objectives=BOTH, trials=30, seed=1)
    assert len(found.attrs["values"]) <= 30
    best = every[every["pareto"]].drop_duplicates(list(BOTH))
    merged = best.merge(found[found["pareto"]].drop_duplicates(list(BOTH)), on=list(BOTH))
    assert len(merged) >= len(best) // 2
    pd.testing.assert_frame_equal(
        found, aie.sweep_models(built, settings=SETTINGS, objectives=BOTH, trials=30, seed=1))  # the seed decides


@pytest.mark.filterwarnings("ignore:.*models were refused")
def test_an_interrupted_search_goes_on_to_the_same_table():
    calls = []

    def counted(**settings):
        calls.append(settings)
        return built(**settings)

    how = {"settings": SETTINGS, "objectives": BOTH, "trials": 12, "seed": 3}
    whole = aie.sweep_models(counted, **how)
    seen, calls[:] = [], []
    with pytest.warns(UserWarning, match="interrupted: 5 of 12 models"):
        part = aie.sweep_models(counted, **how, cancel=lambda: len(calls) == 5, progress=lambda *at: seen.append(at))
    assert seen == [(i, 12) for i in range(5)]
    assert not part.attrs["complete"]
    pd.testing.assert_frame_equal(aie.sweep_models(counted, **how, resume=part), whole)
    assert len(calls) == 12

    def stopped(**settings):
        if len(calls) == 15:
            raise KeyboardInterrupt
        return counted(**settings)

    with pytest.warns(UserWarning, match="interrupted: 3 of 12 models"):
        part = aie.sweep_models(stopped, **how)
    pd.testing.assert_frame_equal(aie.sweep_models(built, **how, resume=part), whole)
    with pytest.raises(DesignError, match="no table of this sweep"):
        aie.sweep_models(built, **{**how, "seed": 4}, resume=part)


@pytest.mark.parametrize(("asked", "words"), [
    ({}, "say what the models vary in"),
    ({"settings": {"bits": []}}, "no list"), ({"settings": {"bits": [None]}}, "no list"),
    ({"settings": {"bits": [8], "hidden": [8]}, "trials": 0}, "trials"),
    ({"settings": {"bits": [8], "hidden": [8]}, "objectives": {"accuracy": "most"}}, "objectives"),
    ({"settings": {"bits": [8], "hidden": [8]}, "objectives": {"speed": "max"}}, "neither a measure nor a column"),
    ({"settings": {"bits": [8], "hidden": [8]}, "over": {"colour": 1}}, "colour"),
    ({"settings": {"bits": list(range(200)), "hidden": list(range(200))}}, "40,000 models.*trials"),
])
def test_a_search_that_cannot_be(asked, words):
    with pytest.raises(DesignError, match=words):
        aie.sweep_models(built, **asked)


def test_settings_are_for_functions_and_names_are_kept_apart():
    with pytest.raises(DesignError, match="function"):
        aie.sweep_models(MODELS, settings={"bits": [8]})
    with pytest.raises(DesignError, match="another column"):
        aie.sweep_models(lambda tiles: MODELS["8 bits"], settings={"tiles": [1, 2]})
    with pytest.raises(DesignError, match=r"none could be built.*bits=3, hidden=64: RuntimeError"):
        aie.sweep_models(built, settings={"bits": [3], "hidden": [64]})


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(aie.AieExplorerError, match=r"aie-explorer\[search\]"):
        aie.sweep_models(built, settings=SETTINGS, trials=3)
