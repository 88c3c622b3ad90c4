// Memory to stream: sends words of one PLIO, a whole number of beats.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

extern "C" void mm2s(const ap_uint<PLIO_BITS>* memory, hls::stream<qdma_axis<PLIO_BITS, 0, 0, 0>>& stream, int beats)
{
#pragma HLS INTERFACE m_axi port=memory offset=slave bundle=gmem max_read_burst_length=64
#pragma HLS INTERFACE axis port=stream
#pragma HLS INTERFACE s_axilite port=memory bundle=control
#pragma HLS INTERFACE s_axilite port=beats bundle=control
#pragma HLS INTERFACE s_axilite port=return bundle=control
    for (int i = 0; i < beats; ++i) {
#pragma HLS PIPELINE II=1
        qdma_axis<PLIO_BITS, 0, 0, 0> beat;
        beat.data = memory[i];
        beat.keep_all();
        beat.set_last(0);
        stream.write(beat);
    }
}
