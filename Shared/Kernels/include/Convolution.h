// Convolution.
//
// Images are [N, C, H, W]; one dimension is height 1. `set` NULL means the default set. Results do
// not depend on the number of threads.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Elementwise.h"

typedef struct CourseKernelSet CourseKernelSet;

/// A cross-correlation, as deep learning has it:
///
///     y[n, o, i, j] = bias[o] + sum over c, p, q of
///         weights[o, c, p, q] * x[n, c', row, column]
///     row = i strideY + p dilationY - padTop,  column = j strideX + q dilationX - padLeft
///
/// with c' = c + (the group of o) * inputChannels / groups; values outside of x are zero. x:
/// [batch, inputChannels, inputHeight, inputWidth]; weights: [outputChannels, inputChannels /
/// groups, kernelHeight, kernelWidth]; y: [batch, outputChannels, outputHeight, outputWidth]. The
/// padding below and to the right follows from the output size.
typedef struct CourseConvolution {
  size_t batch, inputChannels, inputHeight, inputWidth;
  size_t outputChannels, outputHeight, outputWidth;
  size_t kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, padTop, padLeft, groups;
} CourseConvolution;

/// How a convolution is computed. Automatic takes Winograd's algorithm where it can be used and
/// pays. Forced on one that it cannot compute (other than 3 x 3 and 5 x 5 with stride and dilation
/// 1), Winograd falls back to patches.
typedef enum CourseConvolutionMethod {
  kernelConvolutionAutomatic, kernelConvolutionPatches, kernelConvolutionWinograd
} CourseConvolutionMethod;

/// y = activation(convolution + bias); `bias` is [outputChannels] or NULL.
void kernels_convolution_forward(const CourseKernelSet *set, const CourseConvolution *convolution,
                                 const float *x, const float *weights, const float *bias,
                                 CourseActivation activation, float *y);

/// dX, the gradient for x, from dY, the gradient before the activation. Overwrites dX.
void kernels_convolution_input_gradient(const CourseKernelSet *set,
                                        const CourseConvolution *convolution, const float *dY,
                                        const float *weights, float *dX);

/// dW, the gradient for the weights, from dY, summed over the batch. Overwrites dW. (For the bias:
/// kernels_channel_sums of dY.)
void kernels_convolution_weight_gradient(const CourseKernelSet *set,
                                         const CourseConvolution *convolution, const float *x,
                                         const float *dY, float *dW);

// The same by a given method, for tests and measurements.
void kernels_convolution_forward_with(CourseConvolutionMethod method, const CourseKernelSet *set,
                                      const CourseConvolution *convolution, const float *x,
                                      const float *weights, const float *bias,
                                      CourseActivation activation, float *y);
void kernels_convolution_input_gradient_with(CourseConvolutionMethod method,
                                             const CourseKernelSet *set,
                                             const CourseConvolution *convolution, const float *dY,
                                             const float *weights, float *dX);
void kernels_convolution_weight_gradient_with(CourseConvolutionMethod method,
                                              const CourseKernelSet *set,
                                              const CourseConvolution *convolution, const float *x,
                                              const float *dY, float *dW);

/// sums[c] = sum over n and i of x[n, c, i], x [batch, channels, area]: a bias gradient.
void kernels_channel_sums(const CourseKernelSet *set, const float *x, size_t batch, size_t channels,
                          size_t area, float *sums);
