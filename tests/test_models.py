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
