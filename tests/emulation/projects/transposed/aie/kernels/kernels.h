#pragma once

#include <adf.h>

constexpr unsigned width = 16, height = 8;

void add_one(adf::input_buffer<int32>& x, adf::output_buffer<int32>& y);

// Every row of 8 is the sum of all rows so far and of a start, which is 1000 more at every call.
class running_sum {
public:
    explicit running_sum(int32 (&start)[height]) : start_(start) {}
    void run(adf::input_buffer<int32>& x, adf::output_buffer<int32>& y);
    static void registerKernelClass()
    {
        REGISTER_FUNCTION(running_sum::run);
        REGISTER_PARAMETER(start_);
    }

private:
    int32 (&start_)[height];
    int32 calls_ = 0;
};
