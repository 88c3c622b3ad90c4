// aie::mmul: the product of two microtiles.
#pragma once

#include "accum.hpp"

namespace aie {
namespace detail {

// The shapes of the AIE API user guide for AIE-ML and AIE-MLv2, by bits of the operands.
constexpr bool legal_shape(unsigned M, unsigned K, unsigned N, unsigned a_bits, unsigned b_bits)
{
    struct shape { unsigned a, b, M, K, N; };
    constexpr shape shapes[] = {
        {8, 8, 1, 16, 8}, {8, 8, 2, 8, 8}, {8, 8, 2, 16, 8}, {8, 8, 4, 8, 4}, {8, 8, 4, 8, 8},
        {8, 8, 4, 16, 4}, {8, 8, 4, 16, 8}, {8, 8, 8, 8, 4}, {8, 8, 8, 8, 8}, {8, 16, 4, 4, 4},
        {8, 16, 4, 4, 8}, {8, 16, 8, 2, 8}, {16, 8, 2, 8, 8}, {16, 8, 4, 4, 4}, {16, 8, 4, 4, 8},
        {16, 8, 4, 8, 4}, {16, 8, 4, 8, 8}, {16, 8, 8, 2, 8}, {16, 8, 8, 4, 4}, {16, 8, 8, 4, 8},
        {16, 16, 2, 4, 8}, {16, 16, 4, 2, 8}, {16, 16, 4, 4, 4}, {16, 16, 4, 4, 8}, {16, 16, 8, 1, 8},
        {16, 16, 8, 2, 8},
    };
    for (const auto& s : shapes)
        if (s.a == a_bits && s.b == b_bits && s.M == M && s.K == K && s.N == N)
            return true;
    return false;
}

}  // namespace detail

template <unsigned M, unsigned K, unsigned N, class A, class B, class Tag = acc32>
class mmul {
    static_assert(detail::legal_shape(M, K, N, sizeof(A) * 8, sizeof(B) * 8), "aie::mmul has no such shape for these types");

public:
    static constexpr unsigned size_A = M * K;
    static constexpr unsigned size_B = K * N;
    static constexpr unsigned size_C = M * N;
    using accum_type = accum<Tag, size_C>;

    mmul() = default;
    explicit mmul(const accum_type& start) : sum_(start) {}

    void mul(const vector<A, size_A>& a, const vector<B, size_B>& b)
    {
        sum_ = accum_type{};
        mac(a, b);
    }
    void mac(const vector<A, size_A>& a, const vector<B, size_B>& b)
    {
        for (unsigned m = 0; m < M; ++m) {
            for (unsigned n = 0; n < N; ++n) {
                std::int64_t sum = sum_.lane(m * N + n);
                for (unsigned k = 0; k < K; ++k)
                    sum += static_cast<std::int64_t>(a[m * K + k]) * b[k * N + n];
                sum_.set_lane(m * N + n, sum);
            }
        }
    }
    accum_type to_accum() const { return sum_; }
    template <class T>
    vector<T, size_C> to_vector(int shift = 0) const
    {
        return sum_.template to_vector<T>(shift);
    }

private:
    accum_type sum_;
};

}  // namespace aie
