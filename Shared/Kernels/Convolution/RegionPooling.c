// Max pooling of regions of any size. Forward, tasks are regions; backward, planes, so that each sum has one order.

#include <math.h>
#include <string.h>

#include "Internal.h"

typedef struct RegionPooling {
  const CourseRegionPooling *p;
  const float *from, *boxes;
  float *to;
  int32_t *winners;
  const int32_t *places;
} RegionPooling;

/// A side of a region on the feature map: its first pixel and its length.
typedef struct Side {
  ptrdiff_t start, length;
} Side;

INLINE Side sideOf(float first, float last, float scale) {
  const ptrdiff_t start = (ptrdiff_t)roundf(first * scale);
  const ptrdiff_t length = (ptrdiff_t)roundf(last * scale) - start + 1;
  return (Side){start, length > 1 ? length : 1};
}

INLINE size_t clamped(ptrdiff_t place, size_t limit) {
  return place < 0 ? 0 : minimum((size_t)place, limit);
}

INLINE size_t lower(Side side, size_t bin, size_t size, size_t limit) {
  return clamped(side.start + (ptrdiff_t)bin * side.length / (ptrdiff_t)size, limit);
}

INLINE size_t upper(Side side, size_t bin, size_t size, size_t limit) {
  const ptrdiff_t bins = (ptrdiff_t)size;
  return clamped(side.start + (((ptrdiff_t)bin + 1) * side.length + bins - 1) / bins, limit);
}

static void poolRegion(size_t region, void *context) {
  const RegionPooling *pooling = context;
  const CourseRegionPooling *p = pooling->p;
  const size_t size = p->size, plane = p->height * p->width, count = p->channels * size * size;
  const float *box = pooling->boxes + 4 * region;
  const Side rows = sideOf(box[1], box[3], p->scale), columns = sideOf(box[0], box[2], p->scale);
  const float *image = pooling->from + region / p->regions * p->channels * plane;
  float *y = pooling->to + region * count;
  int32_t *winners = pooling->winners ? pooling->winners + region * count : NULL;
  for (size_t i = 0; i < size; i++) {
    const size_t top = lower(rows, i, size, p->height), bottom = upper(rows, i, size, p->height);
    for (size_t j = 0; j < size; j++) {
      const size_t left = lower(columns, j, size, p->width);
      const size_t right = upper(columns, j, size, p->width);
      for (size_t c = 0; c < p->channels; c++) {
        const float *x = image + c * plane;
        float largest = -INFINITY;
        int32_t winner = -1;
        for (size_t row = top; row < bottom; row++) {
          for (size_t column = left; column < right; column++) {
            const float value = x[row * p->width + column];
            if (value > largest) {
              largest = value;
              winner = (int32_t)(row * p->width + column);
            }
          }
        }
        const size_t place = (c * size + i) * size + j;
        y[place] = winner < 0 ? 0 : largest;
        if (winners) winners[place] = winner;
      }
    }
  }
}

void kernels_region_max_pool(const CourseRegionPooling *pooling, const float *x,
                             const float *boxes, float *y, int32_t *winners) {
  RegionPooling context = {.p = pooling, .from = x, .boxes = boxes, .to = y, .winners = winners};
  kernels_parallel_for(pooling->images * pooling->regions, poolRegion, &context);
}

static void spreadPlane(size_t plane, void *context) {
  const RegionPooling *pooling = context;
  const CourseRegionPooling *p = pooling->p;
  const size_t area = p->height * p->width, bins = p->size * p->size;
  const size_t image = plane / p->channels, channel = plane % p->channels;
  float *dX = pooling->to + plane * area;
  memset(dX, 0, area * sizeof(float));
  for (size_t r = 0; r < p->regions; r++) {
    const size_t first = ((image * p->regions + r) * p->channels + channel) * bins;
    const float *dY = pooling->from + first;
    const int32_t *places = pooling->places + first;
    for (size_t k = 0; k < bins; k++) {
      if (places[k] >= 0) dX[places[k]] += dY[k];
    }
  }
}

void kernels_region_max_pool_gradient(const CourseRegionPooling *pooling, const float *dY,
                                      const int32_t *winners, float *dX) {
  RegionPooling context = {.p = pooling, .from = dY, .to = dX, .places = winners};
  kernels_parallel_for(pooling->images * pooling->channels, spreadPlane, &context);
}
