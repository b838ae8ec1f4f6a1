// The part of a table that batch norm is made of.

#pragma once

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

/// table->normalization, see Generic/Normalization.h
typedef struct NormalizationKernels {
  void (*normalizeRow)(const KernelNormalRow *row);
  void (*normalizeGradientRow)(const KernelNormalRow *row);
  void (*normalizePlaneSums)(const KernelNormalRow *row, double *sums);
  void (*normalizeRowSums)(const KernelNormalRow *row, float *gradients, float *products);
  void (*addRow)(const float *x, const float *center, float *sums, float *squares, size_t count);
} NormalizationKernels;
