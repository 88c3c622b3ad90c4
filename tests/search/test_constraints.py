"""Constraints on layers: what is fixed, forbidden or bounded holds in every answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import mlp

import aie_explorer as aie
from aie_explorer.errors import DesignError

EX = aie.Explorer(mlp([64, 48, 32, 10]))


@pytest.mark.parametrize(("constraints", "holds"), [
    ({"dense0.cas_length": 2}, lambda f: (f["dense0.cas_length"] == 2).all()),
    ({"dense1.cas_num": [1, 4]}, lambda f: f["dense1.cas_num"].isin([1, 4]).all()),
    ({"split": "features"}, lambda f: all((f[f"dense{i}.split"] == "features").all() for i in range(3))),
    ({"microtile": {"not": ["4x8x8", (8, 8, 8)]}}, lambda f: not f["dense2.microtile"].isin(["4x8x8", "8x8x8"]).any()),
    ({"tiles": {"most": 3}}, lambda f: all((f[f"dense{i}.cas_length"].astype(int) * f[f"dense{i}.cas_num"] <= 3).all()
                                           for i in range(3))),
    ({"blocking": (2, 2)}, lambda f: all((f[f"dense{i}.blocking"] == "2x2").all() for i in range(3))),
    ({"dense0.blocking": ["1x2", (4, 2)]}, lambda f: f["dense0.blocking"].isin(["1x2", "4x2"]).all()),
    ({"validity": ["calibrated", "interpolated"], "route": "memory_tile"},
     lambda f: (f["validity"] != "extrapolated").all()),
    ({"route": "memory_tile"}, lambda f: (f["dense0.route"] == "memory_tile").all()),
    ({"dense1.route": "direct"}, lambda f: (f["dense1.route"] == "direct").all()),
    ({"dense2.cas_length": {"least": 2, "most": 3}}, lambda f: f["dense2.cas_length"].between(2, 3).all()),
])
def test_what_is_demanded_holds_in_every_table(constraints, holds):
    ex = aie.Explorer(EX.network, constraints=constraints)
    assert holds(ex.pareto())
    assert holds(ex.sweep())
    assert holds(ex.top(3))
    free = EX.sweep({f"dense{i}.split": ["features", "rows"] for i in range(3)}, limit=20_000, sample="random")
    assert not holds(free)


def test_constraints_add_up_and_replace():
    ex = EX.constrained({"cas_num": 1}).constrained({"dense0.cas_length": 3, "split": "features"})
    assert ex.constraints == {"cas_num": 1, "dense0.cas_length": 3, "split": "features"}
    assert ex.constrained({"cas_num": 2}).constraints["cas_num"] == 2
    design = ex.best("interval")
    assert [choice.cas_num for choice in design.choices] == [1, 1, 1]
    assert design.choices[0].cas_length == 3


@given(most=st.integers(1, 12), layer=st.integers(0, 2))
@settings(max_examples=20, deadline=None)
def test_a_constraint_never_improves_the_best(most, layer):
    free = EX.best("interval").estimate().interval_cycles
    bound = EX.constrained({f"dense{layer}.tiles": {"most": most}}).best("interval").estimate().interval_cycles
    assert bound >= free


def test_the_front_under_constraints_is_the_best_of_all_designs_that_meet_them():
    ex = EX.constrained({"cas_length": [1, 2], "cas_num": [1, 2, 4], "dense0.microtile": "4x8x8"})
    every = ex.sweep({f"dense{i}.cas_length": [1, 2] for i in range(3)}, limit=None)
    columns = ["tiles", "interval_cycles", "latency_cycles"]
    np.testing.assert_allclose(ex.pareto(every)[columns].drop_duplicates(), ex.pareto()[columns])


@pytest.mark.parametrize(("constraints", "words"), [
    ({"dense0.colour": 1}, "no 'colour' to constrain"),
    ({"dense9.tiles": 1}, "no layer 'dense9'.*dense0, dense1, dense2"),
    ({"dense0.cas_length": 17}, "no legal option has the value 17.*Legal values: 1, 2"),
    ({"dense0.microtile": "9x9x9"}, "no legal option has the value '9x9x9'.*4x8x8"),
    ({"dense0.tiles": {"most": 0}}, "leaves no option of dense0"),
    ({"split": "diagonal"}, "split is 'diagonal'"),
    ({"validity": "certain"}, "validity is 'certain'.*calibrated"), ({"validity": {"most": 1}}, "most"),
    ({"blocking": (3, 3)}, r"\(3, 3\) is no register blocking.*2x2, 1x1"),
    ({"dense0.blocking": "3x2"}, "'3x2' is no register blocking"),
    ({"tiles": {"lots": 3}}, "lots"),
    ({"split": {"least": 3}}, "least"),
    ({"tiles": {"most": "few"}}, "tiles.most.*few"),
    ({3: 1}, "no name of a constraint"),
    ({"dense0.tiles": []}, "no value"),
    ("split", "is a str"), ([("cas_num", 1)], "constraints: is a list. Give a mapping"), ((), "is a tuple"),
    (5, "is a int"),
    ({"tiles": 2.0}, "tiles: 2.0 is not a whole number"),
    ({"dense0.interval_cycles": 120.5}, "no legal option has the value 120.5. Legal values: "),
    ({"dense0.interval_cycles": "x"}, "dense0.interval_cycles: is 'x'. Use a number"),
    ({"interval_cycles": True}, "is True. Use a number"), ({"interval_cycles": float("nan")}, "leaves no option"),
])
def test_mistakes_are_answered_in_words(constraints, words):
    with pytest.raises(DesignError, match=words) as at_once:
        _ = aie.Explorer(EX.network, constraints=constraints).space
    with pytest.raises(DesignError) as later:
        _ = EX.constrained(constraints).space
    assert str(later.value) == str(at_once.value)


def test_figures_with_decimals_are_met_as_they_are_shown():
    """A table shows 147.064 for 147.06400000000002."""
    frame = EX.layer_options("dense0")
    value = frame["kernel_cycles"].iloc[0]
    assert value != round(value)
    for asked in (value, float(f"{value:g}"), np.float64(value)):
        left = EX.constrained({"dense0.kernel_cycles": asked}).layer_options("dense0")
        assert len(left) == (frame["kernel_cycles"] == value).sum() < len(frame)
    others = EX.constrained({"dense0.kernel_cycles": {"not": float(f"{value:g}")}}).layer_options("dense0")
    assert value not in set(others["kernel_cycles"])
