// Attention, one example and head at a time.
//
// A task is an example and a head. It goes through the queries in blocks and computes the scores of
// a block with all keys that it sees, so that they lie in the cache until they are weights and
// multiplied by the values. Backward the same: the scores are computed again, and from the
// logarithms of the sums of their rows come the weights. So memory grows with T, and not with its
// square. That A ⊙ dA, summed over a row, is also the sum of O ⊙ dO is FlashAttention's observation
// (Dao et al. 2022).
//
// All sums of a task have one order, and a task writes to its own columns of the results: no result
// depends on the number of threads.
//
// Legend: N batch, T steps, H heads, d size; query t and key u of a row; a panel is columnTile
// keys, or columnTile of the d numbers, depth-major.

#include <math.h>
#include <string.h>

#include "Internal.h"

enum {
  queryBlock = 24,    // a multiple of the rows of a tile, 12 or 6
  inPlaceRows = 128,  // rows up to which they are read where they are: of 64 steps and heads of 32,
                      // packing took 5 to 10 % of the time
};

typedef struct Job {
  const CourseKernelSet *set;
  const CourseAttention *attention;
  const float *x, *o, *dO;
  float *output, *logSums, *dX;
  const float *keptLogSums;
  size_t N, T, H, d;
  size_t inputStride, outputStride;  // from one step to the next in x, in o
  size_t keys, numbers;              // T and d in whole panels
  size_t leading;                    // from one row of scores to the next
  float scale;                       // 1 / sqrt d
} Job;

static Job makeJob(const CourseKernelSet *set, const CourseAttention *a) {
  Job job = {.set = set != NULL ? set : kernels_default(), .attention = a,
             .N = a->batch, .T = a->steps, .H = a->heads, .d = a->size};
  job.inputStride = 3 * job.H * job.d;
  job.outputStride = job.H * job.d;
  job.keys = roundUp(job.T, job.set->columnTile);
  job.numbers = roundUp(job.d, job.set->columnTile);
  // No multiple of 4 KB, where all rows would share a few places in the L1 cache.
  job.leading = job.keys + 16;
  job.scale = 1 / sqrtf((float)job.d);
  return job;
}

/// The part of x or dX that belongs to an example and a head: 0 queries, 1 keys, 2 values.
INLINE size_t inputPlace(const Job *job, size_t task, size_t part) {
  const size_t n = task / job->H, h = task % job->H;
  return n * job->T * job->inputStride + (part * job->H + h) * job->d;
}

INLINE size_t outputPlace(const Job *job, size_t task) {
  return task / job->H * job->T * job->outputStride + task % job->H * job->d;
}

/// The keys that a block of queries, which ends at `end`, sees.
INLINE size_t keysSeen(const Job *job, size_t task, size_t end) {
  const size_t *lengths = job->attention->lengths;
  const size_t length = lengths != NULL ? minimum(lengths[task / job->H], job->T) : job->T;
  return job->attention->causal ? minimum(end, length) : length;
}

/// Rows times the transpose of keys (or values): products[r, u] = sum of rows[r, i] keys[u, i].
/// `across` holds the keys in panels of packRows.
static void multiplyAcross(const Job *job, const float *rows, size_t stride, size_t count,
                           const float *across, size_t seen, float *products) {
  const size_t tile = job->set->columnTile, rowTile = job->set->rowTile;
  for (size_t u = 0; u < seen; u += tile) {
    // Whole vectors: beyond the last key, the panel and the row of products go on.
    const size_t columns = minimum(tile, roundUp(seen - u, job->set->vectorWidth));
    for (size_t r = 0; r < count; r += rowTile) {
      const CourseTile t = {.depth = job->d, .a = rows + r * stride, .rowStrideA = stride,
                            .depthStrideA = 1, .b = across + u * job->d, .depthStrideB = tile,
                            .c = products + r * job->leading + u, .leadingC = job->leading};
      tableOf(job->set)->product.tile(&t, minimum(rowTile, count - r), columns);
    }
  }
}

/// Rows of d numbers as the right operand of a product: number i of row u, where a panel begins, is
/// `first[i * panelStride + u * stride]`.
typedef struct Rows {
  const float *first;
  size_t stride, panelStride;
} Rows;

/// weights[r, u] times values[u, i], summed over u < seen.
static void multiplyDown(const Job *job, const float *weights, size_t count, Rows values,
                         size_t seen, float *result, size_t stride) {
  const size_t tile = job->set->columnTile, rowTile = job->set->rowTile;
  for (size_t i = 0; i < job->d; i += tile) {
    for (size_t r = 0; r < count; r += rowTile) {
      const CourseTile t = {.depth = seen, .a = weights + r * job->leading,
                            .rowStrideA = job->leading, .depthStrideA = 1,
                            .b = values.first + i * values.panelStride,
                            .depthStrideB = values.stride,
                            .c = result + r * stride + i, .leadingC = stride};
      tableOf(job->set)->product.tile(&t, minimum(rowTile, count - r), minimum(tile, job->d - i));
    }
  }
}

/// result[u, i] = weights[r, u] rows[r, i], summed over the r < count of a block, or += where
/// `accumulates`.
static void multiplyTransposed(const Job *job, const float *weights, size_t count, Rows rows,
                               size_t seen, bool accumulates, float *result) {
  const size_t tile = job->set->columnTile, rowTile = job->set->rowTile;
  for (size_t i = 0; i < job->d; i += tile) {
    for (size_t u = 0; u < seen; u += rowTile) {
      const CourseTile t = {.depth = count, .a = weights + u, .rowStrideA = 1,
                            .depthStrideA = job->leading, .b = rows.first + i * rows.panelStride,
                            .depthStrideB = rows.stride, .c = result + u * job->inputStride + i,
                            .leadingC = job->inputStride, .accumulate = accumulates};
      tableOf(job->set)->product.tile(&t, minimum(rowTile, seen - u), minimum(tile, job->d - i));
    }
  }
}

INLINE void packAcross(const Job *job, const float *x, float *panels) {
  tableOf(job->set)->product.packRows(x, job->inputStride, job->T, job->d, job->set->columnTile,
                                      panels);
}

/// Rows where they are, if they are few and consist of whole vectors; else packed into `panels`.
static Rows rowsDown(const Job *job, const float *x, size_t stride, size_t rows, float *panels) {
  const size_t tile = job->set->columnTile;
  if (job->d % job->set->vectorWidth == 0 && rows <= inPlaceRows) return (Rows){x, stride, 1};
  tableOf(job->set)->product.packColumns(x, stride, job->d, rows, tile, panels);
  return (Rows){panels, tile, rows};
}

static void forwardTask(size_t task, void *context) {
  const Job *job = context;
  float *across = kernelsScratch(
    scratchPrivate, job->keys * job->d + job->T * job->numbers + queryBlock * job->leading);
  float *down = across + job->keys * job->d, *weights = down + job->T * job->numbers;
  packAcross(job, job->x + inputPlace(job, task, 1), across);
  const Rows values =
    rowsDown(job, job->x + inputPlace(job, task, 2), job->inputStride, job->T, down);
  for (size_t t = 0; t < job->T; t += queryBlock) {
    const size_t count = minimum(queryBlock, job->T - t), seen = keysSeen(job, task, t + count);
    multiplyAcross(job, job->x + inputPlace(job, task, 0) + t * job->inputStride, job->inputStride,
                   count, across, seen, weights);
    float largest[queryBlock], sums[queryBlock];
    for (size_t r = 0; r < count; r++) {
      tableOf(job->set)->attention.softmaxRow(weights + r * job->leading,
                                              keysSeen(job, task, t + r + 1), seen, job->scale,
                                              largest + r, sums + r);
    }
    if (job->logSums != NULL) {
      const CourseElementwiseKernels *elementwise = &job->set->elementwise;
      elementwise->unary(kernelLog, sums, sums, count);
      elementwise->binary(kernelAdd, largest, 1, sums, 1, job->logSums + task * job->T + t, count);
    }
    multiplyDown(job, weights, count, values, seen,
                 job->output + outputPlace(job, task) + t * job->outputStride, job->outputStride);
  }
}

static void backwardTask(size_t task, void *context) {
  const Job *job = context;
  const size_t block = queryBlock * job->numbers;
  float *keysAcross = kernelsScratch(
    scratchPrivate, 2 * job->keys * job->d + job->T * job->numbers + 2 * queryBlock * job->leading +
                      2 * block);
  float *valuesAcross = keysAcross + job->keys * job->d;
  float *keysDown = valuesAcross + job->keys * job->d;
  float *weights = keysDown + job->T * job->numbers;
  float *gradients = weights + queryBlock * job->leading;
  float *queriesDown = gradients + queryBlock * job->leading, *outputsDown = queriesDown + block;
  packAcross(job, job->x + inputPlace(job, task, 1), keysAcross);
  packAcross(job, job->x + inputPlace(job, task, 2), valuesAcross);
  const Rows keys =
    rowsDown(job, job->x + inputPlace(job, task, 1), job->inputStride, job->T, keysDown);
  float *dQ = job->dX + inputPlace(job, task, 0);
  float *dK = job->dX + inputPlace(job, task, 1), *dV = job->dX + inputPlace(job, task, 2);
  // No query sees the keys behind these; the last block sees all others, so it comes first.
  for (size_t t = keysSeen(job, task, job->T); t < job->T; t++) {
    memset(dK + t * job->inputStride, 0, job->d * sizeof(float));
    memset(dV + t * job->inputStride, 0, job->d * sizeof(float));
  }
  for (size_t end = job->T, t; end > 0; end = t) {
    t = (end - 1) / queryBlock * queryBlock;
    const size_t count = end - t, seen = keysSeen(job, task, end);
    const float *queries = job->x + inputPlace(job, task, 0) + t * job->inputStride;
    const float *o = job->o + outputPlace(job, task) + t * job->outputStride;
    const float *dO = job->dO + outputPlace(job, task) + t * job->outputStride;
    multiplyAcross(job, queries, job->inputStride, count, keysAcross, seen, weights);
    multiplyAcross(job, dO, job->outputStride, count, valuesAcross, seen, gradients);
    for (size_t r = 0; r < count; r++) {
      const float product = job->set->reductions.dot(o + r * job->outputStride,
                                                     dO + r * job->outputStride, job->d);
      tableOf(job->set)->attention.gradientRow(
        weights + r * job->leading, gradients + r * job->leading, keysSeen(job, task, t + r + 1), seen,
        job->scale, job->keptLogSums[task * job->T + t + r], product);
    }
    multiplyDown(job, gradients, count, keys, seen, dQ + t * job->inputStride, job->inputStride);
    const Rows q = rowsDown(job, queries, job->inputStride, count, queriesDown);
    const Rows dOs = rowsDown(job, dO, job->outputStride, count, outputsDown);
    multiplyTransposed(job, gradients, count, q, seen, end < job->T, dK);
    multiplyTransposed(job, weights, count, dOs, seen, end < job->T, dV);
  }
}

void kernels_attention_forward(const CourseKernelSet *set, const CourseAttention *attention,
                               const float *x, float *o, float *logSums) {
  Job job = makeJob(set, attention);
  job.x = x;
  job.output = o;
  job.logSums = logSums;
  kernels_parallel_for(job.N * job.H, forwardTask, &job);
}

void kernels_attention_backward(const CourseKernelSet *set, const CourseAttention *attention,
                                const float *x, const float *o, const float *logSums,
                                const float *dO, float *dX) {
  Job job = makeJob(set, attention);
  job.x = x;
  job.o = o;
  job.keptLogSums = logSums;
  job.dO = dO;
  job.dX = dX;
  kernels_parallel_for(job.N * job.H, backwardTask, &job);
}
