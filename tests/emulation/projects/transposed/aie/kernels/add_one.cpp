#include "kernels.h"

#include <aie_api/aie.hpp>

void add_one(adf::input_buffer<int32>& x, adf::output_buffer<int32>& y)
{
    for (unsigned i = 0; i < x.size(); i += 16)
        aie::store_v(y.data() + i, aie::add(aie::load_v<16>(x.data() + i), 1));
}
