// Maximum and mean over windows. Tasks are planes. Windows that lie inside the plane, side by side,
// go through vectors where the stride is 1 or 2; those that reach into the padding one by one.

#include <string.h>

#include "Internal.h"

typedef struct Pool {
  const CourseKernelSet *set;
  const CoursePooling *p;
  const float *from;
  float *to;
  int32_t *winners;
  const int32_t *winnersRead;
  bool countIncludesPadding;
} Pool;

/// The part of a window that lies in the plane, along one axis.
typedef struct Range {
  size_t first, end;
} Range;

INLINE Range rangeInside(size_t index, size_t stride, size_t pad, size_t window, size_t size) {
  const size_t start = index * stride;
  const size_t first = start > pad ? start - pad : 0;
  const size_t end = start + window > pad ? minimum(start + window - pad, size) : 0;
  return (Range){minimum(first, end), end};
}

/// The outputs of a row whose windows lie wholly between the left and the right edge, if vectors
/// can take them; else none.
static Range columnsInside(const CoursePooling *p) {
  if (p->strideX > 2) return (Range){0, 0};
  const size_t first = minimum((p->padLeft + p->strideX - 1) / p->strideX, p->outputWidth);
  if (p->inputWidth + p->padLeft < p->windowX) return (Range){first, first};
  const size_t end =
    minimum((p->inputWidth + p->padLeft - p->windowX) / p->strideX + 1, p->outputWidth);
  return (Range){first, maximum(first, end)};
}

/// The vector part of output row `i`.
static CoursePoolRow poolRow(const CoursePooling *p, const float *plane, Range rows, Range inside,
                             float *y) {
  const size_t index = rows.first * p->inputWidth + inside.first * p->strideX - p->padLeft;
  return (CoursePoolRow){
    .x = plane + index, .width = p->inputWidth, .index = index, .rows = rows.end - rows.first,
    .windowX = p->windowX, .stride = p->strideX, .count = inside.end - inside.first,
    .y = y + inside.first,
  };
}

static void maxPlane(size_t plane, void *context) {
  const Pool *pool = context;
  const CoursePooling *p = pool->p;
  const float *x = pool->from + plane * p->inputHeight * p->inputWidth;
  const size_t outputs = p->outputHeight * p->outputWidth;
  float *y = pool->to + plane * outputs;
  int32_t *winners = pool->winners != NULL ? pool->winners + plane * outputs : NULL;
  const Range inside = columnsInside(p);
  for (size_t i = 0; i < p->outputHeight; i++, y += p->outputWidth) {
    const Range rows = rangeInside(i, p->strideY, p->padTop, p->windowY, p->inputHeight);
    const bool byVectors = rows.end > rows.first && inside.end > inside.first;
    if (byVectors) {
      CoursePoolRow row = poolRow(p, x, rows, inside, y);
      row.winners = winners != NULL ? winners + inside.first : NULL;
      tableOf(pool->set)->pooling.maxPoolRow(&row);
    }
    for (size_t j = 0; j < p->outputWidth; j++) {
      if (byVectors && j == inside.first) j = inside.end;
      if (j == p->outputWidth) break;
      const Range columns = rangeInside(j, p->strideX, p->padLeft, p->windowX, p->inputWidth);
      float best = -__builtin_inff();
      int32_t winner = -1;
      for (size_t row = rows.first; row < rows.end; row++) {
        for (size_t column = columns.first; column < columns.end; column++) {
          const size_t index = row * p->inputWidth + column;
          const float value = x[index];
          if (value > best || value != value || winner < 0) {
            best = value;
            winner = (int32_t)index;
          }
        }
      }
      y[j] = best;
      if (winners != NULL) winners[j] = winner;
    }
    if (winners != NULL) winners += p->outputWidth;
  }
}

void kernels_max_pool(const CourseKernelSet *set, const CoursePooling *pooling, const float *x,
                      float *y, int32_t *winners) {
  Pool pool = {.set = set != NULL ? set : kernels_default(), .p = pooling, .from = x, .to = y,
               .winners = winners};
  kernels_parallel_for(pooling->planes, maxPlane, &pool);
}

static void maxGradientPlane(size_t plane, void *context) {
  const Pool *pool = context;
  const CoursePooling *p = pool->p;
  const size_t inputs = p->inputHeight * p->inputWidth, outputs = p->outputHeight * p->outputWidth;
  const float *dY = pool->from + plane * outputs;
  const int32_t *winners = pool->winnersRead + plane * outputs;
  float *dX = pool->to + plane * inputs;
  memset(dX, 0, inputs * sizeof(float));
  for (size_t i = 0; i < outputs; i++) {
    if (winners[i] >= 0) dX[winners[i]] += dY[i];
  }
}

void kernels_max_pool_gradient(const CourseKernelSet *set, const CoursePooling *pooling,
                               const float *dY, const int32_t *winners, float *dX) {
  Pool pool = {.set = set, .p = pooling, .from = dY, .to = dX, .winnersRead = winners};
  kernels_parallel_for(pooling->planes, maxGradientPlane, &pool);
}

INLINE float averageFactor(const Pool *pool, Range rows, Range columns) {
  const CoursePooling *p = pool->p;
  const size_t inside = (rows.end - rows.first) * (columns.end - columns.first);
  const size_t count = pool->countIncludesPadding ? p->windowY * p->windowX : inside;
  return inside == 0 ? 0 : 1 / (float)count;
}

static void averagePlane(size_t plane, void *context) {
  const Pool *pool = context;
  const CoursePooling *p = pool->p;
  const float *x = pool->from + plane * p->inputHeight * p->inputWidth;
  float *y = pool->to + plane * p->outputHeight * p->outputWidth;
  const Range inside = columnsInside(p);
  for (size_t i = 0; i < p->outputHeight; i++, y += p->outputWidth) {
    const Range rows = rangeInside(i, p->strideY, p->padTop, p->windowY, p->inputHeight);
    const bool byVectors = rows.end > rows.first && inside.end > inside.first;
    if (byVectors) {
      CoursePoolRow row = poolRow(p, x, rows, inside, y);
      row.factor = averageFactor(pool, rows, (Range){0, p->windowX});
      tableOf(pool->set)->pooling.averagePoolRow(&row);
    }
    for (size_t j = 0; j < p->outputWidth; j++) {
      if (byVectors && j == inside.first) j = inside.end;
      if (j == p->outputWidth) break;
      const Range columns = rangeInside(j, p->strideX, p->padLeft, p->windowX, p->inputWidth);
      float sum = 0;
      for (size_t row = rows.first; row < rows.end; row++) {
        sum += pool->set->reductions.reduce(kernelSum, x + row * p->inputWidth + columns.first,
                                            columns.end - columns.first);
      }
      y[j] = sum * averageFactor(pool, rows, columns);
    }
  }
}

void kernels_average_pool(const CourseKernelSet *set, const CoursePooling *pooling,
                          bool countIncludesPadding, const float *x, float *y) {
  Pool pool = {.set = set != NULL ? set : kernels_default(), .p = pooling, .from = x, .to = y,
               .countIncludesPadding = countIncludesPadding};
  kernels_parallel_for(pooling->planes, averagePlane, &pool);
}

static void averageGradientPlane(size_t plane, void *context) {
  const Pool *pool = context;
  const CoursePooling *p = pool->p;
  const float *dY = pool->from + plane * p->outputHeight * p->outputWidth;
  float *dX = pool->to + plane * p->inputHeight * p->inputWidth;
  memset(dX, 0, p->inputHeight * p->inputWidth * sizeof(float));
  for (size_t i = 0; i < p->outputHeight; i++) {
    const Range rows = rangeInside(i, p->strideY, p->padTop, p->windowY, p->inputHeight);
    for (size_t j = 0; j < p->outputWidth; j++) {
      const Range columns = rangeInside(j, p->strideX, p->padLeft, p->windowX, p->inputWidth);
      const float share = *dY++ * averageFactor(pool, rows, columns);
      for (size_t row = rows.first; row < rows.end; row++) {
        for (size_t column = columns.first; column < columns.end; column++) {
          dX[row * p->inputWidth + column] += share;
        }
      }
    }
  }
}

void kernels_average_pool_gradient(const CourseKernelSet *set, const CoursePooling *pooling,
                                   bool countIncludesPadding, const float *dY, float *dX) {
  Pool pool = {.set = set != NULL ? set : kernels_default(), .p = pooling, .from = dY, .to = dX,
               .countIncludesPadding = countIncludesPadding};
  kernels_parallel_for(pooling->planes, averageGradientPlane, &pool);
}
