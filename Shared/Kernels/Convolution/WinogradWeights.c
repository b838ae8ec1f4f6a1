// The weight gradient by Winograd's algorithm, see Winograd.c.
//
// Legend: V transformed inputs, D transformed output gradients, M sums of their products.

#include <string.h>

#include "Convolution/WinogradInternal.h"

enum {
  gradientTiles = 32,       // tiles whose products are summed in one go
};

void kernelsConvWeightSumsWinograd(const CourseKernelSet *set, const CourseConvolution *v,
                                   const float *x, const float *dY, size_t firstImage,
                                   size_t endImage, size_t firstInput, size_t firstOutput,
                                   float *sums, size_t leading) {
  const CourseWinograd *kernels = winogradOf(set, v->kernelHeight);
  const size_t side = kernels->outputs, around = kernels->taps - 1;
  const size_t lanes = set->vectorWidth;
  const Planes inputs = {x, v->inputChannels, v->inputHeight, v->inputWidth, (ptrdiff_t)v->padTop,
                         (ptrdiff_t)v->padLeft};
  const Planes outputs = {dY, v->outputChannels, v->outputHeight, v->outputWidth, 0, 0};
  const size_t inputCount = minimum(winogradChannelBlock, v->inputChannels - firstInput);
  const size_t outputCount = minimum(winogradChannelBlock, v->outputChannels - firstOutput);
  const size_t paddedInput = roundUp(inputCount, lanes), paddedOutput = roundUp(outputCount, lanes);
  const Strips strips =
    stripsOf(side, v->batch, v->outputHeight, v->outputWidth, winogradLongestStrip);
  const size_t perImage = strips.tilesY * strips.across;
  const size_t together = maximum(1, gradientTiles / strips.longest);
  const size_t most = together * strips.longest;

  const size_t stepV = most * paddedInput + 16, stepD = most * paddedOutput + 16;
  const size_t stepM = inputCount * paddedOutput + 16;
  const size_t stripPixels = 6 * (side * strips.longest + around) * lanes;
  float *scratch =
    kernelsScratch(scratchPrivate, winogradFrequencies * (stepV + stepD + stepM) + stripPixels);
  float *transformedX = scratch, *d = scratch + winogradFrequencies * stepV;
  float *m = d + winogradFrequencies * stepD;
  float *pixels = m + winogradFrequencies * stepM;

  bool begun = false;
  for (size_t first = firstImage * perImage; first < endImage * perImage; first += together) {
    const size_t end = minimum(first + together, endImage * perImage);
    size_t tiles = 0;
    for (size_t channel = 0; channel < inputCount; channel += lanes) {
      tiles = 0;
      for (size_t s = first; s < end; s++) {
        const Strip strip = stripAt(&strips, s);
        const size_t width = side * strip.tiles + around;
        const bool continues = s > first && strip.row > 0;
        if (continues) {
          memmove(pixels, pixels + side * width * lanes, around * width * lanes * sizeof(float));
        }
        kernelsWinogradReadRows(set, &inputs, &strip, firstInput + channel, continues ? around : 0,
                                6, width, pixels);
        for (size_t i = 0; i < strip.tiles; i++, tiles++) {
          kernels->input(pixels + side * i * lanes, width,
                         transformedX + tiles * paddedInput + channel, stepV);
        }
      }
    }
    for (size_t channel = 0; channel < outputCount; channel += lanes) {
      size_t tile = 0;
      for (size_t s = first; s < end; s++) {
        const Strip strip = stripAt(&strips, s);
        kernelsWinogradReadRows(set, &outputs, &strip, firstOutput + channel, 0, side,
                                side * strip.tiles, pixels);
        for (size_t i = 0; i < strip.tiles; i++, tile++) {
          kernels->gradient(pixels + side * i * lanes, side * strip.tiles,
                            d + tile * paddedOutput + channel, stepD);
        }
      }
    }
    const size_t groups = (inputCount + set->rowTile - 1) / set->rowTile;
    for (size_t f = 0; f < winogradFrequencies; f++) {
      for (size_t o = 0; o < paddedOutput; o += set->columnTile) {
        for (size_t group = 0; group < groups; group++) {
          const size_t row = group * inputCount / groups;
          const CourseTile tile = {
            .depth = tiles, .a = transformedX + f * stepV + row, .rowStrideA = 1,
            .depthStrideA = paddedInput, .b = d + f * stepD + o, .depthStrideB = paddedOutput,
            .c = m + f * stepM + row * paddedOutput + o, .leadingC = paddedOutput,
            .accumulate = begun,
          };
          tableOf(set)->product.tile(&tile, (group + 1) * inputCount / groups - row,
                                     minimum(set->columnTile, paddedOutput - o));
        }
      }
    }
    begun = true;
  }
  if (!begun) return;
  for (size_t channel = 0; channel < inputCount; channel++) {
    for (size_t o = 0; o < paddedOutput; o += lanes) {
      kernels->addTaps(m + channel * paddedOutput + o, stepM,
                       sums + (firstInput + channel) * kernels->taps * kernels->taps * leading +
                         firstOutput + o,
                       leading);
    }
  }
}
