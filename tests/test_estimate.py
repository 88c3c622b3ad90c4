import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.ir import FixedPoint


@pytest.mark.parametrize(("dims", "layers", "words"), [
    ([64, 64, 32], {"dense0": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}}, "kernel of dense0"),
    ([256, 16, 16], {"dense0": {"microtile": "8x8x8", "cas_length": 1, "cas_num": 1}}, "input DMA of dense0"),
])
def test_the_limit_is_named_with_its_cycles(dims, layers, words):
    estimate = aie.Explorer(mlp(dims, batch=32)).design(layers).estimate()
    assert words in estimate.explanation
    assert f"{estimate.interval_cycles:.0f}" in estimate.explanation


def test_a_narrow_plio_limits():
    estimate = aie.Explorer(mlp([256, 16]), plio_bits=32).best("tiles").estimate()
    assert estimate.bottleneck == "input PLIO"
    assert "cas_length of the first layer" in estimate.explanation


def test_figures_agree_with_each_other():
    estimate = aie.Explorer(mlp([128, 64, 10], batch=16)).best("interval", max_tiles=20).estimate()
    macs = 16 * (128 * 64 + 64 * 10)
    assert estimate.interval_ns == pytest.approx(estimate.interval_cycles / 1.25)
    assert estimate.samples_per_s == pytest.approx(16e9 / estimate.interval_ns)
    assert estimate.efficiency == pytest.approx(macs / (estimate.interval_cycles * estimate.tiles * 256))
    assert estimate.tops == pytest.approx(estimate.efficiency * estimate.peak_tops)
    assert estimate.interval_cycles >= max(layer.interval_cycles for layer in estimate.layers)
    assert sum(layer.choice.tiles for layer in estimate.layers) == estimate.tiles


def test_mixed_types_have_an_efficiency_below_one():
    network = mlp([64, 64, 64], x=FixedPoint(16, 10), batch=64)
    assert 0 < aie.Explorer(network).best("efficiency").estimate().efficiency <= 1
