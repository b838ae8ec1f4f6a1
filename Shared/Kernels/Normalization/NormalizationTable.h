// The part of a table that batch norm and layer norm are made of.

#pragma once

/// A row of a normalisation: a plane of one channel (`single`: center, factor and the others point
/// to one value each), or a row of features (to one for each value).
typedef struct CourseNormalRow {
  bool single, relu;
  size_t count;
  const float *x, *dY;
  const float *center, *factor, *shift;
  const float *slope, *offset;   // for the gradient
  float *y;                      // y, or dX
} CourseNormalRow;

/// A row of a layer norm.
typedef struct CourseLayerNormRow {
  size_t size;
  const float *x, *dY;
  const float *scale, *shift;
  float *y;                      // y, or dX
  float *scales, *shifts;        // for the gradient: sums of those of scale and shift over rows
} CourseLayerNormRow;

/// table->normalization, see Generic/Normalization.h
typedef struct CourseNormalizationKernels {
  void (*normalizeRow)(const CourseNormalRow *row);
  void (*normalizeGradientRow)(const CourseNormalRow *row);
  void (*normalizePlaneSums)(const CourseNormalRow *row, double *sums);
  void (*normalizeRowSums)(const CourseNormalRow *row, float *gradients, float *products);
  void (*addRow)(const float *x, const float *center, float *sums, float *squares, size_t count);
  void (*layerNormRow)(const CourseLayerNormRow *row, float epsilon, float *mean, float *inverse);
  void (*layerNormGradientRow)(const CourseLayerNormRow *row, float mean, float inverse);
} CourseNormalizationKernels;
