"""Directives for hls4ml's AIE backend; tests/benchmarks/directives.py checks that the peer does what they say."""

import dataclasses
import json

import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.errors import DesignError
from aie_explorer.firmware.directives import directives


def test_says_what_the_design_is():
    explorer = aie.Explorer(mlp([64, 64, 32, 10], batch=16), plio_bits=64, pl_clock_mhz=300)
    chosen = {"dense0": (2, 4, "features"), "dense1": (4, 2, "rows"), "dense2": (1, 1, "features")}
    design = explorer.design({
        name: {"microtile": "4x8x8", "cas_length": length, "cas_num": number, "split": split}
        for name, (length, number, split) in chosen.items()}).pinned({"dense1": (9, 2)})
    made = json.loads(json.dumps(directives(design)))
    assert made["arguments"] == {"backend": "AIE", "batch_size": 16, "plio_width_bits": 64, "pl_clock_freq_mhz": 300.0}
    assert list(made["LayerName"]) == ["dense0", "dense1", "dense2"]
    dense1 = made["LayerName"]["dense1"]
    assert dense1["parallelism"] == {"cas_num": 2, "cas_length": 4, "contract": "outer"}
    assert dense1["microtiling"] == {"microtile_m": 4, "microtile_k": 8, "microtile_n": 8}
    assert dense1["placement"] == {"col": 9, "row": 2}
    assert made["LayerName"]["dense0"]["parallelism"]["contract"] == "inner"
    assert [name for name, one in made["LayerName"].items() if "placement" in one] == ["dense1"]


def test_what_has_none_is_refused():
    design = aie.Explorer(mlp([64, 64, 10])).best("interval", max_tiles=8)
    with pytest.raises(DesignError, match="several copies"):
        directives(dataclasses.replace(design, copies=2))
    with pytest.raises(DesignError, match="only chains of dense layers"):
        directives(aie.Explorer(residual(1)).best())
