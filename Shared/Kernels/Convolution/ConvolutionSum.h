// The form that the forward pass and the input gradient have in common, see ConvolutionPatches.c.

#pragma once

#include "Convolution/ConvolutionInternal.h"

/// The taps along one axis: output i sees the source at first + i * stride + offset, for each
/// offset.
typedef struct Axis {
  ptrdiff_t first;
  size_t stride, extent;    // extent: 1 + the largest offset
  size_t tapCount;
  size_t *taps, *offsets;   // the number in the kernel, and the offset, of each tap
} Axis;

/// A sum over channels and taps of the source, for the channels of the target.
typedef struct Sum {
  const CourseKernelSet *set;
  size_t batch, groups;
  const float *source;
  size_t sourceChannels, sourceHeight, sourceWidth;   // channels of one group
  Axis y, x;
  const float *panels;      // weights, panel by panel, of all groups
  size_t panelCount, panelWidth;
  float *target;
  size_t targetChannels, targetHeight, targetWidth;   // channels of one group
  // Pixel (i, j) of the sum is (rowFirst + i rowStep, columnFirst + j columnStep) of the target.
  size_t rowFirst, rowStep, columnFirst, columnStep;
  const float *bias;
  CourseActivation activation;
  PixelBoxes boxes;
  size_t scratchSize, boxSize, depth, depthStep;
} Sum;

/// The first row of weight panel `index`: rows are spread evenly over the panels.
INLINE size_t panelFirst(const Sum *sum, size_t index) {
  return index * sum->targetChannels / sum->panelCount;
}

INLINE size_t tapCount(const Sum *sum) { return sum->y.tapCount * sum->x.tapCount; }

/// Chooses panels of equal size (within one row) for the target's channels.
void kernelsConvChoosePanels(Sum *sum);

/// Sets boxes and sizes of a sum for an output of rows x columns pixels, at least one of each, from
/// everything else.
void kernelsConvPrepareSum(Sum *sum, size_t rows, size_t columns);

/// Runs sums for the same images and groups, after kernelsConvPrepareSum.
void kernelsConvRunSums(Sum *sums, size_t count);

/// Cuts pixels `pixel` ..< pixel + count of a box into pieces of one row and at most a vector, and
/// finds them for each tap. `pitch` is the step from row to row of whole pieces, whose rows and
/// columns are there already. `to` and `from` have room for count + 1.
void kernelsConvFindPieces(const Sum *sum, const PixelBox *pixels, size_t pixel, size_t count,
                           size_t pitch, CoursePatches *patches);
