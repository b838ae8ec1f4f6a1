// out[c] = reduction over r of x[r * columns + c]: columns side by side in vectors.
//
// Sums go pairwise over blocks of `rowBlock` rows, as in Reductions.h.

enum { rowBlock = 32, columnGroup = 4 };

/// columnGroup vectors, the columns that are reduced together.
typedef struct ColumnSums {
  Vector parts[columnGroup];
} ColumnSums;

INLINE Vector combine(KernelReduction reduction, Vector a, Vector b) {
  return reduction == kernelSum ? a + b
         : reduction == kernelMax ? maximumVector(a, b)
                                  : minimumVector(a, b);
}

/// Rows of one group of columns. `width` of its floats exist: all, or fewer than a vector has lanes
/// (then only the first vector counts).
INLINE void reduceRowBlock(KernelReduction reduction, const float *x, size_t rows, size_t columns,
                           size_t width, ColumnSums *sums) {
  if (width >= columnGroup * LANES) {
    Vector part0 = load(x), part1 = load(x + LANES);
    Vector part2 = load(x + 2 * LANES), part3 = load(x + 3 * LANES);
    for (size_t r = 1; r < rows; r++) {
      const float *row = x + r * columns;
      part0 = combine(reduction, part0, load(row));
      part1 = combine(reduction, part1, load(row + LANES));
      part2 = combine(reduction, part2, load(row + 2 * LANES));
      part3 = combine(reduction, part3, load(row + 3 * LANES));
    }
    *sums = (ColumnSums){{part0, part1, part2, part3}};
  } else if (width >= LANES) {
    Vector part = load(x);
    for (size_t r = 1; r < rows; r++) part = combine(reduction, part, load(x + r * columns));
    sums->parts[0] = part;
  } else {
    Vector part = loadPartial(x, width);
    for (size_t r = 1; r < rows; r++) {
      part = combine(reduction, part, loadPartial(x + r * columns, width));
    }
    sums->parts[0] = part;
  }
}

#define ROWS(name, reduction)                                                                   \
  static void name(const float *x, size_t rows, size_t columns, size_t width, ColumnSums *sums) { \
    if (rows <= rowBlock) {                                                                     \
      reduceRowBlock(reduction, x, rows, columns, width, sums);                                 \
      return;                                                                                   \
    }                                                                                           \
    size_t half = roundUp(rows / 2, rowBlock);                                                  \
    ColumnSums rest = {};                                                                       \
    name(x, half, columns, width, sums);                                                        \
    name(x + half * columns, rows - half, columns, width, &rest);                               \
    size_t parts = width >= columnGroup * LANES ? columnGroup : 1;                              \
    for (size_t i = 0; i < parts; i++) {                                                        \
      sums->parts[i] = combine(reduction, sums->parts[i], rest.parts[i]);                       \
    }                                                                                           \
  }
ROWS(sumRowsPairwise, kernelSum)
ROWS(maxRowsPairwise, kernelMax)
ROWS(minRowsPairwise, kernelMin)
#undef ROWS

static void reduceRows(KernelReduction reduction, const float *x, size_t rows, size_t columns,
                       float *out) {
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
      case kernelSum: sumRowsPairwise(x + c, rows, columns, width, &sums); break;
      case kernelMax: maxRowsPairwise(x + c, rows, columns, width, &sums); break;
      case kernelMin: minRowsPairwise(x + c, rows, columns, width, &sums); break;
    }
    if (width < LANES) {
      storePartial(out + c, sums.parts[0], width);
    } else {
      for (size_t i = 0; i < width / LANES; i++) store(out + c + i * LANES, sums.parts[i]);
    }
    c += width;
  }
}
