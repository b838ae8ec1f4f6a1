// C = activation(op(A) . op(B) + bias), blocked for the caches and for threads.
//
// One of the two operands is "shared": packed as a whole before the work begins (or in parts, where
// it exceeds `sharedLimit`), by all threads together. The other one is cut into chunks; a task packs
// its chunk, one block of k at a time, into memory of its thread, where it stays in the L2 cache,
// and runs the register tile over it and the shared panels. The operand with more rows is the one
// that is cut.
//
// Sums run over k in one order, block by block, whatever is shared, cut or read in place, so that a
// result never depends on the number of threads.
//
// Legend: m, n rows and columns of C, k depth of the sums; panel: rowTile rows of op(A), or
// columnTile columns of op(B), depth-major.

#include <string.h>

#include "Internal.h"

enum {
  depthBlock = 384,         // k at a time: a panel of B (32 x 384 floats, 48 KB) streams through L1
  rowBlock = 336,           // rows of A that are used again and again: 0.5 MB of the L2 cache
  chunkLimit = 512,         // columns of B in a chunk, at most
  sharedLimit = 1 << 20,    // floats of shared panels: 4 MB
  inPlaceWork = 1 << 18,    // m n k up to which operands are read where they are
  threadWork = 1 << 20,     // m n k from which waking threads pays
};

KernelOperand kernels_matrix(const float *data, size_t leading, bool transposed) {
  return (KernelOperand){.data = data, .leading = leading, .transposed = transposed};
}

/// Packs rows of op(A) (`columnsOfB` false) or columns of op(B) as KernelOperand describes.
static void pack(const KernelSet *set, const KernelOperand *operand, bool columnsOfB, size_t first,
                 size_t count, size_t k0, size_t depth, float *panels) {
  const size_t width = columnsOfB ? set->columnTile : set->rowTile;
  if (operand->pack != NULL) {
    operand->pack(operand, set, first, count, k0, depth, width, panels);
  } else if (operand->transposed == columnsOfB) {
    const float *x = operand->data + first * operand->leading + k0;
    set->packRows(x, operand->leading, count, depth, width, panels);
  } else {
    const float *x = operand->data + k0 * operand->leading + first;
    set->packColumns(x, operand->leading, count, depth, width, panels);
  }
}

/// The tile of C at (row, column), for one block of k that begins at k0. Bias and activation belong
/// to the last block.
INLINE KernelTile tileAt(const KernelProduct *p, size_t row, size_t column, size_t k0, size_t depth) {
  const bool last = k0 + depth == p->k;
  return (KernelTile){
    .depth = depth,
    .c = p->c + row * p->leadingC + column,
    .leadingC = p->leadingC,
    .accumulate = p->accumulate || k0 > 0,
    .columnBias = last && p->columnBias != NULL ? p->columnBias + column : NULL,
    .rowBias = last && p->rowBias != NULL ? p->rowBias + row : NULL,
    .activation = last ? p->activation : kernelActivationIdentity,
  };
}

// MARK: - Small products

/// One thread; operands that can be read where they are, are not packed.
static void smallProduct(const KernelSet *set, const KernelProduct *p) {
  const size_t rowTile = set->rowTile, columnTile = set->columnTile;
  const bool rowsInPlace = p->a.pack == NULL && p->a.transposed;
  const bool columnsInPlace = p->b.pack == NULL && !p->b.transposed;
  float *aPanels = kernelsScratch(scratchShared, roundUp(p->m, rowTile) * minimum(p->k, depthBlock));
  float *bPanel = kernelsScratch(scratchPrivate, columnTile * minimum(p->k, depthBlock));

  for (size_t k0 = 0; k0 < p->k; k0 += depthBlock) {
    const size_t depth = minimum(depthBlock, p->k - k0);
    if (!rowsInPlace) pack(set, &p->a, false, 0, p->m, k0, depth, aPanels);
    for (size_t j = 0; j < p->n; j += columnTile) {
      const size_t columns = minimum(columnTile, p->n - j);
      const bool inPlace = columnsInPlace && columns % set->vectorWidth == 0;
      if (!inPlace) pack(set, &p->b, true, j, columns, k0, depth, bPanel);
      for (size_t i = 0; i < p->m; i += rowTile) {
        KernelTile tile = tileAt(p, i, j, k0, depth);
        tile.a = rowsInPlace ? p->a.data + k0 * p->a.leading + i : aPanels + i * depth;
        tile.depthStrideA = rowsInPlace ? p->a.leading : rowTile;
        tile.b = inPlace ? p->b.data + k0 * p->b.leading + j : bPanel;
        tile.depthStrideB = inPlace ? p->b.leading : columnTile;
        set->tileOf(&tile, minimum(rowTile, p->m - i), columns);
      }
    }
  }
}

// MARK: - Large products

/// What the tasks of one part of a large product know.
typedef struct Part {
  const KernelSet *set;
  const KernelProduct *product;
  bool sharesB;                   // B is packed as a whole, A in chunks; or the other way round
  size_t sharedFirst, sharedCount;  // rows of op(A), or columns of op(B), that `panels` holds
  size_t k0, depth;               // of k
  size_t chunk;                   // rows or columns of the other operand in a task
  float *panels;                  // block of k by block of k, all panels of a block together
} Part;

/// Packs panel number `index` of the shared operand, all blocks of k.
static void packShared(size_t index, void *context) {
  const Part *part = context;
  const KernelProduct *p = part->product;
  const size_t width = part->sharesB ? part->set->columnTile : part->set->rowTile;
  const size_t first = index * width, padded = roundUp(part->sharedCount, width);
  for (size_t k = 0; k < part->depth; k += depthBlock) {
    const size_t depth = minimum(depthBlock, part->depth - k);
    pack(part->set, part->sharesB ? &p->b : &p->a, part->sharesB, part->sharedFirst + first,
         minimum(width, part->sharedCount - first), part->k0 + k, depth,
         part->panels + k * padded + first * depth);
  }
}

/// All tiles of C from packed panels of A (rows from `row` on) and of B (columns from `column` on).
static void multiplyPanels(const Part *part, size_t row, size_t rows, const float *a, size_t column,
                           size_t columns, const float *b, size_t k0, size_t depth) {
  const size_t rowTile = part->set->rowTile, columnTile = part->set->columnTile;
  for (size_t block = 0; block < rows; block += rowBlock) {
    const size_t blockEnd = minimum(rows, block + rowBlock / rowTile * rowTile);
    for (size_t j = 0; j < columns; j += columnTile) {
      for (size_t i = block; i < blockEnd; i += rowTile) {
        KernelTile tile = tileAt(part->product, row + i, column + j, k0, depth);
        tile.a = a + i * depth;
        tile.depthStrideA = rowTile;
        tile.b = b + j * depth;
        tile.depthStrideB = columnTile;
        part->set->tileOf(&tile, minimum(rowTile, rows - i), minimum(columnTile, columns - j));
      }
    }
  }
}

/// Task number `index`: one chunk of the operand that is not shared.
static void multiplyChunk(size_t index, void *context) {
  const Part *part = context;
  const KernelProduct *p = part->product;
  const size_t sharedWidth = part->sharesB ? part->set->columnTile : part->set->rowTile;
  const size_t padded = roundUp(part->sharedCount, sharedWidth);
  const size_t first = index * part->chunk;
  const size_t count = minimum(part->chunk, (part->sharesB ? p->m : p->n) - first);
  float *chunk = kernelsScratch(scratchPrivate, part->chunk * minimum(part->depth, depthBlock));

  for (size_t k = 0; k < part->depth; k += depthBlock) {
    const size_t depth = minimum(depthBlock, part->depth - k);
    const float *shared = part->panels + k * padded;
    pack(part->set, part->sharesB ? &p->a : &p->b, !part->sharesB, first, count, part->k0 + k, depth,
         chunk);
    if (part->sharesB) {
      multiplyPanels(part, first, count, chunk, part->sharedFirst, part->sharedCount, shared,
                     part->k0 + k, depth);
    } else {
      multiplyPanels(part, part->sharedFirst, part->sharedCount, shared, first, count, chunk,
                     part->k0 + k, depth);
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

static void largeProduct(const KernelSet *set, const KernelProduct *p) {
  const bool parallel = p->m * p->n * p->k >= threadWork && kernels_thread_count() > 1;
  Part part = {.set = set, .product = p, .sharesB = p->m >= p->n};
  const size_t sharedWidth = part.sharesB ? set->columnTile : set->rowTile;
  const size_t cutWidth = part.sharesB ? set->rowTile : set->columnTile;
  const size_t sharedTotal = part.sharesB ? p->n : p->m, cutTotal = part.sharesB ? p->m : p->n;

  const size_t sharedStep =
    minimum(roundUp(sharedTotal, sharedWidth), sharedLimit / depthBlock / sharedWidth * sharedWidth);
  const size_t depthStep = maximum(1, sharedLimit / sharedStep / depthBlock) * depthBlock;

  // About four chunks a thread, so that one which is held up does not hold up all.
  const size_t longest = (part.sharesB ? rowBlock : chunkLimit) / cutWidth * cutWidth;
  const size_t pieces = parallel ? 4 * kernels_thread_count() : 1;
  part.chunk = minimum(longest, roundUp((cutTotal + pieces - 1) / pieces, cutWidth));

  part.panels = kernelsScratch(scratchShared, sharedStep * minimum(depthStep, p->k));
  for (size_t first = 0; first < sharedTotal; first += sharedStep) {
    part.sharedFirst = first;
    part.sharedCount = minimum(sharedStep, sharedTotal - first);
    for (size_t k0 = 0; k0 < p->k; k0 += depthStep) {
      part.k0 = k0;
      part.depth = minimum(depthStep, p->k - k0);
      const size_t panels = (part.sharedCount + sharedWidth - 1) / sharedWidth;
      forEach(parallel, panels, packShared, &part);
      forEach(parallel, (cutTotal + part.chunk - 1) / part.chunk, multiplyChunk, &part);
    }
  }
}

void kernels_product(const KernelSet *set, const KernelProduct *product) {
  if (set == NULL) set = kernels_default();
  const KernelProduct *p = product;
  if (p->m == 0 || p->n == 0) return;
  if (p->k == 0) {
    // Empty sums: what remains is the epilogue of a tile without depth.
    for (size_t i = 0; i < p->m && !p->accumulate; i += set->rowTile) {
      for (size_t j = 0; j < p->n; j += set->columnTile) {
        const KernelTile tile = tileAt(p, i, j, 0, 0);
        set->tileOf(&tile, minimum(set->rowTile, p->m - i), minimum(set->columnTile, p->n - j));
      }
    }
  } else if (p->m * p->n * p->k <= inPlaceWork || p->m <= set->rowTile) {
    smallProduct(set, p);
  } else {
    largeProduct(set, p);
  }
}
