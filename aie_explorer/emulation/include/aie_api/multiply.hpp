// Multiplication of vectors, element by element, into 64-bit accumulators.
#pragma once

namespace aie {
namespace detail {

inline std::int64_t multiply_add(std::int64_t sum, std::int64_t a, std::int64_t b)
{
    std::int64_t product = 0, out = 0;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(sum, product, &out))
        emulation::fatal("accumulator_overflow", emulation::active_core()->name, "a product does not fit 64 bits");
    return out;
}

}  // namespace detail

template <class Tag, unsigned N>
accum<Tag, N> mac(const accum<Tag, N>& sum, const vector<std::int32_t, N>& a, const vector<std::int32_t, N>& b)
{
    static_assert(Tag::bits == 64, "products of 32-bit integers need 64-bit accumulators");
    accum<Tag, N> out;
    for (unsigned i = 0; i < N; ++i)
        out.set_lane(i, detail::multiply_add(sum.lane(i), a[i], b[i]));
    return out;
}

template <class Tag, unsigned N>
accum<Tag, N> mul(const vector<std::int32_t, N>& a, const vector<std::int32_t, N>& b)
{
    return mac(accum<Tag, N>{}, a, b);
}

}  // namespace aie
