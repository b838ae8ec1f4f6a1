// Normalisation: rows of values with one center, factor and shift (a plane of a channel), or with
// one of each for every value (a row of features). See include/Normalization.h.

/// The value at p for a whole row, or for each of the values from p[i] on.
#define COEFFICIENT(READ, p) (single ? splat(*(p)) : READ(p))

INLINE Vector normalizedVector(Vector x, Vector center, Vector factor, Vector shift) {
  return multiplyAdd(x - center, factor, shift);
}

INLINE Vector valueBehind(bool relu, Vector z) { return relu ? reluVector(z) : z; }

/// dY, or 0 where ReLU gave 0. The same arithmetic as in the forward pass, so the same places.
INLINE Vector gradientBehind(bool relu, Vector z, Vector dY) {
  return relu ? selectVector(z <= splat(0), splat(0), dY) : dY;
}

INLINE void normalizeLoop(const CourseNormalRow *r, const bool single, const bool relu) {
  const float *x = r->x;
#define EXPRESSION(READ)                                                                      \
  valueBehind(relu, normalizedVector(READ(x), COEFFICIENT(READ, r->center),                   \
                                     COEFFICIENT(READ, r->factor), COEFFICIENT(READ, r->shift)))
  MAP(r->y, r->count, EXPRESSION)
#undef EXPRESSION
}

static void normalizeRow(const CourseNormalRow *r) {
  if (r->single) {
    if (r->relu) normalizeLoop(r, true, true); else normalizeLoop(r, true, false);
  } else {
    if (r->relu) normalizeLoop(r, false, true); else normalizeLoop(r, false, false);
  }
}

INLINE void gradientLoop(const CourseNormalRow *r, const bool single, const bool relu) {
  const float *x = r->x, *dY = r->dY;
#define EXPRESSION(READ)                                                                     \
  multiplyAdd(                                                                               \
    gradientBehind(relu,                                                                     \
                   normalizedVector(READ(x), COEFFICIENT(READ, r->center),                   \
                                    COEFFICIENT(READ, r->factor),                            \
                                    COEFFICIENT(READ, r->shift)),                            \
                   READ(dY)),                                                                \
    COEFFICIENT(READ, r->factor),                                                            \
    multiplyAdd(READ(x) - COEFFICIENT(READ, r->center), COEFFICIENT(READ, r->slope),         \
                COEFFICIENT(READ, r->offset)))
  MAP(r->y, r->count, EXPRESSION)
#undef EXPRESSION
}

static void normalizeGradientRow(const CourseNormalRow *r) {
  if (r->single) {
    if (r->relu) gradientLoop(r, true, true); else gradientLoop(r, true, false);
  } else {
    if (r->relu) gradientLoop(r, false, true); else gradientLoop(r, false, false);
  }
}
#undef COEFFICIENT

/// Sums of a plane in four vectors side by side: *sums += (sum of dZ, sum of dZ (x - center)).
INLINE void planeSums(const CourseNormalRow *r, const bool relu, double *sums) {
  const Vector center = splat(*r->center), factor = splat(*r->factor), shift = splat(*r->shift);
  Vector gradients[4] = {}, products[4] = {};
  size_t i = 0;
#define ADD(READ, slot)                                                                        \
  const Vector x = READ(r->x), dY = READ(r->dY);                                               \
  const Vector dZ = gradientBehind(relu, normalizedVector(x, center, factor, shift), dY);      \
  gradients[slot] += dZ;                                                                       \
  products[slot] = multiplyAdd(dZ, x - center, products[slot])
  while (i + 4 * LANES <= r->count) {
#pragma clang loop unroll(full)
    for (int slot = 0; slot < 4; slot++, i += LANES) { ADD(READ_FULL, slot); }
  }
  for (; i + LANES <= r->count; i += LANES) { ADD(READ_FULL, 0); }
  const size_t rest = r->count - i;
  // The zeros after the last value are no values, but their dY is zero as well.
  if (rest > 0) { ADD(READ_PARTIAL, 1); }
#undef ADD
  sums[0] += sumLanes((gradients[0] + gradients[1]) + (gradients[2] + gradients[3]));
  sums[1] += sumLanes((products[0] + products[1]) + (products[2] + products[3]));
}

/// Long planes in pieces, so that no sum of floats gets long.
static void normalizePlaneSums(const CourseNormalRow *r, double *sums) {
  enum { piece = 64 * LANES };
  CourseNormalRow part = *r;
  for (size_t i = 0; i < r->count; i += piece) {
    part.x = r->x + i;
    part.dY = r->dY + i;
    part.count = minimum(piece, r->count - i);
    if (r->relu) planeSums(&part, true, sums); else planeSums(&part, false, sums);
  }
}

/// One row of features: gradients[i] += dZ, products[i] += dZ (x - center[i]).
static void normalizeRowSums(const CourseNormalRow *r, float *gradients, float *products) {
  for (size_t i = 0; i < r->count; i += LANES) {
    const size_t count = minimum(LANES, r->count - i);
#define AT(p) (count == LANES ? load((p) + i) : loadPartial((p) + i, count))
    const Vector x = AT(r->x), center = AT(r->center);
    const Vector z = normalizedVector(x, center, AT(r->factor), AT(r->shift));
    const Vector dZ = gradientBehind(r->relu, z, AT(r->dY));
    const Vector sum = AT(gradients) + dZ, product = multiplyAdd(dZ, x - center, AT(products));
    if (count == LANES) {
      store(gradients + i, sum);
      store(products + i, product);
    } else {
      storePartial(gradients + i, sum, count);
      storePartial(products + i, product, count);
    }
#undef AT
  }
}

/// One row of features: sums[i] += x; or with a center sums[i] += x - center[i], and squares[i] += the
/// square of that.
static void addRow(const float *x, const float *center, float *sums, float *squares, size_t count) {
  if (center == NULL) {
#define EXPRESSION(READ) READ(sums) + READ(x)
    MAP(sums, count, EXPRESSION)
#undef EXPRESSION
    return;
  }
#define EXPRESSION(READ) READ(sums) + (READ(x) - READ(center))
  MAP(sums, count, EXPRESSION)
#undef EXPRESSION
#define EXPRESSION(READ) \
  multiplyAdd(READ(x) - READ(center), READ(x) - READ(center), READ(squares))
  MAP(squares, count, EXPRESSION)
#undef EXPRESSION
}

// MARK: - Layer norm

/// y = scale (x - mean) inverse + shift, with the mean of the row and inverse = 1 / sqrt(variance + epsilon). The
/// variance is that of batch norm's planes: a large mean costs none of its digits.
static void layerNormRow(const CourseLayerNormRow *r, float epsilon, float *mean, float *inverse) {
  const double size = (double)r->size;
  const float center = sumPlainPairwise(r->x, r->x, 0, r->size) / (float)r->size;
  double sums[2] = {0, 0};
  addDeviations(r->x, center, r->size, sums);
  const double off = sums[0] / size, variance = (sums[1] - off * sums[0]) / size;
  *mean = (float)((double)center + off);
  *inverse = (float)(1 / __builtin_sqrt((variance > 0 ? variance : 0) + (double)epsilon));
  const Vector means = splat(*mean), inverses = splat(*inverse);
#define EXPRESSION(READ) \
  multiplyAdd((READ(r->x) - means) * inverses, READ(r->scale), READ(r->shift))
  MAP(r->y, r->size, EXPRESSION)
#undef EXPRESSION
}

/// Up to 64 vectors of a row: scales[i] += dY n and shifts[i] += dY, with n = (x - mean) inverse; sums += (sum of g, sum
/// of g n), with g = dY scale.
INLINE void layerNormSums(const CourseLayerNormRow *r, size_t first, size_t count, Vector mean,
                          Vector inverse, double *sums) {
  const float *x = r->x + first, *dY = r->dY + first, *scale = r->scale + first;
  float *scales = r->scales + first, *shifts = r->shifts + first;
  Vector gradients = {}, products = {};
  for (size_t i = 0; i < count; i += LANES) {
    const size_t rest = count - i;
#define AT(p) (rest >= LANES ? load((p) + i) : loadPartial((p) + i, rest))
    const Vector normalized = (AT(x) - mean) * inverse, gradient = AT(dY);
    const Vector g = gradient * AT(scale);
    const Vector product = multiplyAdd(gradient, normalized, AT(scales));
    const Vector sum = AT(shifts) + gradient;
#undef AT
    gradients += g;
    // The lanes after the last value are no values, but their g is zero.
    products = multiplyAdd(g, normalized, products);
    if (rest >= LANES) {
      store(scales + i, product);
      store(shifts + i, sum);
    } else {
      storePartial(scales + i, product, rest);
      storePartial(shifts + i, sum, rest);
    }
  }
  sums[0] += (double)sumLanes(gradients);
  sums[1] += (double)sumLanes(products);
}

/// dX = inverse (g - mean(g) - n mean(g n)); dX may be dY.
static void layerNormGradientRow(const CourseLayerNormRow *r, float mean, float inverse) {
  enum { piece = 64 * LANES };
  const Vector means = splat(mean), inverses = splat(inverse);
  double sums[2] = {0, 0};
  for (size_t i = 0; i < r->size; i += piece) {
    layerNormSums(r, i, minimum(piece, r->size - i), means, inverses, sums);
  }
  const Vector offset = splat((float)(sums[0] / (double)r->size));
  const Vector slope = splat((float)(sums[1] / (double)r->size));
#define EXPRESSION(READ)                                                                    \
  inverses * (multiplyAdd(READ(r->dY), READ(r->scale), -offset) -                            \
              (READ(r->x) - means) * inverses * slope)
  MAP(r->y, r->size, EXPRESSION)
#undef EXPRESSION
}
