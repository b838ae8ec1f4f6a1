// The part of a table that random numbers are made of. The same on every instruction set.

#pragma once

/// table->random
typedef struct CourseRandomKernels {
  // The words of `count` blocks of Philox from block `first` on, see kernels_philox; `count` is a
  // multiple of 16.
  void (*philoxBlocks)(uint64_t key, uint64_t stream, uint64_t first, size_t count, uint32_t *out);
  // Normal numbers from these words, see kernels_random_normal; `count` is a multiple of 16.
  void (*normalNumbers)(const uint32_t *words, float mean, float deviation, float *out,
                        size_t count);
} CourseRandomKernels;
