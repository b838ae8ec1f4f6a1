// Counter-based random numbers: Philox-4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", 2011), and uniform and normal numbers from its words.
//
// Nothing here depends on the instruction set or on libm: integers, and double arithmetic without
// fused operations, whose every step IEEE 754 defines.

#include <math.h>

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
    kernels_default()->philoxBlocks(key, stream, place / 4, roundUp(blocks, 16), words);
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

/// ln x for a positive normal x: exponent, and 2 artanh((m - 1) / (m + 1)) for m in [sqrt(1/2),
/// sqrt 2).
static double logarithm(double x) {
  int exponent;
  double m = frexp(x, &exponent);
  if (m < 0.70710678118654752) {
    m *= 2;
    exponent--;
  }
  const double t = (m - 1) / (m + 1), s = t * t;
  // Taylor series; |t| <= 0.172, so the first term left out is below 2e-12.
  double series = 1.0 / 13;
  for (int n = 11; n > 0; n -= 2) series = series * s + 1.0 / n;
  return exponent * 0.69314718055994531 + 2 * t * series;
}

/// cos and sin of 2 pi u, u in [0, 1): Taylor series on an eighth of a turn, then symmetries.
static void cosineAndSine(double u, double *cosine, double *sine) {
  const int quarter = (int)(u * 4 + 0.5);
  const double angle = (u - quarter * 0.25) * 6.28318530717958648;  // |angle| <= pi / 4
  const double s = angle * angle;
  const double sin0 =
    angle * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110)))));
  const double cos0 = 1 - s / 2 * (1 - s / 12 * (1 - s / 30 * (1 - s / 56 * (1 - s / 90))));
  switch (quarter & 3) {
    case 0: *cosine = cos0, *sine = sin0; break;
    case 1: *cosine = -sin0, *sine = cos0; break;
    case 2: *cosine = -cos0, *sine = -sin0; break;
    default: *cosine = sin0, *sine = -cos0; break;
  }
}

/// Box and Muller (1958): two independent normal numbers from two words.
static void normalPair(const uint32_t words[2], double normals[2]) {
  // u1 in (0, 1], since the logarithm of 0 is no number; u2 in [0, 1).
  const double u1 = ((double)words[0] + 1) * 0x1p-32, u2 = (double)words[1] * 0x1p-32;
  const double radius = sqrt(-2 * logarithm(u1));
  double cosine, sine;
  cosineAndSine(u2, &cosine, &sine);
  normals[0] = radius * cosine;
  normals[1] = radius * sine;
}

void kernels_random_normal(uint64_t key, uint64_t stream, uint64_t first, float mean,
                           float standardDeviation, float *out, size_t count) {
  uint32_t words[batchWords];
  double normals[batchWords];
  for (size_t i = 0; i < count;) {
    const size_t skipped = (first + i) % 4;
    fillBatch(key, stream, first + i - skipped, count - i + skipped, words);
    const size_t taken = minimum(count - i, batchWords - skipped);
    for (size_t j = skipped / 2 * 2; j < skipped + taken; j += 2) {
      normalPair(words + j, normals + j);
    }
    for (size_t j = 0; j < taken; j++) {
      out[i + j] = (float)((double)mean + (double)standardDeviation * normals[skipped + j]);
    }
    i += taken;
  }
}
