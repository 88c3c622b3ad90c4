"""Operations on vectors and accumulators, loads and stores, against numpy."""

import numpy as np
import pytest

PROGRAM = r"""
#include <aie_api/aie.hpp>
#include <iostream>
#include <string>
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
template <class T, unsigned N>
void print(const aie::vector<T, N>& v) {
    for (unsigned i = 0; i < N; ++i)
        std::cout << ' ' << static_cast<long long>(v[i]);
}
template <class Tag, unsigned N>
void print(const aie::accum<Tag, N>& v) {
    for (unsigned i = 0; i < N; ++i)
        std::cout << ' ' << v.lane(i);
}
void print(long long value) { std::cout << ' ' << value; }
template <class First, class Second>
void print(const std::pair<First, Second>& both) {
    print(both.first);
    print(both.second);
}
template <class Value>
void say(const std::string& what, const Value& value) {
    std::cout << what;
    print(value);
    std::cout << '\n';
}
template <class T, unsigned N>
void all() {
    constexpr unsigned bits = N * sizeof(T) * 8;
    const auto a = read<T, N>(), b = read<T, N>();
    const T s = b.get(1);
    say("max", aie::max(a, b));
    say("min", aie::min(a, b));
    say("max_scalar", aie::max(a, s));
    say("min_scalar", aie::min(s, a));
    say("add", aie::add(a, b));
    say("sub", aie::sub(a, b));
    say("add_scalar", aie::add(a, s));
    say("scalar_sub", aie::sub(s, a));
    say("neg", aie::neg(a));
    say("broadcast", aie::broadcast<T, N>(s));
    say("zeros", aie::zeros<T, N>());
    say("reverse", aie::reverse(a));
    say("reduce_add", static_cast<long long>(aie::reduce_add(a)));
    say("reduce_max", static_cast<long long>(aie::reduce_max(a)));
    say("reduce_min", static_cast<long long>(aie::reduce_min(a)));
    for (unsigned n = 0; n < N; ++n) {
        say("up " + std::to_string(n), aie::shuffle_up_rotate(a, n));
        say("down " + std::to_string(n), aie::shuffle_down_rotate(a, n));
    }
    for (unsigned chunk = 1; chunk <= N; chunk *= 2) {
        const auto name = std::to_string(chunk);
        say("zip " + name, aie::interleave_zip(a, b, chunk));
        say("unzip " + name, aie::interleave_unzip(a, b, chunk));
        say("transpose " + name, aie::transpose(a, chunk, N / chunk));
        if constexpr (bits >= 256)
            if (chunk <= N / 2) {
                say("even " + name, aie::filter_even(a, chunk));
                say("odd " + name, aie::filter_odd(a, chunk));
            }
    }
    if constexpr (bits <= 512)
        say("concat 2", aie::concat(a, b));
    if constexpr (bits <= 256)
        say("concat 4", aie::concat(a, b, b, a));
    if constexpr (sizeof(T) < 4 && bits <= 512)
        say("unpack", aie::unpack(a));
    if constexpr (sizeof(T) > 1 && bits >= 256)
        for (auto mode : {aie::saturation_mode::none, aie::saturation_mode::saturate, aie::saturation_mode::symmetric}) {
            aie::set_saturation(mode);
            say("pack " + std::to_string(static_cast<int>(mode)), aie::pack(a));
        }
    if constexpr (N <= 32) {
        using tag = std::conditional_t<sizeof(T) == 1, acc32, acc64>;
        const auto product = aie::mul<tag>(a, b);
        say("mul", product);
        say("mac", aie::mac(product, a, a));
        say("mac_scalar", aie::mac(product, a, s));
        say("msc", aie::msc(product, a, a));
        say("negmul", aie::negmul<tag>(a, b));
        say("acc_add", aie::add(product, product));
        say("acc_sub", aie::sub(aie::add(product, b), aie::mul<tag>(a, s)));
        say("acc_concat", aie::concat(product, aie::negmul<tag>(a, b)));
        if constexpr (sizeof(T) == 1)
            say("mul_untagged", aie::mul(a, b));
    }
    std::cout << "--\n";
}
int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "chunk_size")
        aie::interleave_zip(aie::vector<int32, 8>(), aie::vector<int32, 8>(), 3);
    if (what == "chunk_too_large")
        aie::filter_even(aie::vector<int32, 8>(), 8);
    if (what == "transpose_size")
        aie::transpose(aie::vector<int32, 8>(), 3, 2);
    if (what == "accumulator_overflow")
        aie::mul<acc64>(aie::broadcast<uint32, 8>(0xffffffff), aie::broadcast<uint32, 8>(0xffffffff));
    emulation::region memory(64, "buffer", true);
    auto* p = reinterpret_cast<int16*>(memory.data());
    aie::store_v(p, aie::broadcast<int16, 16>(7));
    if (what == "load_unaligned")
        aie::load_unaligned_v<8>(p + 1);
    if (what == "store_unaligned")
        aie::store_unaligned_v(p + 1, aie::vector<int16, 8>());
    if (what == "misaligned_access")
        aie::load_v<8>(p + 1);
    auto writer = aie::begin_vector<8>(p);
    if (what == "out_of_range_access")
        *(writer + 4) = aie::zeros<int16, 8>();
    if (what == "unwritten_bytes")
        std::cout << aie::vector<int16, 8>(writer[2])[0];
    *writer++ = aie::broadcast<int16, 8>(1);
    writer[1] = aie::broadcast<int16, 8>(3);
    writer += 2;
    *writer-- = aie::broadcast<int16, 8>(4);
    *writer = aie::max(aie::vector<int16, 8>(writer[-1]), int16{9});
    if (what == "iterate") {
        const auto begin = aie::cbegin_vector<8>(static_cast<const int16*>(p));
        for (auto reader = begin; reader != begin + 4; ++reader)
            say("vector " + std::to_string(reader - begin), *reader);
        return 0;
    }
    all<int8, 16>(), all<int8, 64>(), all<uint8, 32>(), all<int16, 8>(), all<int16, 16>(), all<int16, 64>(), all<uint16, 16>(), all<int32, 4>(),
        all<int32, 16>(), all<uint32, 8>();
}
"""

KINDS = [("int8", 16), ("int8", 64), ("uint8", 32), ("int16", 8), ("int16", 16), ("int16", 64), ("uint16", 16), ("int32", 4),
         ("int32", 16), ("uint32", 8)]


@pytest.fixture(scope="module")
def program(compile_program):
    return compile_program(PROGRAM)


def chunks(values, chunk):
    return values.reshape(-1, 2, chunk)


def packed(a, mode):
    half = np.iinfo(a.dtype.str.replace(str(a.itemsize), str(a.itemsize // 2)))
    if mode:
        a = np.clip(a, -half.max if mode == 3 and half.min < 0 else half.min, half.max)
    return a.astype(half.dtype)


def reference(name, a, b):
    """What an operation gives, from its definition in the AIE API user guide; sums in the type of a wrap."""
    name, _, number = name.partition(" ")
    n = int(number or 0)
    wide_a, wide_b = a.astype(object), b.astype(object)  # exact products
    product, scalar = wide_a * wide_b, b[1]
    with np.errstate(over="ignore"):
        operations = {
            "max": lambda: np.maximum(a, b), "min": lambda: np.minimum(a, b), "max_scalar": lambda: np.maximum(a, scalar),
            "min_scalar": lambda: np.minimum(a, scalar), "add": lambda: a + b, "sub": lambda: a - b,
            "add_scalar": lambda: a + scalar, "scalar_sub": lambda: scalar - a, "neg": lambda: np.zeros_like(a) - a,
            "broadcast": lambda: np.full_like(a, scalar), "zeros": lambda: np.zeros_like(a), "reverse": lambda: a[::-1],
            "reduce_add": lambda: [a.sum(dtype=a.dtype)], "reduce_max": lambda: [a.max()], "reduce_min": lambda: [a.min()],
            "up": lambda: np.roll(a, n), "down": lambda: np.roll(a, -n),
            "zip": lambda: np.stack([a.reshape(-1, n), b.reshape(-1, n)], axis=1),
            "unzip": lambda: chunks(np.concatenate([a, b]), n).transpose(1, 0, 2),
            "transpose": lambda: a.reshape(n, -1).T,
            "even": lambda: chunks(a, n)[:, 0], "odd": lambda: chunks(a, n)[:, 1],
            "concat": lambda: np.concatenate([a, b] if n == 2 else [a, b, b, a]),
            "unpack": lambda: a, "pack": lambda: packed(a, n), "mul": lambda: product, "mul_untagged": lambda: product,
            "mac": lambda: product + wide_a * wide_a, "mac_scalar": lambda: product + wide_a * int(scalar),
            "msc": lambda: product - wide_a * wide_a, "negmul": lambda: -product, "acc_add": lambda: 2 * product,
            "acc_sub": lambda: product + wide_b - wide_a * int(scalar),
            "acc_concat": lambda: np.concatenate([product, -product]),
        }
        return [int(value) for value in np.ravel(operations[name]())]


def test_operations(program):
    rng = np.random.default_rng(11)
    pairs = []
    for kind, lanes in KINDS:
        info = np.iinfo(kind)
        # products of 32-bit numbers, twice, must fit 64 bits
        low, high = (info.min // 2, info.max // 2) if info.bits == 32 else (info.min, info.max)
        a, b = rng.integers(low, high, (2, lanes), np.dtype(kind), endpoint=True)
        a[0], b[0], b[-1] = low, low, high
        pairs.append((a, b))
    code, out, error = program.run(text="\n".join(" ".join(map(str, x)) for pair in pairs for x in pair))
    assert code == 0, error
    blocks = out.split("--\n")[:-1]
    seen = set()
    for (a, b), block in zip(pairs, blocks, strict=True):
        for line in block.splitlines():
            words = line.split()
            name = " ".join(words[:2] if words[0] in NUMBERED else words[:1])
            seen.add(words[0])
            assert list(map(int, words[len(name.split()):])) == reference(name, a, b), (a.dtype, a.size, name)
    assert len(seen) == 34


NUMBERED = {"up", "down", "zip", "unzip", "transpose", "even", "odd", "concat", "pack"}


def test_iterators(program):
    code, out, _ = program.run("iterate")
    assert code == 0
    assert out.splitlines() == [f"vector {i} " + " ".join([str(v)] * 8) for i, v in enumerate((1, 7, 9, 4))]


@pytest.mark.parametrize(("case", "diagnostic"), [
    ("chunk_size", "chunk_size"), ("chunk_too_large", "chunk_size"), ("transpose_size", "transpose_size"),
    ("accumulator_overflow", "accumulator_overflow"), ("load_unaligned", "unaligned_access"),
    ("store_unaligned", "unaligned_access"), ("misaligned_access", "misaligned_access"),
    ("out_of_range_access", "out_of_range_access"), ("unwritten_bytes", "unwritten_bytes")])
def test_diagnostic(program, case, diagnostic):
    code, _, error = program.run(case)
    assert code == 3
    assert error.startswith(f"AIE_EMULATION_ERROR {diagnostic}: ")
