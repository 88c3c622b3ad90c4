// Graphs with streams; the first argument chooses one, the second what fifo_depth() adds.
#include <adf.h>
#include <aie_api/aie.hpp>
#include <aie_api/aie_adf.hpp>

#include <cstdlib>
#include <string>

using adf::connect;

void double_up(input_stream<int32>* in, output_stream<int32>* out)
{
    for (int i = 0; i < 8; ++i)
        writeincr(out, 2 * readincr(in));
}
void add_one(input_stream<int32>* in, output_stream<int32>* out)
{
    for (int i = 0; i < 6; ++i)
        writeincr(out, aie::add(readincr_v<4>(in), 1));
}
void relu(input_stream<int8>* in, output_stream<int8>* out) { writeincr_v<16>(out, aie::max(readincr_v<16>(in), 0)); }
void halves(input_stream<int16>* in, output_stream<int16>* out) { writeincr(out, aie::reverse(readincr_v<8>(in))); }
void negate(input_stream<int64>* in, output_stream<int64>* out) { writeincr(out, -readincr(in)); }
void to_stream(adf::input_buffer<int32>& in, output_stream<int32>* out)
{
    for (auto it = aie::cbegin_vector<8>(in), end = it + in.size() / 8; it != end; ++it)
        for (unsigned lane = 0; lane < 8; ++lane)
            writeincr(out, (*it)[lane]);
}
void to_buffer(input_stream<int32>* in, adf::output_buffer<int32, adf::extents<8>>& out)
{
    auto it = aie::begin_vector<4>(out);
    *it++ = readincr_v<4>(in);
    *it++ = readincr_v<4>(in);
}
void two_in(input_stream<int32>*, input_stream<int32>*, output_stream<int32>*) {}
void two_out(input_stream<int32>*, output_stream<int32>*, output_stream<int32>*) {}
void join_both(adf::input_buffer<int32, adf::extents<64>>& late, input_stream<int32>* in, output_stream<int32>* out)
{
    for (unsigned i = 0; i < late.size(); ++i)
        writeincr(out, readincr(in) - late.data()[i]);
}
void give(output_stream<int32>* out) { writeincr(out, 1); }

struct network : adf::graph {
    adf::input_plio in = adf::input_plio::create("in", adf::plio_32_bits, "data/in.txt");
    adf::output_plio out = adf::output_plio::create("out", adf::plio_64_bits, "data/out.txt");
    unsigned further = 0;

    template <class... Arguments>
    adf::kernel make(void (*function)(Arguments...))
    {
        adf::kernel k = adf::kernel::create(function);
        adf::source(k) = "streams.cpp";
        adf::runtime<adf::ratio>(k) = 0.5;
        return k;
    }
    template <class A, class B>
    void join(const A& from, const B& to)
    {
        connect<adf::stream> net(from, to);
        adf::fifo_depth(net) = further;
    }

    network(const std::string& name, unsigned depth) : further(depth)
    {
        if (name == "one" || name == "plio_32_bits")
            alone(make(double_up));
        if (name == "int8")
            alone(make(relu));
        if (name == "int16")
            alone(make(halves));
        if (name == "int64")
            alone(make(negate));
        if (name == "chain" || name == "unread")
            chain(make(double_up), make(add_one));
        if (name == "broadcast") {
            adf::output_plio second = adf::output_plio::create("second", adf::plio_32_bits, "data/second.txt");
            adf::kernel a = make(double_up), b = make(double_up);
            join(in.out[0], a.in[0]);
            join(in.out[0], b.in[0]);
            join(a.out[0], out.in[0]);
            join(b.out[0], second.in[0]);
        }
        if (name == "buffers" || name == "shared") {
            adf::kernel a = make(to_stream), b = make(double_up);
            adf::dimensions(a.in[0]) = {8};
            if (name == "shared") {
                auto memory = adf::shared_buffer<int32>::create({8}, 1, 1);
                adf::write_access(memory.in[0]) = adf::tiling({.tiling_dimension = {8}});
                adf::read_access(memory.out[0]) = adf::tiling({.tiling_dimension = {1}, .offset = {7}});
                adf::repetition_count(memory) = 8;
                join(in.out[0], a.in[0]);
                join(a.out[0], memory.in[0]);
                adf::repetition_count(a) = 8;
                join(memory.out[0], b.in[0]);
                join(b.out[0], out.in[0]);
                return;
            }
            adf::kernel c = make(to_buffer);
            join(in.out[0], a.in[0]);
            join(a.out[0], b.in[0]);
            join(b.out[0], c.in[0]);
            join(c.out[0], out.in[0]);
        }
        if (name == "joined") {
            adf::kernel a = make(double_up), b = make(join_both);
            adf::repetition_count(a) = 8;
            join(in.out[0], a.in[0]);
            join(a.out[0], b.in[1]);
            connect<> whole(in.out[0], b.in[0]);
            join(b.out[0], out.in[0]);
        }
        if (name == "two_in") {
            adf::kernel k = make(two_in);
            join(in.out[0], k.in[0]);
            join(in.out[0], k.in[1]);
            join(k.out[0], out.in[0]);
        }
        if (name == "two_out") {
            adf::kernel k = make(two_out);
            join(in.out[0], k.in[0]);
            join(k.out[0], out.in[0]);
            join(k.out[1], adf::output_plio::create("second", adf::plio_32_bits, "data/second.txt").in[0]);
        }
        if (name == "dangling") {
            adf::kernel k = make(double_up);
            join(in.out[0], k.in[0]);
        }
        if (name == "twice") {
            adf::kernel k = make(double_up);
            join(in.out[0], k.in[0]);
            join(in.out[0], k.in[0]);
        }
        if (name == "types") {
            adf::kernel a = make(double_up), b = make(relu);
            join(in.out[0], a.in[0]);
            join(a.out[0], b.in[0]);
        }
        if (name == "backwards") {
            adf::kernel k = make(double_up);
            join(in.out[0], k.out[0]);
        }
        if (name == "deadlock") {
            adf::kernel a = make(double_up), b = make(add_one);
            join(a.out[0], b.in[0]);
            join(b.out[0], a.in[0]);
            join(b.out[0], out.in[0]);
            adf::kernel c = make(double_up);
            join(in.out[0], c.in[0]);
            join(c.out[0], adf::output_plio::create("second", adf::plio_32_bits, "data/second.txt").in[0]);
        }
        if (name == "source_only") {
            adf::kernel a = make(give), b = make(double_up);
            join(a.out[0], out.in[0]);
            join(in.out[0], b.in[0]);
            join(b.out[0], adf::output_plio::create("second", adf::plio_32_bits, "data/second.txt").in[0]);
        }
    }
    void alone(adf::kernel k)
    {
        join(in.out[0], k.in[0]);
        join(k.out[0], out.in[0]);
    }
    // 24 words are three calls of the first and one of the second
    void chain(adf::kernel first, adf::kernel second)
    {
        adf::repetition_count(first) = 3;
        join(in.out[0], first.in[0]);
        join(first.out[0], second.in[0]);
        join(second.out[0], out.in[0]);
    }
};

int main(int argc, char** argv)
{
    const std::string how = argc > 3 ? argv[3] : "2";
    network g(argv[1], argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 0);
    g.init();
    if (how == "endless") {
        g.run();
    } else if (how == "endless_twice") {
        g.run(-1);
        g.run(1);
    } else if (how == "parts") {
        g.run(1);
        g.wait();
        g.run();
        g.end();
    } else if (how == "after_end") {
        g.run(2);
        g.end();
        g.run(1);
    } else {
        g.run(std::atoi(how.c_str()));
        g.end();
    }
    return 0;
}
