// A product on one tile, its activation on the next: a buffer in, a stream between, a buffer out. Weights and the
// lowest value that passes are run-time parameters.
#pragma once

#include "kernels/kernels.h"

#include <adf.h>

using namespace adf;

class streamed : public graph {
public:
    input_port weights, threshold;
    output_port passed;
    input_plio x;
    output_plio y;

    streamed()
    {
        first = kernel::create(multiply);
        second = kernel::create(activate);
        source(first) = "kernels/multiply.cpp";
        source(second) = "kernels/activate.cpp";
        runtime<ratio>(first) = 0.8;
        runtime<ratio>(second) = 0.8;
        x = input_plio::create("x", plio_64_bits, "data/x.txt");
        y = output_plio::create("y", plio_64_bits, "data/y.txt");

        connect<> feed(x.out[0], first.in[0]);
        connect<stream> sums(first.out[0], second.in[0]);
        connect<> drain(second.out[0], y.in[0]);
        fifo_depth(sums) = 16;
        connect<parameter>(weights, async(first.in[1]));
        connect<parameter>(threshold, second.in[1]);  // one update for every call
        connect<parameter>(second.inout[0], passed);
        dimensions(first.in[0]) = {rows * inner};
        single_buffer(second.out[0]);

        location<kernel>(first) = tile(4, 1);
        location<kernel>(second) = tile(5, 1);
        location<buffer>(first.in[0]) = {bank(4, 1, 0), bank(4, 1, 1)};
        location<stack>(first) = bank(4, 1, 3);
    }

private:
    kernel first, second;
};
