// One argument of a kernel function: which port it is, and how to make it for a call (UG1603, "Specifying Runtime Data
// Parameters": a scalar or an array is a run-time parameter; what the kernel can change is an inout port).
#pragma once

#include "ports.hpp"

#include <type_traits>

namespace adf::detail {

struct cursor {
    emulation::kernel_node& node;
    std::size_t in = 0, out = 0, inout = 0;
    emulation::kernel_port& next_in() { return node.in[in++]; }
    emulation::kernel_port& next_out() { return node.out[out++]; }
    emulation::kernel_port& next_inout() { return node.inout[inout++]; }
};

// declare() adds the port; make() gives what is kept for a call, pass() the argument itself.
template <class Argument>
struct argument {
    static_assert(!sizeof(Argument*), "the emulation knows buffers, streams, cascades, integers and arrays of integers as arguments");
};

template <unsigned... Dimensions>
void declare_buffer(emulation::kernel_port& port, emulation::element type, extents<Dimensions...>)
{
    port.type = type;
    if constexpr (((Dimensions != inherited_extent) && ...))
        port.dimensions = {Dimensions...};
}

template <class T, class Extents>
struct argument<input_buffer<T, Extents>&> {
    static void declare(emulation::kernel_node& n) { declare_buffer(n.in.emplace_back(), emulation::element_of<T>(), Extents{}); }
    static input_buffer<T, Extents> make(cursor& c) { return input_buffer<T, Extents>(*c.next_in().memory); }
    static input_buffer<T, Extents>& pass(input_buffer<T, Extents>& held) { return held; }
};
template <class T, class Extents>
struct argument<output_buffer<T, Extents>&> {
    static void declare(emulation::kernel_node& n) { declare_buffer(n.out.emplace_back(), emulation::element_of<T>(), Extents{}); }
    static output_buffer<T, Extents> make(cursor& c) { return output_buffer<T, Extents>(*c.next_out().memory); }
    static output_buffer<T, Extents>& pass(output_buffer<T, Extents>& held) { return held; }
};

inline void declare_cascade(emulation::kernel_port& port, unsigned bits)
{
    port.kind = emulation::port_kind::cascade;
    port.acc_bits = bits;
}
template <class Tag>
struct argument<input_cascade<Tag>*> {
    static void declare(emulation::kernel_node& n) { declare_cascade(n.in.emplace_back(), Tag::bits); }
    static input_cascade<Tag> make(cursor& c) { return {c.next_in().beats.get()}; }
    static input_cascade<Tag>* pass(input_cascade<Tag>& held) { return &held; }
};
template <class Tag>
struct argument<output_cascade<Tag>*> {
    static void declare(emulation::kernel_node& n) { declare_cascade(n.out.emplace_back(), Tag::bits); }
    static output_cascade<Tag> make(cursor& c) { return {c.next_out().beats.get()}; }
    static output_cascade<Tag>* pass(output_cascade<Tag>& held) { return &held; }
};

inline void declare_stream(emulation::kernel_port& port, emulation::element type)
{
    port.kind = emulation::port_kind::stream;
    port.type = type;
}
template <class T>
struct argument<input_stream<T>*> {
    static void declare(emulation::kernel_node& n) { declare_stream(n.in.emplace_back(), emulation::element_of<T>()); }
    static input_stream<T> make(cursor& c) { return {c.next_in().transfers.get()}; }
    static input_stream<T>* pass(input_stream<T>& held) { return &held; }
};
template <class T>
struct argument<output_stream<T>*> {
    static void declare(emulation::kernel_node& n) { declare_stream(n.out.emplace_back(), emulation::element_of<T>()); }
    static output_stream<T> make(cursor& c) { return {&c.next_out().consumers}; }
    static output_stream<T>* pass(output_stream<T>& held) { return &held; }
};

template <class T>
void declare_parameter(emulation::kernel_node& n, std::size_t count, bool changes)
{
    auto& list = changes ? n.inout : n.in;
    const std::string name = n.name + (changes ? ".inout[" : ".in[") + std::to_string(list.size()) + "]";
    auto& port = list.emplace_back();
    port.kind = emulation::port_kind::parameter;
    port.value = std::make_shared<emulation::parameter_value>();
    port.value->type = port.type = emulation::element_of<T>();
    port.value->count = count;
    port.value->memory = std::make_unique<emulation::region>(count * sizeof(T), name, changes);
    if (changes)
        port.value->memory->fill(emulation::bytes(count * sizeof(T), 0).data());
}
template <class T>
T* values_of(emulation::kernel_port& port)
{
    return reinterpret_cast<T*>(port.value->memory->data());
}

template <class T>
    requires std::is_integral_v<T>
struct argument<T> {
    static void declare(emulation::kernel_node& n) { declare_parameter<T>(n, 1, false); }
    static T make(cursor& c) { return *values_of<T>(c.next_in()); }
    static T pass(T& held) { return held; }
};
template <class T>
    requires std::is_integral_v<T>
struct argument<const T&> {
    static void declare(emulation::kernel_node& n) { declare_parameter<T>(n, 1, false); }
    static const T* make(cursor& c) { return values_of<T>(c.next_in()); }
    static const T& pass(const T* held) { return *held; }
};
template <class T>
    requires std::is_integral_v<T> && (!std::is_const_v<T>)
struct argument<T&> {
    static void declare(emulation::kernel_node& n) { declare_parameter<T>(n, 1, true); }
    static T* make(cursor& c) { return values_of<T>(c.next_inout()); }
    static T& pass(T* held) { return *held; }
};
template <class T, std::size_t N>
struct argument<const T (&)[N]> {
    static void declare(emulation::kernel_node& n) { declare_parameter<T>(n, N, false); }
    static const T* make(cursor& c) { return values_of<T>(c.next_in()); }
    static const T (&pass(const T* held))[N] { return *reinterpret_cast<const T(*)[N]>(held); }
};
template <class T, std::size_t N>
    requires(!std::is_const_v<T>)
struct argument<T (&)[N]> {
    static void declare(emulation::kernel_node& n) { declare_parameter<T>(n, N, true); }
    static T* make(cursor& c) { return values_of<T>(c.next_inout()); }
    static T (&pass(T* held))[N] { return *reinterpret_cast<T(*)[N]>(held); }
};

}  // namespace adf::detail
