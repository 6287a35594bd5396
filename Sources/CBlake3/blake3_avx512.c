// Sixteen inputs at a time, on x86 CPUs with AVX-512, which has a rotation for vectors.

#if defined(__x86_64__)

#define LANES 16
#define LANES_NAME blake3_many_avx512
#define LANES_TARGET __attribute__((target("avx512f,avx512vl")))
#define LANES_ROTATES 1
#define LANES_SETS 1

#include "blake3_lanes.h"

#endif
