// Winograd's minimal filtering F(4x4, 3x3) and F(2x2, 5x5), and their gradients F(3x3, 4x4) and
// F(5x5, 2x2), for LANES channels at a time.
//
// Four outputs of a filter with three taps cost six products instead of twelve, two outputs of one
// with five taps six instead of ten: y = A (G g . B d), where d are six inputs. In two dimensions 36
// products ("frequencies") replace 144, or 100. Inputs are a polynomial's coefficients, the
// product of two polynomials is that of their values at six points, and these are 0, a, -a, b, -b and
// infinity with a = sqrt(1/2), b = sqrt(2); next to the usual 1 and 2 they halve the rounding error
// (their powers stay nearer to 1).
//
//   B: 6 inputs -> 6     G: 3 or 5 taps -> 6            A: 6 -> 4 or 2 outputs  (forward, dX)
//   B: 6 inputs -> 6     G: 4 or 2 gradients -> 6       A: 6 -> 3 or 5 taps     (dW)
//
// Pixels are stored with LANES channels side by side, pixel (i, j) at pixels[(i * pitch + j) *
// LANES]. Frequency f of a transformed tile lies at out[f * step].
//
// Legend: d inputs, g taps, m frequencies, y outputs; s and t sum and difference of a pair of
// points.

static const float pointA = 0.70710678118654752f, pointB = 1.41421356237309505f;
// The squares of a and b are 1/2 and 2; products over the differences of the points, inverted.
static const float norm0 = 1, normA = -2.0f / 3, normB = 1.0f / 6;

/// B.
INLINE void inputTransform(const Vector d[6], Vector m[6]) {
  const Vector evenA = multiplyAdd(splat(-2.0f), d[2], d[4]);
  const Vector oddA = multiplyAdd(splat(-2.0f), d[1], d[3]);
  const Vector evenB = multiplyAdd(splat(-0.5f), d[2], d[4]);
  const Vector oddB = multiplyAdd(splat(-0.5f), d[1], d[3]);
  m[0] = multiplyAdd(splat(-2.5f), d[2], d[0] + d[4]);
  m[1] = multiplyAdd(splat(pointA), oddA, evenA);
  m[2] = multiplyAdd(splat(-pointA), oddA, evenA);
  m[3] = multiplyAdd(splat(pointB), oddB, evenB);
  m[4] = multiplyAdd(splat(-pointB), oddB, evenB);
  m[5] = multiplyAdd(splat(-2.5f), d[3], d[1] + d[5]);
}

/// G: the values of the polynomial with `n` coefficients (a constant, 2 to 5) at the six points.
INLINE void evaluate(const Vector g[], const size_t n, Vector m[6]) {
  Vector evenA = g[0], evenB = g[0], oddA = g[1], oddB = g[1];
  if (n > 2) {
    evenA = multiplyAdd(splat(0.5f), g[2], evenA);
    evenB = multiplyAdd(splat(2.0f), g[2], evenB);
  }
  if (n > 3) {
    oddA = multiplyAdd(splat(0.5f), g[3], oddA);
    oddB = multiplyAdd(splat(2.0f), g[3], oddB);
  }
  if (n > 4) {
    evenA = multiplyAdd(splat(0.25f), g[4], evenA);
    evenB = multiplyAdd(splat(4.0f), g[4], evenB);
  }
  evenA *= normA;
  oddA *= pointA * normA;
  evenB *= normB;
  oddB *= pointB * normB;
  m[0] = g[0] * norm0;
  m[1] = evenA + oddA;
  m[2] = evenA - oddA;
  m[3] = evenB + oddB;
  m[4] = evenB - oddB;
  m[5] = g[n - 1];
}

/// A: `n` results (a constant, 2 to 5). Infinity counts in the last one only.
INLINE void interpolate(const Vector m[6], const size_t n, Vector y[]) {
  const Vector s = m[1] + m[2], t = (m[1] - m[2]) * pointA;
  const Vector s2 = m[3] + m[4], t2 = (m[3] - m[4]) * pointB;
  y[0] = m[0] + s + s2;
  y[1] = t + (n == 2 ? t2 + m[5] : t2);
  if (n > 2) {
    y[2] = multiplyAdd(splat(0.5f), s, n == 3 ? multiplyAdd(splat(2.0f), s2, m[5]) : s2 + s2);
  }
  if (n > 3) {
    y[3] = multiplyAdd(splat(0.5f), t, n == 4 ? multiplyAdd(splat(2.0f), t2, m[5]) : t2 + t2);
  }
  if (n > 4) y[4] = multiplyAdd(splat(0.25f), s, multiplyAdd(splat(4.0f), s2, m[5]));
}

/// Two dimensions: `transform` makes `to` values of `from`, first along columns, then along rows.
/// READ(i, j) is the vector to begin with; WRITE(i, j, y) takes the result.
#define IN_TWO_DIMENSIONS(transform, from, to, READ, WRITE)           \
  Vector half[6][6];                                                  \
  _Pragma("clang loop unroll(full)")                                  \
  for (size_t j = 0; j < from; j++) {                                 \
    Vector given[6], result[6];                                       \
    _Pragma("clang loop unroll(full)")                                \
    for (size_t i = 0; i < from; i++) given[i] = READ(i, j);          \
    transform(given, result);                                         \
    _Pragma("clang loop unroll(full)")                                \
    for (size_t i = 0; i < to; i++) half[i][j] = result[i];           \
  }                                                                   \
  _Pragma("clang loop unroll(full)")                                  \
  for (size_t i = 0; i < to; i++) {                                   \
    Vector result[6];                                                 \
    transform(half[i], result);                                       \
    _Pragma("clang loop unroll(full)")                                \
    for (size_t j = 0; j < to; j++) WRITE(i, j, result[j]);           \
  }

#define EVALUATE(given, result) evaluate(given, side, result)
#define INTERPOLATE(given, result) interpolate(given, side, result)
#define PIXEL(i, j) load(pixels + (i * pitch + j) * LANES)
#define FREQUENCY(i, j, value) store(out + (i * 6 + j) * step, value)

static void winogradInput(const float *pixels, size_t pitch, float *out, size_t step) {
  IN_TWO_DIMENSIONS(inputTransform, 6, 6, PIXEL, FREQUENCY)
}

// Below, `side` is a constant in each call: of the filter, or of the tile of outputs.

INLINE void transformGradient(const float *pixels, size_t pitch, float *out, size_t step,
                              const size_t side) {
  IN_TWO_DIMENSIONS(EVALUATE, side, 6, PIXEL, FREQUENCY)
}

INLINE void transformFilter(const float *taps, size_t stride, bool flipped, size_t columns,
                            float *out, size_t step, const size_t side) {
  for (size_t c = 0; c < columns; c += LANES, taps += LANES, out += LANES) {
#define TAP(i, j) \
  load(taps + (flipped ? side * side - 1 - (i * side + j) : i * side + j) * stride)
    IN_TWO_DIMENSIONS(EVALUATE, side, 6, TAP, FREQUENCY)
#undef TAP
  }
}

#undef FREQUENCY
#undef PIXEL
#define FREQUENCY(i, j) load(products + (i * 6 + j) * step)

INLINE void transformOutput(const float *products, size_t step, const float *bias,
                            CourseActivation activation, float *pixels, size_t pitch, size_t rows,
                            size_t columns, const size_t side) {
  const Vector biases = bias != NULL ? load(bias) : (Vector){};
  Vector y[4][4];
#define KEEP(i, j, value) y[i][j] = value
  IN_TWO_DIMENSIONS(INTERPOLATE, 6, side, FREQUENCY, KEEP)
#undef KEEP
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++) {
      Vector value = y[i][j] + biases;
      switch (activation) {
        case kernelActivationIdentity: break;
        case kernelActivationReLU: value = reluVector(value); break;
        case kernelActivationSigmoid: value = sigmoidVector(value); break;
        case kernelActivationTanh: value = tanhVector(value); break;
      }
      store(pixels + (i * pitch + j) * LANES, value);
    }
  }
}

INLINE void addTo(float *sum, Vector value) { store(sum, load(sum) + value); }

INLINE void transformTaps(const float *products, size_t step, float *taps, size_t stride,
                          const size_t side) {
#define TAP(i, j, value) addTo(taps + (i * side + j) * stride, value)
  IN_TWO_DIMENSIONS(INTERPOLATE, 6, side, FREQUENCY, TAP)
#undef TAP
}

#undef FREQUENCY
#undef EVALUATE
#undef INTERPOLATE
#undef IN_TWO_DIMENSIONS

/// The transforms of F(outputs x outputs, taps x taps), see CourseWinograd.
#define TRANSFORMS(outputs, taps)                                                               \
  static void winogradGradient##taps(const float *pixels, size_t pitch, float *out,             \
                                     size_t step) {                                             \
    transformGradient(pixels, pitch, out, step, outputs);                                       \
  }                                                                                             \
  static void winogradFilter##taps(const float *filters, size_t stride, bool flipped,           \
                                   size_t columns, float *out, size_t step) {                   \
    transformFilter(filters, stride, flipped, columns, out, step, taps);                        \
  }                                                                                             \
  static void winogradOutput##taps(const float *products, size_t step, const float *bias,       \
                                   CourseActivation activation, float *pixels, size_t pitch,    \
                                   size_t rows, size_t columns) {                               \
    transformOutput(products, step, bias, activation, pixels, pitch, rows, columns, outputs);   \
  }                                                                                             \
  static void winogradTaps##taps(const float *products, size_t step, float *sums,               \
                                 size_t stride) {                                               \
    transformTaps(products, step, sums, stride, taps);                                          \
  }
TRANSFORMS(4, 3)
TRANSFORMS(2, 5)
#undef TRANSFORMS

/// Channel c of pixel p from pixels[p * LANES + c] to y[c * plane + p].
static void winogradScatter(const float *pixels, size_t count, size_t channels, float *y,
                            size_t plane) {
  for (size_t p = 0; p < count; p += LANES) {
    const size_t present = minimum(LANES, count - p);
    transposeStrip(pixels + p * LANES, LANES, present, channels, y + p, plane, present);
  }
}

/// The register tile of the products of one frequency: c[r][o] = sum over k of a(r, k) b[k][o],
/// with a(r, k) at a[(k / LANES * rows + r) * LANES + k % LANES] and whole vectors of b and c.
INLINE void winogradTileBody(size_t depth, const float *a, const float *b, float *c,
                             size_t leadingC, const size_t rows, const size_t vectors) {
  Vector sums[ROW_TILE][2];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[r][v] = (Vector){};
  }
  for (size_t left = depth; left > 0;) {
    const size_t steps = minimum(LANES, left);
    // Four steps at a time: with one, 64 to 64 channels took 6 % longer.
#pragma clang loop unroll_count(4)
    for (size_t k = steps; k > 0; k--) {
      Vector row[2];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) row[v] = load(b + v * LANES);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r++) {
        const Vector value = splat(a[r * LANES]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sums[r][v] = multiplyAdd(value, row[v], sums[r][v]);
      }
      a++;
      b += columnTile;
    }
    a += rows * LANES - steps;
    left -= steps;
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) store(c + v * LANES, sums[r][v]);
    c += leadingC;
  }
}

typedef void WinogradVariant(size_t depth, const float *a, const float *b, float *c,
                             size_t leadingC);

#define VARIANT(n)                                                                            \
  static void winograd##n##x1(size_t depth, const float *a, const float *b, float *c,         \
                              size_t leadingC) {                                              \
    winogradTileBody(depth, a, b, c, leadingC, n, 1);                                         \
  }                                                                                           \
  static void winograd##n##x2(size_t depth, const float *a, const float *b, float *c,         \
                              size_t leadingC) {                                              \
    winogradTileBody(depth, a, b, c, leadingC, n, 2);                                         \
  }
#define ENTRY(n) {winograd##n##x1, winograd##n##x2},
EACH_ROW_COUNT(VARIANT)
static WinogradVariant *const winogradVariants[ROW_TILE][2] = {EACH_ROW_COUNT(ENTRY)};
#undef VARIANT
#undef ENTRY

static void winogradTile(size_t depth, const float *a, const float *b, float *c, size_t leadingC,
                         size_t rows, size_t columns) {
  winogradVariants[rows - 1][columns > LANES](depth, a, b, c, leadingC);
}

#define TABLE(outputSide, tapSide)                                                      \
  {                                                                                     \
    .outputs = outputSide, .taps = tapSide, .input = winogradInput,                     \
    .gradient = winogradGradient##tapSide, .filter = winogradFilter##tapSide,           \
    .output = winogradOutput##tapSide, .addTaps = winogradTaps##tapSide,                \
    .scatter = winogradScatter, .tile = winogradTile,                                   \
  }
static const CourseWinograd winogradKernels[] = {TABLE(4, 3), TABLE(2, 5)};
#undef TABLE
