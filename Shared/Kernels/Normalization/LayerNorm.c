// Layer norm: a row in a few passes while it lies in the cache.
//
// Rows are cut into tasks by the sizes alone, and the sums over rows are added task by task, so that no result
// depends on the number of threads.

#include "Internal.h"
#include <string.h>

enum { valuesOfATask = 1 << 14, mostTasks = 64, rowBlock = 64 };

typedef struct Job {
  const CourseKernelTable *table;
  const CourseLayerNorm *n;
  const float *x, *dY;
  float *y, *mean, *inverse;
  float *sums;                // of each task: scales, shifts, and those of a block of rows
  size_t rowsOfATask;
} Job;

static void forwardTask(size_t task, void *context) {
  const Job *job = context;
  const CourseLayerNorm *n = job->n;
  const size_t end = minimum((task + 1) * job->rowsOfATask, n->rows);
  for (size_t row = task * job->rowsOfATask; row < end; row++) {
    const CourseLayerNormRow values = {
      .size = n->size, .x = job->x + row * n->size, .scale = n->scale, .shift = n->shift,
      .y = job->y + row * n->size};
    job->table->normalization.layerNormRow(&values, n->epsilon, job->mean + row,
                                           job->inverse + row);
  }
}

/// Sums over blocks of rows, then over the blocks, so that no sum of floats gets long.
static void gradientTask(size_t task, void *context) {
  const Job *job = context;
  const CourseLayerNorm *n = job->n;
  const size_t end = minimum((task + 1) * job->rowsOfATask, n->rows), pair = 2 * n->size;
  float *sums = job->sums + task * 2 * pair, *block = sums + pair;
  memset(sums, 0, pair * sizeof *sums);
  for (size_t first = task * job->rowsOfATask; first < end; first += rowBlock) {
    memset(block, 0, pair * sizeof *block);
    for (size_t row = first; row < minimum(first + rowBlock, end); row++) {
      const size_t at = row * n->size;
      const CourseLayerNormRow values = {
        .size = n->size, .x = job->x + at, .dY = job->dY + at, .scale = n->scale,
        .y = job->y + at, .scales = block, .shifts = block + n->size};
      job->table->normalization.layerNormGradientRow(&values, job->mean[row], job->inverse[row]);
    }
    for (size_t i = 0; i < pair; i++) sums[i] += block[i];
  }
}

/// The number of tasks: the sums of each take memory.
static size_t cut(Job *job) {
  const CourseLayerNorm *n = job->n;
  job->rowsOfATask = maximum(maximum(1, valuesOfATask / maximum(1, n->size)),
                             (n->rows + mostTasks - 1) / mostTasks);
  return (n->rows + job->rowsOfATask - 1) / job->rowsOfATask;
}

static const CourseKernelTable *chosen(const CourseKernelSet *set) {
  return tableOf(set != NULL ? set : kernels_default());
}

void kernels_layer_norm(const CourseKernelSet *set, const CourseLayerNorm *norm, const float *x,
                        float *y, float *mean, float *inverse) {
  Job job = {
    .table = chosen(set), .n = norm, .x = x, .y = y, .mean = mean, .inverse = inverse};
  const size_t tasks = cut(&job);
  kernels_parallel_for(tasks, forwardTask, &job);
}

void kernels_layer_norm_gradient(const CourseKernelSet *set, const CourseLayerNorm *norm,
                                 const float *x, const float *mean, const float *inverse,
                                 const float *dY, float *dX, float *dScale, float *dShift) {
  Job job = {
    .table = chosen(set), .n = norm, .x = x, .dY = dY, .y = dX, .mean = (float *)mean,
    .inverse = (float *)inverse};
  const size_t tasks = cut(&job), stride = 4 * norm->size;
  job.sums = kernelsScratch(scratchShared, tasks * stride);
  kernels_parallel_for(tasks, gradientTask, &job);
  for (size_t i = 0; i < norm->size; i++) {
    double scale = 0, shift = 0;
    for (size_t task = 0; task < tasks; task++) {
      scale += (double)job.sums[task * stride + i];
      shift += (double)job.sums[task * stride + norm->size + i];
    }
    dScale[i] = (float)scale;
    dShift[i] = (float)shift;
  }
}
