// Any processor: 4 floats a vector, no fused multiply-add, tile 6 x 8 (12 registers of sums, which
// is all that SSE has room for).

#include <math.h>
#include <string.h>

#include "Internal.h"

#define SET kernelsPortable
#define SET_NAME "portable"
#define LANES 4
#define HAS_FMA 0
#define ROW_TILE 6

#include "Generic/Set.h"
