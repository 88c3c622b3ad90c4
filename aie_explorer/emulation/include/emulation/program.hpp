// The graph as data: every kernel, PLIO, memory-tile buffer and connection, filled while the graph's constructor runs.
#pragma once

#include "channel.hpp"
#include "core.hpp"
#include "memory.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace emulation {

struct element {
    std::string name;
    unsigned bytes = 0;
    bool is_signed = true;
    bool operator==(const element&) const = default;
};

template <class T>
element element_of()
{
    return {std::string(std::is_signed_v<T> ? "int" : "uint") + std::to_string(sizeof(T) * 8), sizeof(T), std::is_signed_v<T>};
}

struct place {
    enum class kind { tile, bank, address } what = kind::tile;
    int column = 0, row = 0;
    long detail = 0;  // bank or offset
};

struct walk {
    std::vector<std::uint32_t> buffer, tile;
    std::vector<std::int32_t> offset;
    struct loop { int dimension = 0; std::uint32_t stride = 0, wrap = 1; };
    std::vector<loop> traversal;
    std::uint32_t repetition = 1;
    std::vector<std::uint32_t> boundary;
};

struct kernel_port {
    bool cascade = false;
    element type;                      // of a buffer
    unsigned acc_bits = 0;             // of a cascade
    std::vector<std::uint32_t> dimensions;
    std::vector<place> places;
    std::unique_ptr<region> memory;
    std::shared_ptr<transfer_channel> transfers;               // the one source of an input
    std::vector<std::shared_ptr<transfer_channel>> consumers;  // of an output: a broadcast
    std::shared_ptr<cascade_channel> beats;
    int connections = 0;
    std::size_t volume() const
    {
        std::size_t count = 1;
        for (auto d : dimensions)
            count *= d;
        return dimensions.empty() ? 0 : count * type.bytes;
    }
};

struct parameter_array {
    std::unique_ptr<region> memory;
    std::vector<place> places;
};

struct kernel_node {
    std::string name, source;
    double ratio = 0.0;
    std::optional<place> tile, stack;
    std::vector<kernel_port> in, out;
    std::vector<parameter_array> params;
    std::function<void()> invoke;
    core state;
};

struct plio_node {
    std::string name, file;
    unsigned bits = 32;
    bool input = true;
    element type;
    std::shared_ptr<transfer_channel> transfers;
    std::vector<std::shared_ptr<transfer_channel>> consumers;
    int connections = 0;
};

struct shared_port {
    std::optional<walk> access;
    std::shared_ptr<transfer_channel> transfers;               // of a writer
    std::vector<std::shared_ptr<transfer_channel>> consumers;  // of a reader: a broadcast
    int connections = 0;
};

struct shared_node {
    std::string name;
    element type;
    std::vector<std::uint32_t> dimensions;
    std::vector<shared_port> in, out;
    unsigned copies = 1;
    std::vector<place> places;
    std::size_t elements() const
    {
        std::size_t count = 1;
        for (auto d : dimensions)
            count *= d;
        return count;
    }
};

struct cascade_edge {
    std::shared_ptr<kernel_node> from, to;
};

struct program {
    std::vector<std::shared_ptr<kernel_node>> kernels;
    std::vector<std::shared_ptr<plio_node>> plios;
    std::vector<std::shared_ptr<shared_node>> buffers;
    std::vector<cascade_edge> cascades;

    static program& get()
    {
        static program instance;
        return instance;
    }
};

}  // namespace emulation
