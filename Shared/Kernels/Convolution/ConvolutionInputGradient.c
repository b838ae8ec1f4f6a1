// The input gradient as sums over the taps that reach a pixel, see ConvolutionPatches.c.

#include <stdlib.h>
#include <string.h>

#include "Convolution/ConvolutionSum.h"

/// The taps that reach the input positions first, first + stride, and so on; false if none does.
static bool phaseAxis(size_t first, size_t kernel, size_t stride, size_t dilation, size_t pad,
                      Axis *axis) {
  axis->stride = 1;
  axis->tapCount = 0;
  ptrdiff_t low = 0, high = 0;
  for (size_t tap = 0; tap < kernel; tap++) {
    const ptrdiff_t distance = (ptrdiff_t)(first + pad) - (ptrdiff_t)(tap * dilation);
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

/// The phases of an axis that taps reach, within an input of `size`; false in `isCovered` when there are others.
typedef struct Phases {
  size_t count;
  size_t *first;
  Axis *axes;
  bool isCovered;
} Phases;

static Phases findPhases(size_t kernel, size_t stride, size_t dilation, size_t pad, size_t size) {
  // Each tap belongs to one phase.
  Phases phases = {.first = malloc(kernel * sizeof *phases.first),
                   .axes = malloc(kernel * sizeof *phases.axes), .isCovered = true};
  size_t *numbers = malloc(2 * kernel * sizeof *numbers);
  if (phases.first == NULL || phases.axes == NULL || numbers == NULL) abort();
  phases.axes[0].taps = numbers;
  for (size_t first = 0; first < minimum(stride, size); first++) {
    Axis axis = {.taps = numbers, .offsets = numbers + kernel};
    const bool isReached = phaseAxis(first, kernel, stride, dilation, pad, &axis);
    if (!isReached) {
      phases.isCovered = false;
      continue;
    }
    phases.first[phases.count] = first;
    phases.axes[phases.count++] = axis;
    numbers += axis.tapCount;
  }
  return phases;
}

static void freePhases(Phases *phases, size_t *numbers) {
  free(numbers);
  free(phases->axes);
  free(phases->first);
}

void kernelsConvInputGradientPatches(const CourseKernelSet *set, const CourseConvolution *v,
                                     const float *dY, const float *weights, float *dX) {
  Phases y = findPhases(v->kernelHeight, v->strideY, v->dilationY, v->padTop, v->inputHeight);
  Phases x = findPhases(v->kernelWidth, v->strideX, v->dilationX, v->padLeft, v->inputWidth);
  size_t *numbersY = y.axes[0].taps, *numbersX = x.axes[0].taps;
  Sum sum = {
    .set = set, .batch = v->batch, .groups = v->groups,
    .source = dY, .sourceChannels = v->outputChannels / v->groups, .sourceHeight = v->outputHeight,
    .sourceWidth = v->outputWidth,
    .target = dX, .targetChannels = v->inputChannels / v->groups, .targetHeight = v->inputHeight,
    .targetWidth = v->inputWidth, .rowStep = v->strideY, .columnStep = v->strideX,
    .activation = kernelActivationIdentity,
  };
  kernelsConvChoosePanels(&sum);
  const size_t depth = sum.sourceChannels * v->kernelHeight * v->kernelWidth;
  const size_t panelRows = v->groups * sum.panelCount * sum.panelWidth;
  float *panels = kernelsScratch(scratchShared, panelRows * depth);

  // Positions that no tap reaches keep this zero.
  if (!y.isCovered || !x.isCovered) {
    memset(dX, 0, v->batch * v->inputChannels * v->inputHeight * v->inputWidth * sizeof(float));
  }
  const size_t count = y.count * x.count;
  Sum *sums = malloc(maximum(count, 1) * sizeof *sums);
  if (sums == NULL) abort();
  for (size_t i = 0; i < count; i++) {
    sum.y = y.axes[i / x.count];
    sum.x = x.axes[i % x.count];
    sum.rowFirst = y.first[i / x.count];
    sum.columnFirst = x.first[i % x.count];
    sum.panels = panels;
    packGradientPanels(&sum, v, weights, panels);
    panels += panelRows * sum.sourceChannels * tapCount(&sum);
    sums[i] = sum;
    kernelsConvPrepareSum(&sums[i], (v->inputHeight - sum.rowFirst + v->strideY - 1) / v->strideY,
                          (v->inputWidth - sum.columnFirst + v->strideX - 1) / v->strideX);
  }
  kernelsConvRunSums(sums, count);
  free(sums);
  freePhases(&y, numbersY);
  freePhases(&x, numbersX);
}
