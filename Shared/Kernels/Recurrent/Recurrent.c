// A recurrent layer over whole sequences.
//
// A task of a step is a group of columnTile units of some sequences: it multiplies [x h] by its
// columns of W and U, one below the other and packed once a pass, and computes the gates from the
// sums while they are in the L1 cache. Between two steps all tasks meet, since each unit of a step
// needs all of the step before; but where every thread gets enough sequences, each goes through the
// steps with its own and waits for no other. Backwards the same with U transposed, and dX with W
// transposed from the same rows. The gradients of the weights are products over blocks of steps,
// whose dZ is then still in the L2 cache.
//
// Measured on N 32, T 64, F 96, H 256, one thread of a Xeon with AVX-512, forward and backward
// together (29.5 ms at first, 26.4 ms with the first three, 25.4 ms with all of it):
// - x W as one product for all steps before the loop writes and reads the largest array of a pass
//   once more than the gates need it; and what a task leaves for the next step it packs as rows of
//   the next product, since rows read in place make the product 10 % slower: 1.8 ms
// - gates and their gradients in panels, see below: 0.7 ms
// - rows of the weight gradient that are not a multiple of 4 KB apart while they are summed (now they
//   lie in panels): 0.3 ms
// - gradients of the weights block by block instead of over all steps at once, with dZ read where it
//   lies: 1.0 ms, and dZ is an eighth as large
// - in two threads, sequences of its own for each instead of units, for which all would wait after
//   every step: 8 %
// - of no use: stores that bypass the caches, or asking early for lines that will be written
//
// Inside, arrays are [T, N, ...] in the order in which steps are processed, so that a step is one
// contiguous matrix, and x and the hidden state before a step are the columns of one matrix. Gates
// and their gradients lie in panels, [T N, columnTile] for each group of units and each gate: what a
// task touches is contiguous, and the products for the weights find the gradients packed.
//
// Sums run over inputs and hidden units in one order, and those of weight and bias gradients over
// fixed blocks of steps: no result depends on the number of threads.
//
// Legend: N batch, T steps, F input size, H hidden size, G gates, s place in the order of
// processing, n sequence.

#include "Recurrent/RecurrentInternal.h"

size_t kernels_recurrent_kept_count(const CourseKernelSet *set, const CourseRecurrent *layer) {
  Pass p = makePass(set, layer);
  return layOutKept(&p, NULL);
}

size_t kernels_recurrent_work_count(const CourseKernelSet *set, const CourseRecurrent *layer,
                                    bool backward) {
  Pass p = makePass(set, layer);
  return layOutWork(&p, NULL, backward);
}

/// Panel (group, gate): the columns of W, and below them of U, that give this gate of the units of
/// the group, [F + H, tile].
static void packForward(size_t group, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile, first = group * tile;
  for (size_t g = 0; g < p->gates; g++) {
    const size_t column = g * p->H + first, count = minimum(tile, p->H - first);
    float *panel = p->panels + (group * p->gates + g) * tile * p->depth;
    tableOf(p->set)->product.packColumns(p->layer->inputWeights + column, p->width, count, p->F,
                                         tile, panel);
    tableOf(p->set)->product.packColumns(p->layer->recurrentWeights + column, p->width, count,
                                         p->H, tile, panel + p->F * tile);
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
  const CourseStepForward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .hiddenStride = p->leading, .outputStride = p->T * H, .maskStride = p->T, .gateStride = p->panel,
    .sums = sums,
    .bias = p->layer->bias + task.firstUnit,
    .gates = at(p->gateValues, task.group * p->gates * p->panel + row * p->set->columnTile),
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
  tableOf(p->set)->recurrent.stepForward(&step);
  if (s + 1 == p->T) return;

  // The rows of the next step: its hidden states, and this task's share of its inputs.
  float *rows = p->nextRows[(s + 1) % 2];
  packTaskRows(p, &task, step.hidden, p->leading, task.units, rows, p->depth,
               p->F + task.firstUnit);
  const size_t from = p->F * task.group / p->groups, to = p->F * (task.group + 1) / p->groups;
  packTaskRows(p, &task, p->rows + after * p->leading + from, p->leading, to - from, rows,
               p->depth, from);
}

/// All steps of a run. (Tasks of a step run beside each other where the run is the only one.)
static void forwardRun(size_t index, void *context) {
  Pass run = runAt(context, index);
  for (run.step = 0; run.step < run.T; run.step++) {
    forEach(run.parallel, run.groups * run.rowGroups, forwardTask, &run);
  }
}

/// Lays the inputs of step s out as rows.
static void layOutInputs(size_t s, void *context) {
  const Pass *p = context;
  for (size_t n = 0; n < p->N; n++) {
    memcpy(p->rows + (s * p->N + n) * p->leading, p->x + (n * p->T + timeOf(p, s)) * p->F,
           p->F * sizeof(float));
  }
}

/// Lays x and the initial hidden state out as rows, and packs the first step.
static void prepareRows(Pass *p, const float *initialHidden) {
  forEach(p->parallel, p->T, layOutInputs, p);
  for (size_t n = 0; n < p->N; n++) {
    copyOrClear(p->rows + n * p->leading + p->F,
                initialHidden != NULL ? initialHidden + n * p->H : NULL, p->H);
  }
  const Task all = {.rows = p->N};
  packTaskRows(p, &all, p->rows, p->leading, p->depth, p->nextRows[0], p->depth, 0);
}

void kernels_recurrent_forward(const CourseKernelSet *set, const CourseRecurrent *layer,
                               const float *x, const float *initialHidden,
                               const float *initialCell, float *kept, float *work, float *y,
                               CourseState final) {
  Pass p = makePass(set, layer);
  layOutKept(&p, kept);
  layOutWork(&p, work, false);
  p.x = x;
  p.y = y;
  const size_t stateCount = p.N * p.H;
  const bool isLSTM = layer->cell == kernelCellLSTM;
  prepareRows(&p, initialHidden);
  if (isLSTM) copyOrClear(p.extra, initialCell, stateCount);

  // Packing costs more than it brings where the weights are used once. (A tile reads whole vectors
  // of them.)
  p.inPlace = p.T == 1 && p.H % p.set->vectorWidth == 0;
  if (!p.inPlace) forEach(p.parallel, p.groups, packForward, &p);
  forEach(p.runs > 1, p.runs, forwardRun, &p);
  for (size_t n = 0; n < p.N; n++) {
    memcpy(final.hidden + n * p.H, p.rows + (p.T * p.N + n) * p.leading + p.F,
           p.H * sizeof(float));
  }
  if (isLSTM) memcpy(final.cell, p.extra + p.T * stateCount, stateCount * sizeof(float));
}
