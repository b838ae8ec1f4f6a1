// Shared by the files of the convolution.

#pragma once

#include "Internal.h"

INLINE size_t boxRowSize(const CourseBox *box) { return box->phases * box->pitch; }
INLINE size_t boxPlaneSize(const CourseBox *box) { return box->rows * boxRowSize(box); }

/// How an output of `rows` x `columns` is cut into boxes of pixels: whole rows, or parts of one
/// row.
typedef struct PixelBoxes {
  size_t rows, columns;     // of the whole output
  size_t boxRows, boxColumns;
  size_t across, count;     // boxes side by side, all boxes
} PixelBoxes;

/// The pixels of one box.
typedef struct PixelBox {
  size_t row, rows, column, columns;
} PixelBox;

PixelBoxes kernelsConvPixelBoxes(size_t rows, size_t columns, size_t boxRows, size_t boxColumns);
PixelBox kernelsConvPixelBox(const PixelBoxes *boxes, size_t index);

void kernelsConvForwardPatches(const CourseKernelSet *set, const CourseConvolution *convolution,
                               const float *x, const float *weights, const float *bias,
                               CourseActivation activation, float *y);
void kernelsConvInputGradientPatches(const CourseKernelSet *set,
                                     const CourseConvolution *convolution, const float *dY,
                                     const float *weights, float *dX);
/// `winograd`: the sums of each part and block come from kernelsConvWeightSumsWinograd.
void kernelsConvWeightGradient(const CourseKernelSet *set, const CourseConvolution *convolution,
                               const float *x, const float *dY, float *dW, bool winograd);

void kernelsConvForwardWinograd(const CourseKernelSet *set, const CourseConvolution *convolution,
                                const float *x, const float *weights, const float *bias,
                                CourseActivation activation, float *y);
void kernelsConvInputGradientWinograd(const CourseKernelSet *set,
                                      const CourseConvolution *convolution, const float *dY,
                                      const float *weights, float *dX);

/// Channels of the input, and of the output, that one call of kernelsConvWeightSumsWinograd takes.
enum { winogradChannelBlock = 64 };

/// Adds the weight gradient of images `firstImage` ..< `endImage` to sums[(channel * taps + tap) *
/// leading + o], for one block of channels from `firstInput` on and one of outputs from
/// `firstOutput` on; `leading` is a multiple of the vector width.
void kernelsConvWeightSumsWinograd(const CourseKernelSet *set, const CourseConvolution *convolution,
                                   const float *x, const float *dY, size_t firstImage,
                                   size_t endImage, size_t firstInput, size_t firstOutput,
                                   float *sums, size_t leading);
