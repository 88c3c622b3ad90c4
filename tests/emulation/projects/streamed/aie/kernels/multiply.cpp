#include "kernels.h"

#include <aie_api/aie.hpp>
#include <aie_api/aie_adf.hpp>

void multiply(adf::input_buffer<int8>& x, const int8 (&weights)[inner * columns], output_stream<int16>* sums)
{
    using matrices = aie::mmul<4, 8, 8, int8, int8>;
    aie::set_rounding(aie::rounding_mode::conv_even);
    auto tile = aie::cbegin_vector<matrices::size_A>(x);
    auto weight = aie::cbegin_vector<matrices::size_B>(&weights[0]);
    matrices product;
    product.mul(*tile++, *weight++);
    for (unsigned step = 1; step < inner / 8; ++step)
        product.mac(*tile++, *weight++);
    const auto row = product.to_vector<int16>(4);
    for (unsigned r = 0; r < rows; ++r)
        writeincr(sums, row.extract<columns>(r));
}
