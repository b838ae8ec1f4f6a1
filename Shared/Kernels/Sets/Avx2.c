// AVX2 with FMA: 8 floats a vector, 16 vector registers, tile 6 x 16 (12 registers of sums).

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "Internal.h"

#define SET kernelsAvx2
#define SET_NAME "avx2"
#define LANES 8
#define HAS_FMA 1
#define ROW_TILE 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define MASKED_ACCESS
// Eight words from here on are `count` times all ones, then zeros.
static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
INLINE __m256i firstLanes(size_t count) {
  return _mm256_loadu_si256((const __m256i *)(ones + 8 - count));
}
INLINE __m256 loadPartial(const float *p, size_t count) {
  return _mm256_maskload_ps(p, firstLanes(count));
}
INLINE void storePartial(float *p, __m256 v, size_t count) {
  _mm256_maskstore_ps(p, firstLanes(count), v);
}
INLINE __m256 loadMasked(const float *p, uint32_t mask) {
  if (mask == 255) return _mm256_loadu_ps(p);
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i set = _mm256_and_si256(_mm256_set1_epi32((int32_t)mask), bits);
  return _mm256_maskload_ps(p, _mm256_cmpeq_epi32(set, bits));
}

#include "Generic/Set.h"

#pragma clang attribute pop

#endif
