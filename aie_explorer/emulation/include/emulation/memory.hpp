// Every buffer a kernel can touch is an allocation of its own, with guard zones, and remembers which bytes were
// written. Vector loads and stores look their address up here.
#pragma once

#include "diagnostics.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulation {

class region {
public:
    static constexpr std::size_t guard_bytes = 128;
    static constexpr std::size_t alignment = 64;

    region(std::size_t bytes, std::string label, bool writable)
        : label_(std::move(label)), bytes_(bytes), writable_(writable), raw_(bytes + 2 * guard_bytes + alignment),
          written_(bytes, false)
    {
        auto address = reinterpret_cast<std::uintptr_t>(raw_.data()) + guard_bytes;
        base_ = (address + alignment - 1) / alignment * alignment;
        all()[base_] = this;
    }
    region(const region&) = delete;
    region& operator=(const region&) = delete;
    ~region() { all().erase(base_); }

    std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(base_); }
    std::size_t bytes() const { return bytes_; }
    const std::string& label() const { return label_; }

    void forget() { written_.assign(bytes_, false); }
    void fill(const std::uint8_t* source)
    {
        std::memcpy(data(), source, bytes_);
        written_.assign(bytes_, true);
    }
    std::size_t first_unwritten() const
    {
        for (std::size_t i = 0; i < bytes_; ++i)
            if (!written_[i])
                return i;
        return bytes_;
    }

    // The region an access of `bytes` at `pointer` falls into, after all checks.
    static void check(const void* pointer, std::size_t bytes, bool writes)
    {
        const auto address = reinterpret_cast<std::uintptr_t>(pointer);
        const char* what = writes ? "stores" : "loads";
        auto it = all().upper_bound(address + guard_bytes);
        region* found = nullptr;
        while (it != all().begin()) {
            --it;
            if (address + bytes + guard_bytes > it->first && address < it->first + it->second->bytes_ + guard_bytes) {
                found = it->second;
                break;
            }
            if (it->first + it->second->bytes_ + 2 * guard_bytes < address)
                break;
        }
        if (!found)
            fatal("out_of_range_access", "kernel", std::string(what) + " " + std::to_string(bytes) + " bytes outside every buffer");
        const long long offset = static_cast<long long>(address) - static_cast<long long>(found->base_);
        const std::string place = "bytes " + std::to_string(offset) + " to "
            + std::to_string(offset + static_cast<long long>(bytes) - 1) + " of " + std::to_string(found->bytes_);
        if (offset < 0 || static_cast<std::size_t>(offset) + bytes > found->bytes_)
            fatal("out_of_range_access", found->label_, std::string(what) + " " + place);
        const std::size_t align = bytes < 32 ? bytes : 32;
        if (address % align != 0)
            fatal("misaligned_access", found->label_, std::string(what) + " " + place + ", not aligned to " + std::to_string(align));
        if (writes && !found->writable_)
            fatal("write_to_constant", found->label_, std::string(what) + " " + place);
        const auto begin = static_cast<std::size_t>(offset);
        for (std::size_t i = begin; i < begin + bytes; ++i) {
            if (writes)
                found->written_[i] = true;
            else if (!found->written_[i])
                fatal("unwritten_bytes", found->label_, std::string(what) + " byte " + std::to_string(i) + ", which nothing wrote");
        }
    }

private:
    static std::map<std::uintptr_t, region*>& all()
    {
        static auto* regions = new std::map<std::uintptr_t, region*>;  // outlives every buffer
        return *regions;
    }

    std::string label_;
    std::size_t bytes_;
    bool writable_;
    std::vector<std::uint8_t> raw_;
    std::vector<bool> written_;
    std::uintptr_t base_ = 0;
};

}  // namespace emulation
