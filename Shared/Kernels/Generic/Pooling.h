// Pooling: a row of outputs side by side in vectors, for strides 1 and 2.
//
// A window's values of neighbouring outputs lie `stride` apart: with stride 2 they are the even
// lanes of two vectors. All windows here lie inside the plane; Pooling.c does the others one by
// one.

/// x[0], x[stride], ... for `count` <= LANES outputs; reads nothing beyond the last one.
INLINE Vector loadStrided(const float *x, size_t stride, size_t count) {
  if (stride == 1) return count == LANES ? load(x) : loadPartial(x, count);
  const size_t floats = 2 * count - 1;
  const Vector low = floats >= LANES ? load(x) : loadPartial(x, floats);
  return evenLanes(low, floats > LANES ? loadPartial(x + LANES, floats - LANES) : (Vector){});
}

/// The largest values so far and where they stand.
typedef struct Best {
  Vector value;
  IntVector index;
} Best;

INLINE Best better(Best best, Vector value, IntVector index) {
  const IntVector wins = (value > best.value) | (value != value);
  return (Best){selectVector(wins, value, best.value), (wins & index) | (~wins & best.index)};
}

/// `stride` and `windowX` are constants in the calls that matter.
INLINE void maxRow(const CoursePoolRow *r, const size_t stride, const size_t windowX) {
  IntVector lanes;
  for (int i = 0; i < LANES; i++) lanes[i] = i * (int32_t)stride;
  for (size_t j = 0; j < r->count; j += LANES) {
    const size_t count = minimum(LANES, r->count - j);
    Best best = {};
    for (size_t p = 0; p < r->rows; p++) {
      const float *x = r->x + p * r->width + j * stride;
      const IntVector index = lanes + (int32_t)(r->index + p * r->width + j * stride);
      if (windowX == 2 && stride == 2 && count == LANES) {
        const Vector low = load(x), high = load(x + LANES);
        const Vector even = evenLanes(low, high);
        best = p == 0 ? (Best){even, index} : better(best, even, index);
        best = better(best, oddLanes(low, high), index + 1);
        continue;
      }
      for (size_t q = 0; q < windowX; q++) {
        const Vector value = loadStrided(x + q, stride, count);
        best = p + q == 0 ? (Best){value, index} : better(best, value, index + (int32_t)q);
      }
    }
    if (count == LANES) {
      store(r->y + j, best.value);
    } else {
      storePartial(r->y + j, best.value, count);
    }
    // Indices are stored as the floats of the same bits.
    if (r->winners != NULL) storePartial((float *)(r->winners + j), (Vector)best.index, count);
  }
}

static void maxPoolRow(const CoursePoolRow *r) {
  if (r->stride == 2 && r->windowX == 2) {
    maxRow(r, 2, 2);
  } else if (r->stride == 2) {
    maxRow(r, 2, r->windowX);
  } else {
    maxRow(r, 1, r->windowX);
  }
}

INLINE void sumRow(const CoursePoolRow *r, const size_t stride) {
  for (size_t j = 0; j < r->count; j += LANES) {
    const size_t count = minimum(LANES, r->count - j);
    Vector sum = {};
    for (size_t p = 0; p < r->rows; p++) {
      const float *x = r->x + p * r->width + j * stride;
      for (size_t q = 0; q < r->windowX; q++) sum += loadStrided(x + q, stride, count);
    }
    storePartial(r->y + j, sum * r->factor, count);
  }
}

static void averagePoolRow(const CoursePoolRow *r) {
  if (r->stride == 2) {
    sumRow(r, 2);
  } else {
    sumRow(r, 1);
  }
}
