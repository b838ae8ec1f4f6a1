// Pooling. `set` NULL means the default set. Results do not depend on the number of threads.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CourseKernelSet CourseKernelSet;

/// Windows over each plane of x [planes, inputHeight, inputWidth]; window (i, j) begins at row
/// i strideY - padTop, column j strideX - padLeft. y: [planes, outputHeight, outputWidth].
typedef struct CoursePooling {
  size_t planes;            // batch * channels
  size_t inputHeight, inputWidth, outputHeight, outputWidth;
  size_t windowY, windowX, strideY, strideX, padTop, padLeft;
} CoursePooling;

/// y = the maximum of each window, padding left out; of equal maxima the first one in scan order
/// wins, a NaN wins over all else (the last one, as in PyTorch). `winners`, NULL or shaped as y:
/// its index in its plane; -1, and y = -infinity, where a window holds nothing but padding.
void kernels_max_pool(const CourseKernelSet *set, const CoursePooling *pooling, const float *x,
                      float *y, int32_t *winners);
/// dX = 0, then each dY is added to its winner. Overwrites dX.
void kernels_max_pool_gradient(const CourseKernelSet *set, const CoursePooling *pooling,
                               const float *dY, const int32_t *winners, float *dX);

/// y = the mean of each window: its sum divided by windowY * windowX, or, where padding does not
/// count, by the number of its values that lie in x (0 where there is none).
void kernels_average_pool(const CourseKernelSet *set, const CoursePooling *pooling,
                          bool countIncludesPadding, const float *x, float *y);
void kernels_average_pool_gradient(const CourseKernelSet *set, const CoursePooling *pooling,
                                   bool countIncludesPadding, const float *dY, float *dX);

/// Regions of any size, as many in each image of x [images, channels, height, width]. boxes [images, regions, 4]: x1,
/// y1, x2, y2, which times `scale` and rounded (halves away from 0) are the first and the last pixel; at least one pixel
/// long. Bin i of a side of n pixels from s on: s + floor(i n / size) up to s + ceil((i + 1) n / size), as far as it lies
/// in x. y: [images, regions, channels, size, size].
typedef struct CourseRegionPooling {
  size_t images, regions, channels, height, width, size;
  float scale;
} CourseRegionPooling;

/// y = the maximum of each bin, of equal ones the first in scan order; 0 where it is empty. `winners`, NULL or shaped
/// as y: its index in its plane, or -1.
void kernels_region_max_pool(const CourseRegionPooling *pooling, const float *x,
                             const float *boxes, float *y, int32_t *winners);
/// dX = 0, then each dY is added to its winner, region by region. Overwrites dX.
void kernels_region_max_pool_gradient(const CourseRegionPooling *pooling, const float *dY,
                                      const int32_t *winners, float *dX);
