// Larger images. `set` is not needed: nothing here depends on the instruction set. Results do not depend on
// the number of threads.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Planes x [planes, height, width] become y [planes, height scaleY, width scaleX].
///
/// Output place o of an axis lies at (o + 1/2) / scale - 1/2 of the input (align_corners=False in PyTorch),
/// and takes the two values around that place in proportion to their distance, or, unless `bilinear`, a copy of
/// the nearest one. Places beyond the first and the last value take its value.
typedef struct CourseUpsampling {
  size_t planes, height, width, scaleY, scaleX;
  bool bilinear;
} CourseUpsampling;

void kernels_upsample(const CourseUpsampling *upsampling, const float *x, float *y);
/// dX from dY. Overwrites dX.
void kernels_upsample_gradient(const CourseUpsampling *upsampling, const float *dY, float *dX);
