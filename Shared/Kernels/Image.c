// Images. What gathers single bytes or follows a slanted line through an image is plain C; the sums
// and the arithmetic on whole rows go through the table of the instruction set.

#include <math.h>
#include <string.h>

#include "Internal.h"

// MARK: - Bytes to planes

/// One row of one channel; a stride that the compiler knows makes it twice as fast.
INLINE void gather(const uint8_t *x, ptrdiff_t stride, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = (float)x[(ptrdiff_t)i * stride];
}

static void gatherRow(const uint8_t *x, ptrdiff_t stride, size_t count, float *y) {
  switch (stride) {
    case 1: gather(x, 1, count, y); break;
    case 3: gather(x, 3, count, y); break;
    case -3: gather(x, -3, count, y); break;
    default: gather(x, stride, count, y); break;
  }
}

/// The part of a plane that lies in the image.
static void gatherPlane(const KernelPixelView *v, size_t channel, float *y) {
  const size_t count = v->endColumn - v->firstColumn;
  const uint8_t *origin = v->pixels + v->start + channel;
  for (size_t row = v->firstRow; row < v->endRow; row++) {
    gatherRow(origin + (ptrdiff_t)row * v->strideY + (ptrdiff_t)v->firstColumn * v->strideX,
              v->strideX, count, y + row * v->width + v->firstColumn);
  }
}

/// Zeros wherever the view looks beyond the image.
static void clearBorder(const KernelPixelView *v, float *y) {
  const size_t size = sizeof(float);
  memset(y, 0, v->firstRow * v->width * size);
  memset(y + v->endRow * v->width, 0, (v->height - v->endRow) * v->width * size);
  if (v->firstColumn == 0 && v->endColumn == v->width) return;
  for (size_t row = v->firstRow; row < v->endRow; row++) {
    memset(y + row * v->width, 0, v->firstColumn * size);
    memset(y + row * v->width + v->endColumn, 0, (v->width - v->endColumn) * size);
  }
}

void kernels_pixels_to_floats(const KernelSet *set, const KernelPixelView *view, const float *mean,
                              const float *deviation, bool normalizesBorder, float *y) {
  if (set == NULL) set = kernels_default();
  const size_t area = view->height * view->width;
  const float most = 255;
  for (size_t c = 0; c < view->channels; c++, y += area) {
    clearBorder(view, y);
    gatherPlane(view, c, y);
    set->binary(kernelDivide, y, 1, &most, 0, y, area);
    if (mean != NULL) {
      set->binary(kernelSubtract, y, 1, mean + c, 0, y, area);
      set->binary(kernelDivide, y, 1, deviation + c, 0, y, area);
      if (!normalizesBorder) clearBorder(view, y);
    }
  }
}

// MARK: - Resampling

void kernels_resample_rows(const KernelSet *set, const float *x, size_t planes, size_t height,
                           size_t width, const int32_t *first, const float *weights, size_t taps,
                           size_t outputHeight, float *y) {
  if (set == NULL) set = kernels_default();
  memset(y, 0, planes * outputHeight * width * sizeof(float));
  for (size_t p = 0; p < planes; p++, x += height * width) {
    for (size_t i = 0; i < outputHeight; i++, y += width) {
      const float *row = x + (size_t)first[i] * width;
      for (size_t k = 0; k < taps; k++) {
        const float weight = weights[i * taps + k];
        if (weight != 0) set->addScaled(weight, row + k * width, y, width);
      }
    }
  }
}

// MARK: - Sampling along slanted lines

/// A pixel, 0 beyond the edge.
INLINE float pixelAt(const float *x, size_t height, size_t width, ptrdiff_t row,
                     ptrdiff_t column) {
  const bool inside = row >= 0 && row < (ptrdiff_t)height && column >= 0 &&
                      column < (ptrdiff_t)width;
  return inside ? x[row * (ptrdiff_t)width + column] : 0;
}

/// Linear between the four pixels around a place.
INLINE float sampleLinear(const float *x, size_t height, size_t width, float sourceY,
                          float sourceX) {
  const float top = floorf(sourceY), left = floorf(sourceX);
  const float v = sourceY - top, u = sourceX - left;
  const ptrdiff_t row = (ptrdiff_t)top, column = (ptrdiff_t)left;
  const float upper = (1 - u) * pixelAt(x, height, width, row, column) +
                      u * pixelAt(x, height, width, row, column + 1);
  const float lower = (1 - u) * pixelAt(x, height, width, row + 1, column) +
                      u * pixelAt(x, height, width, row + 1, column + 1);
  return (1 - v) * upper + v * lower;
}

void kernels_sample_affine(const float *x, size_t planes, size_t height, size_t width,
                           const float matrix[6], bool linear, size_t outputHeight,
                           size_t outputWidth, float *y) {
  for (size_t row = 0; row < outputHeight; row++) {
    for (size_t column = 0; column < outputWidth; column++, y++) {
      const float i = (float)row, j = (float)column;
      const float sourceX = matrix[0] * j + matrix[1] * i + matrix[2];
      const float sourceY = matrix[3] * j + matrix[4] * i + matrix[5];
      // Written so that NaN is outside, too.
      const bool isNear = sourceX > -1 && sourceX < (float)width && sourceY > -1 &&
                          sourceY < (float)height;
      for (size_t p = 0; p < planes; p++) {
        const float *plane = x + p * height * width;
        float value = 0;
        if (isNear && linear) {
          value = sampleLinear(plane, height, width, sourceY, sourceX);
        } else if (isNear) {
          value = pixelAt(plane, height, width, (ptrdiff_t)rintf(sourceY),
                          (ptrdiff_t)rintf(sourceX));
        }
        y[p * outputHeight * outputWidth] = value;
      }
    }
  }
}

// MARK: - Hue

/// How strong a colour is, on the piecewise linear circle of hues: 1 at `center` sixths of it, 0 three
/// sixths away.
INLINE float hueRamp(float sixths, float center) {
  float distance = fabsf(sixths - center);
  distance = distance > 3 ? 6 - distance : distance;
  const float value = 2 - distance;
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

void kernels_shift_hue(const float *x, size_t area, float turns, float *y) {
  for (size_t i = 0; i < area; i++) {
    const float red = x[i], green = x[area + i], blue = x[2 * area + i];
    const float most = fmaxf(red, fmaxf(green, blue)), least = fminf(red, fminf(green, blue));
    const float range = most - least;
    float sixths = 0;
    if (range > 0) {
      if (most == red) {
        sixths = (green - blue) / range;
      } else if (most == green) {
        sixths = 2 + (blue - red) / range;
      } else {
        sixths = 4 + (red - green) / range;
      }
    }
    sixths += 6 * turns;
    sixths -= 6 * floorf(sixths / 6);
    y[i] = least + range * hueRamp(sixths, 0);
    y[area + i] = least + range * hueRamp(sixths, 2);
    y[2 * area + i] = least + range * hueRamp(sixths, 4);
  }
}
