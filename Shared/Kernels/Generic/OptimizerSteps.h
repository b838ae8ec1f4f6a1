// One step of an optimizer in one pass over memory. Each function is one vector of such a step; a
// partial vector at the end is padded with zeros, which give finite numbers that are not stored.

/// Runs STEP for every vector; LOAD and STORE are whole or partial, as the number of elements left demands.
#define EACH_VECTOR(count, STEP)                     \
  {                                                  \
    size_t i = 0;                                    \
    for (; i + LANES <= (count); i += LANES) {       \
      STEP(LOAD_WHOLE, STORE_WHOLE)                  \
    }                                                \
    const size_t rest = (count) - i;                 \
    if (rest > 0) {                                  \
      STEP(LOAD_REST, STORE_REST)                    \
    }                                                \
  }
#define LOAD_WHOLE(p) load((p) + i)
#define STORE_WHOLE(p, x) store((p) + i, x)
#define LOAD_REST(p) loadPartial((p) + i, rest)
#define STORE_REST(p, x) storePartial((p) + i, x, rest)

static void momentumStep(float learningRate, float momentum, bool nesterov, const float *gradient,
                         float *velocity, float *weights, size_t count) {
  const Vector mu = splat(momentum), minusEta = splat(-learningRate);
  if (nesterov) {
#define STEP(LOAD, STORE)                                                        \
  const Vector g = LOAD(gradient);                                               \
  const Vector v = multiplyAdd(minusEta, g, mu * LOAD(velocity));                \
  STORE(velocity, v);                                                            \
  STORE(weights, LOAD(weights) + multiplyAdd(minusEta, g, mu * v));
    EACH_VECTOR(count, STEP)
#undef STEP
  } else {
#define STEP(LOAD, STORE)                                                        \
  const Vector v = multiplyAdd(minusEta, LOAD(gradient), mu * LOAD(velocity));   \
  STORE(velocity, v);                                                            \
  STORE(weights, LOAD(weights) + v);
    EACH_VECTOR(count, STEP)
#undef STEP
  }
}

static void adamStep(const CourseAdamStep *s, const float *gradient, float *first, float *second,
                     float *weights, size_t count) {
  const Vector beta1 = splat(s->beta1), rest1 = splat(1 - s->beta1);
  const Vector beta2 = splat(s->beta2), rest2 = splat(1 - s->beta2);
  const Vector minusRate = splat(-s->rate), rootScale = splat(s->rootScale);
  const Vector epsilon = splat(s->epsilon), keep = splat(s->keep);
#define STEP(LOAD, STORE)                                                        \
  const Vector g = LOAD(gradient);                                               \
  const Vector m = multiplyAdd(rest1, g, beta1 * LOAD(first));                   \
  const Vector v = multiplyAdd(rest2, g * g, beta2 * LOAD(second));              \
  const Vector root = multiplyAdd(__builtin_elementwise_sqrt(v), rootScale, epsilon); \
  STORE(first, m);                                                               \
  STORE(second, v);                                                              \
  STORE(weights, multiplyAdd(keep, LOAD(weights), minusRate * m / root));
  EACH_VECTOR(count, STEP)
#undef STEP
}

static void rootMeanSquareStep(float learningRate, float decay, float rest, float epsilon,
                               const float *gradient, float *squares, float *weights, size_t count) {
  const Vector minusEta = splat(-learningRate), epsilons = splat(epsilon);
  const Vector decays = splat(decay), rests = splat(rest);
#define STEP(LOAD, STORE)                                                        \
  const Vector g = LOAD(gradient);                                               \
  const Vector s = multiplyAdd(rests, g * g, decays * LOAD(squares));            \
  STORE(squares, s);                                                             \
  STORE(weights, LOAD(weights) + minusEta * g / (__builtin_elementwise_sqrt(s) + epsilons));
  EACH_VECTOR(count, STEP)
#undef STEP
}
#undef EACH_VECTOR
#undef LOAD_WHOLE
#undef STORE_WHOLE
#undef LOAD_REST
#undef STORE_REST
