// AVX-512: 16 floats a vector, 32 vector registers, tile 14 x 32 (28 registers of sums).

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "Internal.h"

#define SET kernelsAvx512
#define SET_NAME "avx512"
#define LANES 16
#define HAS_FMA 1
#define ROW_TILE 14

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma,avx2"))), apply_to = function)

#define MASKED_ACCESS
INLINE __m512 loadPartial(const float *p, size_t count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
INLINE void storePartial(float *p, __m512 v, size_t count) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
}

#include "Generic/Set.h"

#pragma clang attribute pop

#endif
