// A recurrent layer over whole sequences.
//
// What does not depend on the state is done for all steps at once: x W + b is one product before the
// time loop, dW, dU and dX are products after it. A step of the loop multiplies by U, packed once a
// pass, and computes the gates of the units whose sums it just made, while they are in the L1 cache.
// A task is a group of columnTile units of some sequences; between two steps all tasks meet, since
// each unit of a step needs all of the step before.
//
// Inside, arrays are [T, N, ...] in the order in which steps are processed, so that a step is one
// contiguous matrix and the hidden states before all steps are one, too.
//
// Sums run over the hidden units in one order, and bias gradients over fixed groups of sequences:
// no result depends on the number of threads.
//
// Legend: N batch, T steps, F input size, H hidden size, G gates, s place in the order of
// processing, n sequence.

#include <string.h>

#include "Internal.h"

enum {
  depthBlock = 256,         // of a sum at a time: a panel of U (32 x 256 floats, 32 KB) stays in L1
  rowTiles = 4,             // register tiles of sequences in a task, at most
  threadWork = 1 << 20,     // multiplications of a step from which waking threads pays
};

/// Everything that a task needs to know, and where everything lies.
typedef struct Pass {
  const KernelSet *set;
  const KernelRecurrent *layer;
  size_t N, T, F, H, gates, width;       // width = G H
  size_t groups, rowGroups, rowsOfGroup; // tasks of a step = groups * rowGroups
  bool parallel;
  size_t step;                           // s, T - 1 ... 0 backward
  bool isLast;                           // backward: only the gradient of the initial state is left
  // Kept by the forward pass, [T, N, ...]; `hidden` and an LSTM's `extra` begin with the initial
  // state, so that slot s is the state before step s.
  float *x, *gateValues, *hidden, *extra;
  // Work.
  float *panels;                         // U packed: see packForward and packBackward
  const float *plainU;                   // forward: U where it is read in place, else NULL
  float *dZ, *dCandidate, *dHidden, *dCell, *biasSums, *dX;
  float *y;
  const float *dY;
  float *dInitial;
} Pass;

static size_t gateCount(KernelCell cell) {
  return cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3;
}

/// Takes `count` floats from a buffer, in whole cache lines; only counts when there is no buffer.
static float *take(float *buffer, size_t *used, size_t count) {
  float *place = buffer != NULL ? buffer + *used : NULL;
  *used += roundUp(count, 16);
  return place;
}

static Pass makePass(const KernelSet *set, const KernelRecurrent *layer) {
  Pass p = {.set = set, .layer = layer, .N = layer->batch, .T = layer->steps,
            .F = layer->inputSize, .H = layer->hiddenSize, .gates = gateCount(layer->cell)};
  p.width = p.gates * p.H;
  return p;
}

static void setTasks(Pass *p) {
  p->groups = (p->H + p->set->columnTile - 1) / p->set->columnTile;
  p->rowsOfGroup = maximum(1, minimum(p->N, rowTiles * p->set->rowTile));
  p->rowGroups = (p->N + p->rowsOfGroup - 1) / p->rowsOfGroup;
  p->parallel = p->N * p->H * p->width >= threadWork && kernels_thread_count() > 1;
}

/// Lays out what the forward pass keeps; returns its size.
static size_t layOutKept(Pass *p, float *kept) {
  const size_t rows = p->T * p->N;
  size_t used = 0;
  p->x = take(kept, &used, rows * p->F);
  p->gateValues = take(kept, &used, rows * p->width);
  p->hidden = take(kept, &used, (rows + p->N) * p->H);
  if (p->layer->cell == kernelCellLSTM) p->extra = take(kept, &used, (rows + p->N) * p->H);
  if (p->layer->cell == kernelCellGRU) p->extra = take(kept, &used, rows * p->H);
  return used;
}

/// Lays out the memory that a pass needs while it runs; returns its size.
static size_t layOutWork(Pass *p, float *work, bool backward) {
  const size_t rows = p->T * p->N;
  size_t used = 0;
  p->panels = take(work, &used, p->groups * p->set->columnTile * p->width);
  if (!backward) return used;
  p->dZ = take(work, &used, rows * p->width);
  if (p->layer->cell == kernelCellGRU) p->dCandidate = take(work, &used, rows * p->H);
  p->dHidden = take(work, &used, p->N * p->H);
  if (p->layer->cell == kernelCellLSTM) p->dCell = take(work, &used, p->N * p->H);
  p->biasSums = take(work, &used, p->rowGroups * (p->gates + 1) * p->H);
  p->dX = take(work, &used, rows * p->F);
  return used;
}

size_t kernels_recurrent_kept_count(const KernelRecurrent *layer) {
  Pass p = makePass(NULL, layer);
  return layOutKept(&p, NULL);
}

size_t kernels_recurrent_work_count(const KernelSet *set, const KernelRecurrent *layer,
                                    bool backward) {
  Pass p = makePass(set != NULL ? set : kernels_default(), layer);
  setTasks(&p);
  return layOutWork(&p, NULL, backward);
}

static void forEach(bool parallel, size_t count, void (*body)(size_t, void *), void *context) {
  if (parallel) {
    kernels_parallel_for(count, body, context);
  } else {
    for (size_t i = 0; i < count; i++) body(i, context);
  }
}

/// The step of the sequence that is processed as number s.
INLINE size_t timeOf(const Pass *p, size_t s) { return p->layer->reversed ? p->T - 1 - s : s; }

/// Rows of [N, T, columns] into [T, N, columns] in the order of processing, or back.
static void reorder(const Pass *p, float *sequences, float *steps, size_t columns, bool back) {
  for (size_t s = 0; s < p->T; s++) {
    for (size_t n = 0; n < p->N; n++) {
      float *a = sequences + (n * p->T + timeOf(p, s)) * columns;
      float *b = steps + (s * p->N + n) * columns;
      memcpy(back ? a : b, back ? b : a, columns * sizeof(float));
    }
  }
}

/// A place in an array that only some cells have.
INLINE float *at(float *array, size_t offset) { return array != NULL ? array + offset : NULL; }

static void copyOrClear(float *out, const float *x, size_t count) {
  if (x != NULL) {
    memcpy(out, x, count * sizeof(float));
  } else {
    memset(out, 0, count * sizeof(float));
  }
}

/// The units and sequences of task number `index`.
typedef struct Task {
  size_t group, rowGroup, firstUnit, units, firstRow, rows;
} Task;

static Task taskAt(const Pass *p, size_t index) {
  const size_t tile = p->set->columnTile;
  const size_t group = index % p->groups, rowGroup = index / p->groups;
  const size_t firstUnit = group * tile, firstRow = rowGroup * p->rowsOfGroup;
  return (Task){.group = group, .rowGroup = rowGroup, .firstUnit = firstUnit,
                .units = minimum(tile, p->H - firstUnit), .firstRow = firstRow,
                .rows = minimum(p->rowsOfGroup, p->N - firstRow)};
}

/// sums[r * stride + j] = sum over k of a[r * leading + k] * b[k * leadingB + j], for the sequences
/// and units of a task. The rows of a are read where they are: packing 32 of them takes longer than
/// it saves.
static void multiply(const Pass *p, const Task *task, const float *a, size_t leading, size_t depth,
                     const float *b, size_t leadingB, float *sums, size_t stride) {
  const KernelSet *set = p->set;
  for (size_t k = 0; k < depth; k += depthBlock) {
    for (size_t r = 0; r < task->rows; r += set->rowTile) {
      const KernelTile tile = {
        .depth = minimum(depthBlock, depth - k), .a = a + r * leading + k, .rowStrideA = leading,
        .depthStrideA = 1, .b = b + k * leadingB, .depthStrideB = leadingB, .c = sums + r * stride,
        .leadingC = stride, .accumulate = k > 0,
      };
      set->tileOf(&tile, minimum(set->rowTile, task->rows - r),
                  roundUp(task->units, set->vectorWidth));
    }
  }
}

// MARK: - Forward

/// Panel (group, gate): the columns of U that give this gate of the units of the group, [H, tile].
static void packForward(size_t group, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, first = group * tile;
  for (size_t g = 0; g < p->gates; g++) {
    p->set->packColumns(p->layer->recurrentWeights + g * p->H + first, p->width,
                        minimum(tile, p->H - first), p->H, tile,
                        p->panels + (group * p->gates + g) * tile * p->H);
  }
}

static void forwardTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, H = p->H, s = p->step, time = timeOf(p, s);
  const Task task = taskAt(p, index);
  const size_t stride = p->gates * tile;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * stride);
  const float *before = p->hidden + (s * p->N + task.firstRow) * H;
  for (size_t g = 0; g < p->gates; g++) {
    const float *b = p->plainU != NULL ? p->plainU + g * H + task.firstUnit
                                       : p->panels + (task.group * p->gates + g) * tile * H;
    multiply(p, &task, before, H, H, b, p->plainU != NULL ? p->width : tile, sums + g * tile,
             stride);
  }
  const size_t row = s * p->N + task.firstRow, state = row * H + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM;
  const KernelStepForward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .outputStride = p->T * H, .maskStride = p->T,
    .sums = sums,
    .gates = p->gateValues + row * p->width + task.firstUnit,
    .hiddenBefore = p->hidden + state,
    .cellBefore = at(p->extra, state),
    .hidden = p->hidden + state + p->N * H,
    .extra = at(p->extra, isLSTM ? state + p->N * H : state),
    .candidateBias =
      p->layer->candidateBias != NULL ? p->layer->candidateBias + task.firstUnit : NULL,
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .y = p->y + (task.firstRow * p->T + time) * H + task.firstUnit,
  };
  p->set->stepForward(&step);
}

void kernels_recurrent_forward(const KernelSet *set, const KernelRecurrent *layer, const float *x,
                               const float *initialHidden, const float *initialCell, float *kept,
                               float *work, float *y, KernelState final) {
  Pass p = makePass(set != NULL ? set : kernels_default(), layer);
  setTasks(&p);
  layOutKept(&p, kept);
  layOutWork(&p, work, false);
  p.y = y;
  const size_t stateCount = p.N * p.H;
  const bool isLSTM = layer->cell == kernelCellLSTM;
  reorder(&p, (float *)x, p.x, p.F, false);
  copyOrClear(p.hidden, initialHidden, stateCount);
  if (isLSTM) copyOrClear(p.extra, initialCell, stateCount);

  const KernelProduct product = {
    .m = p.T * p.N, .n = p.width, .k = p.F, .a = kernels_matrix(p.x, p.F, false),
    .b = kernels_matrix(layer->inputWeights, p.width, false), .c = p.gateValues,
    .leadingC = p.width, .columnBias = layer->bias,
  };
  kernels_product(p.set, &product);

  // Packing U would cost more than it brings where it is used once.
  if (p.T == 1 && p.H % p.set->vectorWidth == 0) {
    p.plainU = layer->recurrentWeights;
  } else {
    forEach(p.parallel, p.groups, packForward, &p);
  }
  for (p.step = 0; p.step < p.T; p.step++) {
    forEach(p.parallel, p.groups * p.rowGroups, forwardTask, &p);
  }
  memcpy(final.hidden, p.hidden + p.T * stateCount, stateCount * sizeof(float));
  if (isLSTM) memcpy(final.cell, p.extra + p.T * stateCount, stateCount * sizeof(float));
}

// MARK: - Backward

/// Panel (group): the rows of U that belong to the units of the group, transposed, [G H, tile].
static void packBackward(size_t group, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, first = group * tile;
  p->set->packRows(p->layer->recurrentWeights + first * p->width, p->width,
                   minimum(tile, p->H - first), p->width, tile, p->panels + first * p->width);
}

static void backwardTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, H = p->H;
  const Task task = taskAt(p, index);
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * tile);
  const size_t before = p->isLast ? 0 : p->step + 1;   // the step processed just before this one
  if (before < p->T) {
    multiply(p, &task, p->dZ + (before * p->N + task.firstRow) * p->width, p->width, p->width,
             p->panels + task.firstUnit * p->width, tile, sums, tile);
  }
  const size_t unit = task.firstRow * H + task.firstUnit;
  if (p->isLast) {
    for (size_t r = 0; r < task.rows; r++) {
      p->set->binary(kernelAdd, p->dHidden + unit + r * H, 1, sums + r * tile, 1,
                     p->dInitial + unit + r * H, task.units);
    }
    return;
  }
  const size_t time = timeOf(p, p->step), row = p->step * p->N + task.firstRow;
  const size_t state = row * H + task.firstUnit, gates = row * p->width + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM;
  const KernelStepBackward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .outputStride = p->T * H, .maskStride = p->T,
    .sums = before < p->T ? sums : NULL,
    .gates = p->gateValues + gates,
    .hiddenBefore = p->hidden + state,
    .cellBefore = at(p->extra, state),
    .hidden = p->hidden + state + p->N * H,
    .extra = at(p->extra, isLSTM ? state + p->N * H : state),
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .dY = p->dY != NULL ? p->dY + (task.firstRow * p->T + time) * H + task.firstUnit : NULL,
    .dHidden = p->dHidden + unit,
    .dCell = at(p->dCell, unit),
    .dZ = p->dZ + gates,
    .dCandidate = at(p->dCandidate, state),
    .biasSums = p->biasSums + task.rowGroup * (p->gates + 1) * H + task.firstUnit,
  };
  p->set->stepBackward(&step);
}

/// C = A^T . B over all steps: A is [T N, m], B is [T N, n].
static void weightGradient(const Pass *p, const float *a, size_t m, const float *b, size_t leadingB,
                           size_t n, float *c) {
  const KernelProduct product = {
    .m = m, .n = n, .k = p->T * p->N, .a = kernels_matrix(a, m, true),
    .b = kernels_matrix(b, leadingB, false), .c = c, .leadingC = p->width,
  };
  kernels_product(p->set, &product);
}

/// dX (+)= dZ . W^T for `count` columns of both, W from its column `first` on.
static void inputGradient(const Pass *p, const float *dZ, size_t leading, size_t first,
                          size_t count, bool accumulate, float *dX) {
  const KernelProduct product = {
    .m = p->T * p->N, .n = p->F, .k = count, .a = kernels_matrix(dZ, leading, false),
    .b = kernels_matrix(p->layer->inputWeights + first, p->width, true), .c = dX,
    .leadingC = p->F, .accumulate = accumulate,
  };
  kernels_product(p->set, &product);
}

void kernels_recurrent_backward(const KernelSet *set, const KernelRecurrent *layer,
                                const float *kept, float *work, const float *dY,
                                const float *dFinalHidden, const float *dFinalCell,
                                const KernelRecurrentGradients *gradients) {
  Pass p = makePass(set != NULL ? set : kernels_default(), layer);
  setTasks(&p);
  layOutKept(&p, (float *)kept);
  layOutWork(&p, work, true);
  p.dY = dY;
  p.dInitial = gradients->initial.hidden;
  const size_t stateCount = p.N * p.H, H = p.H;
  const bool isLSTM = layer->cell == kernelCellLSTM, isGRU = layer->cell == kernelCellGRU;
  copyOrClear(p.dHidden, dFinalHidden, stateCount);
  if (isLSTM) copyOrClear(p.dCell, dFinalCell, stateCount);
  const size_t biasCount = (p.gates + 1) * H;
  memset(p.biasSums, 0, p.rowGroups * biasCount * sizeof(float));

  forEach(p.parallel, p.groups, packBackward, &p);
  const size_t tasks = p.groups * p.rowGroups;
  for (p.step = p.T; p.step-- > 0;) forEach(p.parallel, tasks, backwardTask, &p);
  p.isLast = true;
  forEach(p.parallel, tasks, backwardTask, &p);
  if (isLSTM) memcpy(gradients->initial.cell, p.dCell, stateCount * sizeof(float));

  for (size_t i = 1; i < p.rowGroups; i++) {
    p.set->addScaled(1, p.biasSums + i * biasCount, p.biasSums, biasCount);
  }
  memcpy(gradients->bias, p.biasSums, p.width * sizeof(float));
  if (isGRU) memcpy(gradients->candidateBias, p.biasSums + p.width, H * sizeof(float));

  // A GRU's candidate is the one gate whose two products have different gradients.
  const size_t shared = isGRU ? 2 * H : p.width;
  weightGradient(&p, p.hidden, H, p.dZ, p.width, p.width, gradients->recurrentWeights);
  weightGradient(&p, p.x, p.F, p.dZ, p.width, shared, gradients->inputWeights);
  if (isGRU) weightGradient(&p, p.x, p.F, p.dCandidate, H, H, gradients->inputWeights + shared);
  if (gradients->input == NULL) return;
  inputGradient(&p, p.dZ, p.width, 0, shared, false, p.dX);
  if (isGRU) inputGradient(&p, p.dCandidate, H, shared, H, true, p.dX);
  reorder(&p, gradients->input, p.dX, p.F, true);
}
