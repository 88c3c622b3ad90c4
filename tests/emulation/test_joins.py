"""Residual networks whose joins need more than two copies: exported, run, and compared at every layer."""

import dataclasses
import re
import shutil

import pytest
from networks import residual

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify
from aie_explorer.transport import located
from aie_explorer.transport.divide import divide


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
    compared = {one.tensor.removesuffix(" at the PLIOs") for one in verdict.tensors if one.values}
    assert {op.output for op in design.network.layers} <= compared
    text = (project.path / "aie/graph.h").read_text()
    assert list(map(int, re.findall(r"num_buffers\(b\) = (\d+);", text))) == [held.copies for held in plan.buffers]
    for held, places in zip(plan.buffers, re.findall(r"location<adf::buffer>\(b\) = \{(.*)\};", text), strict=True):
        assert places == ", ".join(f"adf::address({held.memory_tile[0]}, {held.memory_tile[1]}, {offset})"
                                   for offset in held.offsets_bytes)
        assert len(held.offsets_bytes) == held.copies


@pytest.fixture(scope="module")
def divided(tmp_path_factory):
    """A residual block whose join's buffer is divided among its readers, which are its cascade's tiles."""
    cut = {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}
    design = aie.Explorer(residual(1, 16)).design({
        "block0_a": cut, "block0_b": cut, "add0": cut | {"cas_num": 2, "split": "rows", "blocking": "1x1"}, "head": cut})
    plan = design.plan()
    parts = [part for held in plan.buffers for part in divide(held, [1] * len(held.readers), set())]
    assert len(parts) > len(plan.buffers)
    vars(design)["_plan"] = located(dataclasses.replace(plan, buffers=tuple(parts)), design.place(), design.device)
    return design.export(tmp_path_factory.mktemp("divided") / "project", verify=False)


def test_a_divided_buffer_is_bit_exact(divided):
    verdict = verify(divided)
    assert verdict.mismatches == 0, verdict.to_frame()
    values = {one.tensor: one.values for one in verdict.tensors}
    assert values["block0_b_s"] == 2 * values["block0_a_s"]  # it is in both parts


def test_a_part_that_is_sent_to_the_wrong_reader_is_found(divided, tmp_path):
    shutil.copytree(divided.path, tmp_path / "p")
    file = tmp_path / "p/aie/graph.h"
    text, count = re.subn(r"(add0_in_0_part1;.*?\.offset = \{0, )4(\})", r"\g<1>0\2", file.read_text(), count=1,
                          flags=re.DOTALL)
    assert count == 1
    file.write_text(text)
    assert verify(type(divided)(tmp_path / "p", divided.design)).mismatches > 0


@pytest.mark.parametrize(("old", "new", "said"), [
    (r"num_buffers\(b\) = {copies}", "num_buffers(b) = 9", "9 copies and {copies} addresses"),
    (r"(num_buffers\(b\) = {copies};.*?adf::address\(\d+, \d+, )\d+", r"\g<1>524280", "memory_tile_overflow"),
])
def test_a_wrong_copy_is_found(old, new, said, tmp_path):
    design = aie.Explorer(residual(2)).best("tiles")
    copies = max(held.copies for held in design.plan().buffers)
    assert copies > 2
    project = design.export(tmp_path / "project", verify=False)
    file = project.path / "aie/graph.h"
    text, count = re.subn(old.replace("{copies}", str(copies)), new, file.read_text(), count=1, flags=re.DOTALL)
    assert count == 1
    file.write_text(text)
    with pytest.raises(EmulationError, match=said.format(copies=copies)):
        verify(project, flags=("-O0",))
