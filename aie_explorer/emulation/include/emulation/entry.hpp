// What adf::graph asks of the emulation. With AIE_EMULATION_SEPARATE these are declarations and runtime.cpp, compiled
// once for all graphs, holds the rest; without, everything is in headers, and a project compiles from its own sources.
#pragma once

#ifdef AIE_EMULATION_SEPARATE
#define EMULATION_ENTRY
#else
#define EMULATION_ENTRY inline
#endif

namespace emulation {

EMULATION_ENTRY void check_program();
EMULATION_ENTRY void ask_for_run(long iterations);
EMULATION_ENTRY void run_pending();
EMULATION_ENTRY void finish();

}  // namespace emulation

#ifndef AIE_EMULATION_SEPARATE
#include "checks.hpp"
#include "run.hpp"
#endif
