// aie::accum: the lanes of an accumulator register.
#pragma once

#include "vector.hpp"

#include <string>

namespace aie {

template <class Tag, unsigned N>
class accum {
    static_assert(N * Tag::bits >= 128, "an accumulator holds at least 128 bits");

public:
    static constexpr unsigned size() { return N; }
    using tag = Tag;
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

    accum() = default;
    template <class T>
    explicit accum(const vector<T, N>& values, int shift = 0)
    {
        from_vector(values, shift);
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

}  // namespace aie
