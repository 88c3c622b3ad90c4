// Vectors element by element. Sums of integers wrap, as on the core.
#pragma once

#include "vector.hpp"

#include <algorithm>

namespace aie {
namespace detail {

template <class T, unsigned N, class Operation>
vector<T, N> each(const vector<T, N>& a, const vector<T, N>& b, Operation operation)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = static_cast<T>(operation(a[i], b[i]));
    return out;
}

// Unsigned arithmetic wraps where signed arithmetic would be undefined.
inline std::uint64_t wrapping(std::int64_t value) { return static_cast<std::uint64_t>(value); }

}  // namespace detail

template <class T, unsigned N>
vector<T, N> broadcast(std::type_identity_t<T> value)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = value;
    return out;
}

template <class T, unsigned N>
vector<T, N> zeros()
{
    return vector<T, N>{};
}

template <class T, unsigned N>
vector<T, N> max(const vector<T, N>& a, const vector<T, N>& b)
{
    return detail::each(a, b, [](T x, T y) { return std::max(x, y); });
}
template <class T, unsigned N>
vector<T, N> max(const vector<T, N>& a, std::type_identity_t<T> bound)
{
    return max(a, broadcast<T, N>(bound));
}
template <class T, unsigned N>
vector<T, N> max(std::type_identity_t<T> bound, const vector<T, N>& a)
{
    return max(a, bound);
}

template <class T, unsigned N>
vector<T, N> min(const vector<T, N>& a, const vector<T, N>& b)
{
    return detail::each(a, b, [](T x, T y) { return std::min(x, y); });
}
template <class T, unsigned N>
vector<T, N> min(const vector<T, N>& a, std::type_identity_t<T> bound)
{
    return min(a, broadcast<T, N>(bound));
}
template <class T, unsigned N>
vector<T, N> min(std::type_identity_t<T> bound, const vector<T, N>& a)
{
    return min(a, bound);
}

template <class T, unsigned N>
vector<T, N> add(const vector<T, N>& a, const vector<T, N>& b)
{
    return detail::each(a, b, [](T x, T y) { return detail::wrapping(x) + detail::wrapping(y); });
}
template <class T, unsigned N>
vector<T, N> add(const vector<T, N>& a, std::type_identity_t<T> b)
{
    return add(a, broadcast<T, N>(b));
}
template <class T, unsigned N>
vector<T, N> add(std::type_identity_t<T> a, const vector<T, N>& b)
{
    return add(broadcast<T, N>(a), b);
}

template <class T, unsigned N>
vector<T, N> sub(const vector<T, N>& a, const vector<T, N>& b)
{
    return detail::each(a, b, [](T x, T y) { return detail::wrapping(x) - detail::wrapping(y); });
}
template <class T, unsigned N>
vector<T, N> sub(const vector<T, N>& a, std::type_identity_t<T> b)
{
    return sub(a, broadcast<T, N>(b));
}
template <class T, unsigned N>
vector<T, N> sub(std::type_identity_t<T> a, const vector<T, N>& b)
{
    return sub(broadcast<T, N>(a), b);
}

template <class T, unsigned N>
vector<T, N> neg(const vector<T, N>& a)
{
    return sub(zeros<T, N>(), a);
}

template <class T, unsigned N>
T reduce_add(const vector<T, N>& a)
{
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < N; ++i)
        sum += detail::wrapping(a[i]);
    return static_cast<T>(sum);
}
template <class T, unsigned N>
T reduce_max(const vector<T, N>& a)
{
    T best = a[0];
    for (unsigned i = 1; i < N; ++i)
        best = std::max(best, a.get(i));
    return best;
}
template <class T, unsigned N>
T reduce_min(const vector<T, N>& a)
{
    T best = a[0];
    for (unsigned i = 1; i < N; ++i)
        best = std::min(best, a.get(i));
    return best;
}

}  // namespace aie
