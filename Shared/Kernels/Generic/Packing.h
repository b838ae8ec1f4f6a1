// Moving numbers: the transpose, and the packers of the matrix product.
//
// A panel holds `width` rows of an operand, depth-major: panel[k * width + row]. Rows that the
// operand does not have are zeros.

/// Up to LANES rows from x, `depth` columns of them; row r goes to out[k * width + r]. Only
/// `lanes` <= LANES values are stored for each k.
INLINE void transposeStrip(const float *x, size_t leading, size_t rows, size_t depth, float *out,
                           size_t width, size_t lanes) {
  for (size_t k = 0; k < depth; k += LANES) {
    const size_t steps = minimum(LANES, depth - k);
    Vector block[LANES];
    if (steps == LANES) {
#pragma clang loop unroll(full)
      for (size_t r = 0; r < LANES; r++) {
        block[r] = r < rows ? load(x + r * leading + k) : (Vector){};
      }
    } else {
#pragma clang loop unroll(full)
      for (size_t r = 0; r < LANES; r++) {
        block[r] = r < rows ? loadPartial(x + r * leading + k, steps) : (Vector){};
      }
    }
    transposeVectors(block);
    if (steps == LANES && lanes == LANES) {
#pragma clang loop unroll(full)
      for (size_t j = 0; j < LANES; j++) store(out + (k + j) * width, block[j]);
    } else {
#pragma clang loop unroll(full)
      for (size_t j = 0; j < LANES; j++) {
        if (j < steps) storePartial(out + (k + j) * width, block[j], lanes);
      }
    }
  }
}

/// From storage by rows, element (r, k) at x[r * leading + k]: panels are transposed blocks.
static void packRows(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                     float *panels) {
  for (size_t first = 0; first < count; first += width) {
    float *panel = panels + first * depth;
    for (size_t r = 0; r < width; r += LANES) {
      size_t present = first + r < count ? minimum(LANES, count - first - r) : 0;
      transposeStrip(x + (first + minimum(r, count - first - 1)) * leading, leading, present, depth,
                     panel + r, width, minimum(LANES, width - r));
    }
  }
}

/// One row of storage as one step of a panel: `present` <= width values, then zeros.
INLINE void copyStep(const float *from, size_t present, size_t width, float *to) {
  size_t r = 0;
  for (; r + LANES <= present; r += LANES) store(to + r, load(from + r));
  if (r < present) {
    const Vector rest = loadPartial(from + r, present - r);
    if (r + LANES <= width) {
      store(to + r, rest);
    } else {
      storePartial(to + r, rest, width - r);
    }
    r += LANES;
  }
  for (; r < width; r++) to[r] = 0;
}

/// From storage by columns, element (r, k) at x[k * leading + r]: panels are copies of row parts.
/// Several panels at a time, so that rows are read in long pieces: about 128 values, no more, since
/// every panel is one more line that is being written.
static void packColumns(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                        float *panels) {
  const size_t step = maximum(1, 128 / width) * width;
  for (size_t group = 0; group < count; group += step) {
    const size_t end = minimum(count, group + step);
    for (size_t k = 0; k < depth; k++) {
      for (size_t first = group; first < end; first += width) {
        __builtin_prefetch(x + (k + 8) * leading + first);
        copyStep(x + k * leading + first, minimum(width, count - first), width,
                 panels + first * depth + k * width);
      }
    }
  }
}

/// out[c * rows + r] = x[r * leading + c]. Strips of LANES rows; each writes whole vectors.
static void transpose(const float *x, size_t rows, size_t columns, size_t leading, float *out) {
  // Blocks of 64 columns, so that the lines of `out` that a strip began are still in the L1 cache
  // when the next strip goes on with them.
  for (size_t c = 0; c < columns; c += 64) {
    const size_t width = minimum(64, columns - c);
    for (size_t r = 0; r < rows; r += LANES) {
      const size_t present = minimum(LANES, rows - r);
      transposeStrip(x + r * leading + c, leading, present, width, out + c * rows + r, rows,
                     present);
    }
  }
}
