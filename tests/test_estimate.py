import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.checks import errors
from aie_explorer.cycles import VALIDITY
from aie_explorer.cycles.constants import fixed_spread_cycles
from aie_explorer.cycles.validity import error_pct
from aie_explorer.ir import Add, FixedPoint, Network, Quantize, Tensor
from aie_explorer.passes import lower


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
    ex = aie.Explorer(network)
    assert 0 < ex.best("efficiency").estimate().efficiency <= 1
    for objective in ("tiles", "interval"):
        design = ex.best(objective, max_tiles=40)
        estimate = design.estimate()
        assert estimate.tops == pytest.approx(estimate.efficiency * estimate.peak_tops)
        tile_cycles = sum(64**3 / (128 if "16" in layer.work.input.storage else 256) for layer in design.space.layers)
        assert estimate.efficiency == pytest.approx(tile_cycles / (estimate.tiles * estimate.interval_cycles))
        assert len({layer.work.input.storage for layer in design.space.layers}) == 2


def test_a_network_that_only_adds_has_a_peak_and_no_efficiency():
    tensors = {name: Tensor(name, (32,), FixedPoint(8, 7)) for name in ("a", "b", "y")}
    tensors["s"] = Tensor("s", (32,), None)
    ops = (Add("add", "add", ("a", "b"), "s"), Quantize("q", "q", ("s",), "y"))
    estimate = aie.Explorer(lower(Network("adds", 8, ops, tensors, ("a", "b"), ("y",)))).best("tiles").estimate()
    assert estimate.efficiency == estimate.tops == 0
    assert estimate.peak_tops == pytest.approx(2 * 256 * estimate.tiles * 1250 / 1e6)


def test_a_short_interval_is_less_sure_than_a_long_one():
    """Of equal validity: what a call and its wrapper take is known to a number of cycles, not to a share."""
    explorer = aie.Explorer(mlp([64, 64, 64]))
    fixed = {"microtile": "4x8x8", "cas_num": 1, "split": "features", "blocking": "2x2", "route": "memory_tile",
             "ports": "memory_tile"}
    short, long = (explorer.design(dict.fromkeys(explorer.layers, fixed | {"cas_length": length})).estimate()
                   for length in (4, 1))
    assert short.validity == long.validity == "calibrated"
    assert short.interval_cycles < long.interval_cycles
    assert short.interval_error_pct > long.interval_error_pct
    spread = fixed_spread_cycles()
    for one in (short, long):
        known = float(error_pct("interval", VALIDITY.index("calibrated")))
        assert one.interval_error_pct == pytest.approx(
            (known**2 + (100 * spread / one.interval_cycles)**2)**0.5)


@pytest.mark.parametrize("network", [mlp([64, 64, 32, 10]), mlp([16, 64, 32, 32, 5]), residual(1, 16)])
def test_error_bars_of_latencies_reach_what_shared_memory_saves(network):
    """By the timeline, for every design of the front that can be placed."""
    explorer, direct = aie.Explorer(network), 0
    for _, row in explorer.pareto().iloc[::8].iterrows():
        design = explorer.design(row)
        if not errors(design):
            estimate = design.estimate()
            direct += estimate.latency_error_pct > 23
            assert design.timeline().latency_cycles >= estimate.latency_cycles * (
                1 - estimate.latency_error_pct / 100) - 1e-6
    assert direct or network.name != "mlp"
