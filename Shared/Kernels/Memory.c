// Memory for floats that large passes stream through.

#include <stdint.h>
#include <stdlib.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "Internal.h"

enum { cacheLine = 64, hugePage = 1 << 21 };

float *kernels_allocate(size_t count) {
  if (count > SIZE_MAX / sizeof(float) - hugePage) return NULL;
  const size_t bytes = count * sizeof(float);
  void *memory = NULL;
#if defined(MADV_HUGEPAGE)
  // Pages of 4 KB lie anywhere in physical memory, so that a working set of two thirds of an L2 cache
  // does not fit into it: some of its sets get more lines than they have places. Whole steps take 4 %
  // less (an LSTM) with pages of 2 MB. A last page of less than three quarters stays small.
  const size_t whole = (bytes + hugePage / 4) / hugePage * hugePage;
  if (whole > 0) {
    if (posix_memalign(&memory, hugePage, maximum(bytes, whole)) != 0) return NULL;
    madvise(memory, whole, MADV_HUGEPAGE);  // No harm where the system has none.
    return memory;
  }
#endif
  return posix_memalign(&memory, cacheLine, maximum(bytes, cacheLine)) == 0 ? memory : NULL;
}
