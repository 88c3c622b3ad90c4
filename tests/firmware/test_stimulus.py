import numpy as np
import pytest
from networks import mlp

from aie_explorer.firmware.stimulus import default_inputs, engineered_inputs
from aie_explorer.ir import FixedPoint
from aie_explorer.reference import simulate_ints


@pytest.fixture(scope="module")
def network():
    return mlp([64, 32, 10], w=FixedPoint(8, 3), x=FixedPoint(8, 3), y=FixedPoint(8, 0))


def test_engineered_inputs_reach_both_ends_and_ties(network):
    ints = engineered_inputs(network)
    op = network.layers[0]
    y = simulate_ints(network, ints)[op.output]
    assert {op.clamp[0], op.clamp[1]} <= set(np.unique(y).tolist())
    total = ints["x"] @ op.weights.values + op.bias.values
    shift = int(op.sum_frac(network)[0]) - network.type_of(op.output).frac
    ties = (total % 2**shift == 2 ** (shift - 1)).any(axis=1)
    assert ties.sum() >= 10


def test_default_inputs_are_both_kinds(network):
    assert len(default_inputs(network, 64)["x"]) == 64 + len(engineered_inputs(network)["x"])
    assert len(engineered_inputs(network)["x"]) > 30
