// The arguments of kernels: buffers and cascades.
#pragma once

#include "../emulation/channel.hpp"
#include "../emulation/core.hpp"
#include "../emulation/memory.hpp"

namespace adf {

template <class T>
class input_buffer {
public:
    explicit input_buffer(emulation::region& r) : region_(r) {}
    const T* data() const { return reinterpret_cast<const T*>(region_.data()); }
    unsigned size() const { return static_cast<unsigned>(region_.bytes() / sizeof(T)); }

private:
    emulation::region& region_;
};

template <class T>
class output_buffer {
public:
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
