// The graph as data: every kernel, PLIO, memory-tile buffer and connection, filled while the graph's constructor runs,
// and how far it has run.
#pragma once

#include "channel.hpp"
#include "core.hpp"
#include "memory.hpp"

#include <deque>
#include <fstream>
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
    static_assert(std::is_integral_v<T>, "the emulation knows elements that are integers");
    return {std::string(std::is_signed_v<T> ? "int" : "uint") + std::to_string(sizeof(T) * 8), sizeof(T), std::is_signed_v<T>};
}

struct place {
    enum class kind { tile, bank, address } what = kind::tile;
    int column = 0, row = 0;
    long detail = 0;  // bank or offset
    bool operator==(const place&) const = default;
};

struct walk {
    std::vector<std::uint32_t> buffer, tile;
    std::vector<std::int32_t> offset;
    struct loop { int dimension = 0; std::uint32_t stride = 0, wrap = 1; };
    std::vector<loop> traversal;
    std::uint32_t repetition = 1;
    std::vector<std::uint32_t> boundary;
};

// A run-time parameter: one value or an array, what the host wrote and what it may read.
struct parameter_value {
    element type;
    std::size_t count = 1;
    std::unique_ptr<region> memory;
    bool synchronous = true;              // one update for every call of the kernel
    bool from_host = false, to_host = false;
    bool synchronous_reads = false;       // one read for every call of the kernel
    bool updated = false, written = false;
    std::deque<bytes> updates, results;   // of synchronous ones, those that wait
    bytes content() const { return bytes(memory->data(), memory->data() + memory->bytes()); }
};

enum class port_kind { buffer, stream, cascade, parameter };

struct kernel_port {
    std::optional<walk> access;        // how the DMA walks the buffer; from end to end if none
    std::vector<long> order;           // the same, element by element
    port_kind kind = port_kind::buffer;
    element type;                      // of a buffer or a stream
    unsigned acc_bits = 0;             // of a cascade
    bool single = false;               // a buffer that is no pair
    std::shared_ptr<parameter_value> value;
    std::vector<std::uint32_t> dimensions;
    std::vector<place> places;
    std::unique_ptr<region> memory;
    std::shared_ptr<transfer_channel> transfers;               // the one source of an input
    std::vector<std::shared_ptr<transfer_channel>> consumers;  // of an output: a broadcast
    std::shared_ptr<cascade_channel> beats;
    int connections = 0;
    std::ofstream trace;               // of an input that no memory tile feeds
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
    unsigned repetitions = 1;  // calls in one iteration of the graph
    long calls = 0;            // so far
    std::vector<kernel_port> in, out, inout;
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
    std::ifstream source;
    bool ended = false;  // the source has no more
    std::ofstream target;
    unsigned on_line = 0;
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
    unsigned copies = 1, repetitions = 1;
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
    std::vector<std::shared_ptr<transfer_channel>> channels;

    // Iterations are counted when run() is called and done when somebody waits for them.
    long pending = 0, last_count = endless, allowed = 0;
    bool started = false, without_end = false, finished = false;
    static constexpr long endless = -1;

    static program& get()
    {
        static program instance;
        return instance;
    }
};

// The output of a kernel that an input is connected to; none where a PLIO or a memory tile feeds it.
inline const kernel_port* fed_by(const program& p, const kernel_port& input)
{
    for (const auto& k : p.kernels)
        for (const auto& port : k->out)
            for (const auto& c : port.consumers)
                if (c && c == input.transfers)
                    return &port;
    return nullptr;
}

// Whether what arrives at an input comes from a kernel or a PLIO, and from no memory tile.
inline bool fed_directly(const program& p, const kernel_port& input)
{
    for (const auto& q : p.plios)
        for (const auto& c : q->consumers)
            if (c && c == input.transfers)
                return true;
    return fed_by(p, input) != nullptr;
}

// Whether an input is the very buffer that a kernel writes: no DMA between, and one place.
inline bool in_shared_memory(const kernel_port& output, const kernel_port& input)
{
    return !output.places.empty() && output.places == input.places;
}

}  // namespace emulation
