// The register tile of the matrix product: a block of C stays in registers while k runs.
//
// Per step of k: two vectors of B are loaded, each of up to ROW_TILE values of A is spread
// over a vector, and their products are added. Every row count has a variant of its own, for one
// vector and for two, so that a batch of one does not pay for ROW_TILE rows.
//
// A wide tile has half as many rows of four vectors. It needs 34 instructions for 24 multiply-adds,
// where 12 rows of two need 38, and 7, as many as can be read in place, 23 for 14: a transformer's
// products took 3 to 9 % less time, those of square matrices 15 %.
//
// Legend: r row of the tile, v vector of a row, k depth.

enum { columnTile = 2 * LANES };
#ifdef WIDE_ROW_TILE
enum { wideRowTile = WIDE_ROW_TILE, mostVectors = 4 };
#else
enum { wideRowTile = 0, mostVectors = 2 };
#endif

/// The epilogue of finished sums that need more than a store: bias, activation, C at the edge of the
/// matrix. `sums` has `stride` floats a row.
static __attribute__((noinline)) void finishTile(const CourseTile *tile, const float *sums,
                                                 size_t stride, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    float *c = tile->c + r * tile->leadingC;
    const Vector rowBias = splat(tile->rowBias != NULL ? tile->rowBias[r] : 0);
    for (size_t j = 0; j < columns; j += LANES) {
      const size_t width = minimum(LANES, columns - j);
      const bool whole = width == LANES;
      Vector y = load(sums + r * stride + j);
      if (tile->accumulate) y = (whole ? load(c + j) : loadPartial(c + j, width)) + y;
      if (tile->columnBias != NULL) {
        const float *bias = tile->columnBias + j;
        y += whole ? load(bias) : loadPartial(bias, width);
      }
      if (tile->rowBias != NULL) y += rowBias;
      switch (tile->activation) {
        case kernelActivationIdentity: break;
        case kernelActivationReLU: y = reluVector(y); break;
        case kernelActivationSigmoid: y = sigmoidVector(y); break;
        case kernelActivationTanh: y = tanhVector(y); break;
      }
      if (whole) {
        store(c + j, y);
      } else {
        storePartial(c + j, y, width);
      }
    }
  }
}

/// How a tile reads its operands: from panels of its own width, with any strides (a transposed A or B
/// in place, a narrow tile of a panel), writing a packed copy of B meanwhile, or rows of a plain A in
/// place.
typedef enum TileMode { tilePanels, tileStrided, tilePackingB, tileRowsInPlace } TileMode;

/// Where a tile stands in its operands, and the steps it takes.
typedef struct Walk {
  const float *a, *b;
  float *packedB;
  size_t rowStrideA, stepA, stepB, panelB, packedPanel;
} Walk;

/// `steps` of k. Three at a time: with one, a product took 7 % longer, with four, 4 %.
INLINE void addProducts(Vector sums[ROW_TILE][mostVectors], Walk *walk, size_t steps,
                        const size_t rows, const size_t vectors, const TileMode mode) {
#pragma clang loop unroll_count(3)
  for (; steps > 0; steps--) {
    Vector row[mostVectors];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      row[v] = load(walk->b + v / 2 * walk->panelB + v % 2 * LANES);
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
      const Vector value = splat(walk->a[mode == tileRowsInPlace ? r * walk->rowStrideA : r]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sums[r][v] = multiplyAdd(value, row[v], sums[r][v]);
    }
    if (mode == tilePackingB) {
      // Eight steps ahead: no prefetcher of the processor follows the long stride of a matrix.
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) {
        const size_t ahead = 8 * walk->stepB + v / 2 * walk->panelB + v % 2 * LANES;
        __builtin_prefetch(walk->b + ahead);
        store(walk->packedB + v / 2 * walk->packedPanel + v % 2 * LANES, row[v]);
      }
      walk->packedB += columnTile;
    }
    walk->a += walk->stepA;
    walk->b += walk->stepB;
  }
}

/// Asks for a row of `columns` floats, into the L2 cache: in L1 it would drive out what the tile
/// needs.
INLINE void fetchRow(const float *row, const size_t columns) {
#pragma clang loop unroll(full)
  for (size_t c = 0; c < columns; c += 64 / sizeof(float)) __builtin_prefetch(row + c, 0, 2);
}

/// Adds the products of blocks of fetchSteps, and with each block asks for a piece of the rows of
/// tile->nextA and for two rows of tile->nextC, or then of tile->later. All at once, they waited for
/// each other: a transformer's products took 6 % longer. Returns the steps that are left.
INLINE size_t addFetching(const CourseTile *tile, Vector sums[ROW_TILE][mostVectors], Walk *walk,
                          const size_t rows, const size_t vectors, const TileMode mode) {
  enum { fetchSteps = 12 };  // of A, less than a cache line
  const float *nextA = tile->nextA;
  CourseRows next = tile->nextC, later = tile->later;
  size_t left = tile->depth;
  for (; left >= fetchSteps; left -= fetchSteps) {
    if (nextA == NULL && next.count + later.count == 0) break;
    if (nextA != NULL) {
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r++) fetchRow(nextA + r * walk->rowStrideA, 1);
      nextA += fetchSteps;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 2; i++) {
      if (next.count == 0) {
        next = later;
        later.count = 0;
      }
      if (next.count > 0) {
        fetchRow(next.first, vectors * LANES);
        next.first += next.stride;
        next.count--;
      }
    }
    addProducts(sums, walk, fetchSteps, rows, vectors, mode);
  }
  return left;
}

/// `rows`, `vectors` and `mode` are constants in each call: the loops unroll, `sums` lives in
/// registers.
INLINE void tileBody(const CourseTile *tile, size_t columns, const size_t rows,
                     const size_t vectors, const TileMode mode) {
  Vector sums[ROW_TILE][mostVectors];
  // The lines of C come from far away; they may as well travel while k runs.
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      __builtin_prefetch(tile->c + r * tile->leadingC + v * LANES, 1);
    }
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[r][v] = (Vector){};
  }

  const bool panelsB = mode == tilePanels || (mode == tileRowsInPlace && vectors > 2);
  Walk walk = {
    .a = tile->a, .b = tile->b, .packedB = tile->packedB, .rowStrideA = tile->rowStrideA,
    .stepA = mode == tilePanels ? rows : mode == tileRowsInPlace ? 1 : tile->depthStrideA,
    .stepB = panelsB ? columnTile : tile->depthStrideB,
    .panelB = vectors > 2 ? tile->panelStrideB : 0,
    .packedPanel = vectors > 2 ? tile->depth * columnTile : 0,
  };
  // Only the variants of which large products consist.
  const bool fetches = vectors > 1 && (rows == ROW_TILE || rows == 6) && mode != tilePackingB;
  const size_t left = fetches ? addFetching(tile, sums, &walk, rows, vectors, mode) : tile->depth;
  addProducts(sums, &walk, left, rows, vectors, mode);

  const bool plain = columns == vectors * LANES && tile->rowBias == NULL &&
                     tile->activation == kernelActivationIdentity;
  float *c = tile->c;
  if (plain && !tile->accumulate && tile->columnBias == NULL) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) store(c + v * LANES, sums[r][v]);
      c += tile->leadingC;
    }
  } else if (plain) {
    const float *bias = tile->columnBias;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) {
        Vector y = sums[r][v];
        if (tile->accumulate) y = load(c + v * LANES) + y;
        if (bias != NULL) y += load(bias + v * LANES);
        store(c + v * LANES, y);
      }
      c += tile->leadingC;
    }
  } else {
    float buffer[ROW_TILE * 2 * LANES];  // also wideRowTile rows of four
    const size_t vectorsApart = vectors > 2 ? 4 : 2;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) {
        store(buffer + (vectorsApart * r + v) * LANES, sums[r][v]);
      }
    }
    finishTile(tile, buffer, vectorsApart * LANES, rows, columns);
  }
}

typedef void TileVariant(const CourseTile *tile, size_t columns);

#define VARIANTS(name, rows, mode)                                  \
  static void name##rows##x1(const CourseTile *t, size_t columns) { \
    tileBody(t, columns, rows, 1, mode);                            \
  }                                                                 \
  static void name##rows##x2(const CourseTile *t, size_t columns) { \
    tileBody(t, columns, rows, 2, mode);                            \
  }
#define PANELS(rows) VARIANTS(panels, rows, tilePanels)
#define PANELS_ENTRY(rows) {panels##rows##x1, panels##rows##x2},
#define STRIDED(rows) VARIANTS(strided, rows, tileStrided)
#define STRIDED_ENTRY(rows) {strided##rows##x1, strided##rows##x2},
#define IN_PLACE(rows) VARIANTS(inPlace, rows, tileRowsInPlace)
#define IN_PLACE_ENTRY(rows) {inPlace##rows##x1, inPlace##rows##x2},

#if ROW_TILE == 12
#define EACH_ROW_COUNT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#elif ROW_TILE == 6
#define EACH_ROW_COUNT(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

EACH_ROW_COUNT(PANELS)
static TileVariant *const panelVariants[ROW_TILE][2] = {EACH_ROW_COUNT(PANELS_ENTRY)};
EACH_ROW_COUNT(STRIDED)
static TileVariant *const stridedVariants[ROW_TILE][2] = {EACH_ROW_COUNT(STRIDED_ENTRY)};

// Rows in place need an address register each, so there are at most seven (and no more than sums
// fit).
#if ROW_TILE >= 7
#define EACH_IN_PLACE(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
enum { rowsInPlace = 7 };
#else
#define EACH_IN_PLACE(X) X(1) X(2) X(3) X(4) X(5) X(6)
enum { rowsInPlace = 6 };
#endif

EACH_IN_PLACE(IN_PLACE)
static TileVariant *const rowVariants[rowsInPlace][2] = {EACH_IN_PLACE(IN_PLACE_ENTRY)};

#ifdef WIDE_ROW_TILE
_Static_assert(WIDE_ROW_TILE == 6 && ROW_TILE == 12, "the list below, and the buffer above");
#define WIDE(rows)                                              \
  static void wide##rows(const CourseTile *t, size_t columns) { \
    if (t->rowStrideA == 1) {                                   \
      tileBody(t, columns, rows, 4, tileStrided);               \
    } else {                                                    \
      tileBody(t, columns, rows, 4, tileRowsInPlace);           \
    }                                                           \
  }
WIDE(1) WIDE(2) WIDE(3) WIDE(4) WIDE(5) WIDE(6)
static TileVariant *const wideVariants[] = {wide1, wide2, wide3, wide4, wide5, wide6};
#undef WIDE
#endif
#undef VARIANTS
#undef PANELS
#undef PANELS_ENTRY
#undef STRIDED
#undef STRIDED_ENTRY
#undef IN_PLACE
#undef IN_PLACE_ENTRY

/// At most rowsInPlace rows at a time, and evenly many: 8 as 4 + 4.
static void tileOfRows(CourseTile tile, size_t rows, size_t columns) {
  const size_t pieces = (rows + rowsInPlace - 1) / rowsInPlace, step = (rows + pieces - 1) / pieces;
  for (size_t r = 0; r < rows; r += step) {
    rowVariants[minimum(step, rows - r) - 1][columns > LANES](&tile, columns);
    tile.a += step * tile.rowStrideA;
    tile.c += step * tile.leadingC;
    if (tile.nextA != NULL) tile.nextA += step * tile.rowStrideA;
    tile.nextC = tile.later = (CourseRows){};
    if (tile.rowBias != NULL) tile.rowBias += step;
  }
}

static void tileOf(const CourseTile *tile, size_t rows, size_t columns) {
#ifdef WIDE_ROW_TILE
  if (columns > columnTile) {
    if (tile->packedB != NULL) {
      tileBody(tile, columns, wideRowTile, 4, tilePackingB);
    } else {
      wideVariants[rows - 1](tile, columns);
    }
    return;
  }
#endif
  if (tile->packedB != NULL) {
    tileBody(tile, columnTile, ROW_TILE, 2, tilePackingB);
  } else if (tile->rowStrideA != 1) {
    tileOfRows(*tile, rows, columns);
  } else {
    const bool panels = tile->depthStrideA == rows && tile->depthStrideB == columnTile;
    (panels ? panelVariants : stridedVariants)[rows - 1][columns > LANES](tile, columns);
  }
}

// MARK: -

// The peak of the processor: multiply-adds on registers, without a single load.
//
// Twelve independent chains: more than latency times throughput of any processor so far (4 cycles,
// two a cycle), fewer than the 16 registers of AVX2.

enum { peakChains = 12 };

/// Runs `rounds` multiply-adds in each chain; returns the number of floating-point operations done.
/// `sink` receives one float, so that the compiler cannot leave the work out.
static double multiplyAddRounds(size_t rounds, float *sink) {
  Vector chains[peakChains];
  const Vector factor = splat(0.999999f), addend = splat(1e-6f);
#pragma clang loop unroll(full)
  for (int i = 0; i < peakChains; i++) chains[i] = splat((float)i);
  for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < peakChains; i++) chains[i] = multiplyAdd(chains[i], factor, addend);
  }
  Vector sum = {};
#pragma clang loop unroll(full)
  for (int i = 0; i < peakChains; i++) sum += chains[i];
  *sink = sumLanes(sum);
  return 2.0 * LANES * peakChains * (double)rounds;
}
