// Streams and cascades in terms of the AIE API.
#pragma once

#include "../adf.h"
#include "aie.hpp"

template <unsigned N, class Tag>
aie::accum<Tag, N> readincr_v(input_cascade<Tag>* cascade)
{
    static_assert(N * Tag::bits == 512, "a beat of the cascade is 512 bits");
    const emulation::beat values = cascade->channel->pop_beat();
    aie::accum<Tag, N> out;
    for (unsigned i = 0; i < N; ++i)
        out.set_lane(i, values[i]);
    return out;
}

template <class Tag, unsigned N>
void writeincr(output_cascade<Tag>* cascade, const aie::accum<Tag, N>& value)
{
    static_assert(N * Tag::bits == 512, "a beat of the cascade is 512 bits");
    emulation::beat values{};
    for (unsigned i = 0; i < N; ++i)
        values[i] = value.lane(i);
    cascade->channel->push_beat(values);
}

// Vectors of a stream are 128 bits: four words (UG1603, "Buffer vs. Stream in Data Communication").
template <unsigned N, class T>
aie::vector<T, N> readincr_v(input_stream<T>* stream)
{
    static_assert(N * sizeof(T) == 16, "a vector of a stream is 128 bits");
    std::array<T, N> values;
    emulation::read_words(stream, values.data(), N);
    aie::vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
        out[i] = values[i];
    return out;
}

template <class T, unsigned N>
void writeincr(output_stream<T>* stream, const aie::vector<T, N>& value)
{
    static_assert(N * sizeof(T) == 16, "a vector of a stream is 128 bits");
    std::array<T, N> values;
    for (unsigned i = 0; i < N; ++i)
        values[i] = value[i];
    emulation::write_words(stream, values.data(), N);
}
template <unsigned N, class T>
void writeincr_v(output_stream<T>* stream, const aie::vector<T, N>& value)
{
    writeincr(stream, value);
}

namespace aie {

template <unsigned N, class T, class Extents>
auto begin_vector(adf::input_buffer<T, Extents>& buffer)
{
    return cbegin_vector<N>(buffer.data());
}
template <unsigned N, class T, class Extents>
auto begin_vector(adf::output_buffer<T, Extents>& buffer)
{
    return begin_vector<N>(buffer.data());
}
template <unsigned N, class T, class Extents>
auto cbegin_vector(adf::input_buffer<T, Extents>& buffer)
{
    return cbegin_vector<N>(buffer.data());
}

}  // namespace aie
