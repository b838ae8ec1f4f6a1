// Many values become one: sums, extrema, places.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which number is made of many.
typedef enum CourseReduction { kernelSum, kernelMax, kernelMin } CourseReduction;

/// set->reductions
typedef struct CourseReductionsKernels {
  // One number from `count` contiguous values. Sums are blocked (error grows like log n). Max and
  // min of something that holds a NaN are NaN.
  float (*reduce)(CourseReduction reduction, const float *x, size_t count);
  // out[c] = reduction over r of x[r * leading + c]
  void (*reduceRows)(CourseReduction reduction, const float *x, size_t leading, size_t rows,
                     size_t columns, float *out);
  // sum of (x[i] - center)^2
  float (*sumSquaredDeviations)(const float *x, float center, size_t count);
  // sums[0] += sum of x[i] - center, sums[1] += sum of (x[i] - center)^2, in double precision over
  // pieces. If the center is near the mean, its error can be taken from both without loss of digits.
  void (*addDeviations)(const float *x, float center, size_t count, double *sums);
  // sum of x[i] * y[i]
  float (*dot)(const float *x, const float *y, size_t count);
  // Index of the first maximum; the first NaN wins, as in NumPy.
  size_t (*argmax)(const float *x, size_t count);
  // Index of the first value that is NaN or infinite, `count` when there is none.
  size_t (*firstNonFinite)(const float *x, size_t count);
} CourseReductionsKernels;

/// Adds to each group the sums of x - center and of its square over rows and elements, in double
/// precision; x [rows, groups, size].
void kernels_add_moments(const float *x, size_t rows, size_t groups, size_t size,
                         const double *center, double *sums, double *squares);
