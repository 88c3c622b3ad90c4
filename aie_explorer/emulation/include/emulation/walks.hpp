// The order in which a DMA visits the elements of a buffer (adf::tiling): inside a tile dimension 0 is fastest, then
// the tiles in the order of the traversal, innermost loop first. A position outside the boundary is a zero.
#pragma once

#include "program.hpp"

namespace emulation {

constexpr long outside = -1;

inline std::vector<long> indices(const walk& w, const std::vector<std::uint32_t>& dimensions)
{
    const std::size_t rank = w.tile.size();
    std::vector<std::vector<std::int64_t>> starts{std::vector<std::int64_t>(rank, 0)};
    for (std::size_t d = 0; d < rank; ++d)
        starts[0][d] = d < w.offset.size() ? w.offset[d] : 0;
    // the last traversal entry is the outermost loop: expand from the outside in
    for (auto loop = w.traversal.rbegin(); loop != w.traversal.rend(); ++loop) {
        std::vector<std::vector<std::int64_t>> next;
        for (const auto& s : starts) {
            for (std::uint32_t i = 0; i < loop->wrap; ++i) {
                next.push_back(s);
                next.back()[static_cast<std::size_t>(loop->dimension)] += std::int64_t{i} * loop->stride;
            }
        }
        starts = std::move(next);
    }
    std::size_t tile_elements = 1;
    for (auto t : w.tile)
        tile_elements *= t;
    std::vector<long> out;
    out.reserve(starts.size() * tile_elements * w.repetition);
    for (std::uint32_t repeat = 0; repeat < w.repetition; ++repeat) {
        for (const auto& s : starts) {
            for (std::size_t i = 0; i < tile_elements; ++i) {
                std::size_t rest = i;
                long linear = 0, pitch = 1;
                bool inside = true;
                for (std::size_t d = 0; d < rank; ++d) {
                    const std::int64_t x = s[d] + static_cast<std::int64_t>(rest % w.tile[d]);
                    rest /= w.tile[d];
                    const std::int64_t limit = d < w.boundary.size() ? w.boundary[d] : dimensions[d];
                    inside = inside && x >= 0 && x < limit && x < static_cast<std::int64_t>(dimensions[d]);
                    linear += static_cast<long>(x) * pitch;
                    pitch *= static_cast<long>(dimensions[d]);
                }
                out.push_back(inside ? linear : outside);
            }
        }
    }
    return out;
}

}  // namespace emulation
