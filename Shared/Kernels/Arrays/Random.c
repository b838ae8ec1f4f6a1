// Counter-based random numbers: Philox-4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", 2011), and uniform and normal numbers from its words.
//
// Nothing here depends on the instruction set or on libm: integers, and double arithmetic without
// fused operations, whose every step IEEE 754 defines.

#include <math.h>
#include <string.h>

#include "Internal.h"

#pragma STDC FP_CONTRACT OFF

/// Ten rounds; each multiplies two words, exchanges them and adds the key, which moves on.
void kernels_philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t out[4]) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
  uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t product0 = (uint64_t)0xD2511F53 * c0, product1 = (uint64_t)0xCD9E8D57 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)product1;
    c3 = (uint32_t)product0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

enum { batchBlocks = 64, batchWords = 4 * batchBlocks };

/// Up to batchWords words from word number `place` on, which begins a block. Few words do not pay
/// for whole vectors.
static void fillBatch(uint64_t key, uint64_t stream, uint64_t place, size_t wanted,
                      uint32_t *words) {
  const size_t blocks = (minimum(wanted, batchWords) + 3) / 4;
  if (blocks < 4) {
    for (size_t i = 0; i < blocks; i++) kernels_philox(key, stream, place / 4 + i, words + 4 * i);
  } else {
    tableOf(kernels_default())->random.philoxBlocks(key, stream, place / 4, roundUp(blocks, 16),
                                                    words);
  }
}

/// 24 random bits are all that a float in [0, 1) holds evenly. Rounding after the scaling may still
/// reach `high`; then the number below it is meant.
INLINE float uniformFromWord(uint32_t word, float low, float high, float last) {
  const double unit = (double)(word >> 8) * 0x1p-24;
  const float value = (float)((double)low + ((double)high - (double)low) * unit);
  return value < high ? value : last;
}

void kernels_random_uniform(uint64_t key, uint64_t stream, uint64_t first, float low, float high,
                            float *out, size_t count) {
  const float last = low < high ? nextafterf(high, low) : low;
  uint32_t words[batchWords];
  for (size_t i = 0; i < count;) {
    const size_t skipped = (first + i) % 4;
    fillBatch(key, stream, first + i - skipped, count - i + skipped, words);
    const size_t taken = minimum(count - i, batchWords - skipped);
    for (size_t j = 0; j < taken; j++) {
      out[i + j] = uniformFromWord(words[skipped + j], low, high, last);
    }
    i += taken;
  }
}

void kernels_random_keep(uint64_t key, uint64_t stream, uint64_t first, float rate, float *out,
                         size_t count) {
  // A uniform number is k / 2^24: below the rate for the k below rate 2^24.
  const uint32_t dropped = (uint32_t)ceil((double)rate * 0x1p24);
  uint32_t words[batchWords];
  for (size_t i = 0; i < count;) {
    const size_t skipped = (first + i) % 4;
    fillBatch(key, stream, first + i - skipped, count - i + skipped, words);
    const size_t taken = minimum(count - i, batchWords - skipped);
    for (size_t j = 0; j < taken; j++) out[i + j] = words[skipped + j] >> 8 >= dropped;
    i += taken;
  }
}

void kernels_random_normal(uint64_t key, uint64_t stream, uint64_t first, float mean,
                           float standardDeviation, float *out, size_t count) {
  uint32_t words[batchWords];
  float normals[batchWords];
  for (size_t i = 0; i < count;) {
    const size_t skipped = (first + i) % 4;
    const size_t wanted = minimum(count - i + skipped, batchWords);
    fillBatch(key, stream, first + i - skipped, wanted, words);
    for (size_t j = roundUp(wanted, 4); j < roundUp(wanted, 16); j++) words[j] = 0;
    tableOf(kernels_default())->random.normalNumbers(words, mean, standardDeviation, normals,
                                                     roundUp(wanted, 16));
    const size_t taken = wanted - skipped;
    memcpy(out + i, normals + skipped, taken * sizeof(float));
    i += taken;
  }
}
