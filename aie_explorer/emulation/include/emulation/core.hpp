// Types of the core and its control registers: rounding and saturation are core-wide, set by a kernel, and keep their
// values from call to call (AIE API user guide; defaults floor and none).
#pragma once

#include "diagnostics.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

using int8 = std::int8_t;
using uint8 = std::uint8_t;
using int16 = std::int16_t;
using uint16 = std::uint16_t;
using int32 = std::int32_t;
using uint32 = std::uint32_t;
using int64 = std::int64_t;
using uint64 = std::uint64_t;

struct acc32 { static constexpr unsigned bits = 32; };
struct acc48 { static constexpr unsigned bits = 48; };
struct acc64 { static constexpr unsigned bits = 64; };
struct acc80 { static constexpr unsigned bits = 80; };

namespace aie {

enum class rounding_mode : unsigned {
    floor = 0, ceil = 1, symmetric_floor = 2, symmetric_ceil = 3, negative_inf = 8, positive_inf = 9, symmetric_zero = 10,
    symmetric_inf = 11, conv_even = 12, conv_odd = 13
};
enum class saturation_mode : unsigned { none = 0, saturate = 1, symmetric = 3 };

}  // namespace aie

namespace emulation {

struct core {
    std::string name = "host";
    aie::rounding_mode rounding = aie::rounding_mode::floor;
    aie::saturation_mode saturation = aie::saturation_mode::none;
};

inline core& idle_core()
{
    static core host;
    return host;
}
inline core*& active_core()
{
    static core* current = &idle_core();
    return current;
}

// value / 2^shift, rounded; shift >= 0.
inline std::int64_t shift_round(std::int64_t value, int shift, aie::rounding_mode mode)
{
    if (shift == 0)
        return value;
    __extension__ using wide = __int128;  // no bit may be lost before it is looked at
    shift = shift > 65 ? 65 : shift;       // from there on every value is closer to 0 than to 1
    const std::int64_t q = static_cast<std::int64_t>(wide{value} >> shift);
    const wide r = wide{value} - wide{q} * (wide{1} << shift);
    const wide half = wide{1} << (shift - 1);
    using mode_t = aie::rounding_mode;
    bool up = false;
    switch (mode) {
    case mode_t::floor: break;
    case mode_t::ceil: up = r != 0; break;
    case mode_t::symmetric_floor: up = value < 0 && r != 0; break;
    case mode_t::symmetric_ceil: up = value >= 0 && r != 0; break;
    case mode_t::positive_inf: up = r >= half; break;
    case mode_t::negative_inf: up = r > half; break;
    case mode_t::symmetric_inf: up = value >= 0 ? r >= half : r > half; break;
    case mode_t::symmetric_zero: up = value >= 0 ? r > half : r >= half; break;
    case mode_t::conv_even: up = r > half || (r == half && (q & 1) != 0); break;
    case mode_t::conv_odd: up = r > half || (r == half && (q & 1) == 0); break;
    }
    return q + (up ? 1 : 0);
}

// An accumulator lane to an element: shift, round, saturate as the core's registers say.
template <class T>
T shift_round_saturate(std::int64_t value, int shift)
{
    const core& c = *active_core();
    if (shift < 0)
        fatal("negative_shift", c.name, "a shift of " + std::to_string(shift) + " is not defined");
    std::int64_t y = shift_round(value, shift, c.rounding);
    std::int64_t low = std::numeric_limits<T>::min();
    const std::int64_t high = std::numeric_limits<T>::max();
    if (c.saturation == aie::saturation_mode::symmetric && std::is_signed_v<T>)
        low = -high;
    if (c.saturation != aie::saturation_mode::none)
        y = y < low ? low : y > high ? high : y;
    return static_cast<T>(y);
}

}  // namespace emulation
