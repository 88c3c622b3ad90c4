// What flows between the parts of a graph: transfers of bytes, words of a stream, or beats of a cascade. Bounded, small
// by default; results do not depend on the bound (AIE_EMULATION_DEPTH sets another).
#pragma once

#include "fibers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <utility>
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
        scheduler::get().wait([this] { return items_.size() < depth_ + further; }, "room in " + name_);
        items_.push_back(std::move(item));
    }
    Item pop()
    {
        wanted_ = true;
        scheduler::get().wait([this] { return !items_.empty(); }, "data in " + name_);
        wanted_ = false;
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }
    std::size_t size() const { return items_.size(); }
    const std::string& name() const { return name_; }
    // Whether somebody waits for data.
    bool starved() const { return wanted_ && items_.empty(); }

    unsigned further = 0;  // what fifo_depth() adds

protected:
    const std::deque<Item>& items() const { return items_; }

private:
    std::string name_;
    std::size_t depth_;
    std::deque<Item> items_;
    bool wanted_ = false;
};

class transfer_channel : public fifo<bytes> {
public:
    using fifo<bytes>::fifo;

    // The next `count` bytes, however they were cut into transfers.
    bytes take(std::size_t count)
    {
        bytes out;
        if (used_ == rest_.size()) {
            next();
            if (rest_.size() == count) {
                used_ = 0;
                return std::exchange(rest_, {});
            }
        }
        for (;;) {
            const std::size_t part = std::min(count - out.size(), rest_.size() - used_);
            const auto from = rest_.begin() + static_cast<std::ptrdiff_t>(used_);
            out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(part));
            used_ += part;
            if (out.size() == count)
                return out;
            next();
        }
    }
    std::size_t unread() const
    {
        std::size_t count = rest_.size() - used_;
        for (const auto& item : items())
            count += item.size();
        return count;
    }

private:
    void next()
    {
        rest_ = pop();
        used_ = 0;
    }

    bytes rest_;  // a transfer of which the first bytes are used
    std::size_t used_ = 0;
};

struct cascade_channel : fifo<beat> {
    using fifo<beat>::fifo;
    void push_beat(const beat& b) { push(b); }
    beat pop_beat() { return pop(); }
};

}  // namespace emulation
