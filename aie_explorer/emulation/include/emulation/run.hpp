// Running a graph: every kernel, shared buffer and PLIO is a fiber; transfers flow through bounded channels. Kernels end
// after their calls; all others go on as long as there are data, and wait for the next run.
#pragma once

#include "files.hpp"
#include "walks.hpp"

namespace emulation {

// Before iteration `i` of what is no kernel: it must not run ahead of the graph.
inline void wait_for_run(long i, unsigned repetitions)
{
    const program& p = program::get();
    scheduler::get().note("iteration " + std::to_string(i));
    scheduler::get().wait([&p, i, repetitions] { return p.without_end || i < p.allowed * static_cast<long>(repetitions); }, "the next run");
}

inline void take_update(parameter_value& v, const std::string& name)
{
    if (v.synchronous) {
        scheduler::get().wait([&v] { return !v.updates.empty(); }, "an update of " + name);
        v.memory->fill(v.updates.front().data());
        v.updates.pop_front();
    } else if (!v.updated) {
        fatal("parameter_never_updated", name, "the kernel reads it, but the program never wrote it");
    }
}

// A buffer in the order that a DMA moves its elements in, or, scattered, what it moved in the order of the buffer.
inline bytes walked(const kernel_port& port, const bytes& data, bool scattered)
{
    if (!port.access)
        return data;
    const std::size_t unit = port.type.bytes;
    bytes out(data.size());
    for (std::size_t i = 0; i < port.order.size(); ++i) {
        const auto held = static_cast<std::size_t>(port.order[i]) * unit;
        std::memcpy(&out[scattered ? held : i * unit], &data[scattered ? i * unit : held], unit);
    }
    return out;
}

inline void call_kernel(kernel_node& k)
{
    for (auto& port : k.in) {
        if (port.kind == port_kind::buffer) {
            const bytes data = walked(port, port.transfers->take(port.volume()), true);
            if (port.trace.is_open())
                write_trace(port.trace, port.type, data, data.size() / port.type.bytes);
            port.memory->fill(data.data());
        } else if (port.kind == port_kind::parameter)
            take_update(*port.value, port.value->memory->label());
    }
    for (auto& port : k.inout)
        if (port.value->from_host)
            take_update(*port.value, port.value->memory->label());
    for (auto& port : k.out)
        if (port.kind == port_kind::buffer)
            port.memory->forget();
    k.invoke();
    for (auto& port : k.inout) {
        port.value->written = true;
        if (port.value->synchronous_reads)
            port.value->results.push_back(port.value->content());
    }
    for (auto& port : k.out) {
        if (port.kind != port_kind::buffer)
            continue;
        const std::size_t hole = port.memory->first_unwritten();
        if (hole < port.memory->bytes())
            fatal("unwritten_bytes", port.memory->label(), "the kernel left byte " + std::to_string(hole) + " unwritten");
        send(port.consumers, walked(port, bytes(port.memory->data(), port.memory->data() + port.memory->bytes()), false));
    }
}

inline void run_kernel(kernel_node& k, long iterations)
{
    for (bool input : {true, false}) {
        auto& list = input ? k.in : k.out;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (list[i].kind != port_kind::buffer || list[i].memory)
                continue;
            list[i].memory = std::make_unique<region>(
                list[i].volume(), k.name + (input ? ".in[" : ".out[") + std::to_string(i) + "]", !input);
            if (list[i].access)
                list[i].order = indices(*list[i].access, list[i].access->buffer);
            if (input && fed_directly(program::get(), list[i]))
                list[i].trace = open_trace(k.name + " in " + std::to_string(i));
        }
    }
    for (long i = 0; iterations == program::endless || i < iterations * static_cast<long>(k.repetitions); ++i) {
        scheduler::get().note("iteration " + std::to_string(k.calls++));
        call_kernel(k);
    }
}

inline void run_shared(shared_node& b)
{
    const std::size_t unit = b.type.bytes;
    bytes memory(b.elements() * unit);
    std::vector<std::vector<long>> writes, reads;
    for (auto& port : b.in)
        writes.push_back(indices(*port.access, b.dimensions));
    for (auto& port : b.out)
        reads.push_back(indices(*port.access, b.dimensions));
    std::ofstream trace = open_trace(b.name);
    for (long i = 0;; ++i) {
        wait_for_run(i, b.repetitions);
        for (std::size_t p = 0; p < b.in.size(); ++p) {
            const bytes data = b.in[p].transfers->take(writes[p].size() * unit);
            for (std::size_t j = 0; j < writes[p].size(); ++j)
                std::memcpy(&memory[static_cast<std::size_t>(writes[p][j]) * unit], &data[j * unit], unit);
        }
        if (trace.is_open())
            write_trace(trace, b.type, memory, b.dimensions[0]);
        for (std::size_t p = 0; p < b.out.size(); ++p) {
            bytes data(reads[p].size() * unit, 0);
            for (std::size_t j = 0; j < reads[p].size(); ++j)
                if (reads[p][j] != outside)
                    std::memcpy(&data[j * unit], &memory[static_cast<std::size_t>(reads[p][j]) * unit], unit);
            send(b.out[p].consumers, data);
        }
    }
}

// Bytes a consumer takes in one iteration of the graph; 0 if it is a stream, which takes what it likes.
inline std::size_t bytes_taken(const transfer_channel* channel)
{
    for (const auto& b : program::get().buffers)
        for (const auto& port : b->in)
            if (port.transfers.get() == channel)
                return b->repetitions * indices(*port.access, b->dimensions).size() * b->type.bytes;
    for (const auto& k : program::get().kernels)
        for (const auto& port : k->in)
            if (port.transfers.get() == channel)
                return port.kind == port_kind::stream ? 0 : k->repetitions * port.volume();
    return 0;
}

inline void run_input(plio_node& p)
{
    open_input(p);
    std::size_t volume = bytes_taken(p.consumers.front().get());
    for (const auto& c : p.consumers)
        if (bytes_taken(c.get()) == 0)
            volume = 0;
    for (long i = 0;; ++i) {
        if (volume != 0)
            wait_for_run(i, 1);
        bytes data;
        while (data.size() < (volume ? volume : std::max(4U, p.type.bytes))) {
            if (read_value(p, data))
                continue;
            if (data.empty() && (volume == 0 || program::get().without_end)) {
                p.ended = true;
                return;
            }
            fatal("partial_transfer", p.name, p.file + " ends in iteration " + std::to_string(i) + ", byte " + std::to_string(data.size())
                + " of " + std::to_string(volume ? volume : std::max(4U, p.type.bytes)));
        }
        send(p.consumers, data);
    }
}

inline void run_output(plio_node& p)
{
    open_output(p);
    for (;;)
        write_values(p, p.transfers->take(std::max(4U, p.type.bytes)));
}

// Nobody can go on, although kernels have calls to do.
[[noreturn]] inline void stuck()
{
    const program& p = program::get();
    for (const auto& k : p.kernels)
        for (const auto* list : {&k->in, &k->inout})
            for (const auto& port : *list)
                if (port.kind == port_kind::parameter && port.value->from_host && !port.value->updated)
                    fatal("parameter_never_updated", port.value->memory->label(), "the kernel waits for it, but the program never wrote it");
    for (const auto& q : p.plios)
        for (const auto& c : q->consumers)
            if (q->ended && c->starved())
                fatal("partial_transfer", q->name, q->file + " ends, but the kernels want more");
    scheduler::get().deadlock();
}

inline void check_endless(const program& p)
{
    for (const auto& k : p.kernels) {
        bool fed = false;
        for (const auto& port : k->in)
            fed = fed || port.kind != port_kind::parameter;
        if (!fed)
            fatal("run_order", k->name, "a run without a count lasts as long as there are data, but this kernel takes none");
    }
}

// Do the iterations that were asked for.
EMULATION_ENTRY void run_pending()
{
    program& p = program::get();
    const long count = std::exchange(p.pending, 0);
    if (count == 0)
        return;
    scheduler& s = scheduler::get();
    if (!p.started) {
        for (auto& q : p.plios)
            s.add(q->name, [&q = *q] { q.input ? run_input(q) : run_output(q); });
        for (auto& b : p.buffers)
            s.add(b->name, [&b = *b] { run_shared(b); });
        p.started = true;
    }
    p.without_end = count == program::endless;
    p.allowed += p.without_end ? 0 : count;
    for (auto& k : p.kernels)
        s.add(k->name, [&k = *k, count] { run_kernel(k, count); }, &k->state, !p.without_end);
    bool fine = s.run();
    if (p.without_end)
        for (const auto& q : p.plios)
            fine = fine && (!q->input || q->ended);
    if (!fine)
        stuck();
    for (auto& q : p.plios)
        q->target.flush();
}

// A run is done when somebody waits for it, or at the next: so updates can follow it.
EMULATION_ENTRY void ask_for_run(long iterations)
{
    program& p = program::get();
    run_pending();
    if (p.finished || p.without_end)
        fatal("run_order", "graph", p.finished ? "run after end" : "run although the graph runs without end");
    if (iterations == program::endless)
        check_endless(p);
    p.pending = p.last_count = iterations;
}

// The end of the program: nothing may be left over.
EMULATION_ENTRY void finish()
{
    program& p = program::get();
    if (p.finished)
        return;
    run_pending();
    p.finished = true;
    if (!p.started)
        return;
    for (const auto& c : p.channels)
        if (c->unread() != 0)
            fatal("partial_transfer", c->name(), std::to_string(c->unread()) + " bytes were not read");
    for (const auto& edge : p.cascades)
        for (const auto& port : edge.from->out)
            if (port.kind == port_kind::cascade && port.beats->size() != 0)
                fatal("partial_transfer", port.beats->name(), std::to_string(port.beats->size()) + " beats were not read");
    for (const auto& k : p.kernels)
        for (const auto* list : {&k->in, &k->inout})
            for (const auto& port : *list)
                if (port.kind == port_kind::parameter && !port.value->updates.empty())
                    fatal("update_not_read", port.value->memory->label(), std::to_string(port.value->updates.size()) + " updates were not read");
    for (const auto& q : p.plios)
        q->input ? check_read(*q, p.allowed) : close_output(*q);
}

}  // namespace emulation
