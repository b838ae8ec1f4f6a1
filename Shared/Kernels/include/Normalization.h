// Normalisation of channels (batch norm) and of rows (layer norm).
//
// x, y and their gradients are [batch, channels, area]; dense rows [batch, features] have area 1.
// `set` NULL means the default set. Results do not depend on the number of threads.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CourseKernelSet CourseKernelSet;

/// y = f((x - center[c]) factor[c] + shift[c]) for each value x of channel c, with f(z) = max(0, z)
/// if `relu`, else f(z) = z. The three are [channels].
typedef struct CourseNormalization {
  size_t batch, channels, area;
  const float *center, *factor, *shift;
  bool relu;
} CourseNormalization;

/// mean[c], and the biased variance[c]: the mean of (x - mean[c])^2. Stable: a large mean costs no
/// digits of the variance. Of `sizes` only batch, channels and area are read.
void kernels_channel_moments(const CourseKernelSet *set, const CourseNormalization *sizes,
                             const float *x, float *mean, float *variance);

/// y from x.
void kernels_normalize(const CourseKernelSet *set, const CourseNormalization *normalization,
                       const float *x, float *y);

/// With dZ = dY, or 0 where ReLU gave 0: gradients[c] = sum of dZ, products[c] = sum of
/// dZ (x - center[c]).
void kernels_normalization_sums(const CourseKernelSet *set,
                                const CourseNormalization *normalization, const float *x,
                                const float *dY, float *gradients, float *products);

/// dX = factor[c] dZ + slope[c] (x - center[c]) + offset[c], dZ as above. dX may be dY.
void kernels_normalization_gradient(const CourseKernelSet *set,
                                    const CourseNormalization *normalization, const float *slope,
                                    const float *offset, const float *x, const float *dY,
                                    float *dX);

/// Rows [rows, size], each with mean 0 and variance 1 before a scale and a shift for each place, [size].
typedef struct CourseLayerNorm {
  size_t rows, size;
  float epsilon;
  const float *scale, *shift;
} CourseLayerNorm;

/// y = scale (x - mean[r]) inverse[r] + shift for each row r, with its mean and inverse[r] =
/// 1 / sqrt(variance + epsilon), which the gradient needs.
void kernels_layer_norm(const CourseKernelSet *set, const CourseLayerNorm *norm, const float *x,
                        float *y, float *mean, float *inverse);

/// dX, [rows, size], and the gradients of scale and shift, [size]. dX may be dY.
void kernels_layer_norm_gradient(const CourseKernelSet *set, const CourseLayerNorm *norm,
                                 const float *x, const float *mean, const float *inverse,
                                 const float *dY, float *dX, float *dScale, float *dShift);
