// Convolution and pooling. Part of Kernels.h.
//
// Images are [N, C, H, W]; one dimension is height 1. `set` NULL means the default set. Results do
// not depend on the number of threads.

#ifndef KERNELS_CONVOLUTION_H
#define KERNELS_CONVOLUTION_H

#include "Kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Convolution

/// A cross-correlation, as deep learning has it:
///
///     y[n, o, i, j] = bias[o] + sum over c, p, q of
///         weights[o, c, p, q] * x[n, c', row, column]
///     row = i strideY + p dilationY - padTop,  column = j strideX + q dilationX - padLeft
///
/// with c' = c + (the group of o) * inputChannels / groups; what lies outside of x is zero. x:
/// [batch, inputChannels, inputHeight, inputWidth]; weights: [outputChannels, inputChannels /
/// groups, kernelHeight, kernelWidth]; y: [batch, outputChannels, outputHeight, outputWidth]. The
/// padding below and to the right is what the output size asks for.
typedef struct KernelConvolution {
  size_t batch, inputChannels, inputHeight, inputWidth;
  size_t outputChannels, outputHeight, outputWidth;
  size_t kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, padTop, padLeft, groups;
} KernelConvolution;

/// How a convolution is computed. Automatic takes Winograd's algorithm where it can be used and
/// pays. Forced on one that it cannot compute (other than 3 x 3 and 5 x 5 with stride and dilation
/// 1), Winograd falls back to patches.
typedef enum KernelConvolutionMethod {
  kernelConvolutionAutomatic, kernelConvolutionPatches, kernelConvolutionWinograd
} KernelConvolutionMethod;

/// y = activation(convolution + bias); `bias` is [outputChannels] or NULL.
void kernels_convolution_forward(const KernelSet *set, const KernelConvolution *convolution,
                                 const float *x, const float *weights, const float *bias,
                                 KernelActivation activation, float *y);

/// dX = what dY, the gradient before the activation, gives for x. Overwrites dX.
void kernels_convolution_input_gradient(const KernelSet *set, const KernelConvolution *convolution,
                                        const float *dY, const float *weights, float *dX);

/// dW = what dY gives for the weights, summed over the batch. Overwrites dW. (For the bias:
/// kernels_channel_sums of dY.)
void kernels_convolution_weight_gradient(const KernelSet *set, const KernelConvolution *convolution,
                                         const float *x, const float *dY, float *dW);

// The same by a given method, for tests and measurements.
void kernels_convolution_forward_with(KernelConvolutionMethod method, const KernelSet *set,
                                      const KernelConvolution *convolution, const float *x,
                                      const float *weights, const float *bias,
                                      KernelActivation activation, float *y);
void kernels_convolution_input_gradient_with(KernelConvolutionMethod method, const KernelSet *set,
                                             const KernelConvolution *convolution, const float *dY,
                                             const float *weights, float *dX);
void kernels_convolution_weight_gradient_with(KernelConvolutionMethod method, const KernelSet *set,
                                              const KernelConvolution *convolution, const float *x,
                                              const float *dY, float *dW);

/// sums[c] = sum over n and i of x[n, c, i], x [batch, channels, area]: a bias gradient.
void kernels_channel_sums(const KernelSet *set, const float *x, size_t batch, size_t channels,
                          size_t area, float *sums);

// MARK: - Pooling

/// Windows over each plane of x [planes, inputHeight, inputWidth]; window (i, j) begins at row
/// i strideY - padTop, column j strideX - padLeft. y: [planes, outputHeight, outputWidth].
typedef struct KernelPooling {
  size_t planes;            // batch * channels
  size_t inputHeight, inputWidth, outputHeight, outputWidth;
  size_t windowY, windowX, strideY, strideX, padTop, padLeft;
} KernelPooling;

/// y = the maximum of each window, padding left out; of equal maxima the first one in scan order
/// wins, a NaN wins over all else (the last one, as in PyTorch). `winners`, NULL or shaped as y:
/// its index in its plane; -1, and y = -infinity, where a window holds nothing but padding.
void kernels_max_pool(const KernelSet *set, const KernelPooling *pooling, const float *x, float *y,
                      int32_t *winners);
/// dX = 0, then each dY is added to its winner. Overwrites dX.
void kernels_max_pool_gradient(const KernelSet *set, const KernelPooling *pooling, const float *dY,
                               const int32_t *winners, float *dX);

/// y = the mean of each window: its sum divided by windowY * windowX, or, where padding does not
/// count, by the number of its values that lie in x (0 where there is none).
void kernels_average_pool(const KernelSet *set, const KernelPooling *pooling,
                          bool countIncludesPadding, const float *x, float *y);
void kernels_average_pool_gradient(const KernelSet *set, const KernelPooling *pooling,
                                   bool countIncludesPadding, const float *dY, float *dX);

#ifdef __cplusplus
}
#endif
#endif
