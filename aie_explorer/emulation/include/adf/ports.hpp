// The arguments of kernels: buffers, streams and cascades.
#pragma once

#include "../emulation/program.hpp"

namespace adf {

inline constexpr unsigned inherited_extent = 0;  // the graph says dimensions()

template <unsigned... Dimensions>
struct extents {};

template <class T, class Extents = extents<inherited_extent>>
class input_buffer {
public:
    using value_type = T;
    explicit input_buffer(emulation::region& r) : region_(r) {}
    const T* data() const { return reinterpret_cast<const T*>(region_.data()); }
    unsigned size() const { return static_cast<unsigned>(region_.bytes() / sizeof(T)); }

private:
    emulation::region& region_;
};

template <class T, class Extents = extents<inherited_extent>>
class output_buffer {
public:
    using value_type = T;
    explicit output_buffer(emulation::region& r) : region_(r) {}
    T* data() { return reinterpret_cast<T*>(region_.data()); }
    unsigned size() const { return static_cast<unsigned>(region_.bytes() / sizeof(T)); }

private:
    emulation::region& region_;
};

}  // namespace adf

template <class Tag>
struct input_cascade {
    emulation::cascade_channel* channel;
};

template <class Tag>
struct output_cascade {
    emulation::cascade_channel* channel;
};

template <class T>
struct input_stream {
    emulation::transfer_channel* channel;
};

template <class T>
struct output_stream {
    const std::vector<std::shared_ptr<emulation::transfer_channel>>* consumers;
};

namespace emulation {

// A stream moves words of 32 bits; a kernel waits for each.
template <class T>
void read_words(input_stream<T>* stream, T* values, std::size_t count)
{
    auto* raw = reinterpret_cast<std::uint8_t*>(values);
    for (std::size_t i = 0; i < count * sizeof(T); i += 4)
        std::memcpy(raw + i, stream->channel->take(4).data(), 4);
}
template <class T>
void write_words(output_stream<T>* stream, const T* values, std::size_t count)
{
    const auto* raw = reinterpret_cast<const std::uint8_t*>(values);
    for (std::size_t i = 0; i < count * sizeof(T); i += 4)
        for (const auto& channel : *stream->consumers)
            channel->push(bytes(raw + i, raw + i + 4));
}

}  // namespace emulation

template <class T>
T readincr(input_stream<T>* stream)
{
    static_assert(sizeof(T) >= 4, "a stream moves 32-bit words: read smaller elements as vectors");
    T value;
    emulation::read_words(stream, &value, 1);
    return value;
}

template <class T>
void writeincr(output_stream<T>* stream, std::type_identity_t<T> value)
{
    static_assert(sizeof(T) >= 4, "a stream moves 32-bit words: write smaller elements as vectors");
    emulation::write_words(stream, &value, 1);
}
