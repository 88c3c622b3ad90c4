"""Buffers of one copy, in tiles, in shared memory and in memory tiles: exported, run, compared; then broken."""

import dataclasses
import shutil

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.emulation import EmulationError
from aie_explorer.firmware.verify import verify


def cut(length, num, **more):
    return {"microtile": "4x8x8", "cas_length": length, "cas_num": num} | more


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    design = aie.Explorer(mlp([256, 64, 48, 48, 10])).design({
        "dense0": cut(1, 2), "dense1": cut(1, 1), "dense2": cut(1, 1), "dense3": cut(1, 1, route="auto")})
    design = dataclasses.replace(design, single_buffers=True)
    project = design.export(tmp_path_factory.mktemp("single") / "project", verify=False)
    verdict = verify(project, flags=("-O0",))
    assert verdict.mismatches == 0, verdict.to_frame()
    return project


def test_one_copy_is_bit_exact(project):
    plan, text = project.design.plan(), (project.path / "aie/graph.h").read_text()
    assert sum(held.copies == 1 for held in plan.buffers) == text.count("num_buffers(b) = 1;") > 0
    assert {edge.kind for edge in plan.direct} >= {"shared_memory"}
    assert {"input", "output"} == {way for _, way in plan.single}
    assert text.count("adf::single_buffer(") >= len(plan.single)
    assert aie.load_design(project.path).single_buffers


ONE = "adf::single_buffer(k.out[0]);\n                    adf::location<adf::buffer>(k.out[0]) = adf::bank(x, y, 3);"


@pytest.mark.parametrize(("old", "new", "expected"), [
    (ONE, ONE.replace("adf::bank(x, y, 3)", "{adf::bank(x, y, 0), adf::bank(x, y, 3)}"), "buffer_places"),
    (ONE, ONE.replace("adf::bank(x, y, 3)", "adf::bank(x + 1, y, 3)"), "unreachable_bank"),
    ("num_buffers(b) = 1;", "num_buffers(b) = 2;", "memory_tile_overflow"),
], ids=["two places", "out of reach", "two copies in one place"])
def test_a_wrong_single_buffer_is_found(project, old, new, expected, tmp_path):
    shutil.copytree(project.path, tmp_path / "p")
    file = tmp_path / "p/aie/graph.h"
    text = file.read_text()
    assert old in text, "the edit no longer applies"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(EmulationError, match=expected):
        verify(type(project)(tmp_path / "p", project.design), flags=("-O0",))
