// The entries of the convolution: the choice of the method, and the bias gradient.

#include <string.h>

#include "Convolution/ConvolutionInternal.h"

/// Winograd computes 3 x 3 and 5 x 5 with stride and dilation 1, and pays from about 16 channels on.
static bool takesWinograd(CourseConvolutionMethod method, const CourseConvolution *v) {
  const bool possible = (v->kernelHeight == 3 || v->kernelHeight == 5) &&
                        v->kernelWidth == v->kernelHeight && v->strideY == 1 &&
                        v->strideX == 1 && v->dilationY == 1 && v->dilationX == 1 && v->groups == 1;
  if (!possible || method == kernelConvolutionPatches) return false;
  return method == kernelConvolutionWinograd ||
         (v->inputChannels >= 16 && v->outputChannels >= 16 && v->outputHeight >= 3 &&
          v->outputWidth >= 3);
}

static bool isEmpty(const CourseConvolution *v) {
  return v->batch == 0 || v->outputChannels == 0 || v->outputHeight == 0 || v->outputWidth == 0;
}

void kernels_convolution_forward_with(CourseConvolutionMethod method, const CourseKernelSet *set,
                                      const CourseConvolution *v, const float *x,
                                      const float *weights, const float *bias,
                                      CourseActivation activation, float *y) {
  if (set == NULL) set = kernels_default();
  if (isEmpty(v)) return;
  if (takesWinograd(method, v)) {
    kernelsConvForwardWinograd(set, v, x, weights, bias, activation, y);
    return;
  }
  kernelsConvForwardPatches(set, v, x, weights, bias, activation, y);
}

void kernels_convolution_input_gradient_with(CourseConvolutionMethod method,
                                             const CourseKernelSet *set,
                                             const CourseConvolution *v, const float *dY,
                                             const float *weights, float *dX) {
  if (set == NULL) set = kernels_default();
  const size_t count = v->batch * v->inputChannels * v->inputHeight * v->inputWidth;
  if (count == 0) return;
  if (isEmpty(v)) {
    memset(dX, 0, count * sizeof(float));
    return;
  }
  if (takesWinograd(method, v)) {
    kernelsConvInputGradientWinograd(set, v, dY, weights, dX);
    return;
  }
  kernelsConvInputGradientPatches(set, v, dY, weights, dX);
}

void kernels_convolution_weight_gradient_with(CourseConvolutionMethod method,
                                              const CourseKernelSet *set,
                                              const CourseConvolution *v, const float *x,
                                              const float *dY, float *dW) {
  if (set == NULL) set = kernels_default();
  const size_t count =
    v->outputChannels * (v->inputChannels / v->groups) * v->kernelHeight * v->kernelWidth;
  if (count == 0) return;
  if (isEmpty(v)) {
    memset(dW, 0, count * sizeof(float));
    return;
  }
  kernelsConvWeightGradient(set, v, x, dY, dW, takesWinograd(method, v));
}

void kernels_convolution_forward(const CourseKernelSet *set, const CourseConvolution *convolution,
                                 const float *x, const float *weights, const float *bias,
                                 CourseActivation activation, float *y) {
  kernels_convolution_forward_with(kernelConvolutionAutomatic, set, convolution, x, weights, bias,
                                   activation, y);
}

void kernels_convolution_input_gradient(const CourseKernelSet *set,
                                        const CourseConvolution *convolution, const float *dY,
                                        const float *weights, float *dX) {
  kernels_convolution_input_gradient_with(kernelConvolutionAutomatic, set, convolution, dY, weights,
                                          dX);
}

void kernels_convolution_weight_gradient(const CourseKernelSet *set,
                                         const CourseConvolution *convolution, const float *x,
                                         const float *dY, float *dW) {
  kernels_convolution_weight_gradient_with(kernelConvolutionAutomatic, set, convolution, x, dY, dW);
}

// MARK: - Bias gradient

typedef struct ChannelSums {
  const CourseKernelSet *set;
  const float *x;
  size_t batch, channels, area;
  float *sums;
} ChannelSums;

static void sumChannel(size_t channel, void *context) {
  const ChannelSums *s = context;
  double sum = 0;
  for (size_t n = 0; n < s->batch; n++) {
    sum += s->set->reductions.reduce(kernelSum, s->x + (n * s->channels + channel) * s->area,
                                     s->area);
  }
  s->sums[channel] = (float)sum;
}

void kernels_channel_sums(const CourseKernelSet *set, const float *x, size_t batch, size_t channels,
                          size_t area, float *sums) {
  ChannelSums s = {set != NULL ? set : kernels_default(), x, batch, channels, area, sums};
  kernels_parallel_for(channels, sumChannel, &s);
}
