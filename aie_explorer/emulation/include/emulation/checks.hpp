// What can be said of a graph before it runs: connections, volumes, places, budgets.
#pragma once

#include "walks.hpp"

#include <map>
#include <set>
#include <utility>

// The size of the array, of the VE2802 unless the build says another.
#ifndef AIE_EMULATION_COLUMNS
#define AIE_EMULATION_COLUMNS 38
#endif
#ifndef AIE_EMULATION_ROWS
#define AIE_EMULATION_ROWS 8
#endif
#ifndef AIE_EMULATION_MEMORY_TILE_ROWS
#define AIE_EMULATION_MEMORY_TILE_ROWS 2
#endif

namespace emulation {

constexpr std::size_t tile_banks = 4, bank_bytes = 16384, memory_tile_bytes = 524288, system_bytes = 2 * 1024 + 32;
constexpr std::size_t tile_streams = 1;  // UG1603, "Buffer vs. Stream in Data Communication"
constexpr std::size_t tile_dimensions = 3, tile_descriptors = 16;  // AM020 ch2
constexpr std::size_t tile_channels = 2, memory_tile_channels = 6, memory_tile_dimensions = 4;

inline std::string at(int column, int row) { return "(" + std::to_string(column) + ", " + std::to_string(row) + ")"; }

inline void check_kernel(const kernel_node& k)
{
    if (!k.tile)
        return;  // the tools choose a tile
    const place t = *k.tile;
    if (t.column < 0 || t.column >= AIE_EMULATION_COLUMNS || t.row < 0 || t.row >= AIE_EMULATION_ROWS)
        fatal("tile_outside_array", k.name, "is placed at " + at(t.column, t.row));
    auto reach = [&](const std::vector<place>& places, const std::string& what) {
        for (const auto& p : places) {
            const int dx = p.column - t.column, dy = p.row - t.row;
            const bool near = (dx == 0 && dy >= -1 && dy <= 1) || (dx == -1 && dy == 0);
            if (!near || p.column < 0 || p.row < 0 || p.row >= AIE_EMULATION_ROWS)
                fatal("unreachable_bank", k.name, what + " is at " + at(p.column, p.row) + ", the core at " + at(t.column, t.row));
            if (p.what == place::kind::bank && (p.detail < 0 || p.detail > 3))
                fatal("unreachable_bank", k.name, what + " is in bank " + std::to_string(p.detail) + " of 0 to 3");
        }
    };
    for (std::size_t i = 0; i < k.in.size(); ++i)
        reach(k.in[i].places, "in[" + std::to_string(i) + "]");
    for (std::size_t i = 0; i < k.out.size(); ++i)
        reach(k.out[i].places, "out[" + std::to_string(i) + "]");
    for (std::size_t i = 0; i < k.params.size(); ++i)
        reach(k.params[i].places, "param[" + std::to_string(i) + "]");
}

// Steps in bytes and wraps of a walk of a tile, the contiguous run first; loops that continue the one before are one.
inline std::vector<std::pair<std::size_t, std::size_t>> loops_of(const walk& w, std::size_t unit)
{
    std::vector<std::pair<std::size_t, std::size_t>> found{{unit, w.tile[0]}};
    auto add = [&found](std::size_t step, std::size_t wrap) {
        if (wrap == 1)
            return;
        if (step == found.back().first * found.back().second)
            found.back().second *= wrap;
        else
            found.push_back({step, wrap});
    };
    std::vector<std::size_t> pitch{unit};
    for (std::size_t d = 1; d < w.buffer.size(); ++d) {
        pitch.push_back(pitch.back() * w.buffer[d - 1]);
        add(pitch[d], w.tile[d]);
    }
    for (const auto& t : w.traversal)
        add(t.stride * pitch[static_cast<std::size_t>(t.dimension)], t.wrap);
    return found;
}

// The DMA of a tile fills or drains a buffer whole, each element once. Gives the buffer descriptors that takes: loops
// beyond the dimensions of one are unrolled.
inline std::size_t check_tile_walk(const kernel_port& p, const std::string& name)
{
    const std::size_t unit = p.type.bytes, copies = p.single ? 1 : 2;
    if (!p.access)
        return copies;
    const walk& w = *p.access;
    std::size_t elements = 1;
    for (auto d : w.buffer)
        elements *= d;
    if (w.buffer.empty() || elements * unit != p.volume() || w.tile.size() != w.buffer.size()
        || (!w.offset.empty() && w.offset.size() != w.buffer.size()))
        fatal("volume_mismatch", name, "buffer_dimension, tiling_dimension and offset are not those of the buffer");
    for (const auto& t : w.traversal)
        if (t.dimension < 0 || static_cast<std::size_t>(t.dimension) >= w.buffer.size() || t.wrap == 0)
            fatal("volume_mismatch", name, "a traversal names dimension " + std::to_string(t.dimension));
    const auto order = indices(w, w.buffer);
    std::vector<bool> seen(elements, false);
    for (long i : order) {
        if (i == outside)
            fatal("padding_not_supported", name, "walks beyond the buffer; the DMA of a tile adds no zeros");
        if (seen[static_cast<std::size_t>(i)])
            fatal("overlapping_write", name, "moves element " + std::to_string(i) + " twice");
        seen[static_cast<std::size_t>(i)] = true;
    }
    if (order.size() != elements)
        fatal("volume_mismatch", name, "moves " + std::to_string(order.size()) + " of " + std::to_string(elements) + " elements");
    const auto loops = loops_of(w, unit);
    if (loops.size() > 1)
        for (const auto& [step, wrap] : loops)
            if ((&wrap == &loops.front().second ? wrap * unit : step) % 4 != 0)
                fatal("word_granularity", name, "runs or steps of " + std::to_string(step) + " bytes are not whole 32-bit words");
    std::size_t count = copies;
    for (std::size_t i = tile_dimensions; i < loops.size(); ++i)
        count *= loops[i].second;
    return count;
}

inline void check_descriptors(const kernel_node& k)
{
    std::size_t count = 0;
    for (bool input : {true, false}) {
        const auto& list = input ? k.in : k.out;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (list[i].kind == port_kind::buffer)
                count += check_tile_walk(list[i], k.name + (input ? ".in[" : ".out[") + std::to_string(i) + "]");
    }
    if (count > tile_descriptors)
        fatal("buffer_descriptors", k.name, std::to_string(count) + " buffer descriptors, the tile has " + std::to_string(tile_descriptors));
}

inline void check_ports(const kernel_node& k)
{
    std::size_t buffers_in = 0, buffers_out = 0, streams_in = 0, streams_out = 0;
    for (std::size_t i = 0; i < k.inout.size(); ++i)
        if (k.inout[i].connections == 0)
            fatal("dangling_port", k.inout[i].value->memory->label(), "is not connected");
    for (bool input : {true, false}) {
        const auto& list = input ? k.in : k.out;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto& p = list[i];
            const std::string name = k.name + (input ? ".in[" : ".out[") + std::to_string(i) + "]";
            if (p.connections == 0)
                fatal("dangling_port", name, "is not connected");
            if (p.kind == port_kind::stream)
                (input ? streams_in : streams_out) += 1;
            if (p.kind != port_kind::buffer)
                continue;
            (input ? buffers_in : buffers_out) += 1;
            if (p.dimensions.empty())
                fatal("no_dimensions", name, "has no dimensions");
            if (p.single && p.places.size() > 1)
                fatal("buffer_places", name, "a single buffer has one place, but " + std::to_string(p.places.size()) + " are given");
            if (p.volume() % 4 != 0)
                fatal("word_granularity", name, std::to_string(p.volume()) + " bytes are not whole 32-bit words");
        }
    }
    if (streams_in > tile_streams || streams_out > tile_streams)
        fatal("stream_ports", k.name, std::to_string(streams_in) + " streams in and " + std::to_string(streams_out)
            + " out, the core has one each way");
    if (buffers_in > tile_channels || buffers_out > tile_channels)
        fatal("dma_channels", k.name, std::to_string(buffers_in) + " buffers in and " + std::to_string(buffers_out) + " out, the tile has 2 channels each way");
}

inline void check_banks(const program& p)
{
    std::map<std::tuple<int, int, long>, std::size_t> used;
    auto spread = [&](const place& from, std::size_t bytes) {  // over the banks from an address on
        const auto end = static_cast<std::size_t>(from.detail) + bytes;
        if (from.detail < 0 || end > tile_banks * bank_bytes)
            fatal("bank_overflow", "tile " + at(from.column, from.row), std::to_string(bytes) + " bytes from address "
                + std::to_string(from.detail) + ", its memory has " + std::to_string(tile_banks * bank_bytes));
        for (std::size_t begin = static_cast<std::size_t>(from.detail); begin < end;) {
            const std::size_t next = std::min(end, (begin / bank_bytes + 1) * bank_bytes);
            used[{from.column, from.row, static_cast<long>(begin / bank_bytes)}] += next - begin;
            begin = next;
        }
    };
    auto add = [&](const std::vector<place>& places, std::size_t bytes) {
        for (const auto& at_place : places)
            if (at_place.what == place::kind::bank)
                used[{at_place.column, at_place.row, at_place.detail}] += bytes;
            else if (at_place.what == place::kind::address)
                spread(at_place, bytes);
    };
    for (const auto& k : p.kernels) {
        for (const auto& port : k->in) {
            const kernel_port* source = fed_by(p, port);
            if (!source || !in_shared_memory(*source, port))  // else it is counted where it is written
                add(port.places, port.volume());
        }
        for (const auto& port : k->out)
            add(port.places, port.volume());
        for (const auto& param : k->params)
            add(param.places, param.memory->bytes());
        if (k->stack)
            add({*k->stack}, system_bytes);
    }
    for (const auto& [key, bytes] : used)
        if (bytes > bank_bytes)
            fatal("bank_overflow", "bank " + std::to_string(std::get<2>(key)) + " of tile " + at(std::get<0>(key), std::get<1>(key)),
                std::to_string(bytes) + " bytes, it has " + std::to_string(bank_bytes));
}

// A buffer that one kernel writes and another reads is one, in one place, or two that a DMA joins, apart.
inline void check_hand_overs(const program& p)
{
    for (const auto& k : p.kernels)
        for (std::size_t i = 0; i < k->in.size(); ++i) {
            const kernel_port& port = k->in[i];
            const kernel_port* source = port.kind == port_kind::buffer ? fed_by(p, port) : nullptr;
            if (!source || source->kind != port_kind::buffer)
                continue;
            const std::string name = k->name + ".in[" + std::to_string(i) + "]";
            const bool shared = in_shared_memory(*source, port);
            if (shared && source->consumers.size() > 1)
                fatal("buffer_places", name, "is where it is written, although it is sent to several");
            if (shared && (port.access || source->access))
                fatal("buffer_places", name, "is where it is written, so that no DMA walks it");
            if (shared && source->volume() != port.volume())
                fatal("volume_mismatch", name, std::to_string(port.volume()) + " bytes of a buffer of " + std::to_string(source->volume()));
            for (const auto& place_in : port.places)
                for (const auto& place_out : source->places)
                    if (!shared && place_in == place_out)
                        fatal("buffer_places", name, "is in one place with the output that feeds it, and in another too");
        }
}

inline void check_walk(const shared_node& b, const shared_port& p, const std::string& name, bool writes)
{
    if (p.connections == 0)
        fatal("dangling_port", name, "is not connected");
    if (!p.access)
        fatal("no_access", name, "has no tiling");
    const walk& w = *p.access;
    const auto& dims = w.buffer.empty() ? b.dimensions : w.buffer;
    if (dims != b.dimensions)
        fatal("volume_mismatch", name, "buffer_dimension is not that of the shared buffer");
    if (w.tile.size() != dims.size() || (!w.offset.empty() && w.offset.size() != dims.size()))
        fatal("volume_mismatch", name, "tiling_dimension and offset need the buffer's rank");
    for (const auto& t : w.traversal)
        if (t.dimension < 0 || static_cast<std::size_t>(t.dimension) >= dims.size() || t.wrap == 0)
            fatal("volume_mismatch", name, "a traversal names dimension " + std::to_string(t.dimension));
    for (auto t : w.tile)
        if (t == 0)
            fatal("volume_mismatch", name, "a tile of no elements");
    const std::size_t unit = b.type.bytes;
    const std::size_t start = w.offset.empty() ? 0 : static_cast<std::size_t>(std::abs(w.offset[0]));
    if (w.tile[0] * unit % 4 != 0 || start * unit % 4 != 0 || dims[0] * unit % 4 != 0)
        fatal("word_granularity", name, "runs of " + std::to_string(w.tile[0]) + " x " + std::to_string(unit) + " bytes are not whole 32-bit words");
    std::size_t walked = 1;  // the contiguous run
    for (std::size_t d = 1; d < w.tile.size(); ++d)
        walked += w.tile[d] > 1;
    for (const auto& t : w.traversal)
        walked += t.wrap > 1;
    if (walked > memory_tile_dimensions)
        fatal("address_dimensions", name, std::to_string(walked) + " dimensions, a memory tile walks 4");
    if (writes)
        for (long i : indices(w, dims))
            if (i == outside)
                fatal("padding_not_supported", name, "writes outside the buffer; only reads of a memory tile pad");
}

inline void check_shared(const shared_node& b)
{
    std::vector<int> owner(b.elements(), -1);
    for (std::size_t i = 0; i < b.in.size(); ++i) {
        const std::string name = b.name + ".in[" + std::to_string(i) + "]";
        check_walk(b, b.in[i], name, true);
        for (long index : indices(*b.in[i].access, b.dimensions)) {
            auto& o = owner[static_cast<std::size_t>(index)];
            if (o >= 0)
                fatal("overlapping_write", name, "writes element " + std::to_string(index) + ", which in[" + std::to_string(o) + "] writes");
            o = static_cast<int>(i);
        }
    }
    for (std::size_t i = 0; i < b.out.size(); ++i) {
        const std::string name = b.name + ".out[" + std::to_string(i) + "]";
        check_walk(b, b.out[i], name, false);
        for (long index : indices(*b.out[i].access, b.dimensions))
            if (index != outside && owner[static_cast<std::size_t>(index)] < 0)
                fatal("uncovered_read", name, "reads element " + std::to_string(index) + ", which nothing writes");
    }
}

inline void check_memory_tiles(const program& p)
{
    struct budget { std::size_t in = 0, out = 0; std::vector<std::pair<long, long>> spans; };
    std::map<std::pair<int, int>, budget> tiles;
    for (const auto& b : p.buffers) {
        if (b->in.size() > memory_tile_channels || b->out.size() > memory_tile_channels)
            fatal("dma_channels", b->name, std::to_string(b->in.size()) + " in and " + std::to_string(b->out.size()) + " out, a memory tile has 6 channels each way");
        if (b->places.empty())
            continue;
        if (b->places.size() != b->copies)
            fatal("memory_tile_overflow", b->name, std::to_string(b->copies) + " copies and " + std::to_string(b->places.size()) + " addresses");
        const auto bytes = static_cast<long>(b->elements() * b->type.bytes);
        std::set<std::pair<int, int>> seen;
        for (const auto& at_place : b->places) {
            if (at_place.column < 0 || at_place.column >= AIE_EMULATION_COLUMNS || at_place.row < 0 || at_place.row >= AIE_EMULATION_MEMORY_TILE_ROWS)
                fatal("tile_outside_array", b->name, "is placed in memory tile " + at(at_place.column, at_place.row));
            auto& t = tiles[{at_place.column, at_place.row}];
            t.spans.push_back({at_place.detail, at_place.detail + bytes});
            if (seen.insert({at_place.column, at_place.row}).second) {
                t.in += b->in.size();
                t.out += b->out.size();
            }
        }
    }
    for (auto& [key, t] : tiles) {
        const std::string where = "memory tile " + at(key.first, key.second);
        if (t.in > memory_tile_channels || t.out > memory_tile_channels)
            fatal("dma_channels", where, std::to_string(t.in) + " in and " + std::to_string(t.out) + " out, it has 6 channels each way");
        std::sort(t.spans.begin(), t.spans.end());
        for (std::size_t i = 0; i < t.spans.size(); ++i) {
            if (t.spans[i].first < 0 || t.spans[i].second > static_cast<long>(memory_tile_bytes))
                fatal("memory_tile_overflow", where, "bytes up to " + std::to_string(t.spans[i].second) + " of " + std::to_string(memory_tile_bytes));
            if (i && t.spans[i].first < t.spans[i - 1].second)
                fatal("memory_tile_overflow", where, "two buffers share byte " + std::to_string(t.spans[i].first));
        }
    }
}

inline void check_cascades(const program& p)
{
    for (const auto& edge : p.cascades) {
        if (!edge.from->tile || !edge.to->tile)
            continue;
        const int dx = edge.to->tile->column - edge.from->tile->column, dy = edge.to->tile->row - edge.from->tile->row;
        if (!((dx == 1 && dy == 0) || (dx == 0 && dy == -1)))
            fatal("cascade_direction", edge.from->name + " to " + edge.to->name,
                "from " + at(edge.from->tile->column, edge.from->tile->row) + " to " + at(edge.to->tile->column, edge.to->tile->row)
                    + "; cascades run to the next tile east or south");
    }
}

// What is sent in one iteration of the graph must be what is taken. Streams take and send what they like.
inline void check_volumes(const program& p)
{
    std::map<const transfer_channel*, std::size_t> sent;
    auto walk_bytes = [](const shared_node& b, const shared_port& port) {
        return b.repetitions * indices(*port.access, b.dimensions).size() * b.type.bytes;
    };
    for (const auto& k : p.kernels)
        for (const auto& port : k->out)
            if (port.kind == port_kind::buffer)
                for (const auto& c : port.consumers)
                    sent[c.get()] = k->repetitions * port.volume();
    for (const auto& b : p.buffers)
        for (const auto& port : b->out)
            for (const auto& c : port.consumers)
                sent[c.get()] = walk_bytes(*b, port);
    auto compare = [&](const std::shared_ptr<transfer_channel>& c, std::size_t bytes) {
        auto it = c ? sent.find(c.get()) : sent.end();
        if (it != sent.end() && it->second != bytes)
            fatal("volume_mismatch", c->name(), std::to_string(it->second) + " bytes are sent, " + std::to_string(bytes) + " expected");
    };
    for (const auto& k : p.kernels)
        for (const auto& port : k->in)
            if (port.kind == port_kind::buffer)
                compare(port.transfers, k->repetitions * port.volume());
    for (const auto& b : p.buffers)
        for (const auto& port : b->in)
            compare(port.transfers, walk_bytes(*b, port));
}

EMULATION_ENTRY void check_program()
{
    const program& p = program::get();
    std::map<std::pair<int, int>, std::string> taken;
    for (const auto& k : p.kernels) {
        check_ports(*k);
        check_descriptors(*k);
        check_kernel(*k);
        if (k->tile && !taken.insert({{k->tile->column, k->tile->row}, k->name}).second)
            fatal("tile_shared", k->name, "sits on tile " + at(k->tile->column, k->tile->row) + " with " + taken[{k->tile->column, k->tile->row}]);
        if (k->source.empty())
            fatal("no_source", k->name, "has no source file");
    }
    for (const auto& q : p.plios)
        if (q->connections == 0)
            fatal("dangling_port", q->name, "is not connected");
    for (const auto& b : p.buffers)
        check_shared(*b);
    check_volumes(p);
    check_hand_overs(p);
    check_banks(p);
    check_memory_tiles(p);
    check_cascades(p);
}

}  // namespace emulation
