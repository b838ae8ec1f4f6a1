// Which table of kernels this processor runs.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Internal.h"

static const char variable[] = "COURSE_INSTRUCTION_SET";

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const CourseKernelSet *chosen;

#if defined(__x86_64__)
// These two test exactly the features that the `#pragma clang attribute` in Avx512.c and Avx2.c turns on.
static bool hasAvx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool hasAvx512(void) {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

static const CourseKernelSet *best(void) {
#if defined(__x86_64__)
  if (hasAvx512()) return &kernelsAvx512.set;
  if (hasAvx2()) return &kernelsAvx2.set;
#elif defined(__aarch64__)
  return &kernelsNeon.set;
#endif
  return &kernelsPortable.set;
}

const CourseKernelSet *kernels_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512") == 0) return hasAvx512() ? &kernelsAvx512.set : NULL;
  if (strcmp(name, "avx2") == 0) return hasAvx2() ? &kernelsAvx2.set : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return &kernelsNeon.set;
#endif
  if (strcmp(name, "portable") == 0) return &kernelsPortable.set;
  return NULL;
}

static void choose(void) {
  chosen = best();
  const char *name = getenv(variable);
  if (name == NULL || name[0] == 0) return;
  const CourseKernelSet *named = kernels_named(name);
  if (named != NULL) {
    chosen = named;
  } else {
    fprintf(stderr, "%s=%s: this processor has no such instruction set; using %s\n", variable, name,
            chosen->name);
  }
}

const CourseKernelSet *kernels_default(void) {
  pthread_once(&once, choose);
  return chosen;
}
