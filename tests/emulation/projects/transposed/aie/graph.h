// Rows come in, columns go out: a memory tile between two kernels turns a matrix of 8 rows and 16 columns and puts a row
// of zeros before and after.
#pragma once

#include "kernels/kernels.h"

#include <adf.h>

class transposed : public adf::graph {
public:
    adf::input_plio x = adf::input_plio::create("x", adf::plio_32_bits, "data/x.txt");
    adf::output_plio y = adf::output_plio::create("y", adf::plio_128_bits, "data/y.txt");

    transposed()
    {
        memory = adf::shared_buffer<int32>::create({width, height}, 1, 1);
        adf::num_buffers(memory) = 2;
        adf::write_access(memory.in[0]) = adf::tiling({.buffer_dimension = {width, height}, .tiling_dimension = {width, height}, .offset = {0, 0}});
        adf::read_access(memory.out[0]) = adf::tiling({.buffer_dimension = {width, height}, .tiling_dimension = {1, height}, .offset = {-1, 0},
            .tile_traversal = {{.dimension = 0, .stride = 1, .wrap = width + 2}}});
        adf::location<adf::buffer>(memory) = {adf::address(2, 0, 0), adf::address(2, 0, 4096)};

        add = adf::kernel::create(add_one);
        sum = adf::kernel::create_object<running_sum>(start);
        adf::source(add) = "kernels/add_one.cpp";
        adf::source(sum) = "kernels/running_sum.cpp";
        adf::runtime<adf::ratio>(add) = adf::runtime<adf::ratio>(sum) = 0.5;
        adf::location<adf::kernel>(add) = adf::tile(2, 0);
        adf::location<adf::kernel>(sum) = adf::tile(3, 0);
        adf::dimensions(add.in[0]) = {4 * width};
        adf::dimensions(add.out[0]) = {4 * width};
        adf::repetition_count(add) = 2;  // half the rows at a time
        adf::dimensions(sum.in[0]) = {height, width + 2};
        adf::dimensions(sum.out[0]) = {height, width + 2};

        adf::connect<>(x.out[0], add.in[0]);
        adf::connect<>(add.out[0], memory.in[0]);
        adf::connect<>(memory.out[0], sum.in[0]);
        adf::connect<>(sum.out[0], y.in[0]);
    }

private:
    const std::vector<int32> start{100, 200, 300, 400, 500, 600, 700, 800};
    adf::kernel add, sum;
    adf::shared_buffer<int32> memory;
};
