// Scratch memory that a thread keeps from call to call, so that a small product never waits for
// malloc. It only grows, and goes back when the thread ends.
//
// Its pages come straight from the system, so that what was outgrown goes back to it. malloc would keep
// that as holes in the memory of each thread: 8 MB a thread in the training of a deep network.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "Internal.h"

typedef struct Scratch {
  float *buffers[scratchPurposes];
  size_t capacities[scratchPurposes];
} Scratch;

static pthread_key_t key;
static pthread_once_t keyOnce = PTHREAD_ONCE_INIT;
static _Thread_local Scratch *ofThisThread;

static void outOfMemory(size_t bytes) {
  fprintf(stderr, "Kernels: out of memory for %zu bytes of scratch\n", bytes);
  abort();
}

static void giveBack(Scratch *scratch, ScratchPurpose purpose) {
  if (scratch->buffers[purpose] == NULL) return;
  munmap(scratch->buffers[purpose], scratch->capacities[purpose] * sizeof(float));
}

static void release(void *value) {
  Scratch *scratch = value;
  for (int i = 0; i < scratchPurposes; i++) giveBack(scratch, i);
  free(scratch);
  ofThisThread = NULL;
}

static void makeKey(void) {
  if (pthread_key_create(&key, release) != 0) outOfMemory(0);
}

static Scratch *makeScratch(void) {
  pthread_once(&keyOnce, makeKey);
  Scratch *scratch = calloc(1, sizeof *scratch);
  if (scratch == NULL) outOfMemory(sizeof *scratch);
  pthread_setspecific(key, scratch);
  ofThisThread = scratch;
  return scratch;
}

float *kernelsScratch(ScratchPurpose purpose, size_t count) {
  Scratch *scratch = ofThisThread != NULL ? ofThisThread : makeScratch();
  if (scratch->capacities[purpose] < count) {
    // By a quarter at least, so that slowly growing requests do not allocate each time.
    const size_t grown = scratch->capacities[purpose] + scratch->capacities[purpose] / 4;
    const size_t capacity = roundUp(maximum(count, grown), 16384);
    giveBack(scratch, purpose);
    void *buffer = mmap(NULL, capacity * sizeof(float), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) outOfMemory(capacity * sizeof(float));
#if defined(MADV_HUGEPAGE)
    madvise(buffer, capacity * sizeof(float), MADV_HUGEPAGE);  // See kernels_allocate.
#endif
    scratch->buffers[purpose] = buffer;
    scratch->capacities[purpose] = capacity;
  }
  return scratch->buffers[purpose];
}
