// Images in another size, and turned images.

#include <math.h>
#include <string.h>

#include "Internal.h"

#pragma STDC FP_CONTRACT OFF

// MARK: - Another size

/// Rows of weighted sums of rows. Weights of 0 at both ends read nothing.
static void resampleRows(const CourseKernelSet *set, const float *x, size_t width,
                         const CourseResampling *rows, float *y) {
  for (size_t i = 0; i < rows->count; i++) {
    const float *weights = rows->weights + i * rows->taps;
    size_t first = 0, end = rows->taps;
    while (end > 1 && weights[end - 1] == 0) end--;
    while (first + 1 < end && weights[first] == 0) first++;
    tableOf(set)->images.weighRows(x + ((size_t)rows->first[i] + first) * width, width,
                                   weights + first, end - first, y + i * width, width);
  }
}

void kernels_resample(const CourseKernelSet *set, const float *x, size_t planes, size_t height,
                      size_t width, const CourseResampling *rows, const CourseResampling *columns,
                      float *y) {
  if (set == NULL) set = kernels_default();
  const size_t newHeight = rows ? rows->count : height, newWidth = columns ? columns->count : width;
  const size_t size = newHeight * (columns ? maximum(width, newWidth) : 0);
  float *upright = kernelsScratch(scratchPrivate, 2 * size), *turned = upright + size;
  for (size_t p = 0; p < planes; p++, x += height * width, y += newHeight * newWidth) {
    const float *from = x;
    if (rows) {
      resampleRows(set, x, width, rows, columns ? upright : y);
      from = upright;
    }
    if (columns) {
      // Columns are the rows of the transposed plane.
      set->layout.transpose(from, newHeight, width, width, turned);
      resampleRows(set, turned, newHeight, columns, upright);
      set->layout.transpose(upright, newWidth, newHeight, newHeight, y);
    } else if (!rows) {
      memcpy(y, x, height * width * sizeof(float));
    }
  }
}

// MARK: - Along slanted lines

/// One or three planes with their values side by side, four values a pixel so that one load reads them,
/// and a border of one pixel of zeros. `planes` is a constant in each call.
INLINE const float *interleaved(const float *x, size_t planes, size_t height, size_t width) {
  const size_t area = height * width, border = 4 * (width + 2);
  float *result = kernelsScratch(scratchPrivate, (height + 2) * border);
  memset(result, 0, (height + 2) * border * sizeof(float));
  for (size_t row = 0; row < height; row++) {
    float *to = result + (row + 1) * border + 4;
    for (size_t column = 0; column < width; column++, x++, to += 4) {
      for (size_t p = 0; p < planes; p++) to[p] = x[p * area];
    }
  }
  return result + border + 4;
}

/// The nearest pixel; halfway between two the one with the even number.
static void sampleNearest(const float *x, size_t planes, size_t height, size_t width,
                          const float matrix[6], size_t outputHeight, size_t outputWidth,
                          float *y) {
  for (size_t row = 0; row < outputHeight; row++) {
    for (size_t column = 0; column < outputWidth; column++, y++) {
      const float i = (float)row, j = (float)column;
      const float nearX = rintf(matrix[0] * j + matrix[1] * i + matrix[2]);
      const float nearY = rintf(matrix[3] * j + matrix[4] * i + matrix[5]);
      const bool isInside =
        nearX >= 0 && nearX < (float)width && nearY >= 0 && nearY < (float)height;
      const float *from = x + (isInside ? (size_t)nearY * width + (size_t)nearX : 0);
      for (size_t p = 0; p < planes; p++) {
        y[p * outputHeight * outputWidth] = isInside ? from[p * height * width] : 0;
      }
    }
  }
}

void kernels_sample_affine(const CourseKernelSet *set, const float *x, size_t planes, size_t height,
                           size_t width, const float matrix[6], bool linear, size_t outputHeight,
                           size_t outputWidth, float *y) {
  if (!linear) {
    sampleNearest(x, planes, height, width, matrix, outputHeight, outputWidth, y);
    return;
  }
  if (set == NULL) set = kernels_default();
  const size_t area = height * width, outputArea = outputHeight * outputWidth;
  CourseSampling sampling = {.height = height, .width = width, .matrix = matrix,
                             .outputHeight = outputHeight, .outputWidth = outputWidth};
  for (size_t p = 0; p < planes; p += sampling.planes) {
    sampling.planes = planes - p < 3 ? 1 : 3;
    sampling.pixels = sampling.planes == 3 ? interleaved(x + p * area, 3, height, width)
                                           : interleaved(x + p * area, 1, height, width);
    sampling.y = y + p * outputArea;
    tableOf(set)->images.sampleLinear(&sampling);
  }
}

// MARK: - With a shift for each pixel

void kernels_sample_shifted(const float *x, size_t planes, size_t height, size_t width,
                            const float *shifts, bool linear, float *y) {
  const size_t area = height * width;
  for (size_t row = 0; row < height; row++) {
    for (size_t column = 0; column < width; column++) {
      const size_t pixel = row * width + column;
      const float sourceX = (float)column + shifts[pixel];
      const float sourceY = (float)row + shifts[area + pixel];
      // Written so that NaN lies outside.
      const bool isNear = sourceX > -1 && sourceX < (float)width && sourceY > -1
                          && sourceY < (float)height;
      const float left = linear ? floorf(sourceX) : rintf(sourceX);
      const float top = linear ? floorf(sourceY) : rintf(sourceY);
      const float u = linear ? sourceX - left : 0, v = linear ? sourceY - top : 0;
      const ptrdiff_t i = isNear ? (ptrdiff_t)top : 0, j = isNear ? (ptrdiff_t)left : 0;
      const bool upper = isNear && i >= 0 && i < (ptrdiff_t)height;
      const bool lower = isNear && linear && i + 1 < (ptrdiff_t)height;
      const bool before = j >= 0 && j < (ptrdiff_t)width, after = linear && j + 1 < (ptrdiff_t)width;
      const ptrdiff_t corner = i * (ptrdiff_t)width + j;
      for (size_t p = 0; p < planes; p++) {
        const float *from = x + p * area;
        const float a = upper && before ? from[corner] : 0;
        const float b = upper && after ? from[corner + 1] : 0;
        const float c = lower && before ? from[corner + (ptrdiff_t)width] : 0;
        const float d = lower && after ? from[corner + (ptrdiff_t)width + 1] : 0;
        y[p * area + pixel] = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
      }
    }
  }
}
