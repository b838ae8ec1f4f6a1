// The parts of a table that convolutions and pooling are made of.

#pragma once

/// `length` values that lie side by side in a source and in a panel, see packPatches.
typedef struct CourseRun {
  size_t from, to, length;
} CourseRun;

/// A tile of a weight gradient: c[t * leadingC + o] += sum over pixels p of source[t](p) * b[p][o].
///
/// Pixel (i, j) of tap t is base[offsets[t] + i * rowStep + j]; its row of b, the transposed output
/// gradient, is b[(i * columns + j) * leadingB ...], whole vectors.
typedef struct CourseTaps {
  const float *base;
  const size_t *offsets;
  size_t rows, columns, rowStep;
  const float *b;
  size_t leadingB;
  float *c;
  size_t leadingC;
} CourseTaps;

/// The steps of Winograd's algorithm for tiles of `outputs` x `outputs` and filters of `taps` x
/// `taps`, which add up to 7, see Generic/Winograd.h: transforms of a tile of 6 x 6 inputs, one of
/// output gradients, and filters (`columns` of them, tap t at taps[t * stride ...]); back to the
/// first rows x columns outputs of a tile, or to the gradients of taps, which are added.
typedef struct CourseWinograd {
  size_t outputs, taps;
  void (*input)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*gradient)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*filter)(const float *taps, size_t stride, bool flipped, size_t columns, float *out,
                 size_t step);
  void (*output)(const float *products, size_t step, const float *bias, CourseActivation activation,
                 float *pixels, size_t pitch, size_t rows, size_t columns);
  void (*addTaps)(const float *products, size_t step, float *sums, size_t stride);
  void (*scatter)(const float *pixels, size_t count, size_t channels, float *y, size_t plane);
  void (*tile)(size_t depth, const float *a, const float *b, float *c, size_t leadingC, size_t rows,
               size_t columns);
} CourseWinograd;

/// `count` neighbouring outputs of a pooling whose windows lie inside the plane, `rows` x `windowX`
/// values each, `stride` (1 or 2) apart.
typedef struct CoursePoolRow {
  const float *x;           // the first value of the first window
  size_t width;             // of the plane
  size_t index;             // of x[0] in the plane
  size_t rows, windowX, stride, count;
  float factor;             // multiplies each sum
  float *y;
  int32_t *winners;         // or NULL
} CoursePoolRow;

/// table->convolution, see Generic/Convolution.h
typedef struct CourseConvolutionKernels {
  // panel[k * columnTile + run.to + i] =
  // base[offsets[k] + run.from + i] for each run and i < run.length; reads and writes up to a vector
  // beyond the last run.
  void (*packPatches)(const float *base, const size_t *offsets, size_t depth,
                      const CourseRun *runs, size_t runCount, float *panel);
  // even[i] = x[2 i], odd[i] = x[2 i + 1], i < count.
  void (*splitPairs)(const float *x, size_t count, float *even, float *odd);
  size_t tapTile;           // most taps that `multiplyTaps` takes
  void (*multiplyTaps)(const CourseTaps *taps, size_t tapCount, size_t columns);
  const CourseWinograd *winograd;
} CourseConvolutionKernels;

/// table->pooling
typedef struct CoursePoolingKernels {
  void (*maxPoolRow)(const CoursePoolRow *row);
  void (*averagePoolRow)(const CoursePoolRow *row);
} CoursePoolingKernels;
