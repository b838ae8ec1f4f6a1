// Vectors of LANES floats, and the few operations that the generic kernels are written in.
//
// The file that includes this defines LANES (4, 8 or 16), HAS_FMA (0 or 1) and, where the
// instruction set has masked loads and stores, MASKED_ACCESS with `loadPartial`, `storePartial` and
// `loadMasked`.

#pragma STDC FP_CONTRACT OFF

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef int32_t IntVector __attribute__((vector_size(LANES * 4)));
typedef float UnalignedVector __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

// Macros: without optimization a vector goes to a function through memory, copied by a call of memcpy, even
// where the function is inlined. Matrix products of a debug build took 2.8 times as long.
#define load(p) ((Vector)*(const UnalignedVector *)(p))
#define store(p, v) (*(UnalignedVector *)(p) = (v))
#define splat(value) ((value) - (Vector){})

/// a * b + c: one rounding where the processor has the instruction, two where it has not. (Never
/// `fma` there: it would become a call of libm for every lane.)
#if HAS_FMA
#define multiplyAdd(a, b, c) __builtin_elementwise_fma((Vector)(a), (Vector)(b), (Vector)(c))
#else
#define multiplyAdd(a, b, c) ((a) * (b) + (c))
#endif

#ifndef MASKED_ACCESS
/// The first `count` <= LANES floats at p, then zeros. Reads nothing beyond them.
INLINE Vector loadPartial(const float *p, size_t count) {
  Vector v = {};
  for (size_t i = 0; i < count; i++) v[i] = p[i];
  return v;
}

INLINE void storePartial(float *p, Vector v, size_t count) {
  for (size_t i = 0; i < count; i++) p[i] = v[i];
}

/// The floats at p whose bits are set in `mask`, zeros in place of the others, which are not read.
INLINE Vector loadMasked(const float *p, uint32_t mask) {
  if (mask == (1u << LANES) - 1) return load(p);
  Vector v = {};
  for (size_t i = 0; i < LANES; i++) {
    if (mask >> i & 1) v[i] = p[i];
  }
  return v;
}
#endif

/// Lane by lane `mask ? a : b`; a mask's lanes are all ones or all zeros, as comparisons give them.
INLINE Vector selectVector(IntVector mask, Vector a, Vector b) {
  return (Vector)((mask & (IntVector)a) | (~mask & (IntVector)b));
}

INLINE Vector absolute(Vector v) { return (Vector)((IntVector)v & 0x7fffffff); }

/// Larger and smaller of two, NaN when one of them is NaN (as NumPy and PyTorch have it).
INLINE Vector maximumVector(Vector a, Vector b) { return selectVector((a > b) | (a != a), a, b); }
INLINE Vector minimumVector(Vector a, Vector b) { return selectVector((a < b) | (a != a), a, b); }

INLINE Vector clipVector(Vector x, Vector low, Vector high) {
  x = selectVector(x < low, low, x);
  return selectVector(x > high, high, x);
}

/// True in the lanes below `count`.
INLINE IntVector lanesBelow(size_t count) {
  IntVector numbers = {};
  for (int i = 0; i < LANES; i++) numbers[i] = i;
  return numbers < (int32_t)count;
}

INLINE bool anyLane(IntVector mask) { return __builtin_reduce_or(mask) != 0; }

/// Lane i + half at place i, for the i below half; the other lanes may have any value. By a shuffle:
/// through memory, each half would wait for the store of the whole.
INLINE Vector upperLanes(Vector v, const int half) {
#if LANES == 16
  if (half == 8) {
    return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  }
  if (half == 4) {
    return __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  }
  if (half == 2) {
    return __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3);
  }
  return __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
#elif LANES == 8
  if (half == 4) return __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7);
  if (half == 2) return __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3);
  return __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1);
#else
  if (half == 2) return __builtin_shufflevector(v, v, 2, 3, 2, 3);
  return __builtin_shufflevector(v, v, 1, 1, 1, 1);
#endif
}

/// How often a vector can be halved.
enum { halvings = LANES == 16 ? 4 : LANES == 8 ? 3 : 2 };

/// The sum of all lanes, halves first: the same order for every instruction set of this width.
INLINE float sumLanes(Vector v) {
#pragma clang loop unroll(full)
  for (int i = 1; i <= halvings; i++) v += upperLanes(v, LANES >> i);
  return v[0];
}

// a0 b0 a1 b1 ... of the lower, or of the upper halves of two vectors.
#if LANES == 16
INLINE Vector interleaveLow(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
INLINE Vector interleaveHigh(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}
#elif LANES == 8
INLINE Vector interleaveLow(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
INLINE Vector interleaveHigh(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
#else
INLINE Vector interleaveLow(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
INLINE Vector interleaveHigh(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
#endif

// The lanes of even, or of odd number of two vectors.
#if LANES == 16
INLINE Vector evenLanes(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
INLINE Vector oddLanes(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#elif LANES == 8
INLINE Vector evenLanes(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
INLINE Vector oddLanes(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
#else
INLINE Vector evenLanes(Vector a, Vector b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
INLINE Vector oddLanes(Vector a, Vector b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
#endif

/// Transposes a LANES x LANES matrix held in rows. One round interleaves row i with row
/// i + LANES / 2 (the perfect shuffle of the lane and row numbers' bits); log2(LANES) rounds
/// exchange rows and columns.
INLINE void transposeVectors(Vector rows[LANES]) {
#pragma clang loop unroll(full)
  for (int round = LANES; round > 1; round /= 2) {
    Vector next[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = interleaveLow(rows[i], rows[i + LANES / 2]);
      next[2 * i + 1] = interleaveHigh(rows[i], rows[i + LANES / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) rows[i] = next[i];
  }
}
