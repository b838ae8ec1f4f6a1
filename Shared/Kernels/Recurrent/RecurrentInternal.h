// Shared by the forward and the backward pass of recurrent layers: see Recurrent.c.

#pragma once

#include <string.h>

#include "Internal.h"

enum {
  depthBlock = 256,         // of a sum at a time: a panel of 32 columns, 32 KB, stays in L1
  rowTiles = 4,             // register tiles of sequences in a task, at most
  threadWork = 1 << 20,     // multiplications of a step from which waking threads pays
  runRows = 16,             // sequences from which on a thread of their own pays
  runWeights = 1 << 19,     // floats of W and U up to which it does: 2 MB, an L2 cache
};

/// Everything that a task needs to know, and where everything lies.
typedef struct Pass {
  const CourseKernelSet *set;
  const CourseRecurrent *layer;
  size_t N, T, F, H, gates, width;       // width = G H
  size_t depth, leading;                 // F + H, and the same in whole cache lines
  size_t tileRows, rowsOfGroup;          // sequences in a register tile, in a task
  size_t runs, rowsOfRun;                // parts of the batch that go through the steps by themselves
  size_t firstRow, endRow;               // the sequences of this run
  size_t groups, rowGroups;              // tasks of a step = groups * rowGroups
  size_t panel;                          // floats of a panel of gates
  size_t gradients;                      // of a unit: G, GRU 4
  size_t blockSteps, gradientPanel;      // steps whose gradients lie in dZ, floats of a panel of it
  bool parallel;
  size_t step;                           // s, T - 1 ... 0 backward
  size_t firstStep, endStep;             // backward: the block of steps
  // Kept by the forward pass. Row (s, n) of `rows`: x and the hidden state before step s. An LSTM's
  // `extra` begins with the initial state, too.
  float *rows, *gateValues, *extra;
  // Work.
  float *panels;                         // W and U packed: see packForward and packBackward
  bool inPlace;                          // forward: W and U are read where they are
  float *nextRows[2];                    // packed rows of this step's product and of the next one's
  // Backward: the gradients of a block of steps; its rows [x h] transposed and packed; the sum of
  // the weight gradients of the blocks until now, [F + H, tile] for each panel of dZ.
  float *dZ, *blockRows, *dWeights;
  float *dHidden, *dCell;
  float *biasSums;                       // [tile] for each panel of dZ; GRU: then those of candidates
  float *inputPanels;                    // W^T packed
  const float *x;
  float *y;
  const float *dY;
  const CourseRecurrentGradients *out;
} Pass;

INLINE size_t gateCount(CourseCell cell) {
  return cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3;
}

/// Takes `count` floats from a buffer, in whole cache lines; only counts when there is no buffer.
INLINE float *take(float *buffer, size_t *used, size_t count) {
  float *place = buffer != NULL ? buffer + *used : NULL;
  *used += roundUp(count, 16);
  return place;
}

INLINE Pass makePass(const CourseKernelSet *set, const CourseRecurrent *layer) {
  Pass p = {.set = set != NULL ? set : kernels_default(), .layer = layer,
            .N = layer->batch, .T = layer->steps, .F = layer->inputSize, .H = layer->hiddenSize,
            .gates = gateCount(layer->cell)};
  p.width = p.gates * p.H;
  p.depth = p.F + p.H;
  p.leading = roundUp(p.depth, 16);
  // A GRU's candidate has two: of h Un + c, and of x Wn + bn.
  p.gradients = layer->cell == kernelCellGRU ? 4 : p.gates;
  p.panel = p.T * p.N * p.set->columnTile;
  p.groups = (p.H + p.set->columnTile - 1) / p.set->columnTile;
  p.blockSteps = minimum(p.T, maximum(1, depthBlock / maximum(1, p.N)));
  p.gradientPanel = p.blockSteps * p.N * p.set->columnTile;
  const size_t threads = kernels_thread_count();
  p.parallel = p.N * p.H * p.width >= threadWork && threads > 1;
  const bool isSplit =
    p.parallel && p.N >= threads * runRows && p.depth * p.width <= runWeights;
  p.rowsOfRun = isSplit ? (p.N + threads - 1) / threads : p.N;
  const size_t tiles = maximum(1, (p.rowsOfRun + p.set->rowTile - 1) / p.set->rowTile);
  p.tileRows = maximum(1, (p.rowsOfRun + tiles - 1) / tiles);
  p.rowsOfRun = tiles * p.tileRows;
  p.runs = maximum(1, (p.N + p.rowsOfRun - 1) / p.rowsOfRun);
  p.rowsOfGroup = minimum(tiles, rowTiles) * p.tileRows;
  return p;
}

/// Lays out the values that the forward pass keeps; returns their size.
INLINE size_t layOutKept(Pass *p, float *kept) {
  const size_t rows = p->T * p->N;
  size_t used = 0;
  p->rows = take(kept, &used, (rows + p->N) * p->leading);
  if (p->gates > 1) p->gateValues = take(kept, &used, p->groups * p->gates * p->panel);
  if (p->layer->cell == kernelCellLSTM) p->extra = take(kept, &used, (rows + p->N) * p->H);
  if (p->layer->cell == kernelCellGRU) p->extra = take(kept, &used, rows * p->H);
  return used;
}

/// Lays out the memory that a pass needs while it runs; returns its size.
INLINE size_t layOutWork(Pass *p, float *work, bool backward) {
  const size_t tile = p->set->columnTile, rowTile = p->set->rowTile;
  const size_t depth = backward ? p->gradients * p->H : p->depth;
  size_t used = 0;
  p->panels = take(work, &used, p->groups * tile * (backward ? p->width : p->gates * p->depth));
  for (int i = 0; i < 2; i++) {
    // Tiles depend on the number of threads, the memory must not.
    p->nextRows[i] = take(work, &used, (p->N + rowTile) * depth);
  }
  if (!backward) return used;
  p->dZ = take(work, &used, p->groups * p->gradients * p->gradientPanel);
  p->blockRows = take(work, &used, (roundUp(p->F, rowTile) + roundUp(p->H, rowTile)) *
                                     p->blockSteps * p->N);
  p->dWeights = take(work, &used, p->groups * p->gates * p->depth * tile);
  p->dHidden = take(work, &used, p->N * p->H);
  if (p->layer->cell == kernelCellLSTM) p->dCell = take(work, &used, p->N * p->H);
  p->biasSums = take(work, &used, p->groups * (p->gates + 1) * tile);
  p->inputPanels = take(work, &used, roundUp(p->F, tile) * p->width);
  return used;
}

INLINE void forEach(bool parallel, size_t count, void (*body)(size_t, void *), void *context) {
  if (parallel) {
    kernels_parallel_for(count, body, context);
  } else {
    for (size_t i = 0; i < count; i++) body(i, context);
  }
}

/// The pass as run number `index` sees it.
INLINE Pass runAt(const Pass *p, size_t index) {
  Pass run = *p;
  run.firstRow = index * p->rowsOfRun;
  run.endRow = minimum(p->N, run.firstRow + p->rowsOfRun);
  run.rowGroups = (run.endRow - run.firstRow + p->rowsOfGroup - 1) / p->rowsOfGroup;
  return run;
}

/// The step of the sequence that is processed as number s.
INLINE size_t timeOf(const Pass *p, size_t s) { return p->layer->reversed ? p->T - 1 - s : s; }

/// A place in an array that only some cells have.
INLINE float *at(float *array, size_t offset) { return array != NULL ? array + offset : NULL; }

INLINE void copyOrClear(float *out, const float *x, size_t count) {
  if (x != NULL) {
    memcpy(out, x, count * sizeof(float));
  } else {
    memset(out, 0, count * sizeof(float));
  }
}

/// The units and sequences of task number `index`.
typedef struct Task {
  size_t group, firstUnit, units, firstRow, rows;
} Task;

INLINE Task taskAt(const Pass *p, size_t index) {
  const size_t tile = p->set->columnTile;
  const size_t group = index % p->groups, firstUnit = group * tile;
  const size_t firstRow = p->firstRow + index / p->groups * p->rowsOfGroup;
  return (Task){.group = group, .firstUnit = firstUnit, .units = minimum(tile, p->H - firstUnit),
                .firstRow = firstRow, .rows = minimum(p->rowsOfGroup, p->endRow - firstRow)};
}

/// sums[r * stride + j] (+)= sum over k in k0 ..< k0 + depth of row r, element k, times
/// b[(k - k0) * leadingB + j], for the sequences and units of a task. `rows` holds packed rows of
/// `all` elements.
INLINE void multiply(const Pass *p, const Task *task, const float *rows, size_t all, size_t k0,
                     size_t depth, const float *b, size_t leadingB, bool accumulate, float *sums,
                     size_t stride) {
  const CourseKernelSet *set = p->set;
  for (size_t k = 0; k < depth; k += depthBlock) {
    for (size_t r = 0; r < task->rows; r += p->tileRows) {
      const size_t tileRows = minimum(p->tileRows, task->rows - r);
      const CourseTile tile = {
        .depth = minimum(depthBlock, depth - k),
        .a = rows + (task->firstRow + r) * all + (k0 + k) * tileRows,
        .rowStrideA = 1, .depthStrideA = tileRows,
        .b = b + k * leadingB, .depthStrideB = leadingB, .c = sums + r * stride,
        .leadingC = stride, .accumulate = accumulate || k > 0,
      };
      tableOf(set)->product.tile(&tile, tileRows, roundUp(task->units, set->vectorWidth));
    }
  }
}

/// Packs `count` columns of x, [sequences of the task, leading], as elements k0 ..< k0 + count of
/// rows of `all` elements.
INLINE void packTaskRows(const Pass *p, const Task *task, const float *x, size_t leading,
                         size_t count, float *rows, size_t all, size_t k0) {
  if (count == 0) return;
  for (size_t r = 0; r < task->rows; r += p->tileRows) {
    const size_t tileRows = minimum(p->tileRows, task->rows - r);
    tableOf(p->set)->product.packRows(x + r * leading, leading, tileRows, count, tileRows,
                                      rows + (task->firstRow + r) * all + k0 * tileRows);
  }
}
