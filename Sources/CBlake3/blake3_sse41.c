// Four inputs at a time, on every x86 CPU since 2008.

#if defined(__x86_64__)

// The tuning says that byte shuffles are cheap: otherwise clang makes two shuffles of a rotation by 16.
#define LANES 4
#define LANES_NAME blake3_many_sse41
#define LANES_TARGET __attribute__((target("sse4.1,tune=haswell")))
#define LANES_ROTATES 0
#define LANES_SETS 1

#include "blake3_lanes.h"

#endif
