// Philox-4x32-10, LANES / 2 blocks at a time. Integers only, so every instruction set gives the words
// that the definition in Random.c gives.

typedef uint64_t LongWords __attribute__((vector_size(LANES * 4)));

// a0 b0 a1 b1 ... of the lower, or of the upper halves of two vectors.
#if LANES == 16
#define interleaveLongs(a, b, half)                                                           \
  __builtin_shufflevector(a, b, 4 * half, 4 * half + 8, 4 * half + 1, 4 * half + 9,           \
                          4 * half + 2, 4 * half + 10, 4 * half + 3, 4 * half + 11)
#elif LANES == 8
#define interleaveLongs(a, b, half) \
  __builtin_shufflevector(a, b, 2 * half, 2 * half + 4, 2 * half + 1, 2 * half + 5)
#else
#define interleaveLongs(a, b, half) __builtin_shufflevector(a, b, half, half + 2)
#endif

/// The words of the blocks `first ..< first + LANES / 2`, one block after the other, to
/// out[2 * LANES].
///
/// A word lies in the lower half of 64 bits. The upper half does not matter: the product of
/// two words reads the lower halves only.
INLINE void philoxVector(uint64_t key, uint64_t stream, uint64_t first, uint32_t *out) {
  const uint64_t low = 0xFFFFFFFF;
  LongWords c0;
  for (int i = 0; i < LANES / 2; i++) c0[i] = first + (uint64_t)i;
  LongWords c1 = c0 >> 32, c2 = stream - (LongWords){}, c3 = (stream >> 32) - (LongWords){};
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const LongWords product0 = (c0 & low) * 0xD2511F53, product1 = (c2 & low) * 0xCD9E8D57;
    c0 = product1 >> 32 ^ c1 ^ k0;
    c2 = product0 >> 32 ^ c3 ^ k1;
    c1 = product1;
    c3 = product0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const LongWords a = (c0 & low) | c1 << 32, b = (c2 & low) | c3 << 32;
  const LongWords lower = interleaveLongs(a, b, 0), upper = interleaveLongs(a, b, 1);
  memcpy(out, &lower, sizeof lower);
  memcpy(out + LANES, &upper, sizeof upper);
}
#undef interleaveLongs

/// The words of `count` blocks from `first` on; `count` is a multiple of 16.
static void philoxBlocks(uint64_t key, uint64_t stream, uint64_t first, size_t count,
                         uint32_t *out) {
  for (size_t i = 0; i < count; i += LANES / 2) philoxVector(key, stream, first + i, out + 4 * i);
}

// MARK: -

// Box and Muller (1958): two independent normal numbers from two random words, LANES / 2 pairs at a
// time. Double precision without fused operations, whose every step IEEE 754 defines: all instruction
// sets give the same bits.

typedef double Doubles __attribute__((vector_size(LANES * 4)));
typedef int64_t Longs __attribute__((vector_size(LANES * 4)));
typedef int64_t UnalignedLongs
  __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float HalfFloats __attribute__((vector_size(LANES * 2)));
typedef uint32_t HalfWords __attribute__((vector_size(LANES * 2)));

/// Whole numbers from 0 to 2^32: 2^52 takes them in its low bits.
INLINE Doubles doubles(Longs x) { return (Doubles)(x | 0x4330000000000000) - 0x1p52; }

INLINE Doubles selectDoubles(Longs mask, Doubles a, Doubles b) {
  return (Doubles)((mask & (Longs)a) | (~mask & (Longs)b));
}

/// ln x for x in (0, 1], normal: exponent, and 2 artanh((m - 1) / (m + 1)) for m in [sqrt(1/2),
/// sqrt 2).
INLINE Doubles logarithms(Doubles x) {
  // The bits of sqrt(1/2) taken away move m into that range; the rest of the exponent is whole.
  const Longs root = (Longs)(0.70710678118654752 - (Doubles){});
  const Longs bits = (Longs)x - root;
  const Longs high = bits >> 52;
  const Doubles m = (Doubles)((Longs)x - (high << 52));
  // 1.5 * 2^52 takes whole numbers in its low bits.
  const Doubles magic = 6755399441055744.0 - (Doubles){};
  const Doubles exponent = (Doubles)((Longs)magic + high) - magic;
  const Doubles t = (m - 1) / (m + 1), s = t * t;
  // Taylor series; |t| <= 0.172, so the first term left out is below 2e-12.
  Doubles series = 1.0 / 13 - (Doubles){};
#pragma clang loop unroll(full)
  for (int n = 11; n > 0; n -= 2) series = series * s + 1.0 / n;
  return exponent * 0.69314718055994531 + 2 * t * series;
}

/// The bits of two rounded numbers side by side, the first in the lower half.
INLINE Longs pairs(Doubles first, Doubles second) {
  const HalfWords low = (HalfWords)__builtin_convertvector(first, HalfFloats);
  const HalfWords high = (HalfWords)__builtin_convertvector(second, HalfFloats);
  return __builtin_convertvector(low, Longs) | __builtin_convertvector(high, Longs) << 32;
}

/// out[i] = mean + deviation * normal number i; the numbers 2 i and 2 i + 1 come from the words 2 i and
/// 2 i + 1. `count` is a multiple of 16.
static void normalNumbers(const uint32_t *words, float mean, float deviation, float *out,
                          size_t count) {
  const Doubles means = mean - (Doubles){}, deviations = deviation - (Doubles){};
  for (size_t i = 0; i < count; i += LANES) {
    const Longs both = *(const UnalignedLongs *)(const void *)(words + i);
    const Longs second = both >> 32 & 0xFFFFFFFF;
    // u1 in (0, 1], since the logarithm of 0 is no number; u2 in [0, 1).
    const Doubles u1 = (doubles(both & 0xFFFFFFFF) + 1) * 0x1p-32, u2 = doubles(second) * 0x1p-32;
    const Doubles radius = __builtin_elementwise_sqrt(-2 * logarithms(u1));
    // The nearest quarter of a turn, 0 to 4; the rest is an eighth of a turn at most.
    const Longs quarter = ((second >> 29) + 1) >> 1;
    const Doubles angle = (u2 - doubles(quarter) * 0.25) * 6.28318530717958648, s = angle * angle;
    // Taylor series, then symmetries.
    Doubles sine = s * (-1.0 / 39916800) + 1.0 / 362880;
    sine = sine * s - 1.0 / 5040;
    sine = sine * s + 1.0 / 120;
    sine = sine * s - 1.0 / 6;
    sine = angle + angle * (s * sine);
    Doubles cosine = s * (-1.0 / 3628800) + 1.0 / 40320;
    cosine = cosine * s - 1.0 / 720;
    cosine = cosine * s + 1.0 / 24;
    cosine = 1 - s * (0.5 - s * cosine);
    const Longs isOdd = -(quarter & 1);
    const Longs cosineSign = ((quarter + 1) & 2) << 62, sineSign = (quarter & 2) << 62;
    const Doubles x = (Doubles)((Longs)selectDoubles(isOdd, sine, cosine) ^ cosineSign);
    const Doubles y = (Doubles)((Longs)selectDoubles(isOdd, cosine, sine) ^ sineSign);
    *(UnalignedLongs *)(void *)(out + i) =
      pairs(means + deviations * (radius * x), means + deviations * (radius * y));
  }
}
