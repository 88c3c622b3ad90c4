// Products and sums of vectors, element by element, in accumulators. Without a tag, products of up to 16 x 16 bits go to
// 32-bit lanes, larger ones to 64-bit lanes.
#pragma once

#include "accum.hpp"
#include "operations.hpp"

namespace aie {
namespace detail {

inline std::int64_t multiply_add(std::int64_t sum, std::int64_t a, std::int64_t b)
{
    std::int64_t product = 0, out = 0;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(sum, product, &out))
        emulation::fatal("accumulator_overflow", emulation::active_core()->name, "a product does not fit 64 bits");
    return out;
}

template <class A, class B>
using product_tag = std::conditional_t<sizeof(A) <= 2 && sizeof(B) <= 2, acc32, acc64>;

template <class Tag, class A, class B>
constexpr void check_tag()
{
    static_assert(Tag::bits == 64 || (sizeof(A) <= 2 && sizeof(B) <= 2), "products of 32-bit integers need 64-bit accumulators");
}

template <int Sign, class Tag, unsigned N, class A, class B>
accum<Tag, N> accumulate(const accum<Tag, N>& sum, const vector<A, N>& a, const vector<B, N>& b)
{
    check_tag<Tag, A, B>();
    accum<Tag, N> out;
    for (unsigned i = 0; i < N; ++i)
        out.set_lane(i, multiply_add(sum.lane(i), Sign * static_cast<std::int64_t>(a[i]), b[i]));
    return out;
}

template <class Tag, class A, class B>
using tag_or = std::conditional_t<std::is_void_v<Tag>, product_tag<A, B>, Tag>;

}  // namespace detail

template <class Tag, unsigned N, class A, class B>
accum<Tag, N> mac(const accum<Tag, N>& sum, const vector<A, N>& a, const vector<B, N>& b)
{
    return detail::accumulate<1>(sum, a, b);
}
template <class Tag, unsigned N, class A, class B>
    requires std::is_integral_v<B>
accum<Tag, N> mac(const accum<Tag, N>& sum, const vector<A, N>& a, B b)
{
    return mac(sum, a, broadcast<B, N>(b));
}

template <class Tag, unsigned N, class A, class B>
accum<Tag, N> msc(const accum<Tag, N>& sum, const vector<A, N>& a, const vector<B, N>& b)
{
    return detail::accumulate<-1>(sum, a, b);
}

template <class Tag = void, unsigned N, class A, class B>
auto mul(const vector<A, N>& a, const vector<B, N>& b)
{
    return mac(accum<detail::tag_or<Tag, A, B>, N>{}, a, b);
}
template <class Tag = void, unsigned N, class A, class B>
    requires std::is_integral_v<B>
auto mul(const vector<A, N>& a, B b)
{
    return mul<Tag>(a, broadcast<B, N>(b));
}
template <class Tag = void, unsigned N, class A, class B>
auto negmul(const vector<A, N>& a, const vector<B, N>& b)
{
    return msc(accum<detail::tag_or<Tag, A, B>, N>{}, a, b);
}

template <class Tag, unsigned N>
accum<Tag, N> add(const accum<Tag, N>& a, const accum<Tag, N>& b)
{
    accum<Tag, N> out;
    for (unsigned i = 0; i < N; ++i)
        out.set_lane(i, detail::multiply_add(a.lane(i), b.lane(i), 1));
    return out;
}
template <class Tag, unsigned N>
accum<Tag, N> sub(const accum<Tag, N>& a, const accum<Tag, N>& b)
{
    accum<Tag, N> out;
    for (unsigned i = 0; i < N; ++i)
        out.set_lane(i, detail::multiply_add(a.lane(i), b.lane(i), -1));
    return out;
}
template <class Tag, unsigned N, class T>
accum<Tag, N> add(const accum<Tag, N>& a, const vector<T, N>& b)
{
    return add(a, accum<Tag, N>(b));
}
template <class Tag, unsigned N, class T>
accum<Tag, N> sub(const accum<Tag, N>& a, const vector<T, N>& b)
{
    return sub(a, accum<Tag, N>(b));
}

}  // namespace aie
