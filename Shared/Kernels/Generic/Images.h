// Images: bytes to planes of floats, colours, resampling. Products and sums are rounded one by one,
// so every instruction set gives the same numbers.

typedef uint8_t Bytes16 __attribute__((vector_size(16)));
typedef float Floats16 __attribute__((vector_size(64)));

/// y[c * plane + i] = x[3 i + c] for c < 3, or at `count - 1 - i` when `mirrored`.
static void splitBytes(const uint8_t *x, bool mirrored, size_t count, float *y, size_t plane) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    Bytes16 bytes[3], planes[3];
    memcpy(bytes, x + 3 * i, sizeof bytes);
    const Bytes16 a = bytes[0], b = bytes[1], c = bytes[2];
#define THIRDS(z, ...)                                                                       \
  __builtin_shufflevector(                                                                   \
    __builtin_shufflevector(a, b, (z), (z) + 3, (z) + 6, (z) + 9, (z) + 12, (z) + 15, (z) + 18, \
                            (z) + 21, (z) + 24, (z) + 27, ((z) + 30) % 32, -1, -1, -1, -1, -1), \
    c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, __VA_ARGS__)
    planes[0] = THIRDS(0, 10, 17, 20, 23, 26, 29);
    planes[1] = THIRDS(1, 10, 18, 21, 24, 27, 30);
    planes[2] = THIRDS(2, 16, 19, 22, 25, 28, 31);
#undef THIRDS
    for (int p = 0; p < 3; p++) {
      Bytes16 v = planes[p];
      if (mirrored) {
        v = __builtin_shufflevector(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
      }
      const Floats16 floats = __builtin_convertvector(v, Floats16);
      memcpy(y + (size_t)p * plane + (mirrored ? count - 16 - i : i), &floats, sizeof floats);
    }
  }
  for (; i < count; i++) {
    float *to = y + (mirrored ? count - 1 - i : i);
    for (size_t p = 0; p < 3; p++) to[p * plane] = (float)x[3 * i + p];
  }
}

/// x / 255 for whole numbers x from 0 to 255.
INLINE Vector unitVector(Vector x) {
#if HAS_FMA
  // A quotient and its correction: faster, and rounded like the division for each of the 256 numbers.
  const Vector most = splat(255), factor = splat(1.0f / 255), quotient = x * factor;
  return multiplyAdd(multiplyAdd(-quotient, most, x), factor, quotient);
#else
  return x / 255;
#endif
}

/// Each of the whole numbers x from 0 to 255 becomes x / 255, and then (x - mean) / deviation unless
/// these are NULL.
static void scalePixels(const float *mean, const float *deviation, float *x, size_t count) {
  float *out = x;
  if (mean == NULL) {
#define EXPRESSION(READ) unitVector(READ(x))
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
    return;
  }
  const Vector means = splat(*mean), deviations = splat(*deviation);
#define EXPRESSION(READ) ((unitVector(READ(x)) - means) / deviations)
  MAP(out, count, EXPRESSION)
#undef EXPRESSION
}

/// The brightness of each pixel, ITU-R BT.601.
static void greyRow(const float *x, size_t area, float *out) {
  const float *green = x + area, *blue = x + 2 * area;
#define EXPRESSION(READ) \
  (READ(x) * splat(0.299f) + READ(green) * splat(0.587f) + READ(blue) * splat(0.114f))
  MAP(out, area, EXPRESSION)
#undef EXPRESSION
}

/// out[i] = factor x[i] + rest shift[i * stride], cut off at 0 and 1; the stride is 0 or 1.
static void blendRow(float factor, const float *x, float rest, const float *shift, size_t stride,
                     float *out, size_t count) {
  const Vector factors = splat(factor), rests = splat(rest), low = splat(0), high = splat(1);
  if (stride == 0) {
    const Vector shifts = splat(*shift) * rests;
#define EXPRESSION(READ) clipVector(READ(x) * factors + shifts, low, high)
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
  } else {
#define EXPRESSION(READ) clipVector(READ(x) * factors + READ(shift) * rests, low, high)
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
  }
}

/// How strong a colour is, on the piecewise linear circle of hues: 1 at `center` sixths of it, 0 three
/// sixths away.
INLINE Vector hueRamp(Vector sixths, float center) {
  Vector distance = absolute(sixths - center);
  distance = selectVector(distance > splat(3), 6 - distance, distance);
  return clipVector(2 - distance, splat(0), splat(1));
}

/// The hues of `area` pixels moved by `shift` sixths of the circle, 0 <= shift < 6.
INLINE void shiftHueVectors(const Vector x[3], float shift, Vector y[3]) {
  const Vector red = x[0], green = x[1], blue = x[2];
  const Vector most = maximumVector(red, maximumVector(green, blue));
  const Vector least = minimumVector(red, minimumVector(green, blue));
  const Vector range = most - least;
  const IntVector isRed = most == red, isGreen = most == green;
  const Vector difference =
    selectVector(isRed, green - blue, selectVector(isGreen, blue - red, red - green));
  const Vector base = selectVector(isRed, splat(0), selectVector(isGreen, splat(2), splat(4)));
  Vector sixths = selectVector(range > splat(0), base + difference / range, splat(0)) + shift;
  sixths = selectVector(sixths < splat(0), sixths + 6, sixths);
  sixths = selectVector(sixths >= splat(6), sixths - 6, sixths);
  for (int c = 0; c < 3; c++) y[c] = least + range * hueRamp(sixths, (float)(2 * c));
}

static void shiftHue(const float *x, size_t area, float shift, float *y) {
  size_t i = 0;
  Vector from[3], to[3];
  for (; i + LANES <= area; i += LANES) {
    for (size_t c = 0; c < 3; c++) from[c] = load(x + c * area + i);
    shiftHueVectors(from, shift, to);
    for (size_t c = 0; c < 3; c++) store(y + c * area + i, to[c]);
  }
  if (i == area) return;
  for (size_t c = 0; c < 3; c++) from[c] = loadPartial(x + c * area + i, area - i);
  shiftHueVectors(from, shift, to);
  for (size_t c = 0; c < 3; c++) storePartial(y + c * area + i, to[c], area - i);
}

/// out[j] = sum over k < taps of weights[k] * x[k * leading + j]
static void weighRows(const float *x, size_t leading, const float *weights, size_t taps, float *out,
                      size_t count) {
  size_t j = 0;
  for (; j + LANES <= count; j += LANES) {
    Vector sum = splat(weights[0]) * load(x + j);
    for (size_t k = 1; k < taps; k++) sum += splat(weights[k]) * load(x + k * leading + j);
    store(out + j, sum);
  }
  if (j == count) return;
  Vector sum = splat(weights[0]) * loadPartial(x + j, count - j);
  for (size_t k = 1; k < taps; k++) {
    sum += splat(weights[k]) * loadPartial(x + k * leading + j, count - j);
  }
  storePartial(out + j, sum, count - j);
}

// MARK: -

// Images sampled along slanted lines: four places at a time, and at each of them all channels at once.
// Rounded step by step, so every instruction set gives the same numbers.

typedef float Four __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));

/// Where the pixels of a row come from, four of them at a time.
typedef struct Places {
  FourInts x, y;      // the pixel left of and above the place
  Four u, v;          // how far the place is from there
  FourInts isInside;  // all ones where the place is less than a pixel from the image
} Places;

/// The largest whole number that is not above x; any number outside the range of int32.
INLINE FourInts floorOf(Four x) {
  const FourInts whole = __builtin_convertvector(x, FourInts);
  return whole + (x < __builtin_convertvector(whole, Four));
}

/// The places of columns `column ..< column + 4`; the row adds rowX and rowY to them.
INLINE Places placesOf(const float matrix[6], float rowX, float rowY, Four column, float height,
                       float width) {
  Four x = matrix[0] * column + rowX + matrix[2];
  Four y = matrix[3] * column + rowY + matrix[5];
  Places places;
  // Written so that NaN is outside, too.
  places.isInside = (x > -1) & (x < width) & (y > -1) & (y < height);
  x = (Four)((FourInts)x & places.isInside);
  y = (Four)((FourInts)y & places.isInside);
  places.x = floorOf(x);
  places.y = floorOf(y);
  places.u = x - __builtin_convertvector(places.x, Four);
  places.v = y - __builtin_convertvector(places.y, Four);
  return places;
}

INLINE void storeFour(float *to, Four values, size_t count) {
  if (count == 4) {
    memcpy(to, &values, sizeof values);
  } else {
    for (size_t i = 0; i < count; i++) to[i] = values[i];
  }
}

/// Linear between the four pixels around each place. `planes` is a constant in each call.
INLINE void samplePlanes(const CourseSampling *sampling, size_t planes) {
  // Copies, which no store can change.
  const CourseSampling s = *sampling;
  float matrix[6];
  memcpy(matrix, s.matrix, sizeof matrix);
  const float height = (float)s.height, width = (float)s.width;
  const int32_t leading = (int32_t)s.width + 2;
  const Four *pixels = (const Four *)(const void *)s.pixels;
  for (size_t row = 0; row < s.outputHeight; row++) {
    const float rowX = matrix[1] * (float)row, rowY = matrix[4] * (float)row;
    Four columns = {0, 1, 2, 3};
    for (size_t column = 0; column < s.outputWidth; column += 4, columns += 4) {
      const Places places = placesOf(matrix, rowX, rowY, columns, height, width);
      const FourInts offsets = places.y * leading + places.x;
      const Four u = places.u, v = places.v;
      const Four weights[4] = {(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v};
      Four values[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        const Four *near = pixels + offsets[i];
        values[i] = (weights[0][i] * near[0] + weights[1][i] * near[1]) +
                    (weights[2][i] * near[leading] + weights[3][i] * near[leading + 1]);
      }
      float *to = s.y + row * s.outputWidth + column;
      const size_t count = minimum(s.outputWidth - column, 4);
#pragma clang loop unroll(full)
      for (size_t p = 0; p < planes; p++) {
        Four plane = {values[0][p], values[1][p], values[2][p], values[3][p]};
        plane = (Four)((FourInts)plane & places.isInside);
        storeFour(to + p * s.outputHeight * s.outputWidth, plane, count);
      }
    }
  }
}

static void sampleLinear(const CourseSampling *sampling) {
  if (sampling->planes == 3) {
    samplePlanes(sampling, 3);
  } else {
    samplePlanes(sampling, 1);
  }
}
