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
    // The nearest quarter of a turn, 0 to 4; what is left is an eighth of a turn at most.
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
