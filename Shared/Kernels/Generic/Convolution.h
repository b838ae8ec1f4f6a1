// The inner loops of convolutions: gathering patches into panels, and the register tile of the
// weight gradient.

/// How a panel is gathered: vectors as they are, or with masks, side by side or every other value.
typedef enum Gathering { gatherWhole, gatherMasked, gatherPairs } Gathering;

/// `how` is a constant in each call, `pieces` in each call but the last.
INLINE void packPieces(const CoursePatches *p, size_t k0, size_t depth, const Gathering how,
                       const size_t pieces, float *panel) {
  // In variables of this function, which a store to the panel cannot change.
  size_t begins[columnTile], to[columnTile];
  for (size_t q = 0; q < pieces; q++) {
    begins[q] = p->from[q];
    to[q] = p->to[q];
  }
  const size_t tapRows = p->tapRows, tapColumns = p->tapColumns, planeSize = p->planeSize;
  const CoursePiece *rows = p->rows, *columns = p->columns;
  const size_t step = how == gatherWhole ? 1 : pieces;
  const float *plane = p->planes;
  size_t i = 0, j = 0;
  if (k0 > 0) {
    plane += k0 / (tapRows * tapColumns) * planeSize;
    i = k0 / tapColumns % tapRows;
    j = k0 % tapColumns;
  }
  for (size_t k = 0; k < depth; k++) {
    const CoursePiece *row = rows + i * step, *column = columns + j * step;
    const float *whole = plane + row->from + column->from;
    for (size_t q = 0; q < pieces; q++) {
      Vector values;
      if (how == gatherWhole) {
        values = load(whole + begins[q]);
      } else {
        const float *from = plane + row[q].from + column[q].from;
        values = loadMasked(from, row[q].mask & column[q].mask);
        if (how == gatherPairs) {
          const uint32_t mask = row[q].maskAbove & column[q].maskAbove;
          values = evenLanes(values, loadMasked(from + LANES, mask));
        }
      }
      store(panel + to[q], values);
    }
    panel += columnTile;
    if (++j < tapColumns) continue;
    j = 0;
    if (++i < tapRows) continue;
    i = 0;
    plane += planeSize;
  }
}

INLINE void gather(const CoursePatches *p, size_t k0, size_t depth, const Gathering how,
                   float *panel) {
  switch (p->pieceCount) {
    case 1: packPieces(p, k0, depth, how, 1, panel); break;
    case 2: packPieces(p, k0, depth, how, 2, panel); break;
    case 3: packPieces(p, k0, depth, how, 3, panel); break;
    case 4: packPieces(p, k0, depth, how, 4, panel); break;
    case 5: packPieces(p, k0, depth, how, 5, panel); break;
    default: packPieces(p, k0, depth, how, p->pieceCount, panel);
  }
}

static void packPatches(const CoursePatches *patches, size_t k0, size_t depth, float *panel) {
  if (patches->isWhole) {
    gather(patches, k0, depth, gatherWhole, panel);
  } else if (patches->stride == 1) {
    gather(patches, k0, depth, gatherMasked, panel);
  } else {
    gather(patches, k0, depth, gatherPairs, panel);
  }
}

/// even[i] = x[2 i], odd[i] = x[2 i + 1], i < count.
INLINE void splitPairs(const float *x, size_t count, float *even, float *odd) {
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

INLINE void copyFloats(const float *x, size_t count, float *out) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(out + i, load(x + i));
  if (i < count) storePartial(out + i, loadPartial(x + i, count - i), count - i);
}

INLINE void clearFloats(float *out, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(out + i, (Vector){});
  if (i < count) storePartial(out + i, (Vector){}, count - i);
}

/// Columns begin ..< end of a phase of one row, zeros where they lie outside of it.
INLINE void copyColumns(const float *x, ptrdiff_t width, ptrdiff_t left, ptrdiff_t step,
                        size_t begin, size_t end, float *out) {
  for (size_t i = begin; i < end; i++) {
    const ptrdiff_t at = left + step * (ptrdiff_t)i;
    out[i] = at >= 0 && at < width ? x[at] : 0;
  }
}

INLINE size_t within(ptrdiff_t value, size_t low, size_t high) {
  return value < (ptrdiff_t)low ? low : minimum((size_t)value, high);
}

static void copyBox(const CourseBox *box, const float *x, size_t channels, size_t height,
                    size_t width, float *out) {
  const ptrdiff_t left = box->left, step = (ptrdiff_t)box->phases, columns = (ptrdiff_t)width;
  const size_t pitch = box->pitch, rowSize = box->phases * pitch;
  // Steps of which all phases lie in the image.
  const size_t first = within(left < 0 ? (step - 1 - left) / step : 0, 0, pitch);
  const size_t end = within(columns > left ? (columns - left) / step : 0, first, pitch);
  for (size_t channel = 0; channel < channels; channel++) {
    for (size_t row = 0; row < box->rows; row++, out += rowSize) {
      const ptrdiff_t y = box->top + (ptrdiff_t)row;
      if (y < 0 || y >= (ptrdiff_t)height) {
        clearFloats(out, rowSize);
        continue;
      }
      const float *from = x + (size_t)y * width;
      if (step == 1) {
        clearFloats(out, first);
        if (end > first) copyFloats(from + left + (ptrdiff_t)first, end - first, out + first);
        clearFloats(out + end, pitch - end);
      } else if (step == 2) {
        copyColumns(from, columns, left, 2, 0, first, out);
        copyColumns(from, columns, left + 1, 2, 0, first, out + pitch);
        if (end > first) {
          splitPairs(from + left + 2 * (ptrdiff_t)first, end - first, out + first,
                     out + pitch + first);
        }
        copyColumns(from, columns, left, 2, end, pitch, out);
        copyColumns(from, columns, left + 1, 2, end, pitch, out + pitch);
      } else {
        for (ptrdiff_t phase = 0; phase < step; phase++) {
          copyColumns(from, columns, left + phase, step, 0, pitch, out + (size_t)phase * pitch);
        }
      }
    }
    x += height * width;
  }
}

static void joinColumns(const float *even, size_t evenCount, const float *odd, size_t oddCount,
                        size_t rows, float *x, size_t leading) {
  for (size_t row = 0; row < rows; row++) {
    size_t i = 0;
    for (; i + LANES <= oddCount; i += LANES) {
      const Vector a = load(even + i), b = load(odd + i);
      store(x + 2 * i, interleaveLow(a, b));
      store(x + 2 * i + LANES, interleaveHigh(a, b));
    }
    if (i < evenCount) {
      const Vector a = loadPartial(even + i, evenCount - i), b = loadPartial(odd + i, oddCount - i);
      const size_t rest = evenCount + oddCount - 2 * i;
      storePartial(x + 2 * i, interleaveLow(a, b), minimum(rest, LANES));
      if (rest > LANES) storePartial(x + 2 * i + LANES, interleaveHigh(a, b), rest - LANES);
    }
    even += evenCount;
    odd += oddCount;
    x += leading;
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
