// Many values become one.
//
// Sums: blocks of `sumBlock` values are added in four vectors side by side, blocks pairwise, so
// that the rounding error grows like log(count) and not like count.

enum { sumBlock = 64 * LANES };

/// The terms that a sum adds: x, (x - center)^2, or x * y.
typedef enum SumKind { sumPlain, sumSquares, sumProducts } SumKind;

INLINE Vector sumTerm(SumKind kind, Vector sum, Vector x, Vector other) {
  if (kind == sumPlain) return sum + x;
  if (kind == sumSquares) return multiplyAdd(x - other, x - other, sum);
  return multiplyAdd(x, other, sum);
}

INLINE Vector sumOther(SumKind kind, const float *y, Vector center) {
  return kind == sumProducts ? load(y) : center;
}

INLINE float sumOfBlock(SumKind kind, const float *x, const float *y, float center, size_t count) {
  const Vector centers = splat(center);
  Vector sum0 = {}, sum1 = {}, sum2 = {}, sum3 = {};
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    const float *p = x + i, *q = y + i;
    sum0 = sumTerm(kind, sum0, load(p), sumOther(kind, q, centers));
    sum1 = sumTerm(kind, sum1, load(p + LANES), sumOther(kind, q + LANES, centers));
    sum2 = sumTerm(kind, sum2, load(p + 2 * LANES), sumOther(kind, q + 2 * LANES, centers));
    sum3 = sumTerm(kind, sum3, load(p + 3 * LANES), sumOther(kind, q + 3 * LANES, centers));
  }
  for (; i + LANES <= count; i += LANES) {
    sum0 = sumTerm(kind, sum0, load(x + i), sumOther(kind, y + i, centers));
  }
  float rest = 0;
  for (; i < count; i++) {
    float difference = x[i] - center;
    rest += kind == sumPlain ? x[i] : kind == sumSquares ? difference * difference : x[i] * y[i];
  }
  return sumLanes((sum0 + sum1) + (sum2 + sum3)) + rest;
}

#define PAIRWISE(name, kind)                                                             \
  static float name(const float *x, const float *y, float center, size_t count) {        \
    if (count <= sumBlock) return sumOfBlock(kind, x, y, center, count);                 \
    size_t half = roundUp(count / 2, sumBlock);                                          \
    return name(x, y, center, half) + name(x + half, y + half, center, count - half);    \
  }
PAIRWISE(sumPlainPairwise, sumPlain)
PAIRWISE(sumSquaresPairwise, sumSquares)
PAIRWISE(sumProductsPairwise, sumProducts)
#undef PAIRWISE

INLINE Vector extremum(bool max, Vector a, Vector b) {
  return max ? maximumVector(a, b) : minimumVector(a, b);
}

INLINE float reduceExtremum(bool max, const float *x, size_t count) {
  const Vector start = splat(max ? -__builtin_inff() : __builtin_inff());
  Vector best0 = start, best1 = start;
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    best0 = extremum(max, load(x + i), best0);
    best1 = extremum(max, load(x + i + LANES), best1);
  }
  if (i + LANES <= count) {
    best0 = extremum(max, load(x + i), best0);
    i += LANES;
  }
  if (i < count) {
    const Vector last = loadPartial(x + i, count - i);
    best1 = extremum(max, selectVector(lanesBelow(count - i), last, start), best1);
  }
  best0 = extremum(max, best0, best1);
#pragma clang loop unroll(full)
  for (int i = 1; i <= halvings; i++) best0 = extremum(max, best0, upperLanes(best0, LANES >> i));
  return best0[0];
}

static float reduceMaximum(const float *x, size_t count) { return reduceExtremum(true, x, count); }
static float reduceMinimum(const float *x, size_t count) { return reduceExtremum(false, x, count); }

static float reduce(CourseReduction reduction, const float *x, size_t count) {
  switch (reduction) {
    case kernelSum: return sumPlainPairwise(x, x, 0, count);
    case kernelMax: return reduceMaximum(x, count);
    case kernelMin: return reduceMinimum(x, count);
  }
  return 0;
}

static float sumSquaredDeviations(const float *x, float center, size_t count) {
  return sumSquaresPairwise(x, x, center, count);
}

static void addDeviations(const float *x, float center, size_t count, double *sums) {
  const Vector centers = splat(center);
  for (size_t start = 0; start < count; start += sumBlock) {
    const float *p = x + start;
    const size_t length = minimum(sumBlock, count - start);
    size_t i = 0;
    if (length >= LANES) {
      Vector sum[4] = {}, squares[4] = {};
      while (i + 4 * LANES <= length) {
#pragma clang loop unroll(full)
        for (int slot = 0; slot < 4; slot++, i += LANES) {
          const Vector difference = load(p + i) - centers;
          sum[slot] += difference;
          squares[slot] = multiplyAdd(difference, difference, squares[slot]);
        }
      }
      for (; i + LANES <= length; i += LANES) {
        const Vector difference = load(p + i) - centers;
        sum[0] += difference;
        squares[0] = multiplyAdd(difference, difference, squares[0]);
      }
      sums[0] += (double)sumLanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
      sums[1] += (double)sumLanes((squares[0] + squares[1]) + (squares[2] + squares[3]));
    }
    float rest = 0, restOfSquares = 0;
    for (; i < length; i++) {
      const float difference = p[i] - center;
      rest += difference;
      restOfSquares += difference * difference;
    }
    sums[0] += (double)rest;
    sums[1] += (double)restOfSquares;
  }
}

static float dot(const float *x, const float *y, size_t count) {
  return sumProductsPairwise(x, y, 0, count);
}

static size_t argmax(const float *x, size_t count) {
  // Two passes: the maximum is found by whole vectors, then the first place where it stands.
  const float best = reduceMaximum(x, count);
  size_t i = 0;
  if (best != best) {
    while (x[i] == x[i]) i++;
    return i;
  }
  const Vector bests = splat(best);
  while (i + LANES <= count && !anyLane(load(x + i) == bests)) i += LANES;
  while (i < count && x[i] != best) i++;
  return i < count ? i : 0;
}

/// NaN and infinity are the values whose exponent bits are all ones.
static size_t firstNonFinite(const float *x, size_t count) {
  const IntVector exponent = (IntVector)splat(__builtin_inff());
  size_t i = 0;
  while (i + LANES <= count && !anyLane(((IntVector)load(x + i) & exponent) == exponent)) {
    i += LANES;
  }
  while (i < count && x[i] - x[i] == 0) i++;
  return i;
}

// MARK: -

// out[c] = reduction over r of x[r * leading + c]: columns side by side in vectors.
//
// Sums go pairwise over blocks of `rowBlock` rows, as above.

enum { rowBlock = 32, columnGroup = 4 };

/// columnGroup vectors, the columns that are reduced together.
typedef struct ColumnSums {
  Vector parts[columnGroup];
} ColumnSums;

INLINE Vector combine(CourseReduction reduction, Vector a, Vector b) {
  return reduction == kernelSum ? a + b
         : reduction == kernelMax ? maximumVector(a, b)
                                  : minimumVector(a, b);
}

/// Rows of one group of columns. `width` of its floats exist: all, or fewer than a vector has lanes
/// (then only the first vector counts).
INLINE void reduceRowBlock(CourseReduction reduction, const float *x, size_t leading, size_t rows,
                           size_t width, ColumnSums *sums) {
  if (width >= columnGroup * LANES) {
    Vector part0 = load(x), part1 = load(x + LANES);
    Vector part2 = load(x + 2 * LANES), part3 = load(x + 3 * LANES);
    for (size_t r = 1; r < rows; r++) {
      const float *row = x + r * leading;
      part0 = combine(reduction, part0, load(row));
      part1 = combine(reduction, part1, load(row + LANES));
      part2 = combine(reduction, part2, load(row + 2 * LANES));
      part3 = combine(reduction, part3, load(row + 3 * LANES));
    }
    *sums = (ColumnSums){{part0, part1, part2, part3}};
  } else if (width >= LANES) {
    Vector part = load(x);
    for (size_t r = 1; r < rows; r++) part = combine(reduction, part, load(x + r * leading));
    sums->parts[0] = part;
  } else {
    Vector part = loadPartial(x, width);
    for (size_t r = 1; r < rows; r++) {
      part = combine(reduction, part, loadPartial(x + r * leading, width));
    }
    sums->parts[0] = part;
  }
}

#define ROWS(name, reduction)                                                                   \
  static void name(const float *x, size_t leading, size_t rows, size_t width, ColumnSums *sums) { \
    if (rows <= rowBlock) {                                                                     \
      reduceRowBlock(reduction, x, leading, rows, width, sums);                                 \
      return;                                                                                   \
    }                                                                                           \
    size_t half = roundUp(rows / 2, rowBlock);                                                  \
    ColumnSums rest = {};                                                                       \
    name(x, leading, half, width, sums);                                                        \
    name(x + half * leading, leading, rows - half, width, &rest);                               \
    size_t parts = width >= columnGroup * LANES ? columnGroup : 1;                              \
    for (size_t i = 0; i < parts; i++) {                                                        \
      sums->parts[i] = combine(reduction, sums->parts[i], rest.parts[i]);                       \
    }                                                                                           \
  }
ROWS(sumRowsPairwise, kernelSum)
ROWS(maxRowsPairwise, kernelMax)
ROWS(minRowsPairwise, kernelMin)
#undef ROWS

static void reduceRows(CourseReduction reduction, const float *x, size_t leading, size_t rows,
                       size_t columns, float *out) {
  if (rows == 0) {
    float empty = reduction == kernelSum   ? 0
                  : reduction == kernelMax ? -__builtin_inff()
                                           : __builtin_inff();
    for (size_t c = 0; c < columns; c++) out[c] = empty;
    return;
  }
  for (size_t c = 0; c < columns;) {
    size_t width = columns - c;
    width = width >= columnGroup * LANES ? columnGroup * LANES : minimum(width, LANES);
    ColumnSums sums = {};
    switch (reduction) {
      case kernelSum: sumRowsPairwise(x + c, leading, rows, width, &sums); break;
      case kernelMax: maxRowsPairwise(x + c, leading, rows, width, &sums); break;
      case kernelMin: minRowsPairwise(x + c, leading, rows, width, &sums); break;
    }
    if (width < LANES) {
      storePartial(out + c, sums.parts[0], width);
    } else {
      for (size_t i = 0; i < width / LANES; i++) store(out + c + i * LANES, sums.parts[i]);
    }
    c += width;
  }
}
