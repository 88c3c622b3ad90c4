// What flows between the parts of a graph: whole transfers of bytes, or beats of a cascade. Bounded, small by default;
// results do not depend on the bound (AIE_EMULATION_DEPTH sets another).
#pragma once

#include "fibers.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

namespace emulation {

using bytes = std::vector<std::uint8_t>;
using beat = std::array<std::int64_t, 16>;

inline std::size_t default_depth(std::size_t usual)
{
    const char* text = std::getenv("AIE_EMULATION_DEPTH");
    const long depth = text ? std::strtol(text, nullptr, 10) : 0;
    return depth > 0 ? static_cast<std::size_t>(depth) : usual;
}

template <class Item>
class fifo {
public:
    fifo(std::string name, std::size_t depth) : name_(std::move(name)), depth_(default_depth(depth)) {}

    void push(Item item)
    {
        scheduler::get().wait([this] { return items_.size() < depth_; }, "room in " + name_);
        items_.push_back(std::move(item));
    }
    Item pop()
    {
        scheduler::get().wait([this] { return !items_.empty(); }, "data in " + name_);
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }
    std::size_t size() const { return items_.size(); }
    const std::string& name() const { return name_; }

private:
    std::string name_;
    std::size_t depth_;
    std::deque<Item> items_;
};

struct transfer_channel : fifo<bytes> {
    using fifo<bytes>::fifo;
};

struct cascade_channel : fifo<beat> {
    using fifo<beat>::fifo;
    void push_beat(const beat& b) { push(b); }
    beat pop_beat() { return pop(); }
};

}  // namespace emulation
