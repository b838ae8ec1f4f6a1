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

static void softmaxRow(float *scores, size_t count, size_t end, float scale, float *largestScore,
                       float *sumOfPowers) {
  const size_t last = (count - 1) / LANES * LANES;  // the first element of the last vector
  const IntVector inside = lanesBelow(count - last);
  // A NaN need not come out on top here: the sum will be NaN.
  Vector most = selectVector(inside, load(scores + last), splat(-__builtin_inff()));
  for (size_t i = 0; i < last; i += LANES) {
    const Vector x = load(scores + i);
    most = selectVector(x > most, x, most);
  }
#pragma clang loop unroll(full)
  for (int i = 1; i <= halvings; i++) {
    const Vector x = upperLanes(most, LANES >> i);
    most = selectVector(x > most, x, most);
  }
  *largestScore = scale * most[0];
  const Vector scales = splat(scale), shift = splat(-*largestScore);
  Vector sums = {};
  for (size_t i = 0; i < last; i += LANES) {
    const Vector power = expVector(multiplyAdd(load(scores + i), scales, shift));
    store(scores + i, power);
    sums += power;
  }
  const Vector power = expVector(multiplyAdd(load(scores + last), scales, shift));
  const Vector counted = selectVector(inside, power, splat(0));
  *sumOfPowers = sumLanes(sums + counted);
  const Vector inverse = splat(1 / *sumOfPowers);
  for (size_t i = 0; i < last; i += LANES) store(scores + i, load(scores + i) * inverse);
  store(scores + last, selectVector(inside, power * inverse, splat(0)));
  for (size_t i = last + LANES; i < end; i += LANES) store(scores + i, splat(0));
}

static void attentionGradientRow(float *weights, float *gradients, size_t count, size_t end,
                                 float scale, float logSum, float product) {
  const Vector scales = splat(scale), shift = splat(-logSum), products = splat(product);
  for (size_t i = 0; i < end; i += LANES) {
    Vector weight = {}, result = {};
    if (i < count) {
      weight = expVector(multiplyAdd(load(weights + i), scales, shift));
      result = weight * (load(gradients + i) - products) * scales;
      if (i + LANES > count) {
        const IntVector inside = lanesBelow(count - i);
        weight = selectVector(inside, weight, splat(0));
        result = selectVector(inside, result, splat(0));
      }
    }
    store(weights + i, weight);
    store(gradients + i, result);
  }
}
