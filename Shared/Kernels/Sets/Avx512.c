// AVX-512: 16 floats a vector, 32 vector registers, tiles 12 x 32 and 6 x 64 (24 of them sums).

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "Internal.h"

#define SET kernelsAvx512
#define SET_NAME "avx512"
#define LANES 16
#define HAS_FMA 1
#define ROW_TILE 12
#define WIDE_ROW_TILE 6

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma,avx2"))), apply_to = function)

#define MASKED_ACCESS
INLINE __m512 loadPartial(const float *p, size_t count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
INLINE void storePartial(float *p, __m512 v, size_t count) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
}
INLINE __m512 loadMasked(const float *p, uint32_t mask) {
  return _mm512_maskz_loadu_ps((__mmask16)mask, p);
}

#define QUICK_SCALING
INLINE __m512 timesPowerOfTwo(__m512 p, __m512i n, __m512 whole) {
  (void)n;
  return _mm512_scalef_ps(p, whole);
}
/// An estimate good to 14 bits and one step of Newton's method, 0.54 units of the last place: a
/// division keeps its port busy for 16 cycles.
INLINE __m512 quotient(__m512 a, __m512 b) {
  const __m512 inverse = _mm512_rcp14_ps(b), q = _mm512_mul_ps(a, inverse);
  return _mm512_fmadd_ps(_mm512_fnmadd_ps(b, q, a), inverse, q);
}

#include "Generic/Set.h"

#pragma clang attribute pop

#endif
