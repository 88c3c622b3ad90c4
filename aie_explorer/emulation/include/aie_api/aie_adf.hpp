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
