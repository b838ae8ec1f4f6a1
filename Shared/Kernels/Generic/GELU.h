// The Gaussian error linear unit and its derivative, exact and by tanh. Errors are the largest over a
// sweep of [-16, 16] in steps of 1e-5, against double precision; the tests hold them.

/// x Phi(x), or with `slope` its derivative Phi(x) + x phi(x), for the standard normal distribution
/// Phi and its density phi.
///
/// For t = |x|, Phi(-t) = e^(-t^2 / 2) P(u) / (t + 4) with u = (t - 4) / (t + 4): P is smooth and a
/// polynomial of degree 9, fitted to the relative error on Chebyshev's points, is off by 1e-8.
/// Beyond 15, Phi(-t) is below the smallest float.
/// Errors: value 1.1e-7 max(1, |x|), slope 1.7e-7.
INLINE Vector geluVector(Vector x, const bool slope) {
  // A NaN passes the comparisons; minus infinity would give 0 times infinity.
  x = selectVector(x < splat(-15), splat(-15), x);
  Vector t = absolute(x);
  t = selectVector(t > splat(15), splat(15), t);
  const Vector u = (t - 4) / (t + 4);
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
  const Vector bell = expVector(t * t * -0.5f);
  const Vector tail = bell * p / (t + 4);
  const Vector phi = selectVector(x < splat(0), tail, 1 - tail);
  if (!slope) return x * phi;
  // Where the bell is 0, an infinite x must not meet it.
  const Vector bounded = selectVector(x > splat(15), splat(15), x);
  return multiplyAdd(bounded * 0.398942280f, bell, phi);
}

/// x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), which is x / 2 (1 + tanh(...)). Error: 1.5e-7
/// max(1, |x|).
INLINE Vector geluTanhVector(Vector x) {
  x = selectVector(x < splat(-15), splat(-15), x);
  const Vector cubic = multiplyAdd(x * x * x, splat(0.044715f), x);
  return x * sigmoidVector(1.595769122f * cubic);
}

/// s + x s (1 - s) 2 sqrt(2 / pi) (1 + 3 * 0.044715 x^2), s the sigmoid above, s (1 - s) from its
/// exponential, since 1 - s would lose digits. Error: 7e-7.
INLINE Vector geluTanhSlopeVector(Vector x) {
  // Beyond 12 it is 0 or 1 to the last bit.
  x = clipVector(x, splat(-12), splat(12));
  const Vector square = x * x;
  const Vector z = 1.595769122f * multiplyAdd(square * x, splat(0.044715f), x);
  const Vector e = expVector(-absolute(z)), part = 1 / (1 + e);
  const Vector s = selectVector(z < splat(0), e, splat(1)) * part;
  const Vector inner = 1.595769122f * multiplyAdd(square, splat(0.134145f), splat(1));
  return multiplyAdd(x * inner, e * part * part, s);
}
