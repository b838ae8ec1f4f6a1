// The backward pass of a recurrent layer: see Recurrent.c.
//
// Legend: N batch, T steps, F input size, H hidden size, G gates, s place in the order of
// processing, n sequence.

#include "Recurrent/RecurrentInternal.h"

/// Asks for the `units` floats of each sequence of a task that x points at the first of.
INLINE void fetch(const Task *task, const float *x, size_t leading) {
  for (size_t r = 0; r < task->rows; r++) {
    for (size_t j = 0; j < task->units; j += 16) __builtin_prefetch(x + r * leading + j);
  }
}

/// Rows of W or U, `count` in all, transposed: panel number `index` is [G H, tile].
static void packTransposed(const Pass *p, const float *weights, size_t count, size_t index,
                           float *panels) {
  const size_t tile = p->set->columnTile, first = index * tile;
  tableOf(p->set)->product.packRows(weights + first * p->width, p->width,
                                    minimum(tile, count - first), p->width, tile,
                                    panels + first * p->width);
}

static void packBackward(size_t index, void *context) {
  const Pass *p = context;
  if (index < p->groups) {
    packTransposed(p, p->layer->recurrentWeights, p->H, index, p->panels);
  } else {
    packTransposed(p, p->layer->inputWeights, p->F, index - p->groups, p->inputPanels);
  }
}

/// The gradient that reaches the hidden states from the next step, through its products: dZ . U^T.
static void backwardSums(const Pass *p, const Task *task, size_t after, float *sums) {
  const size_t tile = p->set->columnTile;
  multiply(p, task, p->nextRows[after % 2], p->gradients * p->H, 0, p->width,
           p->panels + task->firstUnit * p->width, tile, false, sums, tile);
}

/// Groups of columns of dX, or none.
static size_t inputGroups(const Pass *p) {
  return p->out->input != NULL ? (p->F + p->set->columnTile - 1) / p->set->columnTile : 0;
}

/// Task number `index` of dX = dZ . W^T at step s; `units` of the task are features.
static void inputTask(const Pass *p, size_t index, size_t s) {
  const size_t tile = p->set->columnTile, H = p->H, all = p->gradients * H;
  const size_t groups = inputGroups(p), first = index % groups * tile;
  const size_t firstRow = p->firstRow + index / groups * p->rowsOfGroup;
  const Task task = {.units = minimum(tile, p->F - first), .firstRow = firstRow,
                     .rows = minimum(p->rowsOfGroup, p->endRow - firstRow)};
  const float *rows = p->nextRows[s % 2], *panel = p->inputPanels + first * p->width;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * tile);
  // A GRU's candidate has a gradient of its own for x Wn + bn, the fourth.
  const bool isGRU = p->layer->cell == kernelCellGRU;
  multiply(p, &task, rows, all, 0, isGRU ? 2 * H : p->width, panel, tile, false, sums, tile);
  if (isGRU) multiply(p, &task, rows, all, 3 * H, H, panel + 2 * H * tile, tile, true, sums, tile);
  for (size_t r = 0; r < task.rows; r++) {
    memcpy(p->out->input + ((firstRow + r) * p->T + timeOf(p, s)) * p->F + first, sums + r * tile,
           task.units * sizeof(float));
  }
}

static void backwardTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t tasks = p->groups * p->rowGroups;
  const size_t H = p->H, s = p->step, time = timeOf(p, s);
  if (index >= tasks) {
    inputTask(p, index - tasks, s + 1);
    return;
  }
  const Task task = taskAt(p, index);
  const size_t row = s * p->N + task.firstRow, after = row + p->N;
  const size_t extra = row * H + task.firstUnit;
  const size_t unit = task.firstRow * H + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM, hasSums = s + 1 < p->T;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * p->set->columnTile);
  const CourseStepBackward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .hiddenStride = p->leading, .outputStride = p->T * H, .maskStride = p->T, .gateStride = p->panel,
    .gradientStride = p->gradientPanel,
    .sums = hasSums ? sums : NULL,
    .gates = at(p->gateValues, task.group * p->gates * p->panel + row * p->set->columnTile),
    .hiddenBefore = p->rows + row * p->leading + p->F + task.firstUnit,
    .cellBefore = at(p->extra, extra),
    .hidden = p->rows + after * p->leading + p->F + task.firstUnit,
    .extra = at(p->extra, isLSTM ? after * H + task.firstUnit : extra),
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .dY = p->dY != NULL ? p->dY + (task.firstRow * p->T + time) * H + task.firstUnit : NULL,
    .dHidden = p->dHidden + unit,
    .dCell = at(p->dCell, unit),
    .dZ = p->dZ + task.group * p->gradients * p->gradientPanel +
          (s % p->blockSteps * p->N + task.firstRow) * p->set->columnTile,
  };
  if (step.dY != NULL) fetch(&task, step.dY, step.outputStride);
  if (isLSTM) fetch(&task, step.cellBefore, H);
  if (hasSums) backwardSums(p, &task, s + 1, sums);
  tableOf(p->set)->recurrent.stepBackward(&step);
  for (size_t g = 0; g < p->gradients; g++) {
    packTaskRows(p, &task, step.dZ + g * p->gradientPanel, p->set->columnTile, task.units,
                 p->nextRows[s % 2], p->gradients * H, g * H + task.firstUnit);
  }
}

/// The gradient of the initial hidden state, and dX of the first step.
static void initialTask(size_t index, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, H = p->H, tasks = p->groups * p->rowGroups;
  if (index >= tasks) {
    inputTask(p, index - tasks, 0);
    return;
  }
  const Task task = taskAt(p, index);
  const size_t unit = task.firstRow * H + task.firstUnit;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * tile);
  backwardSums(p, &task, 0, sums);
  for (size_t r = 0; r < task.rows; r++) {
    p->set->elementwise.binary(kernelAdd, p->dHidden + unit + r * H, 1, sums + r * tile, 1,
                               p->out->initial.hidden + unit + r * H, task.units);
  }
}

/// A block of steps of a run, and the work that is left after the first step of all.
static void backwardRun(size_t index, void *context) {
  Pass run = runAt(context, index);
  // dX of a step beside the tasks of the step before it: both multiply the same rows.
  const size_t tasks = run.groups * run.rowGroups, inputTasks = inputGroups(&run) * run.rowGroups;
  for (run.step = run.endStep; run.step-- > run.firstStep;) {
    forEach(run.parallel, tasks + (run.step + 1 < run.T ? inputTasks : 0), backwardTask, &run);
  }
  if (run.firstStep == 0) forEach(run.parallel, tasks + inputTasks, initialTask, &run);
}

// MARK: - Gradients of the weights

/// A block of steps: [x h]^T . dZ over its rows.
typedef struct Block {
  const Pass *pass;
  size_t firstRow, rows;
  bool accumulates;         // whether blocks were before this one
} Block;

/// Columns of [x h] in a task of packing them: long enough for packColumns.
static size_t packChunk(const Pass *p) { return 128 / p->set->rowTile * p->set->rowTile; }

/// Packs piece number `index` of x^T, or after those of h^T.
static void packBlockRows(size_t index, void *context) {
  const Block *block = context;
  const Pass *p = block->pass;
  const size_t chunk = packChunk(p), inputPieces = (p->F + chunk - 1) / chunk;
  const bool isInput = index < inputPieces;
  const size_t first = (isInput ? index : index - inputPieces) * chunk;
  const size_t from = isInput ? 0 : p->F;
  const size_t to = isInput ? 0 : roundUp(p->F, p->set->rowTile);
  tableOf(p->set)->product.packColumns(p->rows + block->firstRow * p->leading + from + first,
                                       p->leading, minimum(chunk, (isInput ? p->F : p->H) - first),
                                       block->rows, p->set->rowTile,
                                       p->blockRows + (to + first) * block->rows);
}

/// The gradients of the `count` rows of W or U whose packed operand is `a`, for `columns` columns.
static void multiplyBlock(const Block *block, const float *a, size_t count, const float *dZ,
                          size_t columns, float *c) {
  const CourseKernelSet *set = block->pass->set;
  const size_t pieces = maximum(1, (block->rows + depthBlock - 1) / depthBlock);
  const size_t step = (block->rows + pieces - 1) / pieces;
  size_t k = 0;
  // Once at least: sums over no rows are zeros.
  do {
    for (size_t i = 0; i < count; i += set->rowTile) {
      const CourseTile tile = {
        .depth = minimum(step, block->rows - k),
        .a = a + i * block->rows + k * set->rowTile, .rowStrideA = 1,
        .depthStrideA = set->rowTile, .b = dZ + k * set->columnTile,
        .depthStrideB = set->columnTile, .c = c + i * set->columnTile,
        .leadingC = set->columnTile, .accumulate = block->accumulates || k > 0,
      };
      tableOf(set)->product.tile(&tile, minimum(set->rowTile, count - i), columns);
    }
    k += step;
  } while (k < block->rows);
}

/// The gradients of the biases that belong to a panel of dZ.
static void addBiases(const Block *block, const float *dZ, float *sums) {
  const CourseKernelSet *set = block->pass->set;
  float *added = block->accumulates ? kernelsScratch(scratchPrivate, set->columnTile) : sums;
  const size_t width = set->columnTile;
  set->reductions.reduceRows(kernelSum, dZ, width, block->rows, width, added);
  if (block->accumulates) {
    set->elementwise.binary(kernelAdd, sums, 1, added, 1, sums, set->columnTile);
  }
}

/// Task number `index`: one panel of dZ, read where it is.
static void blockTask(size_t index, void *context) {
  const Block *block = context;
  const Pass *p = block->pass;
  const size_t tile = p->set->columnTile, group = index / p->gates, gate = index % p->gates;
  const size_t columns = roundUp(minimum(tile, p->H - group * tile), p->set->vectorWidth);
  const size_t ofInput = p->layer->cell == kernelCellGRU && gate == 2 ? 3 : gate;
  const float *panels = p->dZ + group * p->gradients * p->gradientPanel;
  const float *dZ = panels + gate * p->gradientPanel;
  const float *dZOfInput = panels + ofInput * p->gradientPanel;
  float *c = p->dWeights + index * p->depth * tile;
  addBiases(block, dZOfInput, p->biasSums + index * tile);
  if (ofInput != gate) addBiases(block, dZ, p->biasSums + (p->groups * p->gates + group) * tile);
  multiplyBlock(block, p->blockRows, p->F, dZOfInput, columns, c);
  multiplyBlock(block, p->blockRows + roundUp(p->F, p->set->rowTile) * block->rows, p->H, dZ,
                columns, c + p->F * tile);
}

/// Adds the gradients of the block of steps that the runs went through.
static void addBlock(const Pass *p) {
  const size_t chunk = packChunk(p);
  Block block = {.pass = p, .firstRow = p->firstStep * p->N,
                 .rows = (p->endStep - p->firstStep) * p->N, .accumulates = p->endStep < p->T};
  const bool parallel =
    block.rows * p->depth * p->width >= threadWork && kernels_thread_count() > 1;
  forEach(parallel, (p->F + chunk - 1) / chunk + (p->H + chunk - 1) / chunk, packBlockRows, &block);
  forEach(parallel, p->groups * p->gates, blockTask, &block);
}

/// Row `r` of the gradients of W and, below them, U: from panels to gates of units.
static void copyWeightGradient(size_t r, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile;
  float *out = r < p->F ? p->out->inputWeights + r * p->width
                        : p->out->recurrentWeights + (r - p->F) * p->width;
  const float *x = p->dWeights + r * tile;
  for (size_t group = 0; group < p->groups; group++) {
    for (size_t g = 0; g < p->gates; g++, x += p->depth * tile) {
      memcpy(out + g * p->H + group * tile, x,
             minimum(tile, p->H - group * tile) * sizeof(float));
    }
  }
}

/// The same of the biases.
static void copyBiasGradients(const Pass *p) {
  const size_t tile = p->set->columnTile;
  const float *x = p->biasSums, *candidates = x + p->groups * p->gates * tile;
  for (size_t group = 0; group < p->groups; group++) {
    const size_t first = group * tile, bytes = minimum(tile, p->H - first) * sizeof(float);
    for (size_t g = 0; g < p->gates; g++, x += tile) {
      memcpy(p->out->bias + g * p->H + first, x, bytes);
    }
    if (p->layer->cell != kernelCellGRU) continue;
    memcpy(p->out->candidateBias + first, candidates + first, bytes);
  }
}

void kernels_recurrent_backward(const CourseKernelSet *set, const CourseRecurrent *layer,
                                const float *kept, float *work, const float *dY,
                                const float *dFinalHidden, const float *dFinalCell,
                                const CourseRecurrentGradients *gradients) {
  Pass p = makePass(set, layer);
  layOutKept(&p, (float *)kept);
  layOutWork(&p, work, true);
  p.dY = dY;
  p.out = gradients;
  const size_t stateCount = p.N * p.H;
  const bool isLSTM = layer->cell == kernelCellLSTM;
  copyOrClear(p.dHidden, dFinalHidden, stateCount);
  if (isLSTM) copyOrClear(p.dCell, dFinalCell, stateCount);
  forEach(p.parallel, p.groups + inputGroups(&p), packBackward, &p);
  for (p.endStep = p.T; p.endStep > 0; p.endStep = p.firstStep) {
    p.firstStep = (p.endStep - 1) / p.blockSteps * p.blockSteps;
    forEach(p.runs > 1, p.runs, backwardRun, &p);
    addBlock(&p);
  }
  forEach(p.parallel, p.depth, copyWeightGradient, &p);
  if (isLSTM) memcpy(gradients->initial.cell, p.dCell, stateCount * sizeof(float));
  copyBiasGradients(&p);
}
