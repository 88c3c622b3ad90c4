// Elements at other places (AIE API user guide, "Reshaping"). Moves that leave lanes undefined are left out.
#pragma once

#include "accum.hpp"
#include "vector.hpp"

#include <bit>
#include <utility>

namespace aie {
namespace detail {

// Lane i of the result is of(i), which gives a lane of a followed by b.
template <class T, unsigned N, class Of>
vector<T, N> pick(const vector<T, N>& a, const vector<T, N>& b, Of of)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i) {
        const unsigned lane = of(i);
        out[i] = lane < N ? a[lane] : b[lane - N];
    }
    return out;
}

inline void check_chunk(unsigned chunk, unsigned most)
{
    if (!std::has_single_bit(chunk) || chunk > most)
        emulation::fatal("chunk_size", emulation::active_core()->name,
            "chunks of " + std::to_string(chunk) + " elements: a power of two up to " + std::to_string(most) + " is needed");
}

}  // namespace detail

template <class T, unsigned N, class... More>
auto concat(const vector<T, N>& first, const More&... more)
{
    static_assert((std::is_same_v<More, vector<T, N>> && ...), "concat joins vectors of one type and size");
    vector<T, N * (1 + sizeof...(More))> out;
    out.insert(0, first);
    unsigned index = 1;
    (out.insert(index++, more), ...);
    return out;
}
template <class Tag, unsigned N, class... More>
auto concat(const accum<Tag, N>& first, const More&... more)
{
    static_assert((std::is_same_v<More, accum<Tag, N>> && ...), "concat joins accumulators of one type and size");
    accum<Tag, N * (1 + sizeof...(More))> out;
    out.insert(0, first);
    unsigned index = 1;
    (out.insert(index++, more), ...);
    return out;
}

// A matrix of `rows` x `columns`, row-major, into its transpose, row-major.
template <class T, unsigned N>
vector<T, N> transpose(const vector<T, N>& values, unsigned rows, unsigned columns)
{
    if (rows * columns != N)
        emulation::fatal("transpose_size", emulation::active_core()->name,
            std::to_string(rows) + " x " + std::to_string(columns) + " is not " + std::to_string(N) + " elements");
    vector<T, N> out;
    for (unsigned r = 0; r < rows; ++r)
        for (unsigned c = 0; c < columns; ++c)
            out[c * rows + r] = values[r * columns + c];
    return out;
}

// Chunks of a and b by turns; the first and the second half of what that gives.
template <class T, unsigned N>
std::pair<vector<T, N>, vector<T, N>> interleave_zip(const vector<T, N>& a, const vector<T, N>& b, unsigned chunk)
{
    detail::check_chunk(chunk, N);
    const auto lane = [chunk](unsigned i) { return i / chunk % 2 * N + i / (2 * chunk) * chunk + i % chunk; };
    return {detail::pick(a, b, lane), detail::pick(a, b, [lane](unsigned i) { return lane(i + N); })};
}

// The inverse: the chunks with even and those with odd numbers of a followed by b.
template <class T, unsigned N>
std::pair<vector<T, N>, vector<T, N>> interleave_unzip(const vector<T, N>& a, const vector<T, N>& b, unsigned chunk)
{
    detail::check_chunk(chunk, N);
    const auto lane = [chunk](unsigned i) { return i / chunk * 2 * chunk + i % chunk; };
    return {detail::pick(a, b, lane), detail::pick(a, b, [lane, chunk](unsigned i) { return lane(i) + chunk; })};
}

template <class T, unsigned N>
vector<T, N / 2> filter_even(const vector<T, N>& values, unsigned chunk = 1)
{
    detail::check_chunk(chunk, N / 2);
    vector<T, N / 2> out;
    for (unsigned i = 0; i < N / 2; ++i)
        out[i] = values[i / chunk * 2 * chunk + i % chunk];
    return out;
}
template <class T, unsigned N>
vector<T, N / 2> filter_odd(const vector<T, N>& values, unsigned chunk = 1)
{
    detail::check_chunk(chunk, N / 2);
    vector<T, N / 2> out;
    for (unsigned i = 0; i < N / 2; ++i)
        out[i] = values[i / chunk * 2 * chunk + i % chunk + chunk];
    return out;
}

// Up moves to higher lanes, down to lower ones.
template <class T, unsigned N>
vector<T, N> shuffle_up_rotate(const vector<T, N>& values, unsigned n)
{
    return detail::pick(values, values, [n](unsigned i) { return (i + N - n % N) % N; });
}
template <class T, unsigned N>
vector<T, N> shuffle_down_rotate(const vector<T, N>& values, unsigned n)
{
    return detail::pick(values, values, [n](unsigned i) { return (i + n) % N; });
}

template <class T, unsigned N>
vector<T, N> reverse(const vector<T, N>& values)
{
    return detail::pick(values, values, [](unsigned i) { return N - 1 - i; });
}

}  // namespace aie
