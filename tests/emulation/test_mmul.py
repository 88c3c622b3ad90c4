"""aie::mmul of every shape and signedness against numpy."""

import numpy as np
import pytest

# By bits of the operands; the shapes of the AIE API user guide, "Matrix Multiplication", for AIE-ML and AIE-MLv2.
SHAPES = {
    (8, 8): ["1x16x8", "2x8x8", "2x16x8", "4x8x4", "4x8x8", "4x16x4", "4x16x8", "8x8x4", "8x8x8"],
    (8, 16): ["4x4x4", "4x4x8", "8x2x8"],
    (16, 8): ["2x8x8", "4x4x4", "4x4x8", "4x8x4", "4x8x8", "8x2x8", "8x4x4", "8x4x8"],
    (16, 16): ["2x4x8", "4x2x8", "4x4x4", "4x4x8", "8x1x8", "8x2x8"],
}
CASES = [(a, b, shape) for (a_bits, b_bits), shapes in SHAPES.items() for shape in shapes
         for a in (f"int{a_bits}", f"uint{a_bits}") for b in (f"int{b_bits}", f"uint{b_bits}")]

HEAD = r"""
#include <aie_api/aie.hpp>
#include <iostream>
template <class T, unsigned N>
aie::vector<T, N> read() {
    aie::vector<T, N> v;
    for (unsigned i = 0; i < N; ++i) {
        long long value = 0;
        std::cin >> value;
        v.set(static_cast<T>(value), i);
    }
    return v;
}
template <unsigned M, unsigned K, unsigned N, class A, class B, class Tag>
void one() {
    using mm = aie::mmul<M, K, N, A, B, Tag>;
    aie::accum<Tag, mm::size_C> start;
    for (unsigned i = 0; i < mm::size_C; ++i)
        start.set_lane(i, 3 * static_cast<int>(i) - 50);
    mm c(start), d;
    const auto a = read<A, mm::size_A>();
    const auto b = read<B, mm::size_B>();
    c.mac(a, b);
    d.mul(a, b);
    d.mac(a, b);
    for (unsigned i = 0; i < mm::size_C; ++i)
        std::cout << c.to_accum().lane(i) << ' ' << d.to_accum().lane(i) << ' ';
    std::cout << '\n';
}
template <unsigned A, unsigned B>
void legal() {
    for (unsigned m = 1; m <= 16; ++m)
        for (unsigned k = 1; k <= 32; ++k)
            for (unsigned n = 1; n <= 16; ++n)
                if (aie::detail::legal_shape(m, k, n, A, B))
                    std::cout << A << ' ' << B << ' ' << m << ' ' << k << ' ' << n << '\n';
}
"""


def tag(a, b):
    return "acc64" if {a[-2:], b[-2:]} == {"16"} else "acc32"


@pytest.fixture(scope="module")
def program(compile_program):
    calls = "".join(f"    one<{shape.replace('x', ', ')}, {a}, {b}, {tag(a, b)}>();\n" for a, b, shape in CASES)
    return compile_program(HEAD + "int main(int argc, char**) {\n    if (argc > 1) {\n        legal<8, 8>();\n"
                           "        legal<8, 16>();\n        legal<16, 8>();\n        legal<16, 16>();\n        return 0;\n"
                           f"    }}\n{calls}}}\n")


def operand(rng, name, shape):
    kind = np.dtype(name)
    info = np.iinfo(kind)
    values = rng.integers(info.min, info.max, shape, np.int64, endpoint=True)
    values.flat[:2] = info.min, info.max
    return values


def test_every_shape_and_signedness(program):
    rng = np.random.default_rng(5)
    sizes = [tuple(map(int, shape.split("x"))) for _, _, shape in CASES]
    operands = [(operand(rng, a, (m, k)), operand(rng, b, (k, n))) for (a, b, _), (m, k, n) in zip(CASES, sizes, strict=True)]
    got = program.numbers(text="\n".join(" ".join(map(str, x.ravel())) for pair in operands for x in pair))
    assert len(got) == len(CASES) == 104
    for case, line, (a, b) in zip(CASES, got, operands, strict=True):
        product = (a @ b).ravel()
        assert line[::2] == (product + 3 * np.arange(product.size) - 50).tolist(), case
        assert line[1::2] == (2 * product).tolist(), case


def test_no_other_shape_is_accepted(program):
    expected = [[*bits, *map(int, shape.split("x"))] for bits, shapes in SHAPES.items() for shape in shapes]
    assert sorted(program.numbers("legal")) == sorted(expected)
