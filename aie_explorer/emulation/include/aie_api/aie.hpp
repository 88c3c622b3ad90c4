// Stand-in for the part of the AIE API that generated firmware uses, written from AMD's public user guide.
#pragma once

#include "../emulation/core.hpp"
#include "../emulation/memory.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

// hints of the compilers for the core
#define chess_prepare_for_pipelining
#define chess_loop_range(...)
#define chess_loop_count(...)
#define chess_unroll_loop(...)
#define chess_flatten_loop
#define chess_storage(...)
#define chess_protect_access
#define AIE_PREPARE_FOR_PIPELINING
#define AIE_LOOP_MIN_ITERATION_COUNT(...)
#define AIE_LOOP_RANGE(...)

namespace aie {

inline constexpr unsigned vector_decl_align = 32;

inline void set_rounding(rounding_mode mode) { emulation::active_core()->rounding = mode; }
inline rounding_mode get_rounding() { return emulation::active_core()->rounding; }
inline void set_saturation(saturation_mode mode) { emulation::active_core()->saturation = mode; }
inline saturation_mode get_saturation() { return emulation::active_core()->saturation; }

template <class T, unsigned N>
class vector {
    static constexpr unsigned bits = N * sizeof(T) * 8;
    static_assert(bits == 128 || bits == 256 || bits == 512 || bits == 1024, "a vector holds 128, 256, 512 or 1024 bits");

public:
    using value_type = T;
    static constexpr unsigned size() { return N; }

    T get(unsigned i) const { return lanes_[i]; }
    void set(T value, unsigned i) { lanes_[i] = value; }
    T operator[](unsigned i) const { return lanes_[i]; }
    T& operator[](unsigned i) { return lanes_[i]; }

    template <unsigned Part>
    vector& insert(unsigned index, const vector<T, Part>& part)
    {
        static_assert(N % Part == 0);
        for (unsigned i = 0; i < Part; ++i)
            lanes_[index * Part + i] = part[i];
        return *this;
    }
    template <unsigned Part>
    vector<T, Part> extract(unsigned index) const
    {
        static_assert(N % Part == 0);
        vector<T, Part> part;
        for (unsigned i = 0; i < Part; ++i)
            part[i] = lanes_[index * Part + i];
        return part;
    }
    template <unsigned Wide>
    vector<T, Wide> grow_replicate() const
    {
        static_assert(Wide % N == 0);
        vector<T, Wide> wide;
        for (unsigned i = 0; i < Wide; ++i)
            wide[i] = lanes_[i % N];
        return wide;
    }

private:
    std::array<T, N> lanes_{};
};

template <class Tag, unsigned N>
class accum {
    static_assert(N * Tag::bits >= 128, "an accumulator holds at least 128 bits");

public:
    static constexpr unsigned size() { return N; }
    std::int64_t lane(unsigned i) const { return lanes_[i]; }

    // Only the emulation sets lanes one by one; beyond the tag's width a sum is lost on the hardware.
    void set_lane(unsigned i, std::int64_t value)
    {
        if constexpr (Tag::bits < 64) {
            constexpr std::int64_t limit = std::int64_t{1} << (Tag::bits - 1);
            if (value < -limit || value >= limit)
                emulation::fatal("accumulator_overflow", emulation::active_core()->name,
                    std::to_string(value) + " does not fit " + std::to_string(Tag::bits) + " bits");
        }
        lanes_[i] = value;
    }

    template <class T>
    void from_vector(const vector<T, N>& values, int shift = 0)
    {
        if (sizeof(T) == 4 && Tag::bits == 32 && shift != 0)
            emulation::fatal("ignored_shift", emulation::active_core()->name, "int32 to acc32 takes no shift");
        for (unsigned i = 0; i < N; ++i)
            set_lane(i, static_cast<std::int64_t>(values[i]) * (std::int64_t{1} << shift));
    }
    template <class T>
    vector<T, N> to_vector(int shift = 0) const
    {
        if (sizeof(T) == 4 && Tag::bits == 32 && shift != 0)
            emulation::fatal("ignored_shift", emulation::active_core()->name,
                "acc32 to int32 is a cast: the real API ignores the shift of " + std::to_string(shift));
        vector<T, N> values;
        for (unsigned i = 0; i < N; ++i)
            values[i] = emulation::shift_round_saturate<T>(lanes_[i], shift);
        return values;
    }
    template <unsigned Part>
    accum& insert(unsigned index, const accum<Tag, Part>& part)
    {
        static_assert(N % Part == 0);
        for (unsigned i = 0; i < Part; ++i)
            lanes_[index * Part + i] = part.lane(i);
        return *this;
    }
    template <unsigned Part>
    accum<Tag, Part> extract(unsigned index) const
    {
        static_assert(N % Part == 0);
        accum<Tag, Part> part;
        for (unsigned i = 0; i < Part; ++i)
            part.set_lane(i, lanes_[index * Part + i]);
        return part;
    }

private:
    std::array<std::int64_t, N> lanes_{};
};

template <unsigned N, class T>
vector<std::remove_const_t<T>, N> load_v(T* pointer)
{
    emulation::region::check(pointer, N * sizeof(T), false);
    vector<std::remove_const_t<T>, N> values;
    for (unsigned i = 0; i < N; ++i)
        values[i] = pointer[i];
    return values;
}

template <class T, unsigned N>
void store_v(T* pointer, const vector<T, N>& values)
{
    emulation::region::check(pointer, N * sizeof(T), true);
    for (unsigned i = 0; i < N; ++i)
        pointer[i] = values[i];
}

template <class T, unsigned N>
vector<T, N> max(const vector<T, N>& values, T bound)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = std::max(values[i], bound);
    return out;
}

template <class T, unsigned N>
vector<T, N> max(const vector<T, N>& a, const vector<T, N>& b)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = std::max(a[i], b[i]);
    return out;
}

template <class T, unsigned N>
vector<T, N> min(const vector<T, N>& values, T bound)
{
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = std::min(values[i], bound);
    return out;
}

template <class T, unsigned N>
vector<T, N> broadcast(T value)
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

namespace detail {

// The shapes of the AIE API user guide for AIE-ML and AIE-MLv2, by bits of the operands.
constexpr bool legal_shape(unsigned M, unsigned K, unsigned N, unsigned a_bits, unsigned b_bits)
{
    struct shape { unsigned a, b, M, K, N; };
    constexpr shape shapes[] = {
        {8, 8, 1, 16, 8}, {8, 8, 2, 8, 8}, {8, 8, 2, 16, 8}, {8, 8, 4, 8, 4}, {8, 8, 4, 8, 8},
        {8, 8, 4, 16, 4}, {8, 8, 4, 16, 8}, {8, 8, 8, 8, 4}, {8, 8, 8, 8, 8}, {8, 16, 4, 4, 4},
        {8, 16, 4, 4, 8}, {8, 16, 8, 2, 8}, {16, 8, 2, 8, 8}, {16, 8, 4, 4, 4}, {16, 8, 4, 4, 8},
        {16, 8, 4, 8, 4}, {16, 8, 4, 8, 8}, {16, 8, 8, 2, 8}, {16, 8, 8, 4, 4}, {16, 8, 8, 4, 8},
        {16, 16, 2, 4, 8}, {16, 16, 4, 2, 8}, {16, 16, 4, 4, 4}, {16, 16, 4, 4, 8}, {16, 16, 8, 1, 8},
        {16, 16, 8, 2, 8},
    };
    for (const auto& s : shapes)
        if (s.a == a_bits && s.b == b_bits && s.M == M && s.K == K && s.N == N)
            return true;
    return false;
}

}  // namespace detail

template <unsigned M, unsigned K, unsigned N, class A, class B, class Tag = acc32>
class mmul {
    static_assert(detail::legal_shape(M, K, N, sizeof(A) * 8, sizeof(B) * 8), "aie::mmul has no such shape for these types");

public:
    static constexpr unsigned size_A = M * K;
    static constexpr unsigned size_B = K * N;
    static constexpr unsigned size_C = M * N;
    using accum_type = accum<Tag, size_C>;

    mmul() = default;
    explicit mmul(const accum_type& start) : sum_(start) {}

    void mul(const vector<A, size_A>& a, const vector<B, size_B>& b)
    {
        sum_ = accum_type{};
        mac(a, b);
    }
    void mac(const vector<A, size_A>& a, const vector<B, size_B>& b)
    {
        for (unsigned m = 0; m < M; ++m) {
            for (unsigned n = 0; n < N; ++n) {
                std::int64_t sum = sum_.lane(m * N + n);
                for (unsigned k = 0; k < K; ++k)
                    sum += static_cast<std::int64_t>(a[m * K + k]) * b[k * N + n];
                sum_.set_lane(m * N + n, sum);
            }
        }
    }
    accum_type to_accum() const { return sum_; }
    template <class T>
    vector<T, size_C> to_vector(int shift = 0) const
    {
        return sum_.template to_vector<T>(shift);
    }

private:
    accum_type sum_;
};

}  // namespace aie

#include "multiply.hpp"
