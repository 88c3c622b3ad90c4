// The checks and the run of a graph, for programs compiled with AIE_EMULATION_SEPARATE.
#include "entry.hpp"

#include "checks.hpp"
#include "run.hpp"
