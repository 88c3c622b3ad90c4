"""Projects written by hand, with nothing of the exporter, against numpy."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from aie_explorer.emulation import Compiler, EmulationError, emulate, find_compiler

PROJECTS = Path(__file__).parent / "projects"
STRICT = ("-O0", "-Werror")


def text(values):
    return "\n".join(map(str, values.ravel()))


def weights(name):
    declared = (PROJECTS / "streamed/aie/weights.h").read_text().split(f"{name}[128] = {{")[1].split("}")[0]
    return np.array(re.findall(r"-?\d+", declared), int).reshape(16, 8)


@pytest.mark.parametrize("depth", ["", "1", "7"])
def test_a_buffer_a_stream_and_parameters(depth):
    x = np.random.default_rng(3).integers(-128, 128, (3, 4, 16))
    x[0] = np.clip(x[0], -12, 12)  # few of its results saturate
    x[1, 0] = 127
    microtiles = x.reshape(3, 4, 2, 8).transpose(0, 2, 1, 3)
    found = emulate(PROJECTS / "streamed", inputs={"x": text(microtiles)}, environment={"AIE_EMULATION_DEPTH": depth},
                    flags=STRICT)
    expected = []
    for call, name, threshold in ((0, "first_weights", 0), (1, "first_weights", 10), (2, "second_weights", -20)):
        sums = np.rint(x[call] @ weights(name) / 16).astype(np.int64)  # ties to even
        expected.append(np.clip(np.maximum(sums, threshold) // 4, -128, 127))
    assert len(np.unique(expected)) > 30
    assert found.outputs["y"].tolist() == np.ravel(expected).tolist()


def transposed_reference(x):
    padded = np.pad(np.swapaxes(x + 1, 1, 2), ((0, 0), (1, 1), (0, 0)))
    return np.cumsum(padded, axis=1) + 100 * np.arange(1, 9) + 1000 * np.arange(len(x))[:, None, None]


@pytest.mark.parametrize("calls", [1, 5])
def test_a_memory_tile_that_transposes(calls):
    x = np.random.default_rng(calls).integers(-10**6, 10**6, (calls, 8, 16))
    found = emulate(PROJECTS / "transposed", inputs={"x": text(x)}, flags=STRICT)
    assert found.outputs["y"].tolist() == transposed_reference(x).ravel().tolist()
    assert found.traces[0].tolist() == (x + 1).ravel().tolist()


@pytest.mark.parametrize("name", ["streamed", "transposed"])
def test_the_sanitizers_have_nothing_to_say(name):
    path = shutil.which("clang++") or find_compiler().path
    assert emulate(PROJECTS / name, compiler=Compiler(path, "the other one"),
                   flags=(*STRICT, "-Wno-gnu", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")).outputs


EDITS = [
    ("streamed", "aie/graph.cpp", "network.update(network.threshold, 10);", "", "deadlock"),
    ("streamed", "aie/kernels/multiply.cpp", "r < rows;", "r < rows - 1;", "deadlock"),
    ("transposed", "aie/graph.h", "repetition_count(add) = 2", "repetition_count(add) = 1", "volume_mismatch"),
]


@pytest.mark.parametrize(("project", "file", "old", "new", "diagnostic"), EDITS)
def test_an_edit_is_caught(project, file, old, new, diagnostic, tmp_path):
    shutil.copytree(PROJECTS / project, tmp_path / "p")
    source = (tmp_path / "p" / file).read_text()
    assert source.count(old) == 1
    (tmp_path / "p" / file).write_text(source.replace(old, new))
    with pytest.raises(EmulationError, match=f": {diagnostic}: "):
        emulate(tmp_path / "p", flags=("-O0",))
