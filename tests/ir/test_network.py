import dataclasses

import numpy as np
import pytest

from aie_explorer.errors import ModelError
from aie_explorer.ir import Dense, FixedPoint, Network, QuantizedArray, Tensor

S8 = FixedPoint(8, 7)
OP = Dense("fc", "FC", ("x",), "y", QuantizedArray(np.array([[1], [2]]), S8))
TENSORS = {"x": Tensor("x", (2,), S8), "y": Tensor("y", (1,), S8)}


def network(*ops, **changes):
    return Network(**{"name": "n", "batch": 4, "ops": ops or (OP,), "tensors": TENSORS, "inputs": ("x",),
                      "outputs": ("y",), **changes})


def test_counts_and_lookups():
    net = network()
    assert (net.macs, OP.k, OP.n) == (8, 2, 1)
    assert net.producer("y") is OP
    assert net.producer("x") is None
    assert list(net.consumers("x")) == [OP]


@pytest.mark.parametrize("change", [
    {"batch": 5}, {"ops": (dataclasses.replace(OP, clamp=(0, 5)),)}, {"ops": (dataclasses.replace(OP, name="other"),)},
    {"ops": (dataclasses.replace(OP, weights=QuantizedArray(np.array([[1], [3]]), S8)),)},
    {"ops": (dataclasses.replace(OP, bias=QuantizedArray(np.array([0]), S8)),)},
    {"tensors": {**TENSORS, "y": Tensor("y", (1,), FixedPoint(7, 7))}}])
def test_digest_sees_all_that_fixes_the_arithmetic(change):
    assert network().digest == network().digest == network(name="m", rewrites=("note",)).digest
    assert network(**change).digest != network().digest


@pytest.mark.parametrize("broken", [
    {"batch": 0}, {"ops": (OP, OP)}, {"ops": (dataclasses.replace(OP, inputs=("z",)),)}, {"outputs": ("z",)},
    {"tensors": {"x": TENSORS["x"]}}, {"ops": (OP, dataclasses.replace(OP, name="b"))}])
def test_malformed_networks_are_refused(broken):
    with pytest.raises(ModelError):
        network(**broken)


def test_untyped_tensor():
    with pytest.raises(ModelError, match="not quantized"):
        network(tensors={**TENSORS, "y": Tensor("y", (1,), None)}).type_of("y")
