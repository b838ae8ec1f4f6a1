// Copying rectangles of images with zeros around them, and cutting outputs into pieces.

#include <string.h>

#include "Convolution/ConvolutionInternal.h"

/// One row of a box: `width` values at x, of which column 0 is `left` columns before the first.
static void copyRow(const CourseKernelSet *set, const Box *box, const float *x, size_t width,
                    float *out) {
  const ptrdiff_t left = box->left, columns = (ptrdiff_t)box->columns;
  if (box->phases == 1) {
    const ptrdiff_t before = left < 0 ? (-left < columns ? -left : columns) : 0;
    ptrdiff_t end = (ptrdiff_t)width - left;
    end = end < before ? before : (end > columns ? columns : end);
    for (ptrdiff_t j = 0; j < before; j++) out[j] = 0;
    if (end > before) {
      memcpy(out + before, x + left + before, (size_t)(end - before) * sizeof(float));
    }
    for (ptrdiff_t j = end; j < columns; j++) out[j] = 0;
    return;
  }
  if (box->phases == 2) {
    // Whole pairs that lie in the image; the remainder is at most one value and the zeros.
    const ptrdiff_t pitch = (ptrdiff_t)box->pitch;
    ptrdiff_t first = left < 0 ? (1 - left) / 2 : 0, end = ((ptrdiff_t)width - left) / 2;
    first = first < pitch ? first : pitch;
    end = end < first ? first : (end < pitch ? end : pitch);
    float *odd = out + pitch;
    for (ptrdiff_t i = 0; i < pitch; i++) {
      if (i == first && end > first) {
        tableOf(set)->convolution.splitPairs(x + left + 2 * first, (size_t)(end - first),
                                             out + first, odd + first);
        i = end - 1;
        continue;
      }
      const ptrdiff_t at = left + 2 * i;
      out[i] = at >= 0 && at < (ptrdiff_t)width ? x[at] : 0;
      odd[i] = at >= -1 && at + 1 < (ptrdiff_t)width ? x[at + 1] : 0;
    }
    return;
  }
  const ptrdiff_t step = (ptrdiff_t)box->phases;
  for (ptrdiff_t phase = 0; phase < step; phase++) {
    float *to = out + phase * (ptrdiff_t)box->pitch;
    ptrdiff_t i = 0, at = left + phase;
    for (; i < (ptrdiff_t)box->pitch && at < 0; i++, at += step) to[i] = 0;
    for (; i < (ptrdiff_t)box->pitch && at < (ptrdiff_t)width; i++, at += step) to[i] = x[at];
    for (; i < (ptrdiff_t)box->pitch; i++) to[i] = 0;
  }
}

void kernelsConvCopyBox(const CourseKernelSet *set, const Box *box, const float *x, size_t channels,
                        size_t height, size_t width, float *out) {
  const size_t rowSize = boxRowSize(box);
  for (size_t channel = 0; channel < channels; channel++) {
    for (size_t row = 0; row < box->rows; row++) {
      const ptrdiff_t y = box->top + (ptrdiff_t)row;
      if (y < 0 || y >= (ptrdiff_t)height) {
        memset(out, 0, rowSize * sizeof(float));
      } else {
        copyRow(set, box, x + (size_t)y * width, width, out);
      }
      out += rowSize;
    }
    x += height * width;
  }
}

PixelBoxes kernelsConvPixelBoxes(size_t rows, size_t columns, size_t boxRows, size_t boxColumns) {
  const size_t across = (columns + boxColumns - 1) / boxColumns;
  const size_t down = (rows + boxRows - 1) / boxRows;
  return (PixelBoxes){rows, columns, boxRows, boxColumns, across, across * down};
}

PixelBox kernelsConvPixelBox(const PixelBoxes *boxes, size_t index) {
  const size_t row = index / boxes->across * boxes->boxRows;
  const size_t column = index % boxes->across * boxes->boxColumns;
  return (PixelBox){
    .row = row, .rows = minimum(boxes->boxRows, boxes->rows - row),
    .column = column, .columns = minimum(boxes->boxColumns, boxes->columns - column),
  };
}
