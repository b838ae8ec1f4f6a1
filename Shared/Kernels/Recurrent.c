// A recurrent layer over whole sequences.
//
// A task of a step is a group of columnTile units of some sequences: it multiplies [x h] by its
// columns of W and U, one below the other and packed once a pass, and computes the gates from the
// sums while they are in the L1 cache. Between two steps all tasks meet, since each unit of a step
// needs all of the step before. Backwards the same with U transposed; the gradients of the weights
// and of the input are products over all steps at once, after the loop.
//
// Measured on N 32, T 64, F 96, H 256, one thread of a Xeon with AVX-512 (forward and backward were
// 29 ms at first and are 27 ms with all three):
// - x W as one product for all steps before the loop writes and reads the largest array of a pass
//   once more than the gates need it.
// - What a task leaves for the next step it packs as rows of the next product, so that nobody has to
//   do it between two steps. Rows read in place make the product 10 % slower.
// - A backward task asks for the lines that its gates need before it multiplies. No prefetcher of
//   the processor sees them coming, and waiting for them was half of the time of the gates.
//
// Inside, arrays are [T, N, ...] in the order in which steps are processed, so that a step is one
// contiguous matrix, and x and the hidden state before a step are the columns of one matrix.
//
// Sums run over inputs and hidden units in one order, and bias gradients over fixed groups of
// sequences: no result depends on the number of threads.
//
// Legend: N batch, T steps, F input size, H hidden size, G gates, s place in the order of
// processing, n sequence.

#include <string.h>

#include "Internal.h"

enum {
  depthBlock = 384,         // of a sum at a time
  rowTiles = 4,             // register tiles of sequences in a task, at most
  threadWork = 1 << 20,     // multiplications of a step from which waking threads pays
};

/// Everything that a task needs to know, and where everything lies.
typedef struct Pass {
  const KernelSet *set;
  const KernelRecurrent *layer;
  size_t N, T, F, H, gates, width;       // width = G H
  size_t depth, leading;                 // F + H, and the same in whole cache lines
  size_t tileRows, rowsOfGroup;          // sequences in a register tile, in a task
  size_t groups, rowGroups;              // tasks of a step = groups * rowGroups
  bool parallel;
  size_t step;                           // s, T - 1 ... 0 backward
  // Kept by the forward pass. Row (s, n) of `rows`: x and the hidden state before step s. An LSTM's
  // `extra` begins with the initial state, too.
  float *rows, *gateValues, *extra;
  // Work.
  float *panels;                         // W and U packed: see packForward and packBackward
  bool inPlace;                          // forward: W and U are read where they are
  float *nextRows[2];                    // packed rows of this step's product and of the next one's
  float *dZ, *dCandidate, *dHidden, *dCell, *biasSums, *dWeights;
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
  p.depth = p.F + p.H;
  p.leading = roundUp(p.depth, 16);
  return p;
}

static void setTasks(Pass *p) {
  const size_t tiles = maximum(1, (p->N + p->set->rowTile - 1) / p->set->rowTile);
  p->tileRows = maximum(1, (p->N + tiles - 1) / tiles);
  p->rowsOfGroup = minimum(tiles, rowTiles) * p->tileRows;
  p->rowGroups = (p->N + p->rowsOfGroup - 1) / p->rowsOfGroup;
  p->groups = (p->H + p->set->columnTile - 1) / p->set->columnTile;
  p->parallel = p->N * p->H * p->width >= threadWork && kernels_thread_count() > 1;
}

/// Lays out what the forward pass keeps; returns its size.
static size_t layOutKept(Pass *p, float *kept) {
  const size_t rows = p->T * p->N;
  size_t used = 0;
  p->rows = take(kept, &used, (rows + p->N) * p->leading);
  p->gateValues = take(kept, &used, rows * p->width);
  if (p->layer->cell == kernelCellLSTM) p->extra = take(kept, &used, (rows + p->N) * p->H);
  if (p->layer->cell == kernelCellGRU) p->extra = take(kept, &used, rows * p->H);
  return used;
}

/// Lays out the memory that a pass needs while it runs; returns its size.
static size_t layOutWork(Pass *p, float *work, bool backward) {
  const size_t rows = p->T * p->N, tile = p->set->columnTile;
  const size_t depth = backward ? p->width : p->depth;
  size_t used = 0;
  p->panels = take(work, &used, p->groups * tile * (backward ? p->width : p->gates * p->depth));
  for (int i = 0; i < 2; i++) {
    p->nextRows[i] = take(work, &used, roundUp(p->N, p->tileRows) * depth);
  }
  if (!backward) return used;
  p->dZ = take(work, &used, rows * p->width);
  if (p->layer->cell == kernelCellGRU) p->dCandidate = take(work, &used, rows * p->H);
  p->dHidden = take(work, &used, p->N * p->H);
  if (p->layer->cell == kernelCellLSTM) p->dCell = take(work, &used, p->N * p->H);
  p->biasSums = take(work, &used, p->rowGroups * (p->gates + 1) * p->H);
  p->dWeights = take(work, &used, maximum(p->depth * p->width, rows * p->F));
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

/// sums[r * stride + j] (+)= sum over k in k0 ..< k0 + depth of row r, element k, times
/// b[(k - k0) * leadingB + j], for the sequences and units of a task. `rows` holds packed rows of
/// `all` elements.
static void multiply(const Pass *p, const Task *task, const float *rows, size_t all, size_t k0,
                     size_t depth, const float *b, size_t leadingB, bool accumulate, float *sums,
                     size_t stride) {
  const KernelSet *set = p->set;
  for (size_t k = 0; k < depth; k += depthBlock) {
    for (size_t r = 0; r < task->rows; r += p->tileRows) {
      const KernelTile tile = {
        .depth = minimum(depthBlock, depth - k),
        .a = rows + (task->firstRow + r) * all + (k0 + k) * p->tileRows,
        .rowStrideA = 1, .depthStrideA = p->tileRows,
        .b = b + k * leadingB, .depthStrideB = leadingB, .c = sums + r * stride,
        .leadingC = stride, .accumulate = accumulate || k > 0,
      };
      set->tileOf(&tile, minimum(p->tileRows, task->rows - r),
                  roundUp(task->units, set->vectorWidth));
    }
  }
}

/// Packs `count` columns of x, [sequences of the task, leading], as elements k0 ..< k0 + count of
/// rows of `all` elements.
static void packTaskRows(const Pass *p, const Task *task, const float *x, size_t leading,
                         size_t count, float *rows, size_t all, size_t k0) {
  if (count == 0) return;
  for (size_t r = 0; r < task->rows; r += p->tileRows) {
    p->set->packRows(x + r * leading, leading, minimum(p->tileRows, task->rows - r), count,
                     p->tileRows, rows + (task->firstRow + r) * all + k0 * p->tileRows);
  }
}

/// Asks for the `units` floats of each sequence of a task that x points at the first of.
INLINE void fetch(const Task *task, const float *x, size_t leading) {
  for (size_t r = 0; r < task->rows; r++) {
    for (size_t j = 0; j < task->units; j += 16) __builtin_prefetch(x + r * leading + j);
  }
}

// MARK: - Forward

/// Panel (group, gate): the columns of W, and below them of U, that give this gate of the units of
/// the group, [F + H, tile].
static void packForward(size_t group, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, first = group * tile;
  for (size_t g = 0; g < p->gates; g++) {
    const size_t column = g * p->H + first, count = minimum(tile, p->H - first);
    float *panel = p->panels + (group * p->gates + g) * tile * p->depth;
    p->set->packColumns(p->layer->inputWeights + column, p->width, count, p->F, tile, panel);
    p->set->packColumns(p->layer->recurrentWeights + column, p->width, count, p->H, tile,
                        panel + p->F * tile);
  }
}

/// The products of a task with x and h. A GRU's candidate keeps the two apart: the reset gate
/// stands between them.
static void forwardSums(const Pass *p, const Task *task, float *sums, size_t stride) {
  const size_t tile = p->set->columnTile, F = p->F, H = p->H;
  const float *rows = p->nextRows[p->step % 2];
  for (size_t g = 0; g < p->gates; g++) {
    const size_t column = g * H + task->firstUnit;
    const float *panel = p->panels + (task->group * p->gates + g) * tile * p->depth;
    const float *w = p->inPlace ? p->layer->inputWeights + column : panel;
    const float *u = p->inPlace ? p->layer->recurrentWeights + column : panel + F * tile;
    const size_t leading = p->inPlace ? p->width : tile;
    const bool isApart = p->layer->cell == kernelCellGRU && g == 2;
    if (isApart || p->inPlace) {
      multiply(p, task, rows, p->depth, 0, F, w, leading, false, sums + g * tile, stride);
      multiply(p, task, rows, p->depth, F, H, u, leading, !isApart,
               sums + (isApart ? g + 1 : g) * tile, stride);
    } else {
      multiply(p, task, rows, p->depth, 0, p->depth, w, leading, false, sums + g * tile, stride);
    }
  }
}

static void forwardTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t H = p->H, s = p->step, time = timeOf(p, s);
  const Task task = taskAt(p, index);
  const size_t row = s * p->N + task.firstRow, after = row + p->N;
  const size_t extra = row * H + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM;
  // A GRU has four sums.
  const size_t stride = (p->gates == 1 ? 1 : 4) * p->set->columnTile;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * stride);
  const KernelStepForward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .hiddenStride = p->leading, .outputStride = p->T * H, .maskStride = p->T,
    .sums = sums,
    .bias = p->layer->bias + task.firstUnit,
    .gates = p->gateValues + row * p->width + task.firstUnit,
    .hiddenBefore = p->rows + row * p->leading + p->F + task.firstUnit,
    .cellBefore = at(p->extra, extra),
    .hidden = p->rows + after * p->leading + p->F + task.firstUnit,
    .extra = at(p->extra, isLSTM ? after * H + task.firstUnit : extra),
    .candidateBias =
      p->layer->candidateBias != NULL ? p->layer->candidateBias + task.firstUnit : NULL,
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .y = p->y + (task.firstRow * p->T + time) * H + task.firstUnit,
  };
  forwardSums(p, &task, sums, stride);
  p->set->stepForward(&step);
  if (s + 1 == p->T) return;

  // The rows of the next step: its hidden states, and this task's share of its inputs.
  float *rows = p->nextRows[(s + 1) % 2];
  packTaskRows(p, &task, step.hidden, p->leading, task.units, rows, p->depth,
               p->F + task.firstUnit);
  const size_t from = p->F * task.group / p->groups, to = p->F * (task.group + 1) / p->groups;
  packTaskRows(p, &task, p->rows + after * p->leading + from, p->leading, to - from, rows,
               p->depth, from);
}

/// Lays x and the initial hidden state out as rows, and packs the first step.
static void prepareRows(const Pass *p, const float *x, const float *initialHidden) {
  for (size_t s = 0; s < p->T; s++) {
    for (size_t n = 0; n < p->N; n++) {
      memcpy(p->rows + (s * p->N + n) * p->leading, x + (n * p->T + timeOf(p, s)) * p->F,
             p->F * sizeof(float));
    }
  }
  for (size_t n = 0; n < p->N; n++) {
    copyOrClear(p->rows + n * p->leading + p->F,
                initialHidden != NULL ? initialHidden + n * p->H : NULL, p->H);
  }
  const Task all = {.rows = p->N};
  packTaskRows(p, &all, p->rows, p->leading, p->depth, p->nextRows[0], p->depth, 0);
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
  prepareRows(&p, x, initialHidden);
  if (isLSTM) copyOrClear(p.extra, initialCell, stateCount);

  // Packing costs more than it brings where the weights are used once. (A tile reads whole vectors
  // of them.)
  p.inPlace = p.T == 1 && p.H % p.set->vectorWidth == 0;
  if (!p.inPlace) forEach(p.parallel, p.groups, packForward, &p);
  for (p.step = 0; p.step < p.T; p.step++) {
    forEach(p.parallel, p.groups * p.rowGroups, forwardTask, &p);
  }
  for (size_t n = 0; n < p.N; n++) {
    memcpy(final.hidden + n * p.H, p.rows + (p.T * p.N + n) * p.leading + p.F,
           p.H * sizeof(float));
  }
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

/// What reaches the hidden states before the step after this one, through its products: dZ . U^T.
static void backwardSums(const Pass *p, const Task *task, size_t after, float *sums) {
  const size_t tile = p->set->columnTile;
  multiply(p, task, p->nextRows[after % 2], p->width, 0, p->width,
           p->panels + task->firstUnit * p->width, tile, false, sums, tile);
}

static void backwardTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t H = p->H, s = p->step, time = timeOf(p, s);
  const Task task = taskAt(p, index);
  const size_t row = s * p->N + task.firstRow, after = row + p->N;
  const size_t gates = row * p->width + task.firstUnit, extra = row * H + task.firstUnit;
  const size_t unit = task.firstRow * H + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM, hasSums = s + 1 < p->T;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * p->set->columnTile);
  const KernelStepBackward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .hiddenStride = p->leading, .outputStride = p->T * H, .maskStride = p->T,
    .sums = hasSums ? sums : NULL,
    .gates = p->gateValues + gates,
    .hiddenBefore = p->rows + row * p->leading + p->F + task.firstUnit,
    .cellBefore = at(p->extra, extra),
    .hidden = p->rows + after * p->leading + p->F + task.firstUnit,
    .extra = at(p->extra, isLSTM ? after * H + task.firstUnit : extra),
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .dY = p->dY != NULL ? p->dY + (task.firstRow * p->T + time) * H + task.firstUnit : NULL,
    .dHidden = p->dHidden + unit,
    .dCell = at(p->dCell, unit),
    .dZ = p->dZ + gates,
    .dCandidate = at(p->dCandidate, extra),
    .biasSums = p->biasSums + task.rowGroup * (p->gates + 1) * H + task.firstUnit,
  };
  for (size_t g = 0; g < p->gates; g++) fetch(&task, step.gates + g * H, p->width);
  if (step.dY != NULL) fetch(&task, step.dY, step.outputStride);
  if (isLSTM) fetch(&task, step.cellBefore, H);
  if (hasSums) backwardSums(p, &task, s + 1, sums);
  p->set->stepBackward(&step);
  for (size_t g = 0; g < p->gates; g++) {
    packTaskRows(p, &task, step.dZ + g * H, p->width, task.units, p->nextRows[s % 2], p->width,
                 g * H + task.firstUnit);
  }
}

/// The gradient of the initial hidden state.
static void initialTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, H = p->H;
  const Task task = taskAt(p, index);
  const size_t unit = task.firstRow * H + task.firstUnit;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * tile);
  backwardSums(p, &task, 0, sums);
  for (size_t r = 0; r < task.rows; r++) {
    p->set->binary(kernelAdd, p->dHidden + unit + r * H, 1, sums + r * tile, 1,
                   p->dInitial + unit + r * H, task.units);
  }
}

/// Columns `column` ..< `column` + n of the gradients of W and U, one below the other: rows
/// `first` ..< `first` + m of [x h]^T . dZ over all steps.
static void weightGradient(const Pass *p, size_t first, size_t m, size_t column, size_t n,
                           const float *dZ, size_t leading) {
  const KernelProduct product = {
    .m = m, .n = n, .k = p->T * p->N, .a = kernels_matrix(p->rows + first, p->leading, true),
    .b = kernels_matrix(dZ, leading, false), .c = p->dWeights + first * p->width + column,
    .leadingC = p->width,
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

/// All products over all steps. A GRU's candidate is the one gate whose two products have
/// different gradients.
static void gradientsOverAllSteps(const Pass *p, const KernelRecurrentGradients *gradients) {
  const size_t F = p->F, H = p->H, width = p->width;
  const bool isGRU = p->layer->cell == kernelCellGRU;
  const size_t shared = isGRU ? 2 * H : width;
  weightGradient(p, 0, p->depth, 0, shared, p->dZ, width);
  if (isGRU) {
    weightGradient(p, 0, F, shared, H, p->dCandidate, H);
    weightGradient(p, F, H, shared, H, p->dZ + shared, width);
  }
  memcpy(gradients->inputWeights, p->dWeights, F * width * sizeof(float));
  memcpy(gradients->recurrentWeights, p->dWeights + F * width, H * width * sizeof(float));
  if (gradients->input == NULL) return;

  float *dX = p->dWeights;
  inputGradient(p, p->dZ, width, 0, shared, false, dX);
  if (isGRU) inputGradient(p, p->dCandidate, H, shared, H, true, dX);
  for (size_t s = 0; s < p->T; s++) {
    for (size_t n = 0; n < p->N; n++) {
      memcpy(gradients->input + (n * p->T + timeOf(p, s)) * F, dX + (s * p->N + n) * F,
             F * sizeof(float));
    }
  }
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
  const size_t stateCount = p.N * p.H, biasCount = (p.gates + 1) * p.H;
  const bool isLSTM = layer->cell == kernelCellLSTM;
  copyOrClear(p.dHidden, dFinalHidden, stateCount);
  if (isLSTM) copyOrClear(p.dCell, dFinalCell, stateCount);
  memset(p.biasSums, 0, p.rowGroups * biasCount * sizeof(float));

  forEach(p.parallel, p.groups, packBackward, &p);
  const size_t tasks = p.groups * p.rowGroups;
  for (p.step = p.T; p.step-- > 0;) forEach(p.parallel, tasks, backwardTask, &p);
  forEach(p.parallel, tasks, initialTask, &p);
  if (isLSTM) memcpy(gradients->initial.cell, p.dCell, stateCount * sizeof(float));

  for (size_t i = 1; i < p.rowGroups; i++) {
    p.set->addScaled(1, p.biasSums + i * biasCount, p.biasSums, biasCount);
  }
  memcpy(gradients->bias, p.biasSums, p.width * sizeof(float));
  if (layer->cell == kernelCellGRU) {
    memcpy(gradients->candidateBias, p.biasSums + p.width, p.H * sizeof(float));
  }
  gradientsOverAllSteps(&p, gradients);
}
