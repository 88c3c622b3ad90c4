"""Residual networks whose joins need more than two copies: exported, run, and compared at every layer."""

import re

import pytest
from networks import residual

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify


@pytest.mark.parametrize(("blocks", "width", "batch"), [(2, 64, 8), (3, 32, 16)])
def test_more_than_two_copies_are_bit_exact(blocks, width, batch, tmp_path):
    design = aie.Explorer(residual(blocks, width, batch=batch)).best("interval", max_tiles=40)
    plan = design.plan()
    assert max(held.copies for held in plan.buffers) > 2
    assert plan.to_frame().loc[[held.name for held in plan.buffers], "copies"].tolist() == [
        held.copies for held in plan.buffers]
    project = design.export(tmp_path / "project", verify=False)
    verdict = verify(project)
    assert verdict.mismatches == 0, verdict.to_frame()
    assert {op.output for op in design.network.layers} <= {one.tensor for one in verdict.tensors if one.values}
    text = (project.path / "aie/graph.h").read_text()
    assert list(map(int, re.findall(r"num_buffers\(b\) = (\d+);", text))) == [held.copies for held in plan.buffers]
    for held, places in zip(plan.buffers, re.findall(r"location<adf::buffer>\(b\) = \{(.*)\};", text), strict=True):
        assert places == ", ".join(f"adf::address({held.memory_tile[0]}, {held.memory_tile[1]}, {offset})"
                                   for offset in held.offsets_bytes)
        assert len(held.offsets_bytes) == held.copies


@pytest.mark.parametrize(("old", "new", "said"), [
    (r"num_buffers\(b\) = 4", "num_buffers(b) = 5", "5 copies and 4 addresses"),
    (r"(num_buffers\(b\) = 4;.*?adf::address\(\d+, \d+, )\d+", r"\g<1>524280", "memory_tile_overflow"),
])
def test_a_wrong_copy_is_found(old, new, said, tmp_path):
    project = aie.Explorer(residual(2)).best("interval", max_tiles=40).export(tmp_path / "project", verify=False)
    file = project.path / "aie/graph.h"
    text, count = re.subn(old, new, file.read_text(), count=1, flags=re.DOTALL)
    assert count == 1
    file.write_text(text)
    with pytest.raises(EmulationError, match=said):
        verify(project)
