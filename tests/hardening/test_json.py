"""JSON that a user, another version or a bad disk changed: read rightly or refused in words, by every reader of it."""

import json
import math

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.cycles.estimate import estimate_spec
from aie_explorer.cycles.spec import parse_spec
from aie_explorer.design import Design
from aie_explorer.devices import describe, find
from aie_explorer.errors import DesignError
from aie_explorer.ir.serialize import network_from_json, network_to_json
from aie_explorer.placement import solve
from aie_explorer.placement.problem_file import load_problem
from aie_explorer.reference import simulate_ints
from aie_explorer.widgets import files
from aie_explorer.widgets.state import start

from .mutate import both, lawful, mutated

NETWORK = mlp([16, 8, 5], batch=4)
EXPLORER = aie.Explorer(NETWORK)
DESIGN = EXPLORER.best("tiles")
SPEC = {"device": "vek280", "batch": 8, "clock_mhz": 1250, "plio_bits": 64, "pl_clock_mhz": 312.5, "hand_over": "auto",
        "layers": [{"name": "a", "inputs": ["input"], "k": 64, "n": 32, "dtype_in": "int8", "dtype_w": "int8",
                    "dtype_out": "int8", "bias": True, "relu": "leaky", "microtile": "4x8x8", "cas_length": 2,
                    "cas_num": 2, "split": "features", "blocking": "2x2"},
                   {"k": 32, "n": 10, "dtype_in": "int8", "dtype_w": "int8", "dtype_out": "int16",
                    "microtile": [4, 8, 8]}]}
PROBLEM = {"name": "p", "array": {"cols": 12, "rows": 4},
           "blocks": [{"id": "a", "w": 2, "h": 2}, {"id": "b", "w": 3, "h": 1}, {"id": "c", "w": 1, "h": 4}],
           "edges": [{"src": "a", "dst": "b", "direct": False, "exclusive": True}, {"src": "b", "dst": "c"}],
           "objective": {"lambda": 1.0, "mu": 0.05, "keepout": "each block reserves 1 column to its left"},
           "pins": {"a": [1, 0]}, "forbidden_columns": [7], "reserved": [{"col": 10, "row": 0, "w": 2, "h": 4}]}


def as_file(folder, data):
    file = folder / "data.json"
    file.write_text(json.dumps(data), encoding="utf-8", errors="surrogatepass")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


@both(mutated(DESIGN.to_json()), quick=150, many=4000)
def test_designs(folder, data):
    with lawful():
        design = aie.load_design(as_file(folder, data))
        assert Design.from_json(json.loads(json.dumps(design.to_json()))) == design
        assert all(math.isfinite(value) for value in (design.estimate().interval_ns, design.estimate().latency_ns))
        design.check()


@both(mutated(network_to_json(NETWORK)), quick=150, many=6000)
def test_networks(data):
    with lawful():
        network = network_from_json(data)
        again = network_from_json(json.loads(json.dumps(network_to_json(network))))
        assert again.digest == network.digest
        values = {name: np.zeros((3, network.tensors[name].model_features), np.int64) for name in network.inputs}
        for op, (name, got) in zip([None, *network.ops], simulate_ints(network, values).items(), strict=True):
            fixed = network.type_of(name)
            if op is None or op.clamp is not None:
                assert fixed.min_int <= got.min()
                assert got.max() <= fixed.max_int


@both(mutated(SPEC), quick=150, many=10000)
def test_specs(data):
    with lawful():
        found = estimate_spec(parse_spec(data)).to_dict()
        assert json.dumps(found, allow_nan=False)
        assert found["interval_cycles"] > 0


@both(mutated(PROBLEM), quick=60, many=3000)
def test_placement_problems(folder, data):
    with lawful():
        problem = load_problem(as_file(folder, data))
        solution = solve(problem)
        assert math.isfinite(solution.cost)
        assert solution.bound <= solution.cost * (1 + 1e-9) + 1e-9


@both(mutated(files.to_json(start(EXPLORER))), quick=100, many=4000)
def test_sessions(folder, data):
    with lawful():
        state = files.load(as_file(folder, data), NETWORK)
        assert files.from_json(json.loads(json.dumps(files.to_json(state))), NETWORK).design == state.design


OWN = {**describe(find("vek280").__class__(**{**vars(find("vek280")), "name": "mine", "part": None, "board": None,
                                               "platform": None}))}


@both(mutated({"device": OWN, "clock_mhz": 1250.0, "pl_clock_mhz": 312.5, "plio_bits": 64}), quick=100, many=5000)
def test_devices(data):
    design = {**DESIGN.to_json(), **(data if isinstance(data, dict) else {"device": data})}
    with lawful():
        device = Design.from_json(design).device
        assert device.tiles >= 1
        assert describe(device) is not None


@pytest.mark.parametrize(("key", "value"), [
    ("plio_bits", float("inf")), ("plio_bits", 64.5), ("plio_bits", "64"), ("clock_mhz", 10**400),
    ("single_buffers", "false"), ("single_buffers", 0)])
def test_a_design_of_other_kinds_of_numbers_is_refused(key, value):
    with pytest.raises(DesignError, match="is not a design of this package"):
        Design.from_json({**DESIGN.to_json(), key: value})
