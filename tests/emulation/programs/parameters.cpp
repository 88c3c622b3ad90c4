// Graphs with run-time parameters; the first argument chooses what the host does.
#include <adf.h>
#include <aie_api/aie.hpp>
#include <aie_api/aie_adf.hpp>

#include <iostream>
#include <string>

using buffer_in = adf::input_buffer<int32, adf::extents<8>>;
using buffer_out = adf::output_buffer<int32, adf::extents<8>>;

// y = gain * x + offsets, summing y; the gain is one value, the offsets an array
void scale(buffer_in& x, int32 gain, const int32 (&offsets)[8], buffer_out& y, int32& sum, int16 (&calls)[2])
{
    const auto values = aie::add(aie::mul<acc64>(aie::load_v<8>(x.data()), gain), aie::load_v<8>(offsets)).to_vector<int32>(0);
    aie::store_v(y.data(), values);
    sum += aie::reduce_add(values);
    calls[0] = static_cast<int16>(calls[0] + 1);
    calls[1] = static_cast<int16>(gain);
}
void plain(buffer_in& x, const int32& gain, buffer_out& y) { aie::store_v(y.data(), aie::add(aie::load_v<8>(x.data()), gain)); }

struct network : adf::graph {
    adf::input_port gain, offsets, addend, unused;
    adf::inout_port sum;
    adf::output_port calls;
    adf::input_plio in = adf::input_plio::create("in", adf::plio_32_bits, "data/in.txt");
    adf::output_plio out = adf::output_plio::create("out", adf::plio_32_bits, "data/out.txt");

    explicit network(const std::string& name)
    {
        adf::kernel a = adf::kernel::create(scale), b = adf::kernel::create(plain);
        adf::source(a) = adf::source(b) = "parameters.cpp";
        adf::connect(in.out[0], a.in[0]);
        if (name == "sync" || name == "few" || name == "many" || name == "never")
            adf::connect<adf::parameter>(gain, a.in[1]);
        else
            adf::connect<adf::parameter>(gain, adf::async(a.in[1]));
        adf::connect<>(offsets, adf::async(a.in[2]));
        adf::connect<adf::parameter>(sum, adf::async(a.inout[0]));
        if (name == "sync_reads")
            adf::connect<adf::parameter>(adf::sync(a.inout[1]), calls);
        else if (name != "dangling_inout")
            adf::connect<adf::parameter>(a.inout[1], calls);
        if (name == "no_such_inout")
            adf::connect<adf::parameter>(a.inout[2], calls);
        adf::connect(a.out[0], b.in[0]);
        if (name != "dangling_parameter")
            adf::connect<adf::parameter>(addend, adf::async(b.in[1]));
        if (name == "twice")
            adf::connect<adf::parameter>(offsets, adf::async(b.in[1]));
        if (name == "no_parameter")
            adf::connect<adf::parameter>(offsets, b.in[0]);
        if (name == "parameter_as_buffer")
            adf::connect(in.out[0], b.in[1]);
        if (name == "single_buffer" || name == "single_twice") {
            adf::location<adf::kernel>(a) = adf::tile(3, 1);
            adf::single_buffer(a.in[0]);
            adf::location<adf::buffer>(a.in[0]) = {adf::bank(3, 1, 0)};
            if (name == "single_twice")
                adf::location<adf::buffer>(a.in[0]) = {adf::bank(3, 1, 0), adf::bank(3, 1, 1)};
        }
        if (name == "single_parameter")
            adf::single_buffer(a.in[1]);
        adf::connect(b.out[0], out.in[0]);
    }
};

template <class T>
void say(adf::graph& g, const char* what, T& port, std::size_t count)
{
    if (count == 1) {
        int32 value = 0;
        g.read(port, value);
        std::cout << what << ' ' << value << '\n';
        return;
    }
    int16 values[2] = {};
    g.read(port, values, count);
    std::cout << what << ' ' << values[0] << ' ' << values[1] << '\n';
}

int main(int, char** argv)
{
    const std::string name = argv[1];
    network g(name);
    g.init();
    const int32 offsets[8] = {1, 2, 3, 4, 5, 6, 7, 8}, others[8] = {};
    if (name != "array_never")
        g.update(g.offsets, offsets, 8);
    if (name != "inout_never")
        g.update(g.sum, 100);
    if (name == "unconnected")
        g.update(g.unused, 1);
    if (name == "wrong_type")
        g.update(g.gain, int16{1});
    if (name == "wrong_size")
        g.update(g.offsets, offsets, 4);
    if (name == "read_first")
        say(g, "calls", g.calls, 2);
    g.update(g.addend, 10);
    if (name != "never" && name != "async_never")
        g.update(g.gain, 3);
    if (name == "sync" || name == "few" || name == "many") {
        g.run(2);
        if (name == "sync" || name == "many")
            g.update(g.gain, 5);
        if (name == "many")
            g.update(g.gain, 6);
        g.end();
        return 0;
    }
    g.run(1);
    if (name == "race")
        g.update(g.gain, 4);
    g.wait();
    if (name == "async") {
        say(g, "sum", g.sum, 1);
        g.update(g.gain, -4);
        g.update(g.offsets, others, 8);
    }
    g.run(1);
    say(g, "sum", g.sum, 1);
    say(g, "calls", g.calls, 2);
    if (name == "sync_reads") {
        say(g, "calls", g.calls, 2);
        say(g, "calls", g.calls, 2);
    }
    g.end();
    return 0;
}
