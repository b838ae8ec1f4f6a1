// Element by element: one vector at a time, the rest through a partial vector.

/// Sets each `out[i]` to EXPRESSION(READ), where READ(p) is the vector of the values at p[i].
#define MAP(out, count, EXPRESSION)                        \
  {                                                        \
    size_t i = 0;                                          \
    for (; i + LANES <= (count); i += LANES) {             \
      Vector y = EXPRESSION(READ_FULL);                    \
      store((out) + i, y);                                 \
    }                                                      \
    size_t rest = (count) - i;                             \
    if (rest > 0) {                                        \
      Vector y = EXPRESSION(READ_PARTIAL);                 \
      storePartial((out) + i, y, rest);                    \
    }                                                      \
  }
#define READ_FULL(p) load((p) + i)
#define READ_PARTIAL(p) loadPartial((p) + i, rest)

INLINE Vector truth(IntVector mask) { return (Vector)(mask & (IntVector)splat(1)); }

INLINE Vector binaryVector(CourseBinary operation, Vector a, Vector b) {
  switch (operation) {
    case kernelAdd: return a + b;
    case kernelSubtract: return a - b;
    case kernelMultiply: return a * b;
    case kernelDivide: return a / b;
    case kernelMaximum: return maximumVector(a, b);
    case kernelMinimum: return minimumVector(a, b);
    case kernelEqual: return truth(a == b);
    case kernelNotEqual: return truth(a != b);
    case kernelLess: return truth(a < b);
    case kernelLessOrEqual: return truth(a <= b);
    case kernelGreater: return truth(a > b);
    case kernelGreaterOrEqual: return truth(a >= b);
    case kernelZeroWhere: return selectVector(b == 0, a, splat(0));
    case kernelPower: break;
  }
  for (int i = 0; i < LANES; i++) a[i] = powf(a[i], b[i]);
  return a;
}

/// `operation` is a constant in each call, so that the switch is gone from the loops.
INLINE void binaryLoop(CourseBinary operation, const float *a, size_t strideA, const float *b,
                       size_t strideB, float *out, size_t count) {
  if (strideA != 0 && strideB != 0) {
#define EXPRESSION(READ) binaryVector(operation, READ(a), READ(b))
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
  } else if (strideA != 0) {
    Vector scalar = splat(*b);
#define EXPRESSION(READ) binaryVector(operation, READ(a), scalar)
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
  } else if (strideB != 0) {
    Vector scalar = splat(*a);
#define EXPRESSION(READ) binaryVector(operation, scalar, READ(b))
    MAP(out, count, EXPRESSION)
#undef EXPRESSION
  } else {
    Vector value = binaryVector(operation, splat(*a), splat(*b));
    for (size_t i = 0; i < count; i++) out[i] = value[0];
  }
}

static void binary(CourseBinary operation, const float *a, size_t strideA, const float *b,
                   size_t strideB, float *out, size_t count) {
  if (count == 0) return;
  // The one exponent that is common, and exact as a product.
  if (operation == kernelPower && strideB == 0 && *b == 2) {
    operation = kernelMultiply;
    b = a;
    strideB = strideA;
  }
  switch (operation) {
#define CASE(name) \
  case name: binaryLoop(name, a, strideA, b, strideB, out, count); break;
    CASE(kernelAdd) CASE(kernelSubtract) CASE(kernelMultiply) CASE(kernelDivide)
    CASE(kernelMaximum) CASE(kernelMinimum) CASE(kernelPower)
    CASE(kernelEqual) CASE(kernelNotEqual) CASE(kernelLess) CASE(kernelLessOrEqual)
    CASE(kernelGreater) CASE(kernelGreaterOrEqual) CASE(kernelZeroWhere)
#undef CASE
  }
}

/// A NaN stays one, as everywhere in this file.
INLINE Vector reluVector(Vector x) { return selectVector(x <= splat(0), splat(0), x); }

INLINE Vector unaryVector(CourseUnary operation, Vector x) {
  Vector slope;
  switch (operation) {
    case kernelNegate: return -x;
    case kernelAbsolute: return absolute(x);
    case kernelSquare: return x * x;
    case kernelSquareRoot: return __builtin_elementwise_sqrt(x);
    case kernelReciprocal: return 1 / x;
    case kernelExp: return expVector(x);
    case kernelLog: return logVector(x);
    case kernelTanh: return tanhVector(x);
    case kernelSigmoid: return sigmoidVector(x);
    case kernelReLU: return reluVector(x);
    case kernelGELU: return geluVector(x, &slope);
    case kernelGELUTanh: return geluTanhVector(x, &slope);
  }
  return x;
}

INLINE void unaryLoop(CourseUnary operation, const float *x, float *y, size_t count) {
#define EXPRESSION(READ) unaryVector(operation, READ(x))
  float *out = y;
  MAP(out, count, EXPRESSION)
#undef EXPRESSION
}

static void unary(CourseUnary operation, const float *x, float *y, size_t count) {
  switch (operation) {
#define CASE(name) \
  case name: unaryLoop(name, x, y, count); break;
    CASE(kernelNegate) CASE(kernelAbsolute) CASE(kernelSquare) CASE(kernelSquareRoot)
    CASE(kernelReciprocal) CASE(kernelExp) CASE(kernelLog) CASE(kernelTanh) CASE(kernelSigmoid)
    CASE(kernelReLU) CASE(kernelGELU) CASE(kernelGELUTanh)
#undef CASE
  }
}

INLINE void geluLoop(const bool byTanh, const float *x, float *y, float *slope, size_t count) {
  Vector slopes;
#define EXPRESSION(READ) byTanh ? geluTanhVector(READ(x), &slopes) : geluVector(READ(x), &slopes)
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    store(y + i, EXPRESSION(READ_FULL));
    store(slope + i, slopes);
  }
  const size_t rest = count - i;
  if (rest > 0) {
    storePartial(y + i, EXPRESSION(READ_PARTIAL), rest);
    storePartial(slope + i, slopes, rest);
  }
#undef EXPRESSION
}

static void gelu(bool byTanh, const float *x, float *y, float *slope, size_t count) {
  if (byTanh) {
    geluLoop(true, x, y, slope, count);
  } else {
    geluLoop(false, x, y, slope, count);
  }
}

static void clip(const float *x, float low, float high, float *out, size_t count) {
  const Vector lows = splat(low), highs = splat(high);
#define EXPRESSION(READ) clipVector(READ(x), lows, highs)
  MAP(out, count, EXPRESSION)
#undef EXPRESSION
}

static void addScaled(float factor, const float *x, float *out, size_t count) {
  const Vector factors = splat(factor);
#define EXPRESSION(READ) multiplyAdd(factors, READ(x), READ(out))
  MAP(out, count, EXPRESSION)
#undef EXPRESSION
}

static void activationGradient(CourseActivation activation, const float *value, const float *dY,
                               float *dX, size_t count) {
  switch (activation) {
    case kernelActivationIdentity:
      if (dX != dY) memmove(dX, dY, count * sizeof(float));
      break;
    case kernelActivationReLU:
#define EXPRESSION(READ) selectVector(READ(value) <= splat(0), splat(0), READ(dY))
      MAP(dX, count, EXPRESSION)
#undef EXPRESSION
      break;
    case kernelActivationSigmoid:
#define EXPRESSION(READ) READ(dY) * (READ(value) * (1 - READ(value)))
      MAP(dX, count, EXPRESSION)
#undef EXPRESSION
      break;
    case kernelActivationTanh:
#define EXPRESSION(READ) READ(dY) * (1 - READ(value) * READ(value))
      MAP(dX, count, EXPRESSION)
#undef EXPRESSION
      break;
  }
}
