// Four inputs at a time, on every 64-bit ARM.

#if defined(__aarch64__)

#define LANES 4
#define LANES_NAME blake3_many_neon
#define LANES_TARGET
#define LANES_ROTATES 0
#define LANES_SETS 1

#include "blake3_lanes.h"

#endif
