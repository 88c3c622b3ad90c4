#pragma once

#include <adf.h>

constexpr unsigned rows = 4, inner = 16, columns = 8;

// x: two 4 x 8 microtiles side by side; the products, shifted by 4 and rounded to even, go out row by row.
void multiply(adf::input_buffer<int8>& x, const int8 (&weights)[inner * columns], output_stream<int16>* sums);

// y = max(sum, threshold) / 4, rounded down (which is what a core does that was told nothing), saturated.
void activate(input_stream<int16>* sums, int32 threshold, adf::output_buffer<int8, adf::extents<rows * columns>>& y, int32& passed);
