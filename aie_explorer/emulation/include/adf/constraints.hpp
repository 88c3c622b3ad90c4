// What a graph says of its parts besides connections: accesses, dimensions, locations, rates.
#pragma once

#include "storage.hpp"

namespace adf {

namespace detail {
struct access_target {
    shared_ref port;
    void operator=(emulation::walk w) const { port.get().access = std::move(w); }
};
struct kernel_access_target {
    port_ref port;
    void operator=(emulation::walk w) const { port.get().access = std::move(w); }
};
struct dimensions_target {
    port_ref port;
    void operator=(std::vector<std::uint32_t> d) const { port.get().dimensions = std::move(d); }
};
struct location_target {
    std::function<void(std::vector<emulation::place>)> set;
    void operator=(emulation::place p) const { set({p}); }
    void operator=(std::initializer_list<emulation::place> p) const { set(p); }
};
}  // namespace detail

inline detail::access_target write_access(detail::shared_ref p)
{
    if (!p.input)
        emulation::fatal("wrong_direction", p.name(), "write_access belongs to an input of a shared buffer");
    return {p};
}
inline detail::access_target read_access(detail::shared_ref p)
{
    if (p.input)
        emulation::fatal("wrong_direction", p.name(), "read_access belongs to an output of a shared buffer");
    return {p};
}
// How the DMA of a tile fills the buffer of an input, or drains that of an output.
inline detail::kernel_access_target write_access(detail::port_ref p)
{
    if (!p.input || p.get().kind != emulation::port_kind::buffer)
        emulation::fatal("wrong_direction", detail::name_of(p), "write_access belongs to an input buffer");
    return {p};
}
inline detail::kernel_access_target read_access(detail::port_ref p)
{
    if (p.input || p.get().kind != emulation::port_kind::buffer)
        emulation::fatal("wrong_direction", detail::name_of(p), "read_access belongs to an output buffer");
    return {p};
}
inline detail::dimensions_target dimensions(detail::port_ref p) { return {p}; }

using location_constraint = emulation::place;
inline location_constraint tile(int column, int row) { return {emulation::place::kind::tile, column, row, 0}; }
inline location_constraint bank(int column, int row, int id) { return {emulation::place::kind::bank, column, row, id}; }
inline location_constraint address(int column, int row, int offset) { return {emulation::place::kind::address, column, row, offset}; }

struct buffer {};
struct stack {};
struct parameter {};
struct cascade {};
struct stream {};

template <class Tag>
detail::location_target location(kernel& k)
{
    auto node = k.node;
    if constexpr (std::is_same_v<Tag, stack>)
        return {[node](const auto& p) { node->stack = p.at(0); }};
    else
        return {[node](const auto& p) { node->tile = p.at(0); }};
}
template <class Tag>
detail::location_target location(detail::port_ref port)
{
    return {[port](const auto& p) { port.get().places = p; }};
}
template <class Tag>
detail::location_target location(detail::param_ref param)
{
    return {[param](const auto& p) { param.get().places = p; }};
}
template <class Tag, class T>
detail::location_target location(shared_buffer<T>& b)
{
    auto node = b.node;
    return {[node](const auto& p) { node->places = p; }};
}

// Calls of a kernel, or rounds of a shared buffer, in one iteration of the graph.
inline unsigned& repetition_count(kernel& k) { return k.node->repetitions; }
template <class T>
unsigned& repetition_count(shared_buffer<T>& b)
{
    return b.node->repetitions;
}

// No second copy for the next call.
inline void single_buffer(const detail::port_ref& port)
{
    if (port.get().kind != emulation::port_kind::buffer)
        emulation::fatal("wrong_direction", detail::name_of(port), "is no buffer");
    port.get().single = true;
}

}  // namespace adf
