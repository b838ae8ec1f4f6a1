// Scratch memory that a thread keeps from call to call, so that a small product never waits for
// malloc. It only grows, and goes back when the thread ends.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

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

static void release(void *value) {
  Scratch *scratch = value;
  for (int i = 0; i < scratchPurposes; i++) kernels_free(scratch->buffers[i], scratch->capacities[i]);
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

float *kernelsScratch(CourseScratchPurpose purpose, size_t count) {
  Scratch *scratch = ofThisThread != NULL ? ofThisThread : makeScratch();
  if (scratch->capacities[purpose] < count) {
    // By a quarter at least, so that slowly growing requests do not allocate each time.
    const size_t grown = scratch->capacities[purpose] + scratch->capacities[purpose] / 4;
    const size_t capacity = roundUp(maximum(count, grown), 16384);
    kernels_free(scratch->buffers[purpose], scratch->capacities[purpose]);
    float *buffer = kernels_allocate(capacity);
    if (buffer == NULL) outOfMemory(capacity * sizeof(float));
    scratch->buffers[purpose] = buffer;
    scratch->capacities[purpose] = capacity;
  }
  return scratch->buffers[purpose];
}
