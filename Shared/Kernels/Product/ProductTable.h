// The part of a table that matrix products are made of.

#pragma once

/// `count` rows, as wide as a tile, `stride` floats apart.
typedef struct CourseRows {
  const float *first;
  size_t stride, count;
} CourseRows;

/// One register tile of a matrix product: C (+)= A . B over `depth`.
///
/// Element (r, k) of A is `a[r * rowStrideA + k * depthStrideA]`, and one of the strides is 1: the
/// row stride in panels and in a transposed matrix, the other one in a plain matrix. Row k of B is
/// `b[k * depthStrideB ...]` and must be readable up to the next multiple of the vector width. Only
/// a whole tile packs B.
typedef struct CourseTile {
  size_t depth;
  const float *a;
  size_t rowStrideA, depthStrideA;
  const float *b;
  size_t depthStrideB;
  size_t panelStrideB;      // from the first columnTile columns of B to the others of a wide tile
  float *packedB;           // NULL, or where the tile leaves a packed copy of B as it goes
  float *c;
  size_t leadingC;
  // What a large tile fetches into the cache meanwhile, for those after it: as many rows of A as it
  // reads in place itself (or NULL), the rows of C that come next, then others.
  const float *nextA;
  CourseRows nextC, later;
  bool accumulate;
  const float *columnBias, *rowBias;
  CourseActivation activation;
} CourseTile;

/// table->product
typedef struct CourseProductKernels {
  // The packers of matrices, on which the packer of a convolution builds. Panels as CourseOperand
  // says. packRows: element (row, k) at x[row * leading + k]; packColumns: at x[k * leading + row].
  void (*packRows)(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                   float *panels);
  void (*packColumns)(const float *x, size_t leading, size_t count, size_t depth, size_t width,
                      float *panels);
  // A tile of any size up to rowTile x columnTile, or, wider than that, up to wideRowTile x 2
  // columnTile, for which B is in panels unless rowStrideA is 1.
  void (*tile)(const CourseTile *tile, size_t rows, size_t columns);
} CourseProductKernels;
