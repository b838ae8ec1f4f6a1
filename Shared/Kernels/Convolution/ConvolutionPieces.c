// Cutting outputs into boxes, and the pixels of a panel into pieces of rows.

#include "Convolution/ConvolutionSum.h"

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

// MARK: - Pieces of patches

/// Bits first ..< end of a vector's lanes.
INLINE uint32_t laneBits(ptrdiff_t first, ptrdiff_t end, ptrdiff_t lanes) {
  const ptrdiff_t low = first < 0 ? 0 : (first < lanes ? first : lanes);
  const ptrdiff_t high = end < low ? low : (end < lanes ? end : lanes);
  return (uint32_t)((1ull << high) - (1ull << low));
}

/// The row of the image that taps of row i of the kernel see from a row of the sum.
static CoursePiece rowPiece(const Sum *sum, size_t row, size_t i) {
  const ptrdiff_t y = sum->y.first + (ptrdiff_t)(row * sum->y.stride + sum->y.offsets[i]);
  if (y < 0 || y >= (ptrdiff_t)sum->sourceHeight) return (CoursePiece){0};
  return (CoursePiece){y * (ptrdiff_t)sum->sourceWidth, UINT32_MAX, UINT32_MAX};
}

/// What taps of column j of the kernel see of it from `count` <= vectorWidth pixels from `column` on.
static CoursePiece columnPiece(const Sum *sum, size_t column, size_t j, size_t count) {
  const ptrdiff_t lanes = (ptrdiff_t)sum->set->vectorWidth, width = (ptrdiff_t)sum->sourceWidth;
  const ptrdiff_t x = sum->x.first + (ptrdiff_t)(column * sum->x.stride + sum->x.offsets[j]);
  const ptrdiff_t span = (ptrdiff_t)((count - 1) * sum->x.stride) + 1;
  const ptrdiff_t end = width - x < span ? width - x : span;
  return (CoursePiece){x, laneBits(-x, end, lanes), laneBits(-x - lanes, end - lanes, lanes)};
}

void kernelsConvFindPieces(const Sum *sum, const PixelBox *pixels, size_t pixel, size_t count,
                           size_t pitch, CoursePatches *patches) {
  const size_t columns = pixels->columns, first = pixel / columns;
  size_t row = first, column = pixel - first * columns;
  patches->pieceCount = 0;
  for (size_t done = 0; done < count;) {
    const size_t length = minimum(minimum(columns - column, sum->set->vectorWidth), count - done);
    const size_t p = patches->pieceCount++;
    patches->to[p] = done;
    patches->from[p] = row * sum->y.stride * pitch + column;
    done += length;
    column += length;
    if (column == columns) {
      column = 0;
      row++;
    }
  }
  patches->to[patches->pieceCount] = count;
  if (patches->isWhole) return;
  row = first;
  column = pixel - first * columns;
  CoursePiece *rows = patches->rows, *seen = patches->columns;
  for (size_t p = 0; p < patches->pieceCount; p++) {
    const size_t length = patches->to[p + 1] - patches->to[p];
    for (size_t i = 0; i < sum->y.tapCount; i++) {
      rows[i * patches->pieceCount + p] = rowPiece(sum, pixels->row + row, i);
    }
    for (size_t j = 0; j < sum->x.tapCount; j++) {
      seen[j * patches->pieceCount + p] = columnPiece(sum, pixels->column + column, j, length);
    }
    column += length;
    if (column == columns) {
      column = 0;
      row++;
    }
  }
}
