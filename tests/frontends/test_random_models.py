"""Random QKeras models: QKeras's predictions, the reference and the emulated firmware give the same numbers."""

import collections

import numpy as np
import pytest

import aie_explorer as aie
from aie_explorer.errors import AieExplorerError, ModelError
from aie_explorer.frontends.predict import layer_outputs
from aie_explorer.reference import compare

from .models import Builder

pytest.importorskip("qkeras")
SAMPLES = 200


def check(seed, tmp_path, *, emulate):
    """Counts of what became of one model."""
    import keras

    keras.backend.clear_session()
    builder = Builder(seed)
    model = builder.build()
    x = [builder.rng.normal(0, 2, (SAMPLES, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    found = collections.Counter()
    try:
        network = aie.load(model)
    except ModelError as error:
        assert error.remedy, error  # noqa: PT017
        found[f"refused: {error.problem[:70]}"] += 1
        return found
    for ending in ("keras", "h5"):
        model.save(tmp_path / f"m.{ending}")
        saved = aie.load(tmp_path / f"m.{ending}", name=model.name)
        assert saved.digest == network.digest, ending
    sources = {tensor.source for tensor in network.tensors.values()}
    compared = compare(network, dict(zip(network.inputs, x, strict=True)), layer_outputs(model, x, sources))
    assert compared
    for one in compared:
        assert one.mismatches == 0, f"seed {seed}: {one}"
        found["values"] += one.values
        found["float32 artefacts"] += one.float32_artefacts
    found["exact"] += 1
    if emulate:
        try:
            design = aie.Explorer(network).best("tiles")
        except AieExplorerError as error:
            found[f"no design: {str(error)[:70]}"] += 1
            return found
        verdict = design.export(tmp_path / "project", verify=False).verify()
        assert verdict.mismatches == 0, f"seed {seed}: {verdict}"
        found["emulated"] += 1
    return found


@pytest.mark.parametrize("seed", range(12))
def test_matches_qkeras(seed, tmp_path):
    check(seed, tmp_path, emulate=seed < 3)


@pytest.mark.slow
def test_matches_qkeras_at_length(tmp_path_factory):
    total = collections.Counter()
    for seed in range(100, 500):
        total += check(seed, tmp_path_factory.mktemp("model"), emulate=True)
    print(*(f"{count:7} {what}" for what, count in total.most_common()), sep="\n")
    assert total["exact"] >= 300
