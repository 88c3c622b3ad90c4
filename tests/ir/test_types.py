from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_explorer.errors import ModelError
from aie_explorer.ir import FixedPoint, quantize, requantize, shift_round

HALF = Fraction(1, 2)


def nearest(tie):
    return lambda q: floor(q + HALF) if q - floor(q) != HALF else tie(q)


ROUNDING = {
    "floor": floor,
    "ceil": ceil,
    "positive_inf": nearest(ceil),
    "negative_inf": nearest(floor),
    "symmetric_inf": nearest(lambda q: ceil(q) if q > 0 else floor(q)),
    "symmetric_zero": nearest(lambda q: floor(q) if q > 0 else ceil(q)),
    "conv_even": round,
    "conv_odd": nearest(lambda q: floor(q) if floor(q) % 2 else ceil(q)),
}


@pytest.mark.parametrize("mode", ROUNDING)
@given(values=st.lists(st.integers(-(2**40), 2**40) | st.integers(-40, 40)), shift=st.integers(0, 45))
def test_shift_round_follows_the_definition_of_the_mode(mode, values, shift):
    found = shift_round(np.array(values, dtype=np.int64), shift, mode)
    assert found.tolist() == [ROUNDING[mode](Fraction(v, 2**shift)) for v in values]


@given(values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)), width=st.integers(2, 16),
       frac=st.integers(-10, 20), signed=st.booleans())
def test_quantize_rounds_the_real_number(values, width, frac, signed):
    fixed = FixedPoint(width, frac, signed)
    expected = [min(max(round(Fraction(v) * Fraction(2) ** frac), fixed.min_int), fixed.max_int) for v in values]
    assert quantize(np.array(values, dtype=np.float32), fixed).tolist() == expected


def test_quantize_refuses_what_is_no_number():
    with pytest.raises(ModelError, match="NaN"):
        quantize([np.nan], FixedPoint(8, 0))


@pytest.mark.parametrize(("fixed", "low", "high", "storage"), [
    (FixedPoint(8, 0), -128, 127, "int8"), (FixedPoint(6, 5), -32, 31, "int8"),
    (FixedPoint(8, 0, saturation="symmetric"), -127, 127, "int8"), (FixedPoint(8, 0, False), 0, 255, "uint8"),
    (FixedPoint(9, 0, False), 0, 511, "uint16"), (FixedPoint(17, 0), -65536, 65535, "int32")])
def test_ranges_and_storage(fixed, low, high, storage):
    assert (fixed.min_int, fixed.max_int, fixed.storage) == (low, high, storage)


def test_requantize_clamps_after_rounding():
    assert requantize(np.array([-9, 5, 7, 1000]), 2, FixedPoint(4, 0), (0, 7)).tolist() == [0, 1, 2, 7]


def test_no_storage_is_wide_enough():
    with pytest.raises(ModelError, match="no AI Engine storage"):
        _ = FixedPoint(33, 0).storage
