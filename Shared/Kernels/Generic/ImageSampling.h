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

/// The largest whole number that is not above x; any number for what is no int32.
INLINE FourInts floorOf(Four x) {
  const FourInts whole = __builtin_convertvector(x, FourInts);
  return whole + (x < __builtin_convertvector(whole, Four));
}

/// The places of columns `column ..< column + 4`; rowX and rowY are what the row adds to them.
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
INLINE void samplePlanes(const KernelSampling *sampling, size_t planes) {
  // Copies, which no store can change.
  const KernelSampling s = *sampling;
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

static void sampleLinear(const KernelSampling *sampling) {
  if (sampling->planes == 3) {
    samplePlanes(sampling, 3);
  } else {
    samplePlanes(sampling, 1);
  }
}
