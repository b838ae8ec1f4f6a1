// Images: bytes to planes of floats, and colours. Gathering single bytes is plain C; the arithmetic on
// whole rows goes through the table of the instruction set.

#include <math.h>
#include <string.h>

#include "Internal.h"

// MARK: - Bytes to planes

static void gatherRow(const uint8_t *x, ptrdiff_t stride, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = (float)x[(ptrdiff_t)i * stride];
}

/// The part of the planes that lies in the image.
static void gatherPlanes(const CourseKernelSet *set, const CoursePixelView *v, float *y) {
  const size_t count = v->endColumn - v->firstColumn, area = v->height * v->width;
  if (count == 0) return;
  for (size_t row = v->firstRow; row < v->endRow; row++) {
    const uint8_t *from = v->pixels + v->start + (ptrdiff_t)row * v->strideY +
                          (ptrdiff_t)v->firstColumn * v->strideX;
    float *to = y + row * v->width + v->firstColumn;
    if (v->channels == 3 && v->strideX == 3) {
      tableOf(set)->images.splitBytes(from, false, count, to, area);
    } else if (v->channels == 3 && v->strideX == -3) {
      tableOf(set)->images.splitBytes(from - 3 * (ptrdiff_t)(count - 1), true, count, to, area);
    } else {
      for (size_t c = 0; c < v->channels; c++) {
        gatherRow(from + c, v->strideX, count, to + c * area);
      }
    }
  }
}

/// Zeros wherever the view looks beyond the image.
static void clearBorder(const CoursePixelView *v, float *y) {
  const size_t size = sizeof(float);
  memset(y, 0, v->firstRow * v->width * size);
  memset(y + v->endRow * v->width, 0, (v->height - v->endRow) * v->width * size);
  if (v->firstColumn == 0 && v->endColumn == v->width) return;
  for (size_t row = v->firstRow; row < v->endRow; row++) {
    memset(y + row * v->width, 0, v->firstColumn * size);
    memset(y + row * v->width + v->endColumn, 0, (v->width - v->endColumn) * size);
  }
}

void kernels_pixels_to_floats(const CourseKernelSet *set, const CoursePixelView *view,
                              const float *mean, const float *deviation, bool normalizesBorder,
                              float *y) {
  if (set == NULL) set = kernels_default();
  const size_t area = view->height * view->width;
  gatherPlanes(set, view, y);
  for (size_t c = 0; c < view->channels; c++, y += area) {
    clearBorder(view, y);
    tableOf(set)->images.scalePixels(mean ? mean + c : NULL, deviation ? deviation + c : NULL, y,
                                     area);
    if (mean != NULL && !normalizesBorder) clearBorder(view, y);
  }
}

// MARK: - Colours

void kernels_adjust_brightness(const CourseKernelSet *set, const float *x, size_t count,
                               float factor, float *y) {
  if (set == NULL) set = kernels_default();
  const float zero = 0;
  tableOf(set)->images.blendRow(factor, x, 0, &zero, 0, y, count);
}

/// The mean in double precision: the order of its sums is always the same.
static float meanOf(const float *x, size_t count) {
  double sums[8] = {0};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (size_t j = 0; j < 8; j++) sums[j] += (double)x[i + j];
  }
  for (; i < count; i++) sums[0] += (double)x[i];
  const double sum =
    ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  return (float)(sum / (double)count);
}

void kernels_adjust_contrast(const CourseKernelSet *set, const float *x, size_t channels,
                             size_t area, float factor, float *y) {
  if (set == NULL) set = kernels_default();
  const float *grey = x;
  if (channels >= 3) {
    float *row = kernelsScratch(scratchPrivate, area);
    tableOf(set)->images.greyRow(x, area, row);
    grey = row;
  }
  const float mean = meanOf(grey, area);
  tableOf(set)->images.blendRow(factor, x, 1 - factor, &mean, 0, y, channels * area);
}

void kernels_adjust_saturation(const CourseKernelSet *set, const float *x, size_t area,
                               float factor, float *y) {
  if (set == NULL) set = kernels_default();
  float *grey = kernelsScratch(scratchPrivate, area);
  tableOf(set)->images.greyRow(x, area, grey);
  for (size_t c = 0; c < 3; c++) {
    tableOf(set)->images.blendRow(factor, x + c * area, 1 - factor, grey, 1, y + c * area, area);
  }
}

void kernels_shift_hue(const CourseKernelSet *set, const float *x, size_t area, float turns,
                       float *y) {
  if (set == NULL) set = kernels_default();
  const float shift = 6 * (turns - floorf(turns));
  tableOf(set)->images.shiftHue(x, area, shift < 6 ? shift : 0, y);
}
