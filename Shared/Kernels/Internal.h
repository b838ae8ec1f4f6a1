// What the files of this target share and nobody else sees.

#ifndef KERNELS_INTERNAL_H
#define KERNELS_INTERNAL_H

#include "Kernels.h"

/// Small helpers must be part of their caller even at -O0, or a debug build spends its time in
/// calls.
#define INLINE static inline __attribute__((always_inline))

INLINE size_t minimum(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t maximum(size_t a, size_t b) { return a > b ? a : b; }
INLINE size_t roundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

/// One register tile of a matrix product: C (+)= A . B over `depth`.
///
/// Element (r, k) of A is `a[r * rowStrideA + k * depthStrideA]`, and one of the strides is 1: the
/// row stride in panels and in a transposed matrix, the other one in a plain matrix. Row k of B is
/// `b[k * depthStrideB ...]` and must be readable up to the next multiple of the vector width. Only
/// a whole tile packs B.
typedef struct KernelTile {
  size_t depth;
  const float *a;
  size_t rowStrideA, depthStrideA;
  const float *b;
  size_t depthStrideB;
  float *packedB;           // NULL, or where the tile leaves a packed copy of B as it goes
  float *c;
  size_t leadingC;
  bool accumulate;
  const float *columnBias, *rowBias;
  KernelActivation activation;
} KernelTile;

/// `length` values that lie side by side in a source and in a panel, see packPatches.
typedef struct KernelRun {
  size_t from, to, length;
} KernelRun;

/// A tile of a weight gradient: c[t * leadingC + o] += sum over pixels p of source[t](p) * b[p][o].
///
/// Pixel (i, j) of tap t is base[offsets[t] + i * rowStep + j]; its row of b, the transposed output
/// gradient, is b[(i * columns + j) * leadingB ...], whole vectors.
typedef struct KernelTaps {
  const float *base;
  const size_t *offsets;
  size_t rows, columns, rowStep;
  const float *b;
  size_t leadingB;
  float *c;
  size_t leadingC;
} KernelTaps;

/// `count` neighbouring outputs of a pooling whose windows lie inside the plane, `rows` x `windowX`
/// values each, `stride` (1 or 2) apart.
typedef struct KernelPoolRow {
  const float *x;           // the first value of the first window
  size_t width;             // of the plane
  size_t index;             // of x[0] in the plane
  size_t rows, windowX, stride, count;
  float factor;             // what sums are multiplied with
  float *y;
  int32_t *winners;         // or NULL
} KernelPoolRow;

/// The gates of one step of a recurrent layer, for `rows` sequences and `units` <= columnTile
/// neighbouring hidden units.
///
/// Every pointer is at the first of these sequences and units. From one sequence to the next are
/// `hiddenStride` floats in hidden states, `hiddenSize` in other states, `outputStride` in y,
/// `maskStride` in the mask, and columnTile in `gates`, whose rows are whole vectors. From one gate to
/// the next are `gateStride` floats in `gates`, `hiddenSize` in `bias`, and columnTile in `sums`.
typedef struct KernelStepForward {
  KernelCell cell;
  size_t rows, units, hiddenSize, hiddenStride, outputStride, maskStride, gateStride;
  const float *sums;        // x W + h U, [rows, G * columnTile]; GRU: ..., x Wn, h Un
  const float *bias, *candidateBias;
  float *gates;
  const float *hiddenBefore, *cellBefore;
  float *hidden;
  float *extra;             // LSTM: the cell state; GRU: a = h Un + candidateBias
  const float *mask;        // or NULL
  float *y;
} KernelStepForward;

/// The gradients of the same, with the same strides; from one gradient to the next are
/// `gradientStride` floats in dZ.
typedef struct KernelStepBackward {
  KernelCell cell;
  size_t rows, units, hiddenSize, hiddenStride, outputStride, maskStride, gateStride;
  size_t gradientStride;
  const float *sums;        // dZ . U^T of the step after this one, [rows, columnTile], or NULL
  const float *gates, *hiddenBefore, *cellBefore, *hidden, *extra, *mask;
  const float *dY;          // or NULL
  float *dHidden, *dCell;   // what comes from the step after this one; what goes to the one before
  float *dZ;                // as gates: the gradient of h U + ...; GRU: a 4th one, of x Wn + bn
} KernelStepBackward;

/// A row of a normalisation: a plane of one channel (`single`: center, factor and the others point
/// to one value each), or a row of features (to one for each value).
typedef struct KernelNormalRow {
  bool single, relu;
  size_t count;
  const float *x, *dY;
  const float *center, *factor, *shift;
  const float *slope, *offset;   // for the gradient
  float *y;                      // y, or dX
} KernelNormalRow;

/// An image of 1 or 3 planes, sampled as kernels_sample_affine says.
typedef struct KernelSampling {
  const float *pixels;      // pixel (0, 0); four floats a pixel, with a border of one pixel of zeros
  size_t planes, height, width;
  const float *matrix;
  size_t outputHeight, outputWidth;
  float *y;
} KernelSampling;

/// The steps of Winograd's algorithm for tiles of `outputs` x `outputs` and filters of `taps` x
/// `taps`, which add up to 7, see Generic/Winograd.h: transforms of a tile of 6 x 6 inputs, one of
/// output gradients, and filters (`columns` of them, tap t at taps[t * stride ...]); back to the
/// first rows x columns outputs of a tile, or to the gradients of taps, which are added.
typedef struct KernelWinograd {
  size_t outputs, taps;
  void (*input)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*gradient)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*filter)(const float *taps, size_t stride, bool flipped, size_t columns, float *out,
                 size_t step);
  void (*output)(const float *products, size_t step, const float *bias, KernelActivation activation,
                 float *pixels, size_t pitch, size_t rows, size_t columns);
  void (*addTaps)(const float *products, size_t step, float *sums, size_t stride);
  void (*scatter)(const float *pixels, size_t count, size_t channels, float *y, size_t plane);
  void (*tile)(size_t depth, const float *a, const float *b, float *c, size_t leadingC, size_t rows,
               size_t columns);
} KernelWinograd;

#if defined(__x86_64__)
extern const KernelSet kernelsAvx512, kernelsAvx2;
#endif
#if defined(__aarch64__)
extern const KernelSet kernelsNeon;
#endif
extern const KernelSet kernelsPortable;

/// What a thread's scratch memory is used for; each purpose has a buffer of its own.
typedef enum ScratchPurpose { scratchShared, scratchPrivate, scratchPurposes } ScratchPurpose;

/// At least `count` floats of this thread, 64-byte aligned, contents undefined. Valid until the
/// next call with the same purpose on the same thread.
float *kernelsScratch(ScratchPurpose purpose, size_t count);

#endif
