// The input gradient as sums over the taps that reach a pixel, see ConvolutionPatches.c.

#include <stdlib.h>
#include <string.h>

#include "Convolution/ConvolutionSum.h"

/// The taps that reach the input positions whose number plus padding has remainder `phase` modulo
/// the stride, and the first such position; false when there is none.
static bool phaseAxis(size_t phase, size_t kernel, size_t stride, size_t dilation, size_t pad,
                      size_t *first, Axis *axis) {
  *first = (phase + stride - pad % stride) % stride;
  axis->stride = 1;
  axis->tapCount = 0;
  ptrdiff_t low = 0, high = 0;
  for (size_t tap = 0; tap < kernel; tap++) {
    const ptrdiff_t distance = (ptrdiff_t)(*first + pad) - (ptrdiff_t)(tap * dilation);
    if (distance % (ptrdiff_t)stride != 0) continue;
    const ptrdiff_t at = distance / (ptrdiff_t)stride;
    if (axis->tapCount == 0) high = at;
    low = at;
    axis->taps[axis->tapCount] = tap;
    axis->offsets[axis->tapCount++] = (size_t)(high - at);
  }
  // Offsets were counted down from the first tap; they are wanted from the last tap up.
  for (size_t i = 0; i < axis->tapCount; i++) {
    axis->offsets[i] = (size_t)(high - low) - axis->offsets[i];
  }
  axis->first = low;
  axis->extent = (size_t)(high - low) + 1;
  return axis->tapCount > 0;
}

/// Element (row c, k = (o, tap)) is weights[o, c, tap].
static void packGradientPanels(const Sum *sum, const CourseConvolution *v, const float *weights,
                               float *panels) {
  const size_t kernel = v->kernelHeight * v->kernelWidth;
  for (size_t group = 0; group < v->groups; group++) {
    for (size_t panel = 0; panel < sum->panelCount; panel++) {
      const size_t first = panelFirst(sum, panel), rows = panelFirst(sum, panel + 1) - first;
      for (size_t o = 0; o < sum->sourceChannels; o++) {
        const float *w =
          weights + ((group * sum->sourceChannels + o) * sum->targetChannels + first) * kernel;
        for (size_t i = 0; i < sum->y.tapCount; i++) {
          for (size_t j = 0; j < sum->x.tapCount; j++) {
            const float *tap = w + sum->y.taps[i] * v->kernelWidth + sum->x.taps[j];
            for (size_t r = 0; r < rows; r++) panels[r] = tap[r * kernel];
            for (size_t r = rows; r < sum->panelWidth; r++) panels[r] = 0;
            panels += sum->panelWidth;
          }
        }
      }
    }
  }
}

void kernelsConvInputGradientPatches(const CourseKernelSet *set, const CourseConvolution *v,
                                     const float *dY, const float *weights, float *dX) {
  const size_t kernel = v->kernelHeight + v->kernelWidth;
  size_t *numbers = malloc(2 * kernel * sizeof *numbers);
  if (numbers == NULL) abort();
  Sum sum = {
    .set = set, .batch = v->batch, .groups = v->groups,
    .source = dY, .sourceChannels = v->outputChannels / v->groups, .sourceHeight = v->outputHeight,
    .sourceWidth = v->outputWidth,
    .y = {.taps = numbers, .offsets = numbers + v->kernelHeight},
    .x = {.taps = numbers + 2 * v->kernelHeight,
          .offsets = numbers + 2 * v->kernelHeight + v->kernelWidth},
    .target = dX, .targetChannels = v->inputChannels / v->groups, .targetHeight = v->inputHeight,
    .targetWidth = v->inputWidth, .rowStep = v->strideY, .columnStep = v->strideX,
    .activation = kernelActivationIdentity,
  };
  kernelsConvChoosePanels(&sum);
  const size_t depth = sum.sourceChannels * v->kernelHeight * v->kernelWidth;
  float *panels =
    kernelsScratch(scratchShared, v->groups * sum.panelCount * sum.panelWidth * depth);
  sum.panels = panels;

  // Positions that no tap reaches keep this zero.
  if (v->strideY > 1 || v->strideX > 1) {
    memset(dX, 0, v->batch * v->inputChannels * v->inputHeight * v->inputWidth * sizeof(float));
  }
  for (size_t phaseY = 0; phaseY < v->strideY; phaseY++) {
    if (!phaseAxis(phaseY, v->kernelHeight, v->strideY, v->dilationY, v->padTop, &sum.rowFirst,
                   &sum.y) || sum.rowFirst >= v->inputHeight) continue;
    for (size_t phaseX = 0; phaseX < v->strideX; phaseX++) {
      if (!phaseAxis(phaseX, v->kernelWidth, v->strideX, v->dilationX, v->padLeft, &sum.columnFirst,
                     &sum.x) || sum.columnFirst >= v->inputWidth) continue;
      packGradientPanels(&sum, v, weights, panels);
      kernelsConvRunSum(&sum, (v->inputHeight - sum.rowFirst + v->strideY - 1) / v->strideY,
                        (v->inputWidth - sum.columnFirst + v->strideX - 1) / v->strideX);
    }
  }
  free(numbers);
}
