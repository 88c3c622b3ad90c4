"""What the emulation does not know is refused by the compiler, with a word of why."""

import subprocess

import pytest

from aie_explorer.emulation import find_compiler
from aie_explorer.emulation.build import include_folder

REFUSED = {
    "int8 f(input_stream<int8>* s) { return readincr(s); }": "read smaller elements as vectors",
    "auto f(input_stream<int16>* s) { return readincr_v<16>(s); }": "a vector of a stream is 128 bits",
    "void k(adf::input_buffer<int32>&, float) {}\nauto f() { return adf::kernel::create(k); }": "arrays of integers as arguments",
    "aie::mmul<3, 8, 8, int8, int8> product;": "has no such shape",
    "auto f(aie::vector<int32, 8> v) { return aie::mul<acc32>(v, v); }": "need 64-bit accumulators",
    "auto split = adf::pktsplit<2>::create();": "pktsplit",
    "void f(adf::tiling_parameters& p) { p.packet_port_id = 1; }": "packet_port_id",
    "void f(adf::kernel& k) { adf::initialization_function(k) = \"start\"; }": "initialization_function",
    "void f(adf::graph& g, adf::input_port& p) { int32 v; g.read(p, v); }": "an input port is not read",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    file = tmp_path_factory.mktemp("refused") / "refused.cpp"
    parts = [f"namespace refused{i} {{\n{code}\n}}\n" for i, code in enumerate(REFUSED)]
    file.write_text("#include <adf.h>\n#include <aie_api/aie.hpp>\n#include <aie_api/aie_adf.hpp>\n" + "".join(parts))
    done = subprocess.run([find_compiler().path, "-std=c++20", "-fsyntax-only", f"-I{include_folder()}", str(file)],
                          capture_output=True, text=True, check=False)
    return "\n".join(line for line in done.stderr.splitlines() if "error:" in line)


@pytest.mark.parametrize("code", REFUSED)
def test_does_not_compile(complaints, code):
    assert REFUSED[code] in complaints
