// One slice of a Dense layer on the matrix unit.
//
// Operands are stored microtile by microtile: the activations A in row-major order of M x K microtiles, the
// weights B one column of K x N microtiles after the other, the results C in row-major order of M x N microtiles;
// inside a microtile, elements are row-major, as aie::mmul wants them.
//
// The parameter struct P of a layer gives
//   in_t, weight_t, out_t, acc_tag   element types and the accumulator's tag
//   M, K, N                          the microtile
//   block_rows, block_columns        the register block: microtiles of rows and of columns
//   rows, k, n                       the slice of one tile, whole register blocks
//   shift, low, high                 y = clamp(srs(acc, shift), low, high)
//   round_t                          type of y, which is out_t where there is no table
//   own_shifts                       whether every column of microtiles has a shift of its own, given at run time
//   has_affine                       whether acc is gain * sum + offset
//   slope_shift                      bits that negative sums are shifted further; 0 if they are not
//   has_table                        whether y is looked up in a table that begins at low
#pragma once

#include <adf.h>
#include <aie_api/aie.hpp>
#include <aie_api/aie_adf.hpp>

#include <limits>
#include <utility>

namespace dense {

template <class P>
using matmul = aie::mmul<P::M, P::K, P::N, typename P::in_t, typename P::weight_t, typename P::acc_tag>;

template <class P>
constexpr unsigned lanes = P::M * P::N;

template <class P>
using accumulator = aie::accum<typename P::acc_tag, lanes<P>>;

// Vectors hold at most 1024 bits, so a block of sums is handled in parts of at most 32 lanes of 32 bits; a gain makes
// them 64 bits wide.
template <class P>
constexpr unsigned part_lanes = lanes<P> < 32 ? lanes<P> : 32;
template <class P>
constexpr unsigned result_lanes = P::has_affine ? 16 : part_lanes<P>;

// The cascade moves 512 bits a beat.
template <class P>
constexpr unsigned beat_lanes = 512 / P::acc_bits;

// Where the accumulators of a block start: from the bias, one value a column...
template <class P>
class from_bias {
public:
    explicit from_bias(const int32* bias) : bias_(bias) {}

    accumulator<P> operator()(unsigned column) const
    {
        const aie::vector<int32, P::N> values = aie::load_v<P::N>(bias_ + column * P::N);
        aie::accum<typename P::acc_tag, part_lanes<P>> part;
        part.from_vector(values.template grow_replicate<part_lanes<P>>(), 0);
        accumulator<P> start;
        for (unsigned i = 0; i < lanes<P> / part_lanes<P>; ++i)
            start.insert(i, part);
        return start;
    }

private:
    const int32* bias_;
};

// ...or from the partial sums of the tile to the west.
template <class P>
class from_cascade {
public:
    explicit from_cascade(input_cascade<typename P::acc_tag>* cascade) : cascade_(cascade) {}

    accumulator<P> operator()(unsigned) const
    {
        accumulator<P> start;
        for (unsigned i = 0; i < lanes<P> / beat_lanes<P>; ++i)
            start.insert(i, readincr_v<beat_lanes<P>>(cascade_));
        return start;
    }

private:
    input_cascade<typename P::acc_tag>* cascade_;
};

// Where they go: shifted, rounded, saturated and clamped into the output buffer...
template <class P>
class to_buffer {
    using out_t = typename P::out_t;
    using round_t = typename P::round_t;
    static constexpr unsigned size = result_lanes<P>;
    using sums = aie::accum<typename P::acc_tag, size>;
    using rounded = aie::vector<round_t, size>;

public:
    // shifts: one a column of microtiles; affine: gains, high and low parts of offsets; each null where there is none.
    to_buffer(out_t* out, const int32* shifts, const int32* affine, const out_t* table)
        : out_(out), shifts_(shifts), affine_(affine), table_(table)
    {
    }

    void operator()(const accumulator<P>& sum, unsigned row, unsigned column) const
    {
        int shift = P::shift;
        if constexpr (P::own_shifts)
            shift = shifts_[column];
        out_t* block = out_ + (row * (P::n / P::N) + column) * lanes<P>;
        for (unsigned i = 0; i < lanes<P> / size; ++i) {
            rounded y = round(sum.template extract<size>(i), column, shift);
            if constexpr (P::low > std::numeric_limits<round_t>::min())
                y = aie::max(y, static_cast<round_t>(P::low));
            if constexpr (P::high < std::numeric_limits<round_t>::max())
                y = aie::min(y, static_cast<round_t>(P::high));
            store(block + i * size, y);
        }
    }

private:
    rounded round(const sums& sum, unsigned column, int shift) const
    {
        if constexpr (P::has_affine) {
            // lanes of a microtile are row-major, so columns repeat every N lanes
            const auto of_columns = [&](unsigned part) {
                return aie::load_v<P::N>(affine_ + part * P::n + column * P::N).template grow_replicate<size>();
            };
            aie::accum<acc64, size> scaled = aie::mul<acc64>(sum.template to_vector<int32>(0), of_columns(0));
            scaled = aie::mac(scaled, of_columns(1), aie::broadcast<int32, size>(1 << 30));
            scaled = aie::mac(scaled, of_columns(2), aie::broadcast<int32, size>(1));
            return leaky(scaled, shift);
        } else {
            return leaky(sum, shift);
        }
    }

    template <class Accumulator>
    static rounded leaky(const Accumulator& sum, int shift)
    {
        const rounded y = sum.template to_vector<round_t>(shift);
        if constexpr (P::slope_shift > 0)  // the larger one is the less shifted for positive sums only
            return aie::max(y, sum.template to_vector<round_t>(shift + P::slope_shift));
        else
            return y;
    }

    void store(out_t* block, const rounded& y) const
    {
        if constexpr (P::has_table) {
            aie::vector<out_t, size> found;
            for (unsigned lane = 0; lane < size; ++lane)
                found.set(table_[static_cast<int>(y.get(lane)) - static_cast<int>(P::low)], lane);
            aie::store_v(block, found);
        } else {
            aie::store_v(block, y);
        }
    }

    out_t* out_;
    const int32* shifts_;
    const int32* affine_;
    const out_t* table_;
};

// ...or on to the tile to the east.
template <class P>
class to_cascade {
public:
    explicit to_cascade(output_cascade<typename P::acc_tag>* cascade) : cascade_(cascade) {}

    void operator()(const accumulator<P>& sum, unsigned, unsigned) const
    {
        for (unsigned i = 0; i < lanes<P> / beat_lanes<P>; ++i)
            writeincr(cascade_, sum.template extract<beat_lanes<P>>(i));
    }

private:
    output_cascade<typename P::acc_tag>* cascade_;
};

template <unsigned... i>
using indices = std::integer_sequence<unsigned, i...>;
template <unsigned count>
using first = std::make_integer_sequence<unsigned, count>;

// One register block: block_rows rows of A and block_columns columns of B feed as many accumulators as there are pairs,
// so an operand that is loaded is used by a whole row or column of them. The expansions over r (rows), c (columns) and
// i (pairs) unroll completely, so that accumulators and operands stay in registers.
template <class P, class Start, class Finish, unsigned... r, unsigned... c, unsigned... i>
inline void multiply_block(const typename P::in_t* a, const typename P::weight_t* b, unsigned row, unsigned column,
                           const Start& start, const Finish& finish, indices<r...>, indices<c...>, indices<i...>)
{
    using mm = matmul<P>;
    using vector_a = aie::vector<typename P::in_t, mm::size_A>;
    using vector_b = aie::vector<typename P::weight_t, mm::size_B>;
    constexpr unsigned columns = P::block_columns;
    constexpr unsigned steps = P::k / P::K;

    const typename P::in_t* of_rows = a + row * steps * mm::size_A;
    const typename P::weight_t* of_columns = b + column * steps * mm::size_B;

    // The order in which a cascade carries the accumulators is fixed here, for reader and writer alike: a braced list
    // is evaluated from left to right.
    mm sums[] = {mm(start(column + i % columns))...};

    for (unsigned step = 0; step < steps; ++step)
        chess_prepare_for_pipelining chess_loop_range(steps, )
    {
        const vector_a x[] = {aie::load_v<mm::size_A>(of_rows + r * steps * mm::size_A)...};
        const vector_b w[] = {aie::load_v<mm::size_B>(of_columns + c * steps * mm::size_B)...};
        of_rows += mm::size_A;
        of_columns += mm::size_B;
        (sums[i].mac(x[i / columns], w[i % columns]), ...);
    }

    (finish(sums[i].to_accum(), row + i / columns, column + i % columns), ...);
}

// The slice, one register block after the other.
template <class P, class Start, class Finish>
inline void multiply(const typename P::in_t* a, const typename P::weight_t* b, Start start, Finish finish)
{
    constexpr unsigned row_tiles = P::rows / P::M;
    constexpr unsigned column_tiles = P::n / P::N;
    static_assert(P::rows % (P::block_rows * P::M) == 0 && P::k % P::K == 0 && P::n % (P::block_columns * P::N) == 0,
                  "whole register blocks");

    // The control registers belong to the core and keep what another kernel left: set them on every call.
    aie::set_rounding(P::rounding);
    aie::set_saturation(aie::saturation_mode::saturate);

    for (unsigned row = 0; row < row_tiles; row += P::block_rows)
        for (unsigned column = 0; column < column_tiles; column += P::block_columns)
            multiply_block<P>(a, b, row, column, start, finish, first<P::block_rows>(), first<P::block_columns>(),
                              first<P::block_rows * P::block_columns>());
}

}  // namespace dense
