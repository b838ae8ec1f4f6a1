// The backward pass of a recurrent layer: see Recurrent.c.
//
// Legend: N batch, T steps, F input size, H hidden size, G gates, s place in the order of
// processing, n sequence.

#include "RecurrentInternal.h"

/// Asks for the `units` floats of each sequence of a task that x points at the first of.
INLINE void fetch(const Task *task, const float *x, size_t leading) {
  for (size_t r = 0; r < task->rows; r++) {
    for (size_t j = 0; j < task->units; j += 16) __builtin_prefetch(x + r * leading + j);
  }
}

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
  const size_t extra = row * H + task.firstUnit;
  const size_t unit = task.firstRow * H + task.firstUnit;
  const bool isLSTM = p->layer->cell == kernelCellLSTM, hasSums = s + 1 < p->T;
  float *sums = kernelsScratch(scratchPrivate, p->rowsOfGroup * p->set->columnTile);
  const KernelStepBackward step = {
    .cell = p->layer->cell, .rows = task.rows, .units = task.units, .hiddenSize = H,
    .hiddenStride = p->leading, .outputStride = p->T * H, .maskStride = p->T, .gateStride = p->panel,
    .sums = hasSums ? sums : NULL,
    .gates = at(p->gateValues, panelRow(p, task.group, p->gates, 0, row)),
    .hiddenBefore = p->rows + row * p->leading + p->F + task.firstUnit,
    .cellBefore = at(p->extra, extra),
    .hidden = p->rows + after * p->leading + p->F + task.firstUnit,
    .extra = at(p->extra, isLSTM ? after * H + task.firstUnit : extra),
    .mask = p->layer->mask != NULL ? p->layer->mask + task.firstRow * p->T + time : NULL,
    .dY = p->dY != NULL ? p->dY + (task.firstRow * p->T + time) * H + task.firstUnit : NULL,
    .dHidden = p->dHidden + unit,
    .dCell = at(p->dCell, unit),
    .dZ = p->dZ + panelRow(p, task.group, p->gradients, 0, row),
    .biasSums = p->biasSums + task.rowGroup * (p->gates + 1) * H + task.firstUnit,
  };
  if (step.dY != NULL) fetch(&task, step.dY, step.outputStride);
  if (isLSTM) fetch(&task, step.cellBefore, H);
  if (hasSums) backwardSums(p, &task, s + 1, sums);
  p->set->stepBackward(&step);
  for (size_t g = 0; g < p->gates; g++) {
    packTaskRows(p, &task, step.dZ + g * p->panel, p->set->columnTile, task.units,
                 p->nextRows[s % 2], p->width, g * H + task.firstUnit);
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
                   p->out->initial.hidden + unit + r * H, task.units);
  }
}

/// Which of the gradients of a unit take part in a product, in the order of the gates.
typedef struct Gradients {
  const Pass *pass;
  size_t blocks[4];
} Gradients;

/// Packs columns of dZ, [T N, groups * G * tile]: they are panels already.
static void packGradientColumns(const KernelOperand *operand, const KernelSet *set, size_t first,
                                size_t count, size_t k0, size_t depth, size_t width,
                                float *panels) {
  const Gradients *gradients = operand->context;
  const Pass *p = gradients->pass;
  for (size_t c = 0; c < count; c += width) {
    const size_t number = (first + c) / width, group = number / p->gates;
    const size_t units = minimum(width, p->H - group * width);
    const float *x =
      p->dZ + panelRow(p, group, p->gradients, gradients->blocks[number % p->gates], k0);
    set->packColumns(x, width, units, depth, width, panels + c * depth);
  }
}

/// Packs rows of dZ, [T N, G H].
static void packGradientRows(const KernelOperand *operand, const KernelSet *set, size_t first,
                             size_t count, size_t k0, size_t depth, size_t width, float *panels) {
  const Gradients *gradients = operand->context;
  const Pass *p = gradients->pass;
  const size_t tile = set->columnTile;
  for (size_t k = k0, run; k < k0 + depth; k += run) {
    const size_t unit = k % p->H, place = unit % tile;
    run = minimum(minimum(tile - place, p->H - unit), k0 + depth - k);
    const size_t block = gradients->blocks[k / p->H];
    const float *x = p->dZ + panelRow(p, unit / tile, p->gradients, block, first) + place;
    for (size_t r = 0; r < count; r += width) {
      set->packRows(x + r * tile, tile, minimum(width, count - r), run, width,
                    panels + r * depth + (k - k0) * width);
    }
  }
}

/// The gradient of W (`first` 0) or U (`first` F) or both, one below the other: rows `first` ..<
/// `first` + m of [x h]^T . dZ over all steps.
static void weightGradient(const Pass *p, size_t first, size_t m, const Gradients *gradients) {
  const KernelProduct product = {
    .m = m, .n = p->groups * p->gates * p->set->columnTile, .k = p->T * p->N,
    .a = kernels_matrix(p->rows + first, p->leading, true),
    .b = {.pack = packGradientColumns, .context = gradients},
    .c = p->dWeights + first * p->dWeightsLeading, .leadingC = p->dWeightsLeading,
  };
  kernels_product(p->set, &product);
}

/// Row `r` of the gradients of W and, below them, U: from groups of gates to gates of units.
static void copyWeightGradient(size_t r, void *context) {
  const Pass *p = context;
  const size_t tile = p->set->columnTile;
  float *out = r < p->F ? p->out->inputWeights + r * p->width
                        : p->out->recurrentWeights + (r - p->F) * p->width;
  const float *x = p->dWeights + r * p->dWeightsLeading;
  for (size_t group = 0; group < p->groups; group++) {
    for (size_t g = 0; g < p->gates; g++, x += tile) {
      memcpy(out + g * p->H + group * tile, x,
             minimum(tile, p->H - group * tile) * sizeof(float));
    }
  }
}

/// dX = dZ . W^T.
static void inputGradient(const Pass *p, const Gradients *gradients, float *out) {
  float *dX = p->dWeights;
  const KernelProduct product = {
    .m = p->T * p->N, .n = p->F, .k = p->width,
    .a = {.pack = packGradientRows, .context = gradients},
    .b = kernels_matrix(p->layer->inputWeights, p->width, true), .c = dX, .leadingC = p->F,
  };
  kernels_product(p->set, &product);
  for (size_t s = 0; s < p->T; s++) {
    for (size_t n = 0; n < p->N; n++) {
      memcpy(out + (n * p->T + timeOf(p, s)) * p->F, dX + (s * p->N + n) * p->F,
             p->F * sizeof(float));
    }
  }
}

/// All products over all steps.
static void gradientsOverAllSteps(Pass *p) {
  const bool isGRU = p->layer->cell == kernelCellGRU;
  const Gradients ofState = {p, {0, 1, 2, 3}}, ofInput = {p, {0, 1, isGRU ? 3 : 2, 3}};
  if (isGRU) {
    weightGradient(p, 0, p->F, &ofInput);
    weightGradient(p, p->F, p->H, &ofState);
  } else {
    weightGradient(p, 0, p->depth, &ofState);
  }
  forEach(p->parallel, p->depth, copyWeightGradient, p);
  if (p->out->input != NULL) inputGradient(p, &ofInput, p->out->input);
}

void kernels_recurrent_backward(const KernelSet *set, const KernelRecurrent *layer,
                                const float *kept, float *work, const float *dY,
                                const float *dFinalHidden, const float *dFinalCell,
                                const KernelRecurrentGradients *gradients) {
  Pass p = makePass(set, layer);
  layOutKept(&p, (float *)kept);
  layOutWork(&p, work, true);
  p.dY = dY;
  p.out = gradients;
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
  gradientsOverAllSteps(&p);
}
