"""Shift, round, saturate: every mode and width against exact fractions, with the definitions of the AIE API user guide."""

import math
from fractions import Fraction

import numpy as np
import pytest

HALF = Fraction(1, 2)


def away_from_zero(x):
    return math.floor(x + HALF) if x > 0 else math.ceil(x - HALF)


def towards_zero(x):
    return math.ceil(x - HALF) if x > 0 else math.floor(x + HALF)


def to_parity(x, odd):
    low = math.floor(x)
    if x - low != HALF:
        return math.floor(x + HALF)
    return low if low % 2 == odd else low + 1


ROUNDING = {
    "floor": math.floor, "ceil": math.ceil,
    "positive_inf": lambda x: math.floor(x + HALF), "negative_inf": lambda x: math.ceil(x - HALF),
    "symmetric_inf": away_from_zero, "symmetric_zero": towards_zero,
    "conv_even": lambda x: to_parity(x, 0), "conv_odd": lambda x: to_parity(x, 1),
    "symmetric_floor": math.trunc, "symmetric_ceil": lambda x: math.ceil(x) if x > 0 else math.floor(x),
}
TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32")
SATURATION = ("none", "saturate", "symmetric")


def saturated(y, kind, mode):
    info = np.iinfo(kind)
    if mode == "none":
        return (y - int(info.min)) % 2**info.bits + int(info.min)
    low = -int(info.max) if mode == "symmetric" and info.min < 0 else int(info.min)
    return min(max(y, low), int(info.max))


PROGRAM = r"""
#include <aie_api/aie.hpp>
#include <iostream>
template <class T>
long long one(long long value, int shift) {
    aie::accum<acc64, 16> sum;
    sum.set_lane(5, value);
    return static_cast<long long>(sum.to_vector<T>(shift)[5]);
}
int main(int argc, char**) {
    if (argc > 1)
        return static_cast<int>(one<int8>(1, -1));
    std::cout << static_cast<int>(aie::get_rounding()) << ' ' << static_cast<int>(aie::get_saturation()) << '\n';
    long long value = 0;
    int shift = 0;
    while (std::cin >> value >> shift) {
        for (auto rounding : {ROUNDING})
            for (auto saturation : {SATURATION}) {
                aie::set_rounding(rounding);
                aie::set_saturation(saturation);
                std::cout << one<int8>(value, shift) << ' ' << one<uint8>(value, shift) << ' ' << one<int16>(value, shift) << ' '
                    << one<uint16>(value, shift) << ' ' << one<int32>(value, shift) << ' ' << one<uint32>(value, shift) << ' ';
            }
        std::cout << '\n';
    }
}
"""


@pytest.fixture(scope="module")
def program(compile_program):
    modes = {"ROUNDING": ROUNDING, "SATURATION": SATURATION}
    text = PROGRAM
    for name, values in modes.items():
        kind = f"aie::{name.lower()}_mode"
        text = text.replace(f"{{{name}}}", "{" + ", ".join(f"{kind}::{value}" for value in values) + "}")
    return compile_program(text)


def cases():
    """Small values with all their ties, the edges of every type, powers of two and their neighbours, any."""
    for shift in (0, 1, 2, 3, 7):
        yield from ((value, shift) for value in range(-40, 41))
    for shift in (0, 1, 5, 16, 31, 40, 62, 63, 64, 65, 80):
        for bits in (7, 8, 15, 16, 31, 32, 47, 62):
            for sign in (1, -1):
                for step in (-1, 0, 1):
                    yield sign * 2**bits + step, shift
                    yield from ((v, shift) for v in [sign * (2**bits + step) * 2**shift + sign * 2**shift // 2] if abs(v) < 2**63)
    rng = np.random.default_rng(8)
    for value, shift in zip(rng.integers(-2**63, 2**63, 300), rng.integers(0, 64, 300), strict=True):
        yield int(value), int(shift)
    yield from ((value, shift) for value in (2**63 - 1, -2**63) for shift in (0, 1, 62, 63))


def test_every_mode_against_fractions(program):
    tried = list(cases())
    first, *got = program.numbers(text="\n".join(f"{value} {shift}" for value, shift in tried))
    assert first == [0, 0], "the core starts with floor and without saturation"
    assert len(got) == len(tried) > 1000
    for (value, shift), line in zip(tried, got, strict=True):
        exact = Fraction(value, 2**shift)
        expected = [saturated(rounding(exact), kind, mode) for rounding in ROUNDING.values() for mode in SATURATION
                    for kind in TYPES]
        assert line == expected, (value, shift)


def test_a_negative_shift(program):
    assert program.run("negative")[2].startswith("AIE_EMULATION_ERROR negative_shift: ")
