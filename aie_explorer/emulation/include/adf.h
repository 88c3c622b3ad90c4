// Stand-in for adf.h: enough of the graph language to run an exported project on the host, written from AMD's public
// documentation (UG1603, UG1079).
#pragma once

#include "adf/graph.hpp"
