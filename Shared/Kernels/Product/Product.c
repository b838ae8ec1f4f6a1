// C = activation(op(A) . op(B) + bias), blocked for the caches and for threads.
//
// One of the two operands is "shared": packed as a whole before the work begins (or in parts, where
// it exceeds `sharedLimit`), by all threads together. The other one is cut into chunks; a task
// packs its chunk, one block of k at a time, into memory of its thread, where it stays in the L2
// cache, and runs the register tile over it and the shared panels. The operand with more rows is
// the one that is cut. Rows of A that few panels meet are not packed, but read where they are.
//
// Sums run over k in one order, block by block, whichever operand is shared, cut or read in place, so that a
// result never depends on the number of threads.
//
// Legend: m, n rows and columns of C, k depth of the sums; panel: rowTile rows of op(A), or
// columnTile columns of op(B), depth-major.

#include <string.h>

#include "Internal.h"

enum {
  depthBlock = 256,         // k at a time: a panel of B (32 x 256 floats, 32 KB) stays in L1. With
                            // 384, which fill it, 1024^3 and 2048^3 took 5 % longer
  sharedLimit = 1152 * depthBlock,  // floats of shared panels: 1.1 MB, more than half of an L2 cache
  rowChunk = 48,            // rows of A in a chunk, at most: 48 KB
  columnChunk = 128,        // columns of B in a chunk, at most: 128 KB
  inPlaceWork = 1 << 18,    // m n k up to which operands are read where they are
  inPlaceTiles = 32,        // column tiles up to which A is. Products of a transformer's layers,
                            // 128 to 512 columns wide, take 5 to 9 % less time than with panels,
                            // and 6 to 15 % less again where the rows of the next tile are fetched
  transposedTiles = 8,      // the same for a transposed A: a cache line for each step of k, in few
                            // places of L1. From 16 tiles on, AVX2 took 10 to 20 % longer
  threadWork = 1 << 20,     // m n k from which waking threads pays
};

CourseOperand kernels_matrix(const float *data, size_t leading, bool transposed) {
  return (CourseOperand){.data = data, .leading = leading, .transposed = transposed};
}

/// Packs rows of op(A) (`columnsOfB` false) or columns of op(B) as CourseOperand describes.
static void pack(const CourseKernelSet *set, const CourseOperand *operand, bool columnsOfB,
                 size_t width, size_t first, size_t count, size_t k0, size_t depth, float *panels) {
  if (operand->pack != NULL) {
    operand->pack(operand, set, first, count, k0, depth, width, panels);
  } else if (operand->transposed == columnsOfB) {
    const float *x = operand->data + first * operand->leading + k0;
    tableOf(set)->product.packRows(x, operand->leading, count, depth, width, panels);
  } else {
    const float *x = operand->data + k0 * operand->leading + first;
    tableOf(set)->product.packColumns(x, operand->leading, count, depth, width, panels);
  }
}

/// The tile of C at (row, column), for one block of k that begins at k0. Bias and activation belong
/// to the last block.
INLINE CourseTile tileAt(const CourseProduct *p, size_t row, size_t column, size_t k0,
                         size_t depth) {
  const bool last = k0 + depth == p->k;
  return (CourseTile){
    .depth = depth,
    .c = p->c + row * p->leadingC + column,
    .leadingC = p->leadingC,
    .accumulate = p->accumulate || k0 > 0,
    .columnBias = last && p->columnBias != NULL ? p->columnBias + column : NULL,
    .rowBias = last && p->rowBias != NULL ? p->rowBias + row : NULL,
    .activation = last ? p->activation : kernelActivationIdentity,
  };
}

/// Whether tiles read op(A) where it is.
static bool readsInPlace(const CourseKernelSet *set, const CourseProduct *p) {
  const size_t tiles = p->a.transposed ? transposedTiles : inPlaceTiles;
  return p->a.pack == NULL && p->n <= tiles * set->columnTile;
}

/// Lets the tile read rows from `row` on of op(A) where they are.
INLINE void setRowsInPlace(CourseTile *tile, const CourseOperand *a, size_t row, size_t k0) {
  tile->rowStrideA = a->transposed ? 1 : a->leading;
  tile->depthStrideA = a->transposed ? a->leading : 1;
  tile->a = a->data + row * tile->rowStrideA + k0 * tile->depthStrideA;
}

INLINE void setPanel(CourseTile *tile, const float *panel, size_t width) {
  tile->rowStrideA = 1;
  tile->depthStrideA = width;
  tile->a = panel;
}

// MARK: - Small products

/// One thread; operands that can be read where they are, are not packed. Rows are spread evenly
/// over the tiles: 16 as 8 + 8, since a tile of 2 takes as long as one of 4.
static void smallProduct(const CourseKernelSet *set, const CourseProduct *p) {
  const size_t columnTile = set->columnTile;
  const size_t tiles = (p->m + set->rowTile - 1) / set->rowTile;
  const size_t rowTile = (p->m + tiles - 1) / tiles;
  const bool rowsInPlace = readsInPlace(set, p) || (p->a.pack == NULL && p->a.transposed);
  const bool columnsInPlace = p->b.pack == NULL && !p->b.transposed;
  float *aPanels =
    kernelsScratch(scratchShared, roundUp(p->m, rowTile) * minimum(p->k, depthBlock));
  float *bPanel = kernelsScratch(scratchPrivate, columnTile * minimum(p->k, depthBlock));

  for (size_t k0 = 0; k0 < p->k; k0 += depthBlock) {
    const size_t depth = minimum(depthBlock, p->k - k0);
    if (!rowsInPlace) pack(set, &p->a, false, rowTile, 0, p->m, k0, depth, aPanels);
    for (size_t j = 0; j < p->n; j += columnTile) {
      const size_t columns = minimum(columnTile, p->n - j);
      const bool inPlace = columnsInPlace && columns % set->vectorWidth == 0;
      if (!inPlace) pack(set, &p->b, true, columnTile, j, columns, k0, depth, bPanel);
      for (size_t i = 0; i < p->m; i += rowTile) {
        CourseTile tile = tileAt(p, i, j, k0, depth);
        if (rowsInPlace) {
          setRowsInPlace(&tile, &p->a, i, k0);
        } else {
          setPanel(&tile, aPanels + i * depth, rowTile);
        }
        tile.b = inPlace ? p->b.data + k0 * p->b.leading + j : bPanel;
        tile.depthStrideB = inPlace ? p->b.leading : columnTile;
        tableOf(set)->product.tile(&tile, minimum(rowTile, p->m - i), columns);
      }
    }
  }
}

// MARK: - Large products

/// The context of the tasks of one part of a large product.
typedef struct Part {
  const CourseKernelSet *set;
  const CourseProduct *product;
  bool sharesB;                     // B is packed as a whole, A in chunks; or the other way round
  const CourseOperand *shared, *cut;
  size_t sharedTile, cutTile;       // rows or columns of their panels
  size_t sharedFirst, sharedCount;  // rows of op(A), or columns of op(B), that `panels` holds
  size_t sharedChunk;               // those that a task packs
  size_t cutCount, chunk;           // all rows or columns of the other operand; those of a task
  size_t k0, depth;                 // the range of k
  float *panels;                    // block of k by block of k, all panels of a block together
} Part;

/// Packs piece number `index` of the shared operand, all blocks of k.
static void packShared(size_t index, void *context) {
  const Part *part = context;
  const size_t first = index * part->sharedChunk;
  const size_t count = minimum(part->sharedChunk, part->sharedCount - first);
  const size_t padded = roundUp(part->sharedCount, part->sharedTile);
  for (size_t k = 0; k < part->depth; k += depthBlock) {
    const size_t depth = minimum(depthBlock, part->depth - k);
    pack(part->set, part->shared, part->sharesB, part->sharedTile, part->sharedFirst + first, count,
         part->k0 + k, depth, part->panels + k * padded + first * depth);
  }
}

/// Columns of the next tile, where `left` remain: those of two panels if there is a tile for them
/// and its last vector is needed.
INLINE size_t tileColumns(const CourseKernelSet *set, size_t left) {
  const bool isWide = set->wideRowTile > 0 && left > set->columnTile + set->vectorWidth;
  return minimum((isWide ? 2 : 1) * set->columnTile, left);
}

/// `count` rows of an operand that lies in memory row k by row k, from `first` on.
INLINE CourseRows rowsOf(const CourseOperand *x, size_t k, size_t count, size_t first) {
  return (CourseRows){x->data + k * x->leading + first, x->leading, count};
}

/// What tile number `index` fetches of rows that `tiles` fetch together.
INLINE CourseRows shareOf(CourseRows rows, size_t index, size_t tiles) {
  const size_t each = (rows.count + tiles - 1) / tiles, from = minimum(index * each, rows.count);
  return (CourseRows){rows.first + from * rows.stride, rows.stride,
                      minimum(each, rows.count - from)};
}

/// All tiles of C that panels of A (rows from `row` on) and of B (columns from `column` on) give.
/// Where `packsB`, whole panels of B are not packed yet: the first tile of each does it on the way.
/// Without panels of A (`a` NULL) its rows are read where they are. Meanwhile the rows `after` are
/// fetched.
static void multiplyPanels(const Part *part, size_t row, size_t rows, const float *a, size_t column,
                           size_t columns, float *b, bool packsB, size_t k0, size_t depth,
                           CourseRows after) {
  const CourseKernelSet *set = part->set;
  const CourseProduct *p = part->product;
  const size_t rowTile = set->rowTile, columnTile = set->columnTile;
  for (size_t j = 0, width; j < columns; j += width) {
    width = tileColumns(set, columns - j);
    if (packsB && width % columnTile != 0) width = minimum(width, columnTile);
    const size_t step = width > columnTile ? set->wideRowTile : rowTile;
    const size_t tiles = (rows + step - 1) / step;
    CourseRows later = {};
    if (j + width >= columns) {
      later = after;
    } else if (packsB) {
      later = rowsOf(&p->b, k0, depth, column + j + width);
    }
    for (size_t i = 0; i < rows; i += step) {
      const size_t next = i + step;
      CourseTile tile = tileAt(p, row + i, column + j, k0, depth);
      if (next < rows) {
        tile.nextC = (CourseRows){tile.c + step * p->leadingC, p->leadingC,
                                  minimum(step, rows - next)};
      }
      tile.later = shareOf(later, i / step, tiles);
      if (a == NULL) {
        setRowsInPlace(&tile, &p->a, row + i, k0);
        if (j == 0 && !p->a.transposed && row + next < p->m) {
          tile.nextA = tile.a + step * tile.rowStrideA;
        }
      } else {
        setPanel(&tile, a + i / rowTile * rowTile * depth + i % rowTile, rowTile);
      }
      if (packsB && i == 0 && width % columnTile == 0) {
        tile.b = p->b.data + k0 * p->b.leading + column + j;
        tile.depthStrideB = p->b.leading;
        tile.panelStrideB = columnTile;
        tile.packedB = b + j * depth;
      } else {
        tile.b = b + j * depth;
        tile.depthStrideB = columnTile;
        tile.panelStrideB = columnTile * depth;
      }
      tableOf(set)->product.tile(&tile, minimum(step, rows - i), width);
    }
  }
}

/// Task number `index`: one chunk of the operand that is not shared.
static void multiplyChunk(size_t index, void *context) {
  const Part *part = context;
  const CourseProduct *p = part->product;
  const size_t padded = roundUp(part->sharedCount, part->sharedTile);
  const size_t first = index * part->chunk, count = minimum(part->chunk, part->cutCount - first);
  const bool packsB = !part->sharesB && part->cut->pack == NULL && !part->cut->transposed &&
                      part->sharedCount >= part->set->rowTile;
  const bool inPlace = part->sharesB && readsInPlace(part->set, p);
  float *chunk =
    inPlace ? NULL : kernelsScratch(scratchPrivate, part->chunk * minimum(part->depth, depthBlock));

  for (size_t k = 0; k < part->depth; k += depthBlock) {
    const size_t depth = minimum(depthBlock, part->depth - k), k0 = part->k0 + k;
    float *shared = part->panels + k * padded;
    const size_t later = packsB ? count / part->cutTile * part->cutTile : 0;
    if (!inPlace && later < count) {
      pack(part->set, part->cut, !part->sharesB, part->cutTile, first + later, count - later, k0,
           depth, chunk + later * depth);
    }
    CourseRows after = {};
    const size_t next = k + depth;
    if (packsB || (inPlace && p->a.transposed)) {
      if (next < part->depth) {
        after = rowsOf(part->cut, k0 + depth, minimum(depthBlock, part->depth - next), first);
      } else if (first + count < part->cutCount) {
        after = rowsOf(part->cut, part->k0, minimum(depthBlock, part->depth), first + count);
      }
    }
    if (part->sharesB) {
      multiplyPanels(part, first, count, chunk, part->sharedFirst, part->sharedCount, shared, false,
                     k0, depth, after);
    } else {
      multiplyPanels(part, part->sharedFirst, part->sharedCount, shared, first, count, chunk,
                     packsB, k0, depth, after);
    }
  }
}

static void forEach(bool parallel, size_t count, void (*body)(size_t, void *), void *context) {
  if (parallel) {
    kernels_parallel_for(count, body, context);
  } else {
    for (size_t i = 0; i < count; i++) body(i, context);
  }
}

static void largeProduct(const CourseKernelSet *set, const CourseProduct *p) {
  const bool parallel = p->m * p->n * p->k >= threadWork && kernels_thread_count() > 1;
  const bool sharesB = p->m >= p->n;
  Part part = {
    .set = set, .product = p, .sharesB = sharesB,
    .shared = sharesB ? &p->b : &p->a, .cut = sharesB ? &p->a : &p->b,
    .sharedTile = sharesB ? set->columnTile : set->rowTile,
    .cutTile = sharesB ? set->rowTile : set->columnTile,
    .cutCount = sharesB ? p->m : p->n,
  };
  const size_t sharedTotal = sharesB ? p->n : p->m;
  const size_t sharedStep = minimum(roundUp(sharedTotal, part.sharedTile),
                                    sharedLimit / depthBlock / part.sharedTile * part.sharedTile);
  const size_t depthStep = maximum(1, sharedLimit / sharedStep / depthBlock) * depthBlock;

  // At least about four chunks a thread, so that one which is held up does not hold up all.
  const size_t longest = (sharesB ? rowChunk : columnChunk) / part.cutTile * part.cutTile;
  const size_t pieces = parallel ? 4 * kernels_thread_count() : 1;
  part.chunk = minimum(longest, roundUp((part.cutCount + pieces - 1) / pieces, part.cutTile));
  const size_t chunks = (part.cutCount + part.chunk - 1) / part.chunk;

  part.panels = kernelsScratch(scratchShared, sharedStep * minimum(depthStep, p->k));
  for (size_t first = 0; first < sharedTotal; first += sharedStep) {
    part.sharedFirst = first;
    part.sharedCount = minimum(sharedStep, sharedTotal - first);
    // Long enough for packColumns, and not most of the work, for which the other threads would wait.
    const size_t fair = roundUp((part.sharedCount + pieces - 1) / pieces, part.sharedTile);
    part.sharedChunk = minimum(fair, 128 / part.sharedTile * part.sharedTile);
    for (size_t k0 = 0; k0 < p->k; k0 += depthStep) {
      part.k0 = k0;
      part.depth = minimum(depthStep, p->k - k0);
      const size_t packs = (part.sharedCount + part.sharedChunk - 1) / part.sharedChunk;
      forEach(parallel, packs, packShared, &part);
      forEach(parallel, chunks, multiplyChunk, &part);
    }
  }
}

void kernels_product(const CourseKernelSet *set, const CourseProduct *product) {
  if (set == NULL) set = kernels_default();
  const CourseProduct *p = product;
  if (p->m == 0 || p->n == 0) return;
  if (p->k == 0) {
    // Empty sums: only the epilogue remains of a tile without depth.
    for (size_t i = 0; i < p->m && !p->accumulate; i += set->rowTile) {
      for (size_t j = 0; j < p->n; j += set->columnTile) {
        const CourseTile tile = tileAt(p, i, j, 0, 0);
        tableOf(set)->product.tile(&tile, minimum(set->rowTile, p->m - i),
                                   minimum(set->columnTile, p->n - j));
      }
    }
  } else if (p->m * p->n * p->k <= inPlaceWork || p->m <= set->rowTile) {
    smallProduct(set, p);
  } else {
    largeProduct(set, p);
  }
}
