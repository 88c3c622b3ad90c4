// PLIOs, shared buffers of memory tiles, and the tilings that walk them.
#pragma once

#include "../emulation/walks.hpp"
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
    std::uint32_t repetition = 1;
    std::vector<std::uint32_t> boundary_dimension{};
};

inline emulation::walk tiling(const tiling_parameters& p)
{
    emulation::walk w{p.buffer_dimension, p.tiling_dimension, p.offset, {}, p.repetition, p.boundary_dimension};
    for (const auto& t : p.tile_traversal)
        w.traversal.push_back({t.dimension, t.stride, t.wrap});
    return w;
}

}  // namespace adf
