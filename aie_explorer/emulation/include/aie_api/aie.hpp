// Stand-in for the part of the AIE API that kernels of neural networks use, written from AMD's public user guide.
#pragma once

#include "vector.hpp"

#include "accum.hpp"
#include "load_store.hpp"
#include "mmul.hpp"
#include "multiply.hpp"
#include "operations.hpp"
#include "reshape.hpp"

// hints of the compilers for the core
#define chess_prepare_for_pipelining
#define chess_loop_range(...)
#define chess_loop_count(...)
#define chess_unroll_loop(...)
#define chess_flatten_loop
#define chess_storage(...)
#define chess_protect_access
#define AIE_PREPARE_FOR_PIPELINING
#define AIE_LOOP_MIN_ITERATION_COUNT(...)
#define AIE_LOOP_RANGE(...)

namespace aie {

inline void set_rounding(rounding_mode mode) { emulation::active_core()->rounding = mode; }
inline rounding_mode get_rounding() { return emulation::active_core()->rounding; }
inline void set_saturation(saturation_mode mode) { emulation::active_core()->saturation = mode; }
inline saturation_mode get_saturation() { return emulation::active_core()->saturation; }

}  // namespace aie
