// The inner loops of convolutions: gathering patches into panels, and the register tile of the
// weight gradient.

/// One vector of each run after the other; `pieces` is a constant in each call but the last.
INLINE void packPieces(const float *base, const size_t *offsets, size_t depth, const size_t *from,
                       const size_t *to, const size_t pieces, float *panel) {
  for (size_t k = 0; k < depth; k++) {
    const float *row = base + offsets[k];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < pieces; i++) store(panel + to[i], load(row + from[i]));
    panel += columnTile;
  }
}

/// Runs are cut into pieces of one vector. Pieces are stored whole, in order: the excess of one
/// beyond its end, the next one overwrites.
static void packPatches(const float *base, const size_t *offsets, size_t depth,
                        const CourseRun *runs, size_t runCount, float *panel) {
  size_t from[columnTile], to[columnTile], pieces = 0;
  for (size_t r = 0; r < runCount; r++) {
    for (size_t i = 0; i < runs[r].length; i += LANES) {
      from[pieces] = runs[r].from + i;
      to[pieces++] = runs[r].to + i;
    }
  }
  switch (pieces) {
    case 1: packPieces(base, offsets, depth, from, to, 1, panel); break;
    case 2: packPieces(base, offsets, depth, from, to, 2, panel); break;
    case 3: packPieces(base, offsets, depth, from, to, 3, panel); break;
    case 4: packPieces(base, offsets, depth, from, to, 4, panel); break;
    case 5: packPieces(base, offsets, depth, from, to, 5, panel); break;
    default:
      for (size_t k = 0; k < depth; k++) {
        const float *row = base + offsets[k];
        for (size_t i = 0; i < pieces; i++) store(panel + to[i], load(row + from[i]));
        panel += columnTile;
      }
  }
}

/// even[i] = x[2 i], odd[i] = x[2 i + 1], i < count.
static void splitPairs(const float *x, size_t count, float *even, float *odd) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const Vector low = load(x + 2 * i), high = load(x + 2 * i + LANES);
    store(even + i, evenLanes(low, high));
    store(odd + i, oddLanes(low, high));
  }
  if (i < count) {
    const size_t rest = count - i, floats = 2 * rest;
    const Vector low = loadPartial(x + 2 * i, minimum(floats, LANES));
    const Vector high =
      floats > LANES ? loadPartial(x + 2 * i + LANES, floats - LANES) : (Vector){};
    storePartial(even + i, evenLanes(low, high), rest);
    storePartial(odd + i, oddLanes(low, high), rest);
  }
}

// Taps of a tile: with two vectors each and the two pixels of a step, as many as the registers hold.
#if ROW_TILE >= 12
#define TAP_TILE 12
#else
#define TAP_TILE 5
#endif

/// `taps` and `vectors` are constants in each call. The tap's addresses do not fit into registers;
/// two pixels a step halve the loads that this costs.
INLINE void tapsBody(const CourseTaps *t, const size_t taps, const size_t vectors) {
  Vector sums[TAP_TILE][2];
  const float *from[TAP_TILE];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < taps; r++) {
    from[r] = t->base + t->offsets[r];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[r][v] = (Vector){};
  }

  const float *b = t->b;
  const size_t leadingB = t->leadingB, columns = t->columns;
  for (size_t i = 0; i < t->rows; i++) {
    size_t at = i * t->rowStep;
    const size_t end = at + columns;
#pragma clang loop unroll(disable)
    for (; at + 2 <= end; at += 2) {
      Vector b0[2], b1[2];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) b0[v] = load(b + v * LANES);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) b1[v] = load(b + leadingB + v * LANES);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < taps; r++) {
        const float *p = from[r] + at;
        const Vector x0 = splat(p[0]), x1 = splat(p[1]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
          sums[r][v] = multiplyAdd(x1, b1[v], multiplyAdd(x0, b0[v], sums[r][v]));
        }
      }
      b += 2 * leadingB;
    }
    if (at < end) {
#pragma clang loop unroll(full)
      for (size_t r = 0; r < taps; r++) {
        const Vector x0 = splat(from[r][at]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
          sums[r][v] = multiplyAdd(x0, load(b + v * LANES), sums[r][v]);
        }
      }
      b += leadingB;
    }
  }

  float *c = t->c;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < taps; r++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) store(c + v * LANES, load(c + v * LANES) + sums[r][v]);
    c += t->leadingC;
  }
}

typedef void TapsVariant(const CourseTaps *taps);

#define VARIANT(n)                                                   \
  static void taps##n##x1(const CourseTaps *t) { tapsBody(t, n, 1); } \
  static void taps##n##x2(const CourseTaps *t) { tapsBody(t, n, 2); }
#define ENTRY(n) {taps##n##x1, taps##n##x2},
#if TAP_TILE == 12
#define EACH_TAP_COUNT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#else
#define EACH_TAP_COUNT(X) X(1) X(2) X(3) X(4) X(5)
#endif

EACH_TAP_COUNT(VARIANT)
static TapsVariant *const tapsVariants[TAP_TILE][2] = {EACH_TAP_COUNT(ENTRY)};
#undef VARIANT
#undef ENTRY

static void multiplyTaps(const CourseTaps *taps, size_t tapCount, size_t columns) {
  tapsVariants[tapCount - 1][columns > LANES](taps);
}
