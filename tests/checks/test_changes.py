"""What would fix a broken design, and what breaking a rule stops."""

import dataclasses
import re

import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.checks import check_and_fix, errors
from aie_explorer.devices import find
from aie_explorer.errors import AieExplorerError, ExportError


def applied(design, remedy):
    """The design after the change that a remedy names."""
    copies = re.fullmatch(r"Use (\d+) cop(?:y|ies) instead of \d+", remedy)
    if copies:
        return dataclasses.replace(design, copies=int(copies[1]))
    layer, field, value = re.fullmatch(r"Use (\w+)\.(\w+) = (\w+) instead of \w+", remedy).groups()
    choices = {name: dataclasses.asdict(choice) for name, choice in design.layers.items()}
    choices[layer][field] = int(value) if value.isdigit() else value
    return aie.Explorer(design.network, device=design.device).design(choices)


def too_wide():
    ex = aie.Explorer(mlp([64, 64, 64, 64]), device="ve2302")
    wide = {"microtile": "4x8x8", "cas_length": 8, "cas_num": 2}
    return ex.design({"dense0": wide, "dense1": wide, "dense2": wide | {"cas_length": 4, "cas_num": 1}})


def unplaceable():
    """Five blocks of 6 x 1 are 30 of 34 tiles, but two rows of 17 columns hold two of them each."""
    ex = aie.Explorer(mlp([48] * 6), device="ve2302")
    return ex.design({name: {"microtile": "4x8x8", "cas_length": 6, "cas_num": 1} for name in ex.layers})


@pytest.mark.parametrize("make", [too_wide, unplaceable])
def test_the_change_fixes_the_design(make):
    design = make()
    (violation,) = design.check()
    assert violation.severity == "error"
    fixed = applied(design, violation.remedy)
    assert errors(fixed) == []
    assert check_and_fix(design)[1] == fixed
    assert check_and_fix(fixed)[1] is None


def test_the_change_is_the_one_that_costs_least():
    """Of all changes of one field that fix the design, none is faster."""
    design = too_wide()
    (violation,) = design.check()
    fixed = applied(design, violation.remedy)
    ex = aie.Explorer(design.network, device=design.device)
    for name, choice in design.layers.items():
        for field, values in (("cas_length", range(1, 9)), ("cas_num", (1, 2))):
            for value in values:
                try:
                    other = ex.design(design.layers | {name: dataclasses.replace(choice, **{field: value})})
                except AieExplorerError:
                    continue
                if not errors(other):
                    assert other.estimate().interval_cycles >= fixed.estimate().interval_cycles - 1e-9


def test_too_many_copies():
    one = aie.Explorer(mlp([64, 64, 10])).best("interval", max_tiles=20)
    design = dataclasses.replace(one, copies=40)
    assert any(violation.rule == "tiles" for violation in design.check())
    remedy = design.check()[0].remedy
    fixed = applied(design, remedy)
    assert errors(fixed) == []
    assert errors(dataclasses.replace(one, copies=fixed.copies + 1))


def test_where_one_field_is_not_enough_the_remedy_is_in_words():
    ex = aie.Explorer(mlp([64] * 8), device="ve2302")
    wide = {"microtile": "4x8x8", "cas_length": 8, "cas_num": 2}
    (violation,) = ex.design(dict.fromkeys(ex.layers, wide)).check()
    assert (violation.used, violation.limit) == (112, 34)
    assert violation.remedy == "Use fewer tiles for some layer: a smaller cas_length or cas_num"


def test_a_warning_does_not_stop_an_export(tmp_path):
    ex = aie.Explorer(mlp([64, 32, 10]), device="vek280", pl_clock_mhz=700.0)
    design = ex.best("tiles")
    (violation,) = design.check()
    assert (violation.rule, violation.severity, violation.used, violation.limit) == ("pl_clock", "warning", 700, 625)
    assert design.export(tmp_path / "project", verify=False).path.is_dir()


@pytest.mark.parametrize(("device", "limit"), [("vek280", 1250), ("xcve2802-vsvh1760-1LP-e-S", 1000),
                                               ("vc2802", 1300), ("vek385", 1250)])
def test_a_clock_above_the_speed_grade_is_told(device, limit):
    net = mlp([64, 32, 10])
    assert aie.Explorer(net, device=device, clock_mhz=limit).best("tiles").check() == []
    (violation,) = aie.Explorer(net, device=device, clock_mhz=limit + 1).best("tiles").check()
    assert (violation.rule, violation.severity, violation.limit) == ("array_clock", "warning", limit)
    own = dataclasses.replace(find(device), name="own", clock_mhz=limit + 1.0)
    assert aie.Explorer(net, device=own).best("tiles").check() == []


def test_an_error_stops_an_export(tmp_path):
    with pytest.raises(ExportError, match=r"breaks a rule.*tiles of the design"):
        too_wide().export(tmp_path / "project", verify=False)
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("network", [mlp([64] * 6, batch=16), residual(1), mlp([96, 256, 128, 10], batch=32)])
@pytest.mark.parametrize("objective", ["interval", "latency", "tiles", "throughput"])
def test_no_search_returns_a_design_that_breaks_a_rule(network, objective):
    for device in ("ve2302", "vek280"):
        ex = aie.Explorer(network, device=device)
        assert errors(ex.best(objective)) == []
        if objective != "throughput":
            top = ex.top(3, objective)
            assert all(errors(ex.design(row)) == [] for _, row in top.iterrows())
