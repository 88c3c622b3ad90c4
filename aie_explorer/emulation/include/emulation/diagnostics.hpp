// What the emulation refuses. Every diagnostic has a stable name; it is printed as one line and ends the program with
// exit code 3.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace emulation {

[[noreturn]] inline void fatal(const char* name, const std::string& where, const std::string& sentence)
{
    std::fflush(stdout);
    std::fprintf(stderr, "AIE_EMULATION_ERROR %s: %s: %s\n", name, where.c_str(), sentence.c_str());
    std::fflush(stderr);
    std::_Exit(3);
}

}  // namespace emulation
