// Memory for floats that large passes stream through.

#include <stdint.h>
#include <stdlib.h>

#if defined(__linux__)
#include <malloc.h>
#include <sys/mman.h>
#endif

#include "Internal.h"

// The address sanitizer sees memory from malloc and no other.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MALLOC_ONLY 1
#endif
#endif

enum { cacheLine = 64, page = 1 << 12, hugePage = 1 << 21 };

#if defined(MADV_HUGEPAGE) && !defined(MALLOC_ONLY)
#define HUGE_PAGES 1

// Pages of 4 KB lie anywhere in physical memory, so that a working set of two thirds of an L2 cache does
// not fit into it: some of its sets get more lines than they have places. Whole steps take 4 % less (an
// LSTM) with pages of 2 MB.
//
// They come straight from the system and go back to it. malloc would keep them as holes, in which a small
// block then takes 2 MB: 8 MB more in the training of a deep network.

/// The bytes in huge pages; a last page of less than three quarters stays small.
static size_t bytesInHugePages(size_t bytes) {
  return (bytes + hugePage / 4) / hugePage * hugePage;
}

static size_t mappedBytes(size_t bytes) {
  return maximum(roundUp(bytes, page), bytesInHugePages(bytes));
}

static float *map(size_t bytes) {
  const size_t size = mappedBytes(bytes);
  char *start = mmap(NULL, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  // Huge pages begin at whole ones: the pages before and after go back at once.
  const size_t before = roundUp((uintptr_t)start, hugePage) - (uintptr_t)start;
  if (before > 0) munmap(start, before);
  if (before < hugePage) munmap(start + before + size, hugePage - before);
  madvise(start + before, bytesInHugePages(bytes), MADV_HUGEPAGE);  // No harm where there are none.
  return (float *)(start + before);
}
#endif

float *kernels_allocate(size_t count) {
  if (count > SIZE_MAX / sizeof(float) - 2 * hugePage) return NULL;
  const size_t bytes = maximum(count * sizeof(float), cacheLine);
#if HUGE_PAGES
  if (bytesInHugePages(bytes) > 0) return map(bytes);
#endif
  void *memory = NULL;
  return posix_memalign(&memory, cacheLine, bytes) == 0 ? memory : NULL;
}

void kernels_free(float *memory, size_t count) {
  if (memory == NULL) return;
#if HUGE_PAGES
  const size_t bytes = maximum(count * sizeof(float), cacheLine);
  if (bytesInHugePages(bytes) > 0) {
    munmap(memory, mappedBytes(bytes));
    return;
  }
#else
  (void)count;
#endif
  free(memory);
}

void kernels_trim(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
