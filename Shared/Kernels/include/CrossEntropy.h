// The cross-entropy of a softmax, without the softmax.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// set->crossEntropy
typedef struct CourseCrossEntropyKernels {
  // Cross-entropy of the softmax of each row x[r * columns ...] with the class labels[r] < columns:
  // shifts[r] = max x, logSums[r] = ln sum e^(x - shift), losses[r] = logSum - (x[label] - shift). A
  // row with a negative label does not count: its three numbers are 0.
  void (*forwardRows)(const float *x, const ptrdiff_t *labels, size_t rows, size_t columns,
                      float *shifts, float *logSums, float *losses);
  // dX = scale (e^(x - shift - logSum) - [c == label]); 0 in rows with a negative label.
  void (*gradientRows)(const float *x, const ptrdiff_t *labels, const float *shifts,
                       const float *logSums, float scale, size_t rows, size_t columns, float *dX);
} CourseCrossEntropyKernels;
