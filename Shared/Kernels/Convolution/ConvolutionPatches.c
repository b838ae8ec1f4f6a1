// Convolution as a product of the weights with patches of the image: the forward pass, and the
// input gradient, which is a convolution too.
//
// A task takes a box of output pixels of one image and one group. It copies the part of the image
// that these pixels see, with its zeros, into memory of its thread (a few hundred KB), gathers the
// patches of one panel of pixels at a time, one block of k after the other, and runs the register
// tile of the matrix product over all output channels. So no patch matrix ever exists, and y is
// written where it belongs, with bias and activation.
//
// The input gradient with stride s falls into s x s convolutions with stride 1, one for each
// remainder of the pixel's row and column modulo s, since only the taps of the same remainder reach
// it.
//
// Legend: k = (channel of the source, tap); rows of the weights' panels are channels of the target.

#include <stdlib.h>
#include <string.h>

#include "Convolution/ConvolutionSum.h"

enum {
  depthBlock = 384,         // k at a time
  boxLimit = 96 * 1024,     // floats of a copied box: 384 KB; weights and y share the L2 cache
  fewTasks = 16,            // images and groups that need not be cut for the threads' sake
};

/// The part of the source that the pixels of a box see.
static Box sourceBox(const Sum *sum, size_t row, size_t rows, size_t column, size_t columns) {
  const size_t width = (columns - 1) * sum->x.stride + sum->x.extent;
  return (Box){
    .top = sum->y.first + (ptrdiff_t)(row * sum->y.stride),
    .left = sum->x.first + (ptrdiff_t)(column * sum->x.stride),
    .rows = (rows - 1) * sum->y.stride + sum->y.extent,
    .columns = width, .phases = sum->x.stride,
    .pitch = (width + sum->x.stride - 1) / sum->x.stride,
  };
}

/// Boxes as large as boxLimit allows; more of them where there are few images.
static void cutIntoBoxes(Sum *sum, size_t rows, size_t columns) {
  size_t boxRows = rows, boxColumns = columns;
  const size_t tile = sum->set->columnTile;
  const size_t tasks = sum->batch * sum->groups;
  if (tasks < fewTasks) {
    const size_t pieces = (fewTasks + tasks - 1) / tasks;
    boxRows = maximum((rows + pieces - 1) / pieces, minimum(rows, (tile + columns - 1) / columns));
  }
  for (;;) {
    const Box box = sourceBox(sum, 0, boxRows, 0, boxColumns);
    sum->boxSize = sum->sourceChannels * boxPlaneSize(&box);
    if (sum->boxSize <= boxLimit) break;
    if (boxRows > 1) {
      boxRows = (boxRows + 1) / 2;
    } else if (boxColumns > tile) {
      boxColumns = roundUp((boxColumns + 1) / 2, tile);
    } else {
      break;
    }
  }
  sum->boxes = kernelsConvPixelBoxes(rows, columns, boxRows, boxColumns);
}

/// The pixels from `pixel` on, `count` of them, of a box with `columns` columns, as runs in the
/// copy.
static size_t findRuns(const Sum *sum, const Box *box, size_t columns, size_t pixel, size_t count,
                       CourseRun *runs) {
  size_t runCount = 0, done = 0, row = pixel / columns, column = pixel % columns;
  while (done < count) {
    const size_t length = minimum(columns - column, count - done);
    runs[runCount++] = (CourseRun){row * sum->y.stride * boxRowSize(box) + column, done, length};
    done += length;
    row++;
    column = 0;
  }
  return runCount;
}

/// Copies the finished pixels of a box to their places, `rowStep` and `columnStep` apart.
static void spreadPixels(const Sum *sum, const PixelBox *pixels, const float *from, float *target) {
  for (size_t channel = 0; channel < sum->targetChannels; channel++) {
    for (size_t i = 0; i < pixels->rows; i++) {
      float *row = target + channel * sum->targetHeight * sum->targetWidth +
                   (sum->rowFirst + (pixels->row + i) * sum->rowStep) * sum->targetWidth +
                   sum->columnFirst + pixels->column * sum->columnStep;
      for (size_t j = 0; j < pixels->columns; j++) row[j * sum->columnStep] = from[j];
      from += pixels->columns;
    }
  }
}

/// Task number `index`: one box of one group of one image.
static void sumBox(size_t index, void *context) {
  const Sum *sum = context;
  const CourseKernelSet *set = sum->set;
  const size_t image = index / (sum->groups * sum->boxes.count);
  const size_t group = index / sum->boxes.count % sum->groups;
  const PixelBox pixels = kernelsConvPixelBox(&sum->boxes, index % sum->boxes.count);
  Box box = sourceBox(sum, pixels.row, pixels.rows, pixels.column, pixels.columns);
  const size_t columnTile = set->columnTile, taps = tapCount(sum);
  const size_t planeSize = sum->sourceHeight * sum->sourceWidth;

  // Scratch: offsets, runs, panel, pixels to be spread, box; each with room for a vector too much.
  float *scratch = kernelsScratch(scratchPrivate, sum->scratchSize);
  size_t *offsets = (size_t *)scratch;
  CourseRun *runs = (CourseRun *)(offsets + sum->depth);
  float *panel = scratch + roundUp(2 * sum->depth + 6 * columnTile, 16);
  float *spread = panel + sum->depthStep * columnTile + 16;
  const bool spreads = sum->rowStep * sum->columnStep > 1;
  const size_t pixelCount = pixels.rows * pixels.columns;
  float *copy = spread + (spreads ? roundUp(sum->targetChannels * sum->boxes.boxRows *
                                            sum->boxes.boxColumns, 16) : 0);

  // Without padding and stride the image can be read where it is, but never beyond its end.
  const size_t sourceIndex = (image * sum->groups + group) * sum->sourceChannels;
  const float *source = sum->source + sourceIndex * planeSize;
  const size_t planes = sum->batch * sum->groups * sum->sourceChannels;
  const size_t after = (planes - sourceIndex - sum->sourceChannels) * planeSize;
  const bool inside = box.top >= 0 && box.left >= 0 && box.phases == 1 &&
                      after >= set->vectorWidth &&
                      (size_t)box.top + box.rows <= sum->sourceHeight &&
                      (size_t)box.left + box.columns <= sum->sourceWidth;
  const float *base = copy;
  if (inside) {
    base = source + (size_t)box.top * sum->sourceWidth + (size_t)box.left;
    box.pitch = sum->sourceWidth;
  } else {
    kernelsConvCopyBox(set, &box, source, sum->sourceChannels, sum->sourceHeight,
                       sum->sourceWidth, copy);
    memset(copy + sum->sourceChannels * boxPlaneSize(&box), 0, 16 * sizeof(float));
  }
  const size_t channelStep = inside ? planeSize : boxPlaneSize(&box);
  size_t k = 0;
  for (size_t channel = 0; channel < sum->sourceChannels; channel++) {
    for (size_t i = 0; i < sum->y.tapCount; i++) {
      for (size_t j = 0; j < sum->x.tapCount; j++) {
        const size_t x = sum->x.offsets[j];
        offsets[k++] = channel * channelStep + sum->y.offsets[i] * boxRowSize(&box) +
                       x % box.phases * box.pitch + x / box.phases;
      }
    }
  }

  const size_t targetPlane = sum->targetHeight * sum->targetWidth;
  float *target =
    sum->target + (image * sum->groups + group) * sum->targetChannels * targetPlane;
  const float *bias = sum->bias != NULL ? sum->bias + group * sum->targetChannels : NULL;
  const float *panels =
    sum->panels + group * sum->panelCount * sum->panelWidth * sum->sourceChannels * taps;
  float *c = spreads ? spread : target + pixels.row * sum->targetWidth + pixels.column;
  const size_t leadingC = spreads ? pixelCount : targetPlane;

  for (size_t pixel = 0; pixel < pixelCount; pixel += columnTile) {
    const size_t columns = minimum(columnTile, pixelCount - pixel);
    const size_t runCount = findRuns(sum, &box, pixels.columns, pixel, columns, runs);
    // Columns that do not exist are multiplied too, and old scratch might be slow to multiply.
    const CourseRun *lastRun = &runs[runCount - 1];
    const bool hasGap = roundUp(columns, set->vectorWidth) >
                        lastRun->to + roundUp(lastRun->length, set->vectorWidth);
    for (size_t k0 = 0; k0 < sum->depth; k0 += sum->depthStep) {
      const size_t depth = minimum(sum->depthStep, sum->depth - k0);
      const bool last = k0 + depth == sum->depth;
      if (hasGap) memset(panel, 0, depth * columnTile * sizeof(float));
      tableOf(set)->convolution.packPatches(base, offsets + k0, depth, runs, runCount, panel);
      for (size_t i = 0; i < sum->panelCount; i++) {
        const size_t first = panelFirst(sum, i), rows = panelFirst(sum, i + 1) - first;
        const CourseTile tile = {
          .depth = depth, .a = panels + (i * sum->depth + k0) * sum->panelWidth,
          .rowStrideA = 1, .depthStrideA = sum->panelWidth, .b = panel, .depthStrideB = columnTile,
          .c = c + first * leadingC + pixel, .leadingC = leadingC, .accumulate = k0 > 0,
          .rowBias = last && bias != NULL ? bias + first : NULL,
          .activation = last ? sum->activation : kernelActivationIdentity,
        };
        tableOf(set)->product.tile(&tile, rows, columns);
      }
    }
  }
  if (spreads) spreadPixels(sum, &pixels, spread, target);
}

void kernelsConvPrepareSum(Sum *sum, size_t rows, size_t columns) {
  cutIntoBoxes(sum, rows, columns);
  sum->depth = sum->sourceChannels * tapCount(sum);
  // Blocks of equal depth: a short one at the end would cost as much for loading and storing y.
  const size_t blocks = (sum->depth + depthBlock - 1) / depthBlock;
  sum->depthStep = (sum->depth + blocks - 1) / blocks;
  const size_t columnTile = sum->set->columnTile;
  const bool spreads = sum->rowStep * sum->columnStep > 1;
  sum->scratchSize =
    roundUp(2 * sum->depth + 6 * columnTile, 16) + sum->depthStep * columnTile + 16 +
    (spreads ? roundUp(sum->targetChannels * sum->boxes.boxRows * sum->boxes.boxColumns, 16) : 0) +
    sum->boxSize + 16;
}

typedef struct Sums {
  Sum *sums;
  size_t count;
} Sums;

/// All boxes of all sums of one group of one image.
static void sumImage(size_t index, void *context) {
  const Sums *all = context;
  for (size_t i = 0; i < all->count; i++) {
    Sum *sum = &all->sums[i];
    for (size_t box = 0; box < sum->boxes.count; box++) {
      sumBox(index * sum->boxes.count + box, sum);
    }
  }
}

void kernelsConvRunSums(Sum *sums, size_t count) {
  if (count == 0) return;
  const size_t images = sums->batch * sums->groups;
  if (count > 1 && images >= fewTasks) {
    // Sums that lie interleaved in the target write to it while it is in the cache.
    Sums all = {sums, count};
    kernels_parallel_for(images, sumImage, &all);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    kernels_parallel_for(images * sums[i].boxes.count, sumBox, &sums[i]);
  }
}

// MARK: - Forward

/// Packs one panel of one group: element (row, k) of the weights is weights[row * depth + k].
typedef struct ForwardPanels {
  const Sum *sum;
  const float *weights;
  float *panels;
} ForwardPanels;

static void packForwardPanel(size_t index, void *context) {
  const ForwardPanels *p = context;
  const Sum *sum = p->sum;
  const size_t group = index / sum->panelCount, panel = index % sum->panelCount;
  const size_t first = panelFirst(sum, panel), rows = panelFirst(sum, panel + 1) - first;
  const size_t depth = sum->sourceChannels * tapCount(sum);
  tableOf(sum->set)->product.packRows(p->weights + (group * sum->targetChannels + first) * depth,
                                      depth, rows, depth, sum->panelWidth,
                                      p->panels + index * sum->panelWidth * depth);
}

void kernelsConvChoosePanels(Sum *sum) {
  sum->panelCount = (sum->targetChannels + sum->set->rowTile - 1) / sum->set->rowTile;
  sum->panelWidth = (sum->targetChannels + sum->panelCount - 1) / sum->panelCount;
}

void kernelsConvForwardPatches(const CourseKernelSet *set, const CourseConvolution *v,
                               const float *x, const float *weights, const float *bias,
                               CourseActivation activation, float *y) {
  const size_t taps = v->kernelHeight + v->kernelWidth;
  size_t *numbers = malloc(taps * sizeof *numbers);
  if (numbers == NULL) abort();
  for (size_t i = 0; i < v->kernelHeight; i++) numbers[i] = i * v->dilationY;
  for (size_t j = 0; j < v->kernelWidth; j++) numbers[v->kernelHeight + j] = j * v->dilationX;
  Sum sum = {
    .set = set, .batch = v->batch, .groups = v->groups,
    .source = x, .sourceChannels = v->inputChannels / v->groups, .sourceHeight = v->inputHeight,
    .sourceWidth = v->inputWidth,
    .y = {.first = -(ptrdiff_t)v->padTop, .stride = v->strideY, .tapCount = v->kernelHeight,
          .extent = (v->kernelHeight - 1) * v->dilationY + 1, .offsets = numbers},
    .x = {.first = -(ptrdiff_t)v->padLeft, .stride = v->strideX, .tapCount = v->kernelWidth,
          .extent = (v->kernelWidth - 1) * v->dilationX + 1, .offsets = numbers + v->kernelHeight},
    .target = y, .targetChannels = v->outputChannels / v->groups, .targetHeight = v->outputHeight,
    .targetWidth = v->outputWidth, .rowStep = 1, .columnStep = 1,
    .bias = bias, .activation = activation,
  };
  kernelsConvChoosePanels(&sum);
  const size_t depth = sum.sourceChannels * tapCount(&sum);
  float *panels =
    kernelsScratch(scratchShared, v->groups * sum.panelCount * sum.panelWidth * depth);
  sum.panels = panels;
  ForwardPanels packing = {&sum, weights, panels};
  for (size_t i = 0; i < v->groups * sum.panelCount; i++) packForwardPanel(i, &packing);
  kernelsConvPrepareSum(&sum, v->outputHeight, v->outputWidth);
  kernelsConvRunSums(&sum, 1);
  free(numbers);
}
