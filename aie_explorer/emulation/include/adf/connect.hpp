// Connections between ports.
#pragma once

#include "constraints.hpp"
#include "parameters.hpp"

namespace adf {

namespace detail {

using channel_ptr = std::shared_ptr<emulation::transfer_channel>;

inline bool is_stream(const port_ref& p) { return p.get().kind == emulation::port_kind::stream; }
template <class Side>
bool is_stream(const Side&)
{
    return false;
}

// Two transfers wait, or four words of a stream.
inline channel_ptr link(const std::string& from, const std::string& to, bool stream)
{
    auto& all = emulation::program::get().channels;
    all.push_back(std::make_shared<emulation::transfer_channel>(from + " to " + to, stream ? 4 : 2));
    return all.back();
}
inline bool moves_data(const port_ref& p)
{
    return p.get().kind == emulation::port_kind::buffer || p.get().kind == emulation::port_kind::stream;
}

// What a side of a connection is called, how it takes the channel.
inline std::string label(const port_ref& p) { return name_of(p); }
inline std::string label(const plio_port& p) { return p.node->name; }
inline std::string label(const shared_ref& p) { return p.name(); }

inline void as_source(const port_ref& p, const channel_ptr& c)
{
    if (p.input || !moves_data(p))
        emulation::fatal("wrong_direction", name_of(p), "is no output buffer or stream");
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
    if (!p.input || !moves_data(p))
        emulation::fatal("wrong_direction", name_of(p), "is no input buffer or stream");
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
    if (from.input || !to.input || a.kind != emulation::port_kind::cascade || b.kind != emulation::port_kind::cascade)
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
        if constexpr (detail::is_graph_port<A>::value)
            detail::join_parameter(from, detail::end_of(to));
        else if constexpr (detail::is_graph_port<B>::value)
            detail::join_parameter(detail::end_of(from), to);
        else if constexpr (std::is_same_v<Kind, cascade>)
            detail::join_cascade(from, to);
        else
            join_data(from, to);
    }

    unsigned depth = 0;  // where there is no channel
    detail::channel_ptr channel;

private:
    template <class A, class B>
    void join_data(const A& from, const B& to)
    {
        static_assert(!std::is_same_v<Kind, parameter>, "a parameter joins a port of the graph and one of a kernel");
        channel = detail::link(detail::label(from), detail::label(to), detail::is_stream(from) || detail::is_stream(to));
        detail::as_source(from, channel);
        detail::as_sink(to, channel);
        detail::agree(from, to);
    }
};
template <class A, class B>
connect(const A&, const B&) -> connect<>;

// A deeper FIFO changes no result.
template <class Kind>
unsigned& fifo_depth(connect<Kind>& net)
{
    return net.channel ? net.channel->further : net.depth;
}

}  // namespace adf
