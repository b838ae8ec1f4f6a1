// Random numbers, the same on every instruction set.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Philox-4x32-10 (Salmon et al., 2011): four 32-bit words of the block `counter` under `key`.
void kernels_philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t out[4]);
/// out[i] uniform in [low, high), drawn from block (first + i) / 4, word (first + i) % 4.
void kernels_random_uniform(uint64_t key, uint64_t stream, uint64_t first, float low, float high,
                            float *out, size_t count);
/// out[i] = 1, or 0 where the uniform number in [0, 1) of this place is below `rate`: a share of
/// about `rate` is 0.
void kernels_random_keep(uint64_t key, uint64_t stream, uint64_t first, float rate, float *out,
                         size_t count);
/// out[i] normal, by Box-Muller on pairs of the words above.
void kernels_random_normal(uint64_t key, uint64_t stream, uint64_t first, float mean,
                           float standardDeviation, float *out, size_t count);
