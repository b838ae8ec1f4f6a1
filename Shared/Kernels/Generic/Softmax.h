// Softmax and cross-entropy of rows of scores in one: no probability is stored, none is rounded to
// 0 before its logarithm is taken.

/// e^(x - shift) summed over a row, with the lanes of a partial vector left out.
INLINE float sumOfExponentials(const float *x, float shift, size_t columns) {
  Vector sum = {};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES) sum += expVector(load(x + c) - shift);
  const size_t rest = columns - c;
  if (rest > 0) {
    const Vector last = expVector(loadPartial(x + c, rest) - shift);
    sum += selectVector(lanesBelow(rest), last, splat(0));
  }
  return sumLanes(sum);
}

static void crossEntropyRows(const float *x, const ptrdiff_t *labels, size_t rows, size_t columns,
                             float *shifts, float *logSums, float *losses) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    if (labels[r] < 0) {
      shifts[r] = logSums[r] = losses[r] = 0;
      continue;
    }
    float shift = reduce(kernelMax, x, columns);
    float logSum = logVector(splat(sumOfExponentials(x, shift, columns)))[0];
    shifts[r] = shift;
    logSums[r] = logSum;
    losses[r] = logSum - (x[labels[r]] - shift);
  }
}

static void crossEntropyGradientRows(const float *x, const ptrdiff_t *labels, const float *shifts,
                                     const float *logSums, float scale, size_t rows, size_t columns,
                                     float *dX) {
  for (size_t r = 0; r < rows; r++, x += columns, dX += columns) {
    if (labels[r] < 0) {
      memset(dX, 0, columns * sizeof(float));
      continue;
    }
    const Vector shift = splat(shifts[r]), logSum = splat(logSums[r]), scales = splat(scale);
#define EXPRESSION(READ) expVector((READ(x) - shift) - logSum) * scales
    MAP(dX, columns, EXPRESSION)
#undef EXPRESSION
    dX[labels[r]] -= scale;
  }
}

// MARK: -

// Rows of attention weights and of their gradients: see CourseAttentionKernels.

static float softmaxRow(float *scores, size_t count, size_t end, float scale) {
  const float largest = scale * reduce(kernelMax, scores, count);
  const Vector scales = splat(scale), shift = splat(-largest);
  Vector sums = {};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const Vector power = expVector(multiplyAdd(load(scores + i), scales, shift));
    store(scores + i, power);
    sums += power;
  }
  const size_t rest = count - i;
  if (rest > 0) {
    const Vector power = expVector(multiplyAdd(loadPartial(scores + i, rest), scales, shift));
    storePartial(scores + i, power, rest);
    sums += selectVector(lanesBelow(rest), power, splat(0));
  }
  const float sum = sumLanes(sums), inverse = 1 / sum;
#define EXPRESSION(READ) READ(scores) * inverse
  MAP(scores, count, EXPRESSION)
#undef EXPRESSION
  memset(scores + count, 0, (end - count) * sizeof(float));
  return largest + logVector(splat(sum))[0];
}

static void attentionGradientRow(float *weights, float *gradients, size_t count, size_t end,
                                 float scale, float logSum, float product) {
  const Vector scales = splat(scale), shift = splat(-logSum), products = splat(product);
  for (size_t i = 0; i < count; i += LANES) {
    const size_t width = minimum(LANES, count - i);
    const bool whole = width == LANES;
    const Vector score = whole ? load(weights + i) : loadPartial(weights + i, width);
    const Vector gradient = whole ? load(gradients + i) : loadPartial(gradients + i, width);
    const Vector weight = expVector(multiplyAdd(score, scales, shift));
    const Vector result = weight * (gradient - products) * scales;
    if (whole) {
      store(weights + i, weight);
      store(gradients + i, result);
    } else {
      storePartial(weights + i, weight, width);
      storePartial(gradients + i, result, width);
    }
  }
  memset(weights + count, 0, (end - count) * sizeof(float));
  memset(gradients + count, 0, (end - count) * sizeof(float));
}
