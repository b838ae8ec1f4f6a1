// exp, log, tanh and sigmoid of a vector, over the whole range of Float: zeros, subnormal numbers,
// infinities and NaN give the values of the exact function.
//
// The polynomials are those of Moshier's Cephes library (expf, logf, tanhf). Largest errors over
// all 2^32 floats, in units of the last place (AVX-512, AVX2 and portable, against libm in double):
// exp 1.02, log 0.83, tanh 1.34, sigmoid 2.41.

#ifndef QUICK_SCALING
/// p 2^n, in two factors, since n itself may be too large or too small for one exponent. (Sets that
/// have an instruction for it take n as the float `whole`.)
INLINE Vector timesPowerOfTwo(Vector p, IntVector n, Vector whole) {
  (void)whole;
  IntVector half = n >> 1;
  return p * (Vector)((half + 127) << 23) * (Vector)((n - half + 127) << 23);
}

/// a / b, for b from 1 to 2^100: sets whose division is slow know a shorter way there.
INLINE Vector quotient(Vector a, Vector b) { return a / b; }
#endif

/// e^r - 1 with x = n ln 2 + r, n = round(x / ln 2), |r| <= ln 2 / 2, for |x| < 2^20. `whole` is n, too.
INLINE Vector reducedExponential(Vector x, IntVector *n, Vector *whole) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vector magic = splat(12582912.0f);
  Vector shifted = multiplyAdd(x, splat(1.44269504089f), magic);
  *n = (IntVector)shifted - (IntVector)magic;
  *whole = shifted - magic;
  // ln 2 in two parts; n times the first is exact.
  Vector r = multiplyAdd(*whole, splat(-0.693359375f), x);
  r = multiplyAdd(*whole, splat(2.12194440e-4f), r);

  Vector p = splat(1.9875691500e-4f);
  p = multiplyAdd(p, r, splat(1.3981999507e-3f));
  p = multiplyAdd(p, r, splat(8.3334519073e-3f));
  p = multiplyAdd(p, r, splat(4.1665795894e-2f));
  p = multiplyAdd(p, r, splat(1.6666665459e-1f));
  p = multiplyAdd(p, r, splat(5.0000001201e-1f));
  return multiplyAdd(p, r * r, r);
}

/// e^x = 2^n e^r, for |x| < 170.
INLINE Vector boundedExponential(Vector x) {
  IntVector n;
  Vector whole;
  const Vector p = reducedExponential(x, &n, &whole) + 1;
  return timesPowerOfTwo(p, n, whole);
}

/// e^x for every x.
INLINE Vector expVector(Vector x) {
  // Beyond these the result is infinite or zero anyway; a NaN passes both comparisons.
  x = selectVector(x > splat(89.0f), splat(89.0f), x);
  x = selectVector(x < splat(-104.0f), splat(-104.0f), x);
  return boundedExponential(x);
}

/// log x = e ln 2 + log m, with m in [sqrt(1/2), sqrt 2).
INLINE Vector logVector(Vector x) {
  // Subnormal numbers are scaled up by 2^23 first.
  IntVector tiny = x < splat(1.17549435e-38f);
  Vector scaled = selectVector(tiny, x * 8388608.0f, x);
  // 0x3f3504f3 is sqrt(1/2): subtracting it before the shift puts m into the wanted range.
  IntVector bits = (IntVector)scaled - 0x3f3504f3;
  IntVector exponent = bits >> 23;
  Vector m = (Vector)((bits & 0x007fffff) + 0x3f3504f3) - 1;
  Vector e = __builtin_convertvector(exponent - (tiny & 23), Vector);

  Vector p = splat(7.0376836292e-2f);
  p = multiplyAdd(p, m, splat(-1.1514610310e-1f));
  p = multiplyAdd(p, m, splat(1.1676998740e-1f));
  p = multiplyAdd(p, m, splat(-1.2420140846e-1f));
  p = multiplyAdd(p, m, splat(1.4249322787e-1f));
  p = multiplyAdd(p, m, splat(-1.6668057665e-1f));
  p = multiplyAdd(p, m, splat(2.0000714765e-1f));
  p = multiplyAdd(p, m, splat(-2.4999993993e-1f));
  p = multiplyAdd(p, m, splat(3.3333331174e-1f));
  Vector square = m * m;
  Vector y = p * m * square;
  y = multiplyAdd(e, splat(-2.12194440e-4f), y);
  y = multiplyAdd(square, splat(-0.5f), y);
  y = multiplyAdd(e, splat(0.693359375f), m + y);

  y = selectVector(x == splat(__builtin_inff()), x, y);
  y = selectVector(x == splat(0), splat(-__builtin_inff()), y);
  return selectVector((x < splat(0)) | (x != x), splat(__builtin_nanf("")), y);
}

/// tanh x = 1 - 2 / (e^2x + 1); near zero, where that cancels, an odd polynomial.
INLINE Vector tanhVector(Vector x) {
  Vector size = absolute(x);
  Vector square = x * x;
  Vector p = splat(-5.70498872745e-3f);
  p = multiplyAdd(p, square, splat(2.06390887954e-2f));
  p = multiplyAdd(p, square, splat(-5.37397155531e-2f));
  p = multiplyAdd(p, square, splat(1.33314422036e-1f));
  p = multiplyAdd(p, square, splat(-3.33332819422e-1f));
  Vector near = multiplyAdd(p * square, size, size);

  // From 9.02 on the result is 1, and a NaN passes the comparison: one factor will do for 2^n.
  Vector twice = size + size;
  twice = selectVector(twice > splat(20), splat(20), twice);
  IntVector n;
  Vector whole;
  Vector q = reducedExponential(twice, &n, &whole) + 1;
  Vector far = 1 - quotient(splat(2), q * (Vector)((n + 127) << 23) + 1);
  Vector y = selectVector(size < splat(0.625f), near, far);
  return (Vector)((IntVector)y | ((IntVector)x & (int32_t)0x80000000));
}

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x: neither overflows nor loses digits.
INLINE Vector sigmoidVector(Vector x) {
  Vector z = expVector(-absolute(x));
  Vector numerator = selectVector(x < splat(0), z, splat(1));
  return quotient(numerator, 1 + z);
}

// MARK: -

// The Gaussian error linear unit and its derivative, exact and by tanh. Errors are the largest over a
// sweep of [-16, 16] in steps of 1e-5, against double precision; the tests hold them.

/// x Phi(x) and its derivative Phi(x) + x phi(x), for the standard normal distribution Phi and its
/// density phi.
///
/// For t = |x|, Phi(-t) = e^(-t^2 / 2) P(u) / (t + 4) with u = (t - 4) / (t + 4): P is smooth and a
/// polynomial of degree 9, fitted to the relative error on Chebyshev's points, is off by 1e-8.
/// Beyond 15, Phi(-t) is below the smallest float.
/// Errors: value 1.1e-7 max(1, |x|), slope 1.7e-7.
INLINE Vector geluVector(Vector x, Vector *slope) {
  // A NaN passes the comparisons. An infinite x must not meet a bell of 0.
  x = selectVector(x < splat(-15), splat(-15), x);
  const Vector near = selectVector(x > splat(15), splat(15), x), t = absolute(near);
  const Vector u = quotient(t - 4, t + 4);
  Vector p = splat(-1.366152865e-4f);
  p = multiplyAdd(p, u, splat(1.704266033e-4f));
  p = multiplyAdd(p, u, splat(1.568485633e-3f));
  p = multiplyAdd(p, u, splat(-3.507173620e-3f));
  p = multiplyAdd(p, u, splat(-7.523388602e-3f));
  p = multiplyAdd(p, u, splat(6.040276587e-2f));
  p = multiplyAdd(p, u, splat(-1.865237951e-1f));
  p = multiplyAdd(p, u, splat(3.871369660e-1f));
  p = multiplyAdd(p, u, splat(-6.078965664e-1f));
  p = multiplyAdd(p, u, splat(7.552851439e-1f));
  const Vector bell = boundedExponential(near * near * -0.5f);
  const Vector tail = quotient(bell * p, t + 4);
  const Vector phi = selectVector(x < splat(0), tail, 1 - tail);
  *slope = multiplyAdd(near * 0.398942280f, bell, phi);
  return x * phi;
}

/// x s with s = sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), which is x / 2 (1 + tanh(...)), and its
/// derivative s + x s (1 - s) 2 sqrt(2 / pi) (1 + 3 * 0.044715 x^2). s (1 - s) comes from the
/// exponential, since 1 - s would lose digits.
/// Errors: value 1.5e-7 max(1, |x|), slope 2.5e-7.
INLINE Vector geluTanhVector(Vector x, Vector *slope) {
  // Beyond 12, s is 0 or 1 to the last bit.
  x = selectVector(x < splat(-12), splat(-12), x);
  const Vector near = selectVector(x > splat(12), splat(12), x), square = near * near;
  const Vector z = near * multiplyAdd(square, splat(0.0713548163f), splat(1.595769122f));
  const Vector e = boundedExponential(-absolute(z)), part = quotient(splat(1), 1 + e);
  const Vector small = e * part, s = selectVector(z < splat(0), small, part);
  const Vector inner = near * multiplyAdd(square, splat(0.214064449f), splat(1.595769122f));
  *slope = multiplyAdd(inner, small * part, s);
  return x * s;
}
