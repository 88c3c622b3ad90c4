// aie::vector: the lanes of a vector register.
#pragma once

#include "../emulation/core.hpp"

#include <array>
#include <cstdint>
#include <type_traits>

namespace aie {
namespace detail {

// The type of the same signedness with twice or half the bits.
template <unsigned Bytes, bool Signed>
struct integer;
template <bool Signed> struct integer<1, Signed> { using type = std::conditional_t<Signed, std::int8_t, std::uint8_t>; };
template <bool Signed> struct integer<2, Signed> { using type = std::conditional_t<Signed, std::int16_t, std::uint16_t>; };
template <bool Signed> struct integer<4, Signed> { using type = std::conditional_t<Signed, std::int32_t, std::uint32_t>; };
template <class T> using wider = typename integer<2 * sizeof(T), std::is_signed_v<T>>::type;
template <class T> using narrower = typename integer<sizeof(T) / 2, std::is_signed_v<T>>::type;

}  // namespace detail

template <class T, unsigned N>
class vector {
    static_assert(std::is_integral_v<T>, "the emulation knows vectors of integers");
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
    // Elements of twice the bits.
    auto unpack() const
    {
        vector<detail::wider<T>, N> wide;
        for (unsigned i = 0; i < N; ++i)
            wide[i] = lanes_[i];
        return wide;
    }
    // Elements of half the bits, saturated as the core's register says.
    auto pack() const
    {
        vector<detail::narrower<T>, N> narrow;
        for (unsigned i = 0; i < N; ++i)
            narrow[i] = emulation::shift_round_saturate<detail::narrower<T>>(lanes_[i], 0);
        return narrow;
    }

private:
    std::array<T, N> lanes_{};
};

template <class T, unsigned N>
vector<detail::wider<T>, N> unpack(const vector<T, N>& values)
{
    return values.unpack();
}

template <class T, unsigned N>
vector<detail::narrower<T>, N> pack(const vector<T, N>& values)
{
    return values.pack();
}

}  // namespace aie
