// The part of a table that recurrent layers are made of.

#pragma once

/// The gates of one step of a recurrent layer, for `rows` sequences and `units` <= columnTile
/// neighbouring hidden units.
///
/// Every pointer is at the first of these sequences and units. From one sequence to the next are
/// `hiddenStride` floats in hidden states, `hiddenSize` in other states, `outputStride` in y,
/// `maskStride` in the mask, and columnTile in `gates`, whose rows are whole vectors. From one gate to
/// the next are `gateStride` floats in `gates`, `hiddenSize` in `bias`, and columnTile in `sums`.
typedef struct CourseStepForward {
  CourseCell cell;
  size_t rows, units, hiddenSize, hiddenStride, outputStride, maskStride, gateStride;
  const float *sums;        // x W + h U, [rows, G * columnTile]; GRU: ..., x Wn, h Un
  const float *bias, *candidateBias;
  float *gates;
  const float *hiddenBefore, *cellBefore;
  float *hidden;
  float *extra;             // LSTM: the cell state; GRU: a = h Un + candidateBias
  const float *mask;        // or NULL
  float *y;
} CourseStepForward;

/// The gradients of the same, with the same strides; from one gradient to the next are
/// `gradientStride` floats in dZ.
typedef struct CourseStepBackward {
  CourseCell cell;
  size_t rows, units, hiddenSize, hiddenStride, outputStride, maskStride, gateStride;
  size_t gradientStride;
  const float *sums;        // dZ . U^T of the step after this one, [rows, columnTile], or NULL
  const float *gates, *hiddenBefore, *cellBefore, *hidden, *extra, *mask;
  const float *dY;          // or NULL
  float *dHidden, *dCell;   // from the next step, and on to the previous one
  float *dZ;                // as gates: the gradient of h U + ...; GRU: a 4th one, of x Wn + bn
} CourseStepBackward;

/// table->recurrent, see Generic/Recurrent.h
typedef struct CourseRecurrentKernels {
  void (*stepForward)(const CourseStepForward *step);
  void (*stepBackward)(const CourseStepBackward *step);
} CourseRecurrentKernels;
