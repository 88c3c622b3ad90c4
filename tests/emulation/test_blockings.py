"""Every register blocking of the kernel, in cascades and alone, computes the reference."""

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.ir import FixedPoint
from aie_explorer.space import BLOCKINGS

CASES = {
    "int8": ((4, 8, 8), {}),
    "int16": ((4, 4, 4), {"x": FixedPoint(16, 8), "w": FixedPoint(16, 12), "y": FixedPoint(16, 8)}),
}


@pytest.mark.parametrize("cas_length", [1, 2])
@pytest.mark.parametrize("types", CASES)
def test_every_blocking_equals_the_reference(types, cas_length, tmp_path):
    """A layer a blocking; 20 rows and 70 or 130 columns leave the last block of some in part empty."""
    microtile, of = CASES[types]
    ex = aie.Explorer(mlp([70] * len(BLOCKINGS) + [130], batch=20, **of))
    design = ex.design({f"dense{i}": {"microtile": microtile, "cas_length": cas_length, "cas_num": 1 + i % 2,
                                      "blocking": blocking} for i, blocking in enumerate(BLOCKINGS)})
    assert [choice.blocking for choice in design.choices] == list(BLOCKINGS)
    verdict = design.export(tmp_path / "project", verify=False).verify(samples=40)
    assert verdict.mismatches == 0, f"{design}\n{verdict.to_frame()}"
