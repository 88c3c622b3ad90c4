// Running a graph: every kernel, shared buffer and PLIO is a fiber; transfers flow through bounded channels.
#pragma once

#include "walks.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace emulation {

inline void send(const std::vector<std::shared_ptr<transfer_channel>>& consumers, const bytes& data)
{
    for (const auto& c : consumers)
        c->push(data);
}

inline void run_kernel(kernel_node& k, int iterations)
{
    for (bool input : {true, false}) {
        auto& list = input ? k.in : k.out;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (!list[i].cascade)
                list[i].memory = std::make_unique<region>(
                    list[i].volume(), k.name + (input ? ".in[" : ".out[") + std::to_string(i) + "]", !input);
    }
    for (int i = 0; i < iterations; ++i) {
        scheduler::get().note("iteration " + std::to_string(i));
        for (auto& port : k.in)
            if (!port.cascade)
                port.memory->fill(port.transfers->pop().data());
        for (auto& port : k.out)
            if (!port.cascade)
                port.memory->forget();
        k.invoke();
        for (auto& port : k.out) {
            if (port.cascade)
                continue;
            const std::size_t hole = port.memory->first_unwritten();
            if (hole < port.memory->bytes())
                fatal("unwritten_bytes", port.memory->label(), "the kernel left byte " + std::to_string(hole) + " unwritten");
            send(port.consumers, bytes(port.memory->data(), port.memory->data() + port.memory->bytes()));
        }
    }
}

inline long long value_of(const std::uint8_t* raw, const element& type)
{
    unsigned long long v = 0;
    for (unsigned i = 0; i < type.bytes; ++i)
        v |= static_cast<unsigned long long>(raw[i]) << (8 * i);
    if (type.is_signed && (v >> (8 * type.bytes - 1)) != 0)
        return static_cast<long long>(v) - (1LL << (8 * type.bytes));
    return static_cast<long long>(v);
}

inline void append(bytes& out, long long value, const element& type)
{
    for (unsigned i = 0; i < type.bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(static_cast<unsigned long long>(value) >> (8 * i)));
}

inline void run_shared(shared_node& b, int iterations)
{
    const std::size_t unit = b.type.bytes;
    bytes memory(b.elements() * unit);
    std::vector<std::vector<long>> writes, reads;
    for (auto& port : b.in)
        writes.push_back(indices(*port.access, b.dimensions));
    for (auto& port : b.out)
        reads.push_back(indices(*port.access, b.dimensions));
    std::ofstream trace;
    if (const char* folder = std::getenv("AIE_EMULATION_TRACE")) {
        std::string file = b.name;
        file.replace(file.find(' '), 1, "_");
        trace.open(std::filesystem::path(folder) / (file + ".txt"));
    }
    for (int i = 0; i < iterations; ++i) {
        scheduler::get().note("iteration " + std::to_string(i));
        for (std::size_t p = 0; p < b.in.size(); ++p) {
            const bytes data = b.in[p].transfers->pop();
            for (std::size_t j = 0; j < writes[p].size(); ++j)
                std::memcpy(&memory[static_cast<std::size_t>(writes[p][j]) * unit], &data[j * unit], unit);
        }
        if (trace.is_open()) {
            for (std::size_t j = 0; j < b.elements(); ++j)
                trace << value_of(&memory[j * unit], b.type) << ((j + 1) % b.dimensions[0] ? ' ' : '\n');
        }
        for (std::size_t p = 0; p < b.out.size(); ++p) {
            bytes data(reads[p].size() * unit, 0);
            for (std::size_t j = 0; j < reads[p].size(); ++j)
                if (reads[p][j] != outside)
                    std::memcpy(&data[j * unit], &memory[static_cast<std::size_t>(reads[p][j]) * unit], unit);
            send(b.out[p].consumers, data);
        }
    }
}

// Bytes a consumer of an input PLIO takes per iteration.
inline std::size_t bytes_taken(const transfer_channel* channel)
{
    for (const auto& b : program::get().buffers)
        for (const auto& port : b->in)
            if (port.transfers.get() == channel)
                return indices(*port.access, b->dimensions).size() * b->type.bytes;
    for (const auto& k : program::get().kernels)
        for (const auto& port : k->in)
            if (port.transfers.get() == channel)
                return port.volume();
    return 0;
}

inline void run_input(plio_node& p, int iterations)
{
    std::ifstream file(p.file);
    if (!file)
        fatal("plio_file", p.name, "cannot read " + p.file);
    const std::size_t volume = bytes_taken(p.consumers.front().get());
    for (int i = 0; i < iterations; ++i) {
        bytes data;
        while (data.size() < volume) {
            long long value = 0;
            if (!(file >> value))
                fatal("partial_transfer", p.name, p.file + " ends in iteration " + std::to_string(i) + ", byte "
                    + std::to_string(data.size()) + " of " + std::to_string(volume));
            append(data, value, p.type);
            if (value_of(&data[data.size() - p.type.bytes], p.type) != value)
                fatal("plio_file", p.name, std::to_string(value) + " is no " + p.type.name);
        }
        send(p.consumers, data);
    }
    long long value = 0;
    if (file >> value)
        fatal("partial_transfer", p.name, p.file + " holds more than " + std::to_string(iterations) + " iterations take");
}

inline void run_output(plio_node& p, int iterations)
{
    const std::filesystem::path path = std::filesystem::path("x86simulator_output") / p.file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path);
    const unsigned per_line = p.bits / 8 / p.type.bytes;
    unsigned on_line = 0;
    for (int i = 0; i < iterations; ++i) {
        const bytes data = p.transfers->pop();
        for (std::size_t j = 0; j < data.size(); j += p.type.bytes) {
            file << value_of(&data[j], p.type);
            file << (++on_line % per_line ? ' ' : '\n');
        }
    }
    if (on_line % per_line)
        file << '\n';
    if (!file)
        fatal("plio_file", p.name, "cannot write " + path.string());
}

inline void run_program(int iterations)
{
    program& p = program::get();
    scheduler& s = scheduler::get();
    for (auto& q : p.plios)
        s.add(q->name, [&q = *q, iterations] { q.input ? run_input(q, iterations) : run_output(q, iterations); });
    for (auto& b : p.buffers)
        s.add(b->name, [&b = *b, iterations] { run_shared(b, iterations); });
    for (auto& k : p.kernels)
        s.add(k->name, [&k = *k, iterations] { run_kernel(k, iterations); });
    s.run();
    for (const auto& edge : p.cascades)
        for (const auto& port : edge.from->out)
            if (port.cascade && port.beats->size() != 0)
                fatal("partial_transfer", port.beats->name(), std::to_string(port.beats->size()) + " beats were not read");
}

}  // namespace emulation
