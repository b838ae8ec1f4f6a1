// NEON (every aarch64 processor has it): 4 floats a vector, 32 vector registers, tile 12 x 8
// (24 registers of sums).

#if defined(__aarch64__)

#include <math.h>
#include <string.h>

#include "Internal.h"

#define SET kernelsNeon
#define SET_NAME "neon"
#define LANES 4
#define HAS_FMA 1
#define ROW_TILE 12

#include "Generic/Set.h"

#endif
