// The weight gradient: dW[o, k] = sum over images and pixels of dY[o, pixel] * patch[k, pixel].
//
// The register tile takes up to `tapTile` taps times two vectors of output channels. It reads the
// copied image pixel by pixel, so that patches are never gathered; dY is transposed, one box of
// pixels at a time, so that the output channels of a pixel lie side by side.
//
// The batch is cut into a fixed number of parts, each with a sum of its own; the sums are added in
// order. So the result does not depend on the number of threads. Input channels are cut into blocks
// as well.
//
// Legend: k = (input channel, tap).

#include <stdlib.h>
#include <string.h>

#include "Convolution/ConvolutionInternal.h"

enum {
  boxLimit = 64 * 1024,     // floats of a copied box, and of a transposed piece of dY
  sumLimit = 1 << 20,       // floats of all partial sums together: 4 MB
  mostParts = 16,
  mostBlocks = 8,
};

typedef struct WeightGradient {
  const CourseKernelSet *set;
  const CourseConvolution *v;
  const float *x, *dY;
  float *sums;              // [part][group][k][leading]
  float *dW;
  size_t channels, outputs; // of one group
  size_t leading;           // outputs rounded up to whole vectors
  size_t taps, depth;       // of the kernel; channels * taps
  size_t parts, blocks;     // of the batch, of the channels
  size_t outputBlocks;      // Winograd cuts the outputs too
  PixelBoxes boxes;
  size_t boxSize, scratchSize;
} WeightGradient;

static CourseBox sourceBox(const CourseConvolution *v, size_t row, size_t rows, size_t column,
                     size_t columns) {
  const size_t width = (columns - 1) * v->strideX + (v->kernelWidth - 1) * v->dilationX + 1;
  return (CourseBox){
    .top = (ptrdiff_t)(row * v->strideY) - (ptrdiff_t)v->padTop,
    .left = (ptrdiff_t)(column * v->strideX) - (ptrdiff_t)v->padLeft,
    .rows = (rows - 1) * v->strideY + (v->kernelHeight - 1) * v->dilationY + 1,
    .columns = width, .phases = v->strideX, .pitch = (width + v->strideX - 1) / v->strideX,
  };
}

static void cutIntoBoxes(WeightGradient *g, size_t channels) {
  const CourseConvolution *v = g->v;
  size_t rows = v->outputHeight, columns = v->outputWidth;
  for (;;) {
    const CourseBox box = sourceBox(v, 0, rows, 0, columns);
    g->boxSize = channels * boxPlaneSize(&box);
    if (g->boxSize <= boxLimit && rows * columns * g->leading <= boxLimit) break;
    if (rows > 1) {
      rows = (rows + 1) / 2;
    } else if (columns > 16) {
      columns = (columns + 1) / 2;
    } else {
      break;
    }
  }
  g->boxes = kernelsConvPixelBoxes(v->outputHeight, v->outputWidth, rows, columns);
  g->scratchSize =
    roundUp(2 * channels * g->taps, 16) + g->boxSize + 16 + rows * columns * g->leading;
}

/// transposed[pixel][o] of a box, zeros for the outputs that only round up.
static void transposeGradient(const WeightGradient *g, const float *dY, const PixelBox *pixels,
                              float *transposed) {
  const CourseConvolution *v = g->v;
  const size_t area = v->outputHeight * v->outputWidth, leading = g->leading;
  // Boxes are whole rows or a part of one: their pixels are contiguous. A panel of packRows is the
  // transpose, padded with zeros.
  tableOf(g->set)->product.packRows(dY + pixels->row * v->outputWidth + pixels->column, area,
                                    g->outputs, pixels->rows * pixels->columns, leading,
                                    transposed);
}

/// Task number `index`: one block of channels of one group, for one part of the batch.
static void sumPart(size_t index, void *context) {
  const WeightGradient *g = context;
  const CourseConvolution *v = g->v;
  const CourseKernelSet *set = g->set;
  const size_t block = index % g->blocks, group = index / g->blocks % v->groups;
  const size_t part = index / (g->blocks * v->groups);
  const size_t firstChannel = block * g->channels / g->blocks;
  const size_t channels = (block + 1) * g->channels / g->blocks - firstChannel;
  const size_t depth = channels * g->taps;
  float *sums =
    g->sums + ((part * v->groups + group) * g->depth + firstChannel * g->taps) * g->leading;
  memset(sums, 0, depth * g->leading * sizeof(float));

  float *scratch = kernelsScratch(scratchPrivate, g->scratchSize);
  size_t *offsets = (size_t *)scratch;
  float *copy = scratch + roundUp(2 * depth, 16), *transposed = copy + g->boxSize + 16;
  const size_t inputArea = v->inputHeight * v->inputWidth;
  const size_t outputArea = v->outputHeight * v->outputWidth;

  const size_t end = (part + 1) * v->batch / g->parts;
  for (size_t image = part * v->batch / g->parts; image < end; image++) {
    const size_t plane = image * v->inputChannels + group * g->channels + firstChannel;
    const float *x = g->x + plane * inputArea;
    const float *dY = g->dY + (image * v->outputChannels + group * g->outputs) * outputArea;
    for (size_t i = 0; i < g->boxes.count; i++) {
      const PixelBox pixels = kernelsConvPixelBox(&g->boxes, i);
      const CourseBox box = sourceBox(v, pixels.row, pixels.rows, pixels.column, pixels.columns);
      tableOf(set)->convolution.copyBox(&box, x, channels, v->inputHeight, v->inputWidth, copy);
      transposeGradient(g, dY, &pixels, transposed);
      size_t k = 0;
      for (size_t channel = 0; channel < channels; channel++) {
        for (size_t p = 0; p < v->kernelHeight; p++) {
          for (size_t q = 0; q < v->kernelWidth; q++) {
            const size_t across = q * v->dilationX;
            offsets[k++] = channel * boxPlaneSize(&box) + p * v->dilationY * boxRowSize(&box) +
                           across % box.phases * box.pitch + across / box.phases;
          }
        }
      }
      const size_t tapTile = tableOf(set)->convolution.tapTile;
      const size_t tiles = (depth + tapTile - 1) / tapTile;
      for (size_t o = 0; o < g->leading; o += set->columnTile) {
        for (size_t tile = 0; tile < tiles; tile++) {
          const size_t first = tile * depth / tiles, count = (tile + 1) * depth / tiles - first;
          const CourseTaps taps = {
            .base = copy, .offsets = offsets + first, .rows = pixels.rows,
            .columns = pixels.columns, .rowStep = v->strideY * boxRowSize(&box),
            .b = transposed + o, .leadingB = g->leading,
            .c = sums + first * g->leading + o, .leadingC = g->leading,
          };
          tableOf(set)->convolution.multiplyTaps(&taps, count,
                                                 minimum(set->columnTile, g->leading - o));
        }
      }
    }
  }
}

/// Adds the parts of piece number `index` of a group's sums into the first part.
static void addParts(size_t index, void *context) {
  const WeightGradient *g = context;
  const size_t total = g->v->groups * g->depth * g->leading, piece = 16384;
  const size_t first = index * piece, count = minimum(piece, total - first);
  for (size_t part = 1; part < g->parts; part++) {
    g->set->elementwise.addScaled(1, g->sums + part * total + first, g->sums + first, count);
  }
}

/// dW[o, k] of the outputs of piece number `index`.
static void writeOutputs(size_t index, void *context) {
  const WeightGradient *g = context;
  const size_t pieces = g->leading / g->set->vectorWidth;
  const size_t group = index / pieces, first = index % pieces * g->set->vectorWidth;
  const size_t count = minimum(g->set->vectorWidth, g->outputs - first);
  g->set->layout.transpose(g->sums + group * g->depth * g->leading + first, g->depth, count,
                           g->leading, g->dW + (group * g->outputs + first) * g->depth);
}

static void sumPartWinograd(size_t index, void *context) {
  const WeightGradient *g = context;
  const size_t output = index % g->outputBlocks, input = index / g->outputBlocks % g->blocks;
  const size_t part = index / (g->outputBlocks * g->blocks);
  kernelsConvWeightSumsWinograd(
    g->set, g->v, g->x, g->dY, part * g->v->batch / g->parts, (part + 1) * g->v->batch / g->parts,
    input * winogradChannelBlock, output * winogradChannelBlock,
    g->sums + part * g->depth * g->leading, g->leading);
}

static void finish(WeightGradient *g, size_t total) {
  kernels_parallel_for((total + 16383) / 16384, addParts, g);
  kernels_parallel_for(g->v->groups * (g->leading / g->set->vectorWidth), writeOutputs, g);
}

void kernelsConvWeightGradient(const CourseKernelSet *set, const CourseConvolution *v,
                               const float *x, const float *dY, float *dW, bool winograd) {
  WeightGradient g = {
    .set = set, .v = v, .x = x, .dY = dY, .dW = dW,
    .channels = v->inputChannels / v->groups, .outputs = v->outputChannels / v->groups,
    .taps = v->kernelHeight * v->kernelWidth,
  };
  g.leading = roundUp(g.outputs, set->vectorWidth);
  g.depth = g.channels * g.taps;
  const size_t total = v->groups * g.depth * g.leading;
  g.parts = minimum(v->batch, minimum(mostParts, maximum(2, sumLimit / total)));
  g.sums = kernelsScratch(scratchShared, g.parts * total);
  if (winograd) {
    memset(g.sums, 0, g.parts * total * sizeof(float));
    g.blocks = (v->inputChannels + winogradChannelBlock - 1) / winogradChannelBlock;
    g.outputBlocks = (v->outputChannels + winogradChannelBlock - 1) / winogradChannelBlock;
    kernels_parallel_for(g.parts * g.blocks * g.outputBlocks, sumPartWinograd, &g);
    finish(&g, total);
    return;
  }
  // Blocks large enough that the transposed dY, which each block recomputes, is used often.
  g.blocks = maximum(1, minimum(mostBlocks, g.depth / (16 * tableOf(set)->convolution.tapTile)));
  g.blocks = minimum(g.blocks, g.channels);
  if (g.parts * v->groups >= mostParts) g.blocks = 1;
  cutIntoBoxes(&g, (g.channels + g.blocks - 1) / g.blocks);
  kernels_parallel_for(g.parts * v->groups * g.blocks, sumPart, &g);
  finish(&g, total);
}
