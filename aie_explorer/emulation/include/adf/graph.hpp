// Graphs: PLIOs, shared buffers, connections, locations, and running.
#pragma once

#include "../emulation/checks.hpp"
#include "../emulation/run.hpp"
#include "kernel.hpp"

#include <initializer_list>

namespace adf {

enum plio_type : unsigned { plio_32_bits = 32, plio_64_bits = 64, plio_128_bits = 128 };

namespace detail {

struct plio_port {
    std::shared_ptr<emulation::plio_node> node;
};
struct plio_ports {
    std::shared_ptr<emulation::plio_node> node;
    plio_port operator[](std::size_t) const { return {node}; }
};

inline std::shared_ptr<emulation::plio_node> make_plio(bool input, const std::string& name, plio_type bits, const std::string& file)
{
    auto node = std::make_shared<emulation::plio_node>();
    node->name = name;
    node->file = file;
    node->bits = bits;
    node->input = input;
    emulation::program::get().plios.push_back(node);
    return node;
}

struct shared_ref {
    std::shared_ptr<emulation::shared_node> node;
    bool input;
    std::size_t index;
    emulation::shared_port& get() const
    {
        auto& list = input ? node->in : node->out;
        if (index >= list.size())
            emulation::fatal("no_such_port", node->name, std::string(input ? "in[" : "out[") + std::to_string(index) + "]");
        return list[index];
    }
    std::string name() const { return node->name + (input ? ".in[" : ".out[") + std::to_string(index) + "]"; }
};
struct shared_ports {
    std::shared_ptr<emulation::shared_node> node;
    bool input = true;
    shared_ref operator[](std::size_t index) const { return {node, input, index}; }
};

inline std::string name_of(const port_ref& p) { return p.node->name + (p.input ? ".in[" : ".out[") + std::to_string(p.index) + "]"; }

}  // namespace detail

class input_plio {
public:
    detail::plio_ports out;
    static input_plio create(const std::string& name, plio_type bits, const std::string& file, double = 0.0)
    {
        input_plio p;
        p.out.node = detail::make_plio(true, name, bits, file);
        return p;
    }
};

class output_plio {
public:
    detail::plio_ports in;
    static output_plio create(const std::string& name, plio_type bits, const std::string& file, double = 0.0)
    {
        output_plio p;
        p.in.node = detail::make_plio(false, name, bits, file);
        return p;
    }
};

template <class T>
class shared_buffer {
public:
    detail::shared_ports in, out;
    std::shared_ptr<emulation::shared_node> node;
    static shared_buffer create(const std::vector<std::uint32_t>& dimensions, unsigned inputs, unsigned outputs)
    {
        shared_buffer b;
        b.node = std::make_shared<emulation::shared_node>();
        auto& all = emulation::program::get().buffers;
        b.node->name = "shared_buffer " + std::to_string(all.size());
        b.node->type = emulation::element_of<T>();
        b.node->dimensions = dimensions;
        b.node->in.resize(inputs);
        b.node->out.resize(outputs);
        all.push_back(b.node);
        b.in = {b.node, true};
        b.out = {b.node, false};
        return b;
    }
};

template <class T>
unsigned& num_buffers(shared_buffer<T>& b)
{
    return b.node->copies;
}

struct traversing_parameters {
    int dimension = 0;
    std::uint32_t stride = 1;
    std::uint32_t wrap = 1;
};
struct tiling_parameters {
    std::vector<std::uint32_t> buffer_dimension{};
    std::vector<std::uint32_t> tiling_dimension{};
    std::vector<std::int32_t> offset{};
    std::vector<traversing_parameters> tile_traversal{};
    int packet_port_id = -1;
    std::uint32_t repetition = 1;
    std::uint32_t phase = 0;
    std::vector<std::uint32_t> boundary_dimension{};
};

inline emulation::walk tiling(const tiling_parameters& p)
{
    emulation::walk w{p.buffer_dimension, p.tiling_dimension, p.offset, {}, p.repetition, p.boundary_dimension};
    for (const auto& t : p.tile_traversal)
        w.traversal.push_back({t.dimension, t.stride, t.wrap});
    return w;
}

namespace detail {
struct access_target {
    shared_ref port;
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

namespace detail {

using channel_ptr = std::shared_ptr<emulation::transfer_channel>;

inline channel_ptr link(const std::string& from, const std::string& to)
{
    return std::make_shared<emulation::transfer_channel>(from + " to " + to, 2);
}

// What a side of a connection is called, how it takes the channel.
inline std::string label(const port_ref& p) { return name_of(p); }
inline std::string label(const plio_port& p) { return p.node->name; }
inline std::string label(const shared_ref& p) { return p.name(); }

inline void as_source(const port_ref& p, const channel_ptr& c)
{
    if (p.input || p.get().cascade)
        emulation::fatal("wrong_direction", name_of(p), "is no output buffer");
    p.get().consumers.push_back(c);
    ++p.get().connections;
}
inline void as_source(const plio_port& p, const channel_ptr& c)
{
    if (!p.node->input)
        emulation::fatal("wrong_direction", p.node->name, "is an output PLIO");
    p.node->consumers.push_back(c);
    ++p.node->connections;
}
inline void as_source(const shared_ref& p, const channel_ptr& c)
{
    if (p.input)
        emulation::fatal("wrong_direction", p.name(), "is an input");
    p.get().consumers.push_back(c);
    ++p.get().connections;
}
inline void as_sink(const port_ref& p, const channel_ptr& c)
{
    if (!p.input || p.get().cascade)
        emulation::fatal("wrong_direction", name_of(p), "is no input buffer");
    p.get().transfers = c;
    if (++p.get().connections > 1)
        emulation::fatal("double_connected_port", name_of(p), "has two sources");
}
inline void as_sink(const plio_port& p, const channel_ptr& c)
{
    if (p.node->input)
        emulation::fatal("wrong_direction", p.node->name, "is an input PLIO");
    p.node->transfers = c;
    if (++p.node->connections > 1)
        emulation::fatal("double_connected_port", p.node->name, "has two sources");
}
inline void as_sink(const shared_ref& p, const channel_ptr& c)
{
    if (!p.input)
        emulation::fatal("wrong_direction", p.name(), "is an output");
    p.get().transfers = c;
    if (++p.get().connections > 1)
        emulation::fatal("double_connected_port", p.name(), "has two sources");
}

inline emulation::element type_of(const port_ref& p) { return p.get().type; }
inline emulation::element type_of(const plio_port& p) { return p.node->type; }
inline emulation::element type_of(const shared_ref& p) { return p.node->type; }
template <class A, class B>
void agree(const A& a, const B& b)
{
    if constexpr (std::is_same_v<A, plio_port>)
        a.node->type = type_of(b);
    else if constexpr (std::is_same_v<B, plio_port>)
        b.node->type = type_of(a);
    else if (!(type_of(a) == type_of(b)))
        emulation::fatal("type_mismatch", label(a) + " to " + label(b), type_of(a).name + " into " + type_of(b).name);
}

inline void join_cascade(const port_ref& from, const port_ref& to)
{
    auto& a = from.get();
    auto& b = to.get();
    if (from.input || !to.input || !a.cascade || !b.cascade)
        emulation::fatal("wrong_direction", name_of(from) + " to " + name_of(to), "is no cascade from an output to an input");
    if (a.acc_bits != b.acc_bits)
        emulation::fatal("type_mismatch", name_of(from) + " to " + name_of(to), "accumulators of different width");
    if (++a.connections > 1 || ++b.connections > 1)
        emulation::fatal("double_connected_port", name_of(from) + " to " + name_of(to), "a cascade joins two kernels");
    // two entries on each side (AM020 ch4)
    a.beats = b.beats = std::make_shared<emulation::cascade_channel>("cascade " + name_of(from) + " to " + name_of(to), 4);
    emulation::program::get().cascades.push_back({from.node, to.node});
}

}  // namespace detail

template <class Kind = void>
class connect {
public:
    template <class A, class B>
    connect(const A& from, const B& to)
    {
        if constexpr (std::is_same_v<Kind, cascade>) {
            detail::join_cascade(from, to);
        } else {
            auto channel = detail::link(detail::label(from), detail::label(to));
            detail::as_source(from, channel);
            detail::as_sink(to, channel);
            detail::agree(from, to);
        }
    }
};
template <class A, class B>
connect(const A&, const B&) -> connect<>;

class graph {
public:
    virtual ~graph() = default;
    void init() { emulation::check_program(); }
    void run(int iterations) { emulation::run_program(iterations); }
    void wait() {}
    void end() {}
};

}  // namespace adf
