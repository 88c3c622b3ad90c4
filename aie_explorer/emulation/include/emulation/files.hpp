// Data files of PLIOs and traces of memory tiles and of what kernels hand to kernels: one number after the other, in text.
#pragma once

#include "program.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace emulation {

inline void send(const std::vector<std::shared_ptr<transfer_channel>>& consumers, const bytes& data)
{
    for (const auto& c : consumers)
        c->push(data);
}

inline long long value_of(const std::uint8_t* raw, const element& type)
{
    unsigned long long v = 0;
    for (unsigned i = 0; i < type.bytes; ++i)
        v |= static_cast<unsigned long long>(raw[i]) << (8 * i);
    if (type.bytes < 8 && type.is_signed && (v >> (8 * type.bytes - 1)) != 0)
        return static_cast<long long>(v) - (1LL << (8 * type.bytes));
    return static_cast<long long>(v);
}

inline void append(bytes& out, long long value, const element& type)
{
    for (unsigned i = 0; i < type.bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(static_cast<unsigned long long>(value) >> (8 * i)));
}

inline void open_input(plio_node& p)
{
    p.source.open(p.file);
    if (!p.source)
        fatal("plio_file", p.name, "cannot read " + p.file);
}

// The next value of the file, appended; false at its end.
inline bool read_value(plio_node& p, bytes& data)
{
    long long value = 0;
    if (!(p.source >> value)) {
        if (!p.source.eof())
            fatal("plio_file", p.name, p.file + " holds something that is no number");
        return false;
    }
    append(data, value, p.type);
    if (value_of(&data[data.size() - p.type.bytes], p.type) != value)
        fatal("plio_file", p.name, std::to_string(value) + " is no " + p.type.name);
    return true;
}

inline void check_read(plio_node& p, long iterations)
{
    bytes data;
    if (!p.ended && read_value(p, data))
        fatal("partial_transfer", p.name, p.file + " holds more than " + std::to_string(iterations) + " iterations take");
}

inline std::filesystem::path output_path(const plio_node& p) { return std::filesystem::path("x86simulator_output") / p.file; }

inline void open_output(plio_node& p)
{
    std::error_code ignored;  // the stream tells
    std::filesystem::create_directories(output_path(p).parent_path(), ignored);
    p.target.open(output_path(p));
}

inline void write_values(plio_node& p, const bytes& data)
{
    const unsigned per_line = std::max(1U, p.bits / 8 / p.type.bytes);
    for (std::size_t j = 0; j < data.size(); j += p.type.bytes) {
        p.target << value_of(&data[j], p.type);
        p.target << (++p.on_line % per_line ? ' ' : '\n');
    }
}

inline void close_output(plio_node& p)
{
    if (p.on_line % std::max(1U, p.bits / 8 / p.type.bytes))
        p.target << '\n';
    p.target.close();
    if (!p.target)
        fatal("plio_file", p.name, "cannot write " + output_path(p).string());
}

inline std::ofstream open_trace(std::string file)
{
    std::ofstream trace;
    if (const char* folder = std::getenv("AIE_EMULATION_TRACE")) {
        std::replace(file.begin(), file.end(), ' ', '_');
        trace.open(std::filesystem::path(folder) / (file + ".txt"));
    }
    return trace;
}

inline void write_trace(std::ofstream& trace, const element& type, const bytes& memory, std::size_t per_line)
{
    const std::size_t count = memory.size() / type.bytes;
    for (std::size_t j = 0; j < count; ++j)
        trace << value_of(&memory[j * type.bytes], type) << ((j + 1) % per_line ? ' ' : '\n');
    trace.flush();
}

}  // namespace emulation
