"""Streams, run-time parameters, repetitions and several runs, in small graphs of their own."""

from pathlib import Path

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent / "programs"


class Graphs:
    """The graphs of one program; each run has a folder of its own."""

    def __init__(self, program, factory):
        self.program, self.factory = program, factory

    def run(self, *arguments, data, depth=None):
        folder = self.factory.mktemp("run")
        (folder / "data").mkdir()
        (folder / "data/in.txt").write_text("\n".join(map(str, data)))
        code, out, error = self.program.run(*arguments, folder=folder,
                                            environment={"AIE_EMULATION_DEPTH": str(depth)} if depth else None)
        written = {file.stem: [int(word) for word in file.read_text().split()]
                   for file in (folder / "x86simulator_output/data").glob("*.txt")}
        return code, out, error, written

    def fine(self, *arguments, data, depth=None):
        code, out, error, written = self.run(*arguments, data=data, depth=depth)
        assert (code, error) == (0, "")
        return out, written

    def diagnostic(self, *arguments, data):
        code, _, error, _ = self.run(*arguments, data=data)
        assert code == 3, error
        return error.removeprefix("AIE_EMULATION_ERROR ")


@pytest.fixture(scope="module")
def streams(compile_program, tmp_path_factory):
    return Graphs(compile_program((PROGRAMS / "streams.cpp").read_text()), tmp_path_factory)


@pytest.fixture(scope="module")
def parameters(compile_program, tmp_path_factory):
    return Graphs(compile_program((PROGRAMS / "parameters.cpp").read_text()), tmp_path_factory)


def numbers(count, kind="int32"):
    info = np.iinfo(kind)
    return np.random.default_rng(count).integers(info.min // 4, info.max // 4, count, np.dtype(kind))


STREAMS = {
    "one": (numbers(16), lambda x: 2 * x), "int8": (numbers(32, "int8"), lambda x: np.maximum(x, 0)),
    "int16": (numbers(16, "int16"), lambda x: x.reshape(-1, 8)[:, ::-1].ravel()),
    "int64": (numbers(2, "int64"), lambda x: -x), "chain": (numbers(48), lambda x: 2 * x + 1),
    "buffers": (numbers(16), lambda x: 2 * x), "shared": (numbers(128), lambda x: 2 * x[7::8])}


@pytest.mark.parametrize("name", STREAMS)
def test_streams_whatever_their_depth(streams, name):
    x, expected = STREAMS[name]
    if name == "shared":
        x = x[:128]
    for depth, further in ((None, 0), (1, 0), (3, 1), (1, 50), (1000, 0)):
        _, written = streams.fine(name, further, data=x, depth=depth)
        assert written == {"out": expected(x).tolist()}, (depth, further)


def test_a_stream_to_two_kernels(streams):
    x = numbers(16)
    _, written = streams.fine("broadcast", data=x, depth=1)
    assert written == {"out": (2 * x).tolist(), "second": (2 * x).tolist()}


def test_paths_that_meet_again_need_a_deeper_fifo(streams):
    """A kernel that waits for a whole buffer first, and then for what was made of the same words."""
    x = numbers(128)
    said = streams.diagnostic("joined", 0, data=x)
    assert said.startswith("deadlock: ")
    assert "room in kernel 0.out[0] to kernel 1.in[1]" in said
    for further in (60, 500):
        assert streams.fine("joined", further, data=x)[1] == {"out": x.tolist()}


@pytest.mark.parametrize(("name", "how"), [("one", "endless"), ("one", "3"), ("buffers", "endless"), ("chain", "endless"),
                                           ("chain", "1"), ("one", "parts"), ("chain", "parts"), ("buffers", "parts")])
def test_runs_with_and_without_a_count(streams, name, how):
    words = 24 if name == "chain" else 8
    x = numbers(words * {"parts": 2, "endless": 5}.get(how, 0) or words * int(how))
    _, written = streams.fine(name, 0, how, data=x)
    assert written == {"out": (2 * x + (name == "chain")).tolist()}


@pytest.mark.parametrize(("arguments", "words", "said"), [
    (["two_in"], 16, "stream_ports: kernel 0: 2 streams in and 1 out, the core has one each way"),
    (["two_out"], 16, "stream_ports: kernel 0: 1 streams in and 2 out"),
    (["dangling"], 16, "dangling_port: kernel 0.out[0]"),
    (["twice"], 16, "double_connected_port: kernel 0.in[0]"),
    (["types"], 16, "type_mismatch: kernel 0.out[0] to kernel 1.in[0]: int32 into int8"),
    (["backwards"], 16, "wrong_direction: kernel 0.out[0]"),
    (["one"], 15, "partial_transfer: in: data/in.txt ends, but the kernels want more"),
    (["one"], 17, "partial_transfer: in to kernel 0.in[0]: 4 bytes were not read"),
    (["one"], 40, "partial_transfer: in to kernel 0.in[0]: 16 bytes were not read"),
    (["int8"], 31, "partial_transfer: in: data/in.txt ends in iteration 7, byte 3 of 4"),
    (["chain"], 40, "partial_transfer: in: data/in.txt ends, but the kernels want more"),
    (["buffers"], 15, "partial_transfer: in: data/in.txt ends in iteration 1, byte 28 of 32"),
    (["buffers"], 17, "partial_transfer: in: data/in.txt holds more than 2 iterations take"),
    (["buffers", "0", "endless"], 20, "partial_transfer: in: data/in.txt ends in iteration 2, byte 16 of 32"),
    (["deadlock"], 16, "deadlock: graph: nobody can go on: "),
    (["source_only", "0", "endless"], 16, "run_order: kernel 0: a run without a count"),
    (["one", "0", "after_end"], 16, "run_order: graph: run after end"),
    (["one", "0", "endless_twice"], 16, "run_order: graph: run although the graph runs without end"),
])
def test_diagnostics_of_streams_and_runs(streams, arguments, words, said):
    assert streams.diagnostic(*arguments, data=np.arange(words)).startswith(said)


@pytest.mark.parametrize("word", ["x", "2147483648", "1.5"])
def test_a_stream_of_something_else(streams, word):
    assert streams.diagnostic("one", data=[*range(15), word]).startswith("plio_file: in: ")


OFFSETS = np.arange(1, 9)


def test_asynchronous_parameters(parameters):
    x = np.arange(16).reshape(2, 8)
    out, written = parameters.fine("async", data=x.ravel())
    y = [3 * x[0] + OFFSETS, -4 * x[1]]
    assert written["out"] == (np.concatenate(y) + 10).tolist()
    assert out.split() == f"sum {100 + y[0].sum()} sum {100 + y[0].sum() + y[1].sum()} calls 2 -4".split()


def test_an_update_for_every_call(parameters):
    x = np.arange(16).reshape(2, 8)
    _, written = parameters.fine("sync", data=x.ravel())
    assert written["out"] == (np.concatenate([3 * x[0] + OFFSETS, 5 * x[1] + OFFSETS]) + 10).tolist()


@pytest.mark.parametrize(("name", "said"), [
    ("async_never", "parameter_never_updated: kernel 0.in[1]: the kernel reads it"),
    ("array_never", "parameter_never_updated: kernel 0.in[2]: the kernel reads it"),
    ("inout_never", "parameter_never_updated: kernel 0.inout[0]: the kernel reads it"),
    ("never", "parameter_never_updated: kernel 0.in[1]: the kernel waits for it"),
    ("read_first", "parameter_never_updated: kernel 0.inout[1]: the host reads it"),
    ("sync_reads", "parameter_never_updated: kernel 0.inout[1]: the host reads it"),
    ("few", "deadlock: graph: nobody can go on: "),
    ("many", "update_not_read: kernel 0.in[1]: 1 updates were not read"),
    ("race", "update_while_running: kernel 0.in[1]: "),
    ("wrong_type", "type_mismatch: kernel 0.in[1]: 2-byte values for int32"),
    ("wrong_size", "parameter_size: kernel 0.in[2]: 4 values for 8"),
    ("unconnected", "dangling_port: port of the graph"),
    ("dangling_parameter", "dangling_port: kernel 1.in[1]"),
    ("dangling_inout", "dangling_port: kernel 0.inout[1]"),
    ("no_such_inout", "no_such_port: kernel 0: inout[2]"),
    ("twice", "double_connected_port: kernel 1.in[1]"),
    ("no_parameter", "wrong_direction: kernel 1.in[0]: is no parameter"),
    ("parameter_as_buffer", "wrong_direction: kernel 1.in[1]: is no input buffer or stream"),
    ("single_parameter", "wrong_direction: kernel 0.in[1]: is no buffer"),
    ("single_twice", "buffer_places: kernel 0.in[0]: a single buffer has one place, but 2 are given"),
])
def test_diagnostics_of_parameters(parameters, name, said):
    assert parameters.diagnostic(name, data=np.arange(16)).startswith(said)


def test_who_waits_for_an_update_is_told(parameters):
    assert "kernel 0, iteration 1, waits for an update of kernel 0.in[1]" in parameters.diagnostic("few", data=np.arange(16))


def test_a_single_buffer(parameters):
    assert parameters.fine("single_buffer", data=np.arange(16))
