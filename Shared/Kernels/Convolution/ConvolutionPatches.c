// Convolution as a product of the weights with patches of the image: the forward pass, and the
// input gradient, which is a convolution too.
//
// A task takes a box of output pixels of one image and one group. It gathers the patches of one panel
// of pixels at a time, one block of k after the other, with the zeros around the image, and runs the
// register tile of the matrix product over all output channels. So no patch matrix ever exists, and
// y is written where it belongs, with bias and activation. Few channels, whose panels are gathered
// quickly, and strides above 2 are worth a copy of the part of the image that the pixels see, with its
// zeros and its columns sorted (a few hundred KB).
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
  fewChannels = 16,         // below which masks take longer than a copy
  fewTasks = 16,            // images and groups that need not be cut for the threads' sake
};

/// The part of the source that the pixels of a box see.
static CourseBox sourceBox(const Sum *sum, size_t row, size_t rows, size_t column, size_t columns) {
  const size_t width = (columns - 1) * sum->x.stride + sum->x.extent;
  return (CourseBox){
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
    const CourseBox box = sourceBox(sum, 0, boxRows, 0, boxColumns);
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

/// Whether boxes are copied, unless they can be read where they are.
INLINE bool isCopied(const Sum *sum) {
  return sum->x.stride > 2 || sum->sourceChannels < fewChannels;
}

/// Whether pixels of the sum do not lie side by side in the target.
INLINE bool isSpread(const Sum *sum) { return sum->rowStep * sum->columnStep > 1; }

/// Floats for the pieces of a panel, in which each pixel may be in a row of its own.
INLINE size_t piecesSize(const Sum *sum) {
  const size_t pieces = (sum->y.tapCount + sum->x.tapCount) * sum->set->columnTile;
  return roundUp(pieces * sizeof(CoursePiece) / sizeof(float), 16);
}

INLINE size_t spreadSize(const Sum *sum) {
  if (!isSpread(sum)) return 0;
  return roundUp(sum->targetChannels * sum->boxes.boxRows * sum->boxes.boxColumns, 16);
}

/// The planes of the target that box number `index` belongs to.
INLINE float *targetPlanes(const Sum *sum, size_t index) {
  return sum->target + index / sum->boxes.count * sum->targetChannels * sum->targetHeight *
                         sum->targetWidth;
}

/// Box number `index`, of one group of one image. Pixels that do not lie side by side in the target
/// go to `spread`, all of a channel together.
static void sumBox(const Sum *sum, size_t index, float *scratch, float *spread) {
  const CourseKernelSet *set = sum->set;
  const size_t image = index / (sum->groups * sum->boxes.count);
  const size_t group = index / sum->boxes.count % sum->groups;
  const PixelBox pixels = kernelsConvPixelBox(&sum->boxes, index % sum->boxes.count);
  CourseBox box = sourceBox(sum, pixels.row, pixels.rows, pixels.column, pixels.columns);
  const size_t columnTile = set->columnTile, taps = tapCount(sum);
  const size_t planeSize = sum->sourceHeight * sum->sourceWidth;
  const size_t sourceIndex = (image * sum->groups + group) * sum->sourceChannels;
  const float *source = sum->source + sourceIndex * planeSize;

  // Scratch: pieces, panel with room for a vector too much, box.
  size_t from[columnTile], to[columnTile + 1];
  CoursePiece *pieces = (CoursePiece *)scratch;
  float *panel = scratch + piecesSize(sum), *copy = panel + sum->depthStep * columnTile + 16;
  CoursePatches patches = {
    .planes = source, .planeSize = planeSize, .stride = sum->x.stride,
    .tapRows = sum->y.tapCount, .tapColumns = sum->x.tapCount,
    .rows = pieces, .columns = pieces + sum->y.tapCount * columnTile, .from = from, .to = to,
  };

  // Without padding and stride the image can be read where it is, but never beyond its end.
  const size_t planes = sum->batch * sum->groups * sum->sourceChannels;
  const size_t after = (planes - sourceIndex - sum->sourceChannels) * planeSize;
  const bool inside = box.top >= 0 && box.left >= 0 && box.phases == 1 &&
                      after >= set->vectorWidth &&
                      (size_t)box.top + box.rows <= sum->sourceHeight &&
                      (size_t)box.left + box.columns <= sum->sourceWidth;
  patches.isWhole = inside || isCopied(sum);
  if (inside) {
    patches.planes = source + (size_t)box.top * sum->sourceWidth + (size_t)box.left;
    box.pitch = sum->sourceWidth;
  } else if (isCopied(sum)) {
    tableOf(set)->convolution.copyBox(&box, source, sum->sourceChannels, sum->sourceHeight,
                                      sum->sourceWidth, copy);
    memset(copy + sum->sourceChannels * boxPlaneSize(&box), 0, 16 * sizeof(float));
    patches.planes = copy;
    patches.planeSize = boxPlaneSize(&box);
    patches.stride = 1;
  }
  if (patches.isWhole) {
    for (size_t i = 0; i < sum->y.tapCount; i++) {
      patches.rows[i].from = (ptrdiff_t)(sum->y.offsets[i] * boxRowSize(&box));
    }
    for (size_t j = 0; j < sum->x.tapCount; j++) {
      const size_t x = sum->x.offsets[j];
      patches.columns[j].from = (ptrdiff_t)(x % box.phases * box.pitch + x / box.phases);
    }
  }

  const size_t pixelCount = pixels.rows * pixels.columns;
  const size_t targetPlane = sum->targetHeight * sum->targetWidth;
  const float *bias = sum->bias != NULL ? sum->bias + group * sum->targetChannels : NULL;
  const float *panels =
    sum->panels + group * sum->panelCount * sum->panelWidth * sum->sourceChannels * taps;
  float *c = spread != NULL
               ? spread
               : targetPlanes(sum, index) + pixels.row * sum->targetWidth + pixels.column;
  const size_t leadingC = spread != NULL ? pixelCount : targetPlane;

  for (size_t pixel = 0; pixel < pixelCount; pixel += columnTile) {
    const size_t columns = minimum(columnTile, pixelCount - pixel);
    kernelsConvFindPieces(sum, &pixels, pixel, columns, boxRowSize(&box), &patches);
    // Columns that do not exist are multiplied too, and old scratch might be slow to multiply.
    const bool hasGap =
      roundUp(columns, set->vectorWidth) > to[patches.pieceCount - 1] + set->vectorWidth;
    for (size_t k0 = 0; k0 < sum->depth; k0 += sum->depthStep) {
      const size_t depth = minimum(sum->depthStep, sum->depth - k0);
      const bool last = k0 + depth == sum->depth;
      if (hasGap) memset(panel, 0, depth * columnTile * sizeof(float));
      tableOf(set)->convolution.packPatches(&patches, k0, depth, panel);
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
}

void kernelsConvPrepareSum(Sum *sum, size_t rows, size_t columns) {
  cutIntoBoxes(sum, rows, columns);
  sum->depth = sum->sourceChannels * tapCount(sum);
  // Blocks of equal depth: a short one at the end would cost as much for loading and storing y.
  const size_t blocks = (sum->depth + depthBlock - 1) / depthBlock;
  sum->depthStep = (sum->depth + blocks - 1) / blocks;
  const size_t columnTile = sum->set->columnTile;
  sum->scratchSize = piecesSize(sum) + sum->depthStep * columnTile + 16 +
                     (isCopied(sum) ? roundUp(sum->boxSize, 16) + 16 : 0);
}

/// Copies the finished pixels of a box to their places, `rowStep` and `columnStep` apart.
static void spreadPixels(const Sum *sum, size_t index, const float *from) {
  const PixelBox pixels = kernelsConvPixelBox(&sum->boxes, index % sum->boxes.count);
  float *target = targetPlanes(sum, index);
  for (size_t channel = 0; channel < sum->targetChannels; channel++) {
    for (size_t i = 0; i < pixels.rows; i++) {
      float *row = target + channel * sum->targetHeight * sum->targetWidth +
                   (sum->rowFirst + (pixels.row + i) * sum->rowStep) * sum->targetWidth +
                   sum->columnFirst + pixels.column * sum->columnStep;
      for (size_t j = 0; j < pixels.columns; j++) row[j * sum->columnStep] = from[j];
      from += pixels.columns;
    }
  }
}

/// The same for two sums that are the even and the odd columns of the same rows, as whole lines.
static void joinPixels(const Sum *even, const Sum *odd, size_t index, const float *evenPixels,
                       const float *oddPixels) {
  const PixelBox a = kernelsConvPixelBox(&even->boxes, index % even->boxes.count);
  const PixelBox b = kernelsConvPixelBox(&odd->boxes, index % odd->boxes.count);
  float *target = targetPlanes(even, index) +
                  (even->rowFirst + a.row * even->rowStep) * even->targetWidth;
  for (size_t channel = 0; channel < even->targetChannels; channel++) {
    tableOf(even->set)->convolution.joinColumns(evenPixels, a.columns, oddPixels, b.columns, a.rows,
                                                target, even->rowStep * even->targetWidth);
    evenPixels += a.rows * a.columns;
    oddPixels += a.rows * b.columns;
    target += even->targetHeight * even->targetWidth;
  }
}

/// Sums with the same rows whose columns alternate.
static bool canJoin(const Sum *even, const Sum *odd) {
  return even->columnStep == 2 && even->columnFirst == 0 && odd->columnFirst == 1 &&
         even->rowFirst == odd->rowFirst && even->boxes.across == 1 && odd->boxes.across == 1 &&
         even->boxes.boxRows == odd->boxes.boxRows;
}

typedef struct Sums {
  Sum *sums;
  size_t count;
} Sums;

/// Box number `index` of the first sum, and of the next one where they are joined. Returns how many
/// sums that was.
static size_t finishBox(const Sum *sums, size_t count, size_t index) {
  const Sum *other = NULL;
  if (count > 1 && canJoin(&sums[0], &sums[1])) other = &sums[1];
  const size_t own = spreadSize(sums), others = other != NULL ? spreadSize(other) : 0;
  const size_t working = maximum(sums->scratchSize, other != NULL ? other->scratchSize : 0);
  float *scratch = kernelsScratch(scratchPrivate, own + others + working);
  float *spread = isSpread(sums) ? scratch : NULL, *rest = scratch + own + others;
  sumBox(sums, index, rest, spread);
  if (other != NULL) {
    sumBox(other, index, rest, scratch + own);
    joinPixels(sums, other, index, spread, scratch + own);
    return 2;
  }
  if (spread != NULL) spreadPixels(sums, index, spread);
  return 1;
}

/// All boxes of all sums of one group of one image.
static void sumImage(size_t index, void *context) {
  const Sums *all = context;
  for (size_t i = 0, done; i < all->count; i += done) {
    const size_t boxes = all->sums[i].boxes.count;
    for (size_t box = 0; box < boxes; box++) {
      done = finishBox(all->sums + i, all->count - i, index * boxes + box);
    }
  }
}

static void sumOneBox(size_t index, void *context) {
  const Sums *all = context;
  finishBox(all->sums, all->count, index);
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
  for (size_t i = 0; i < count;) {
    Sums some = {sums + i, i + 1 < count && canJoin(&sums[i], &sums[i + 1]) ? 2 : 1};
    kernels_parallel_for(images * sums[i].boxes.count, sumOneBox, &some);
    i += some.count;
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
