// Run-time parameters: ports of a graph which the host updates and reads (UG1603, "Runtime Parameter Specification").
// An input waits for one update a call unless it is async(); what a kernel gives is read at any time unless it is sync().
#pragma once

#include "constraints.hpp"

namespace adf {

struct input {};
struct output {};
struct inout {};

namespace detail {

using value_ptr = std::shared_ptr<emulation::parameter_value>;

// A kernel's end of a parameter; without a word of the graph, inputs are synchronous and outputs are not.
struct parameter_end {
    emulation::kernel_port* port;
    std::string name;
    bool given = false, synchronous = true;
};

inline parameter_end end_of(const port_ref& p)
{
    if (!p.input || p.get().kind != emulation::port_kind::parameter)
        emulation::fatal("wrong_direction", name_of(p), "is no parameter");
    return {&p.get(), name_of(p)};
}
inline parameter_end end_of(const inout_ref& p) { return {&p.get(), p.get().value->memory->label()}; }
inline parameter_end end_of(const parameter_end& e) { return e; }

}  // namespace detail

template <class End>
detail::parameter_end async(const End& end)
{
    detail::parameter_end e = detail::end_of(end);
    e.given = true;
    e.synchronous = false;
    return e;
}
template <class End>
detail::parameter_end sync(const End& end)
{
    detail::parameter_end e = detail::end_of(end);
    e.given = e.synchronous = true;
    return e;
}

template <class Direction>
class port {
public:
    std::shared_ptr<std::vector<detail::value_ptr>> ends = std::make_shared<std::vector<detail::value_ptr>>();
};
using input_port = port<input>;
using output_port = port<output>;
using inout_port = port<inout>;

namespace detail {

template <class T>
struct is_graph_port : std::false_type {};
template <class Direction>
struct is_graph_port<port<Direction>> : std::true_type {};

inline void join(const parameter_end& e, std::vector<value_ptr>& ends, bool from_host, bool to_host)
{
    auto& value = *e.port->value;
    if (++e.port->connections > 1)
        emulation::fatal("double_connected_port", e.name, "has two parameters");
    value.from_host = from_host;
    value.to_host = to_host;
    if (from_host && e.given)
        value.synchronous = e.synchronous;
    value.synchronous_reads = to_host && e.given && e.synchronous;
    ends.push_back(e.port->value);
}
inline void join_parameter(const input_port& from, const parameter_end& to) { join(to, *from.ends, true, false); }
inline void join_parameter(const inout_port& from, const parameter_end& to) { join(to, *from.ends, true, true); }
inline void join_parameter(const parameter_end& from, const output_port& to) { join(from, *to.ends, false, true); }
inline void join_parameter(const parameter_end& from, const inout_port& to) { join(from, *to.ends, false, true); }

template <class T>
void check_values(const emulation::parameter_value& v, std::size_t count)
{
    if (v.type.bytes != sizeof(T))
        emulation::fatal("type_mismatch", v.memory->label(), std::to_string(sizeof(T)) + "-byte values for " + v.type.name);
    if (v.count != count)
        emulation::fatal("parameter_size", v.memory->label(), std::to_string(count) + " values for " + std::to_string(v.count));
}
inline const std::vector<value_ptr>& connected(const std::vector<value_ptr>& ends)
{
    if (ends.empty())
        emulation::fatal("dangling_port", "port of the graph", "is not connected to a parameter");
    return ends;
}

template <class T>
void update_values(const std::vector<value_ptr>& ends, const T* values, std::size_t count)
{
    static_assert(std::is_integral_v<T>, "parameters are integers");
    const auto* raw = reinterpret_cast<const std::uint8_t*>(values);
    for (const auto& v : connected(ends)) {
        check_values<T>(*v, count);
        v->updated = true;
        if (v->synchronous) {
            v->updates.emplace_back(raw, raw + v->memory->bytes());
            continue;
        }
        if (emulation::program::get().pending != 0)
            emulation::fatal("update_while_running", v->memory->label(),
                "the graph runs, so nobody knows which call sees the new value: wait() first");
        v->memory->fill(raw);
    }
}

template <class T>
void read_values(const std::vector<value_ptr>& ends, T* values, std::size_t count)
{
    emulation::run_pending();
    const auto& v = connected(ends).front();
    check_values<T>(*v, count);
    if (!v->written || (v->synchronous_reads && v->results.empty()))
        emulation::fatal("parameter_never_updated", v->memory->label(), "the host reads it, but no kernel wrote it");
    emulation::bytes content = v->content();
    if (v->synchronous_reads) {
        content = v->results.front();
        v->results.pop_front();
    }
    std::memcpy(values, content.data(), content.size());
}

}  // namespace detail
}  // namespace adf
