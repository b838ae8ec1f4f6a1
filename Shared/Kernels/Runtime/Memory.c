// Memory for floats that large passes stream through.

#include <pthread.h>
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

#if !defined(MALLOC_ONLY)
#define CACHED_BUFFERS 1

// Small buffers wait in a cache of the thread that freed them. A step of a small network allocates some dozens, and
// the system's aligned allocation, which cuts each out of a larger block, took a tenth of the step.

enum { largestCached = 1 << 16, sizeCount = 37, mostOfASize = 8 };

typedef struct Cache {
  void *buffers[sizeCount][mostOfASize];
  unsigned char counts[sizeCount];
} Cache;

static _Thread_local Cache *cacheOfThread;
static pthread_key_t cacheKey;
static pthread_once_t cacheOnce = PTHREAD_ONCE_INIT;

static void emptyCache(void *pointer) {
  Cache *cache = pointer;
  cacheOfThread = NULL;
  for (int size = 0; size < sizeCount; size++) {
    while (cache->counts[size] > 0) free(cache->buffers[size][--cache->counts[size]]);
  }
  free(cache);
}

static void makeKey(void) { pthread_key_create(&cacheKey, emptyCache); }

/// The cache of this thread, which ends with it; NULL without memory for it.
static Cache *cache(void) {
  if (cacheOfThread) return cacheOfThread;
  pthread_once(&cacheOnce, makeKey);
  Cache *made = calloc(1, sizeof *made);
  if (made && pthread_setspecific(cacheKey, made) != 0) {
    free(made);
    made = NULL;
  }
  return cacheOfThread = made;
}

/// The number of a size, and the bytes of the buffers that are kept under it: up to 8 cache lines each number of
/// lines, beyond four sizes an octave.
static int sizeNumber(size_t bytes, size_t *rounded) {
  const size_t lines = (bytes + cacheLine - 1) / cacheLine;
  if (lines <= 8) {
    *rounded = lines * cacheLine;
    return (int)lines;
  }
  // lines - 1 has its highest bit at `octave`: of sizes above 2^octave up to its double.
  const int octave = 63 - __builtin_clzll((unsigned long long)(lines - 1));
  const size_t step = (size_t)1 << (octave - 2);
  const size_t steps = (lines + step - 1) / step;
  *rounded = steps * step * cacheLine;
  return 9 + 4 * (octave - 3) + (int)(steps - 5);
}
#endif

float *kernels_allocate(size_t count) {
  if (count > SIZE_MAX / sizeof(float) - 2 * hugePage) return NULL;
  size_t bytes = maximum(count * sizeof(float), cacheLine);
#if HUGE_PAGES
  if (bytesInHugePages(bytes) > 0) return map(bytes);
#endif
#if CACHED_BUFFERS
  if (bytes <= largestCached) {
    Cache *kept = cache();
    const int size = sizeNumber(bytes, &bytes);
    if (kept && kept->counts[size] > 0) return kept->buffers[size][--kept->counts[size]];
  }
#endif
  void *memory = NULL;
  return posix_memalign(&memory, cacheLine, bytes) == 0 ? memory : NULL;
}

void kernels_free(float *memory, size_t count) {
  if (memory == NULL) return;
  size_t bytes = maximum(count * sizeof(float), cacheLine);
  (void)bytes;  // Not needed where all memory is malloc's.
#if HUGE_PAGES
  if (bytesInHugePages(bytes) > 0) {
    munmap(memory, mappedBytes(bytes));
    return;
  }
#endif
#if CACHED_BUFFERS
  if (bytes <= largestCached) {
    Cache *kept = cache();
    const int size = sizeNumber(bytes, &bytes);
    if (kept && kept->counts[size] < mostOfASize) {
      kept->buffers[size][kept->counts[size]++] = memory;
      return;
    }
  }
#endif
  free(memory);
}

void kernels_trim(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
