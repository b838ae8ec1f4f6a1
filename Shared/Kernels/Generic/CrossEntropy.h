// Softmax and cross-entropy of rows of scores in one: no probability is stored, none is rounded to 0
// before its logarithm is taken.

/// e^(x - shift) summed over a row, with the lanes of a partial vector left out.
INLINE float sumOfExponentials(const float *x, float shift, size_t columns) {
  Vector sum = {};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES) sum += expVector(load(x + c) - shift);
  float total = sumLanes(sum);
  size_t rest = columns - c;
  if (rest > 0) {
    Vector last = expVector(loadPartial(x + c, rest) - shift);
    for (size_t i = 0; i < rest; i++) total += last[i];
  }
  return total;
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
