// Eight inputs at a time, on x86 CPUs with AVX2.

#if defined(__x86_64__)

// The tuning says that shuffling bytes is as fast as anything: else clang makes two shuffles of a rotation by 16.
#define LANES 8
#define LANES_NAME blake3_many_avx2
#define LANES_TARGET __attribute__((target("avx2,tune=haswell")))
#define LANES_ROTATES 0
#define LANES_SETS 3

#include "blake3_lanes.h"

#endif
