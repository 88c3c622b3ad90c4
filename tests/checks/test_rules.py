from networks import mlp

import aie_explorer as aie


def test_a_realisable_design_breaks_no_rule():
    assert aie.Explorer(mlp([64, 32, 10])).best("interval").check() == []


def test_too_many_tiles():
    ex = aie.Explorer(mlp([64, 64, 64, 64]), device="ve2302")
    wide = {"microtile": "4x8x8", "cas_length": 8, "cas_num": 2}
    (violation,) = ex.design(dict.fromkeys(ex.layers, wide)).check()
    assert violation.rule == "tiles"
    assert "tiles of the design: 48, at most 34" in str(violation)


def test_blocks_that_do_not_fit_name_the_block():
    """Five blocks of 6 x 1 are 30 of 34 tiles, but two rows of 17 columns hold two of them each."""
    ex = aie.Explorer(mlp([48] * 6), device="ve2302")
    design = ex.design({name: {"microtile": "4x8x8", "cas_length": 6, "cas_num": 1} for name in ex.layers})
    (violation,) = design.check()
    assert violation.rule == "placement"
    assert violation.where in ex.layers
