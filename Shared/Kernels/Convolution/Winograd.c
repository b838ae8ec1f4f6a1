// 3 x 3 convolutions with stride 1 by Winograd's algorithm, with 4 times fewer products, and 5 x 5 ones
// with 2.8 times fewer.
// Lavin, Gray (2016), "Fast algorithms for convolutional neural networks". The transforms are in
// Generic/Winograd.h.
//
// Forward and input gradient (which is a convolution of dY with the filters turned around): the
// filters are transformed once. A task takes a few dozen tiles of 4 x 4 or 2 x 2 outputs. It transforms
// their inputs, multiplies the 36 frequencies, each a product [tiles, source channels] . [source
// channels, target channels], and transforms the results. All of it stays in the L2 cache.
//
// Weight gradient: a task takes a block of input and one of output channels and a part of the
// batch, and sums the products over all tiles before it transforms them back, once.
//
// Legend: V transformed inputs, U filters, M products, D output gradients; f frequency, t tile.

#include <string.h>

#include "Convolution/WinogradInternal.h"

void kernelsWinogradReadRows(const CourseKernelSet *set, const Planes *p, const Strip *strip,
                             size_t channel, size_t from, size_t to, size_t width, float *pixels) {
  const size_t lanes = set->vectorWidth, count = minimum(lanes, p->channels - channel);
  const ptrdiff_t left = (ptrdiff_t)strip->column - p->padLeft;
  const ptrdiff_t inside = (ptrdiff_t)p->width - left;
  const size_t before = left < 0 ? minimum((size_t)-left, width) : 0;
  const size_t end = inside <= (ptrdiff_t)before ? before : minimum((size_t)inside, width);
  const float *plane = p->x + (strip->image * p->channels + channel) * p->height * p->width;
  for (size_t i = from; i < to; i++) {
    float *row = pixels + i * width * lanes;
    const ptrdiff_t y = (ptrdiff_t)(strip->row + i) - p->padTop;
    if (y < 0 || y >= (ptrdiff_t)p->height || end == before) {
      memset(row, 0, width * lanes * sizeof(float));
      continue;
    }
    memset(row, 0, before * lanes * sizeof(float));
    tableOf(set)->product.packRows(plane + y * (ptrdiff_t)p->width + left + (ptrdiff_t)before,
                                   p->height * p->width, count, end - before, lanes,
                                   row + before * lanes);
    memset(row + end * lanes, 0, (width - end) * lanes * sizeof(float));
  }
}

// MARK: - Forward and input gradient

enum {
  tilesTogether = 64,       // tiles of a task, about
};

typedef struct Winograd {
  const CourseKernelSet *set;
  const CourseWinograd *kernels;
  Planes source;
  float *target;
  size_t targetChannels, targetHeight, targetWidth;
  const float *weights;
  bool flipped;             // the input gradient: weights[source, target], turned around
  float *filters;           // U[f][panel of target channels][source channel][columnTile]
  size_t filterStep;        // from one frequency to the next
  const float *bias;
  CourseActivation activation;
  Strips strips;
  size_t stripsTogether;
} Winograd;

INLINE size_t paddedTarget(const Winograd *w) {
  return roundUp(w->targetChannels, w->set->vectorWidth);
}

enum { filterBlock = 16 };  // source channels whose filters are transformed in one go

/// Task number `index`: the filters of one panel of target channels and a block of source channels.
static void transformFilters(size_t index, void *context) {
  const Winograd *w = context;
  const CourseKernelSet *set = w->set;
  const size_t columnTile = set->columnTile, depth = w->source.channels;
  const size_t taps = w->kernels->taps * w->kernels->taps;
  const size_t blocks = (depth + filterBlock - 1) / filterBlock;
  const size_t panel = index / blocks, first = index % blocks * filterBlock;
  const size_t count = minimum(filterBlock, depth - first);
  const size_t target = panel * columnTile;
  const size_t columns = minimum(columnTile, w->targetChannels - target);
  float *packed = kernelsScratch(scratchPrivate, filterBlock * taps * columnTile);
  if (w->flipped) {
    // weights[(source * targets + target) * taps + tap]
    for (size_t k = 0; k < count; k++) {
      const float *weights = w->weights + ((first + k) * w->targetChannels + target) * taps;
      tableOf(set)->product.packRows(weights, taps, columns, taps, columnTile,
                                     packed + k * taps * columnTile);
    }
  } else {
    tableOf(set)->product.packRows(w->weights + (target * depth + first) * taps, depth * taps,
                                   columns, count * taps, columnTile, packed);
  }
  for (size_t k = 0; k < count; k++) {
    w->kernels->filter(packed + k * taps * columnTile, columnTile, w->flipped,
                       roundUp(columns, set->vectorWidth),
                       w->filters + (panel * depth + first + k) * columnTile, w->filterStep);
  }
}

/// Tiles are multiplied in groups of up to rowTile, evenly filled.
INLINE size_t groupFirst(size_t group, size_t groups, size_t tiles) {
  return group * tiles / groups;
}

/// Task number `index`: a few strips.
static void convolveTiles(size_t index, void *context) {
  const Winograd *w = context;
  const CourseKernelSet *set = w->set;
  const CourseWinograd *kernels = w->kernels;
  const size_t side = kernels->outputs, around = kernels->taps - 1;
  const size_t lanes = set->vectorWidth, depth = w->source.channels;
  const size_t paddedDepth = roundUp(depth, lanes), padded = paddedTarget(w);
  const size_t first = index * w->stripsTogether;
  const size_t end = minimum(first + w->stripsTogether, stripCount(&w->strips));
  const size_t most = w->stripsTogether * w->strips.longest;
  size_t tiles = 0;
  for (size_t s = first; s < end; s++) tiles += stripAt(&w->strips, s).tiles;
  const size_t groups = (tiles + set->rowTile - 1) / set->rowTile;

  // The steps from frequency to frequency are no powers of two, or all would fall into few cache
  // sets.
  const size_t stepV = most * paddedDepth + 16, stepM = most * padded + 16;
  const size_t stripPixels = 6 * (side * w->strips.longest + around) * lanes;
  float *v = kernelsScratch(
    scratchPrivate, winogradFrequencies * (stepV + stepM) + stripPixels + padded);
  float *m = v + winogradFrequencies * stepV, *pixels = m + winogradFrequencies * stepM;
  float *bias = pixels + stripPixels;

  for (size_t channel = 0; channel < depth; channel += lanes) {
    size_t tile = 0, group = 0;
    for (size_t s = first; s < end; s++) {
      const Strip strip = stripAt(&w->strips, s);
      const size_t width = side * strip.tiles + around;
      const bool continues = s > first && strip.row > 0;
      if (continues) {
        memmove(pixels, pixels + side * width * lanes, around * width * lanes * sizeof(float));
      }
      kernelsWinogradReadRows(set, &w->source, &strip, channel, continues ? around : 0, 6, width,
                              pixels);
      for (size_t i = 0; i < strip.tiles; i++, tile++) {
        while (tile >= groupFirst(group + 1, groups, tiles)) group++;
        const size_t start = groupFirst(group, groups, tiles);
        const size_t rows = groupFirst(group + 1, groups, tiles) - start;
        kernels->input(pixels + side * i * lanes, width,
                       v + start * paddedDepth + channel * rows + (tile - start) * lanes, stepV);
      }
    }
  }

  for (size_t f = 0; f < winogradFrequencies; f++) {
    for (size_t target = 0; target < padded; target += set->columnTile) {
      const float *b = w->filters + f * w->filterStep + target * depth;
      for (size_t group = 0; group < groups; group++) {
        const size_t start = groupFirst(group, groups, tiles);
        kernels->tile(depth, v + f * stepV + start * paddedDepth, b,
                      m + f * stepM + start * padded + target, padded,
                      groupFirst(group + 1, groups, tiles) - start,
                      minimum(set->columnTile, padded - target));
      }
    }
  }

  if (w->bias != NULL) {
    memcpy(bias, w->bias, w->targetChannels * sizeof(float));
    memset(bias + w->targetChannels, 0, (padded - w->targetChannels) * sizeof(float));
  }
  const size_t plane = w->targetHeight * w->targetWidth;
  for (size_t channel = 0; channel < w->targetChannels; channel += lanes) {
    const size_t channels = minimum(lanes, w->targetChannels - channel);
    size_t tile = 0;
    for (size_t s = first; s < end; s++) {
      const Strip strip = stripAt(&w->strips, s);
      const size_t rows = minimum(side, w->targetHeight - strip.row);
      const size_t width = minimum(side * strip.tiles, w->targetWidth - strip.column);
      for (size_t i = 0; i < strip.tiles; i++, tile++) {
        kernels->output(m + tile * padded + channel, stepM, w->bias != NULL ? bias + channel : NULL,
                        w->activation, pixels + side * i * lanes, width, rows,
                        minimum(side, width - side * i));
      }
      float *y = w->target + (strip.image * w->targetChannels + channel) * plane +
                 strip.row * w->targetWidth + strip.column;
      if (width == w->targetWidth) {
        kernels->scatter(pixels, rows * width, channels, y, plane);
      } else {
        for (size_t i = 0; i < rows; i++) {
          kernels->scatter(pixels + i * width * lanes, width, channels, y + i * w->targetWidth,
                           plane);
        }
      }
    }
  }
}

static void convolve(Winograd *w, size_t batch) {
  const CourseKernelSet *set = w->set;
  const size_t columnTile = set->columnTile, depth = w->source.channels;
  const size_t panels = (w->targetChannels + columnTile - 1) / columnTile;
  w->filterStep = panels * depth * columnTile + 16;
  w->filters = kernelsScratch(scratchShared, winogradFrequencies * w->filterStep);
  w->strips =
    stripsOf(w->kernels->outputs, batch, w->targetHeight, w->targetWidth, winogradLongestStrip);
  // How tiles are grouped changes no result, so the number of threads may decide.
  const size_t tiles = batch * w->strips.tilesY * w->strips.tilesX;
  const size_t perThread = maximum(set->rowTile, tiles / kernels_thread_count());
  const size_t wanted = minimum(tilesTogether, perThread);
  w->stripsTogether = maximum(1, wanted / w->strips.longest);
  kernels_parallel_for(panels * ((depth + filterBlock - 1) / filterBlock), transformFilters, w);
  const size_t strips = stripCount(&w->strips);
  kernels_parallel_for((strips + w->stripsTogether - 1) / w->stripsTogether, convolveTiles, w);
}

void kernelsConvForwardWinograd(const CourseKernelSet *set, const CourseConvolution *v,
                                const float *x, const float *weights, const float *bias,
                                CourseActivation activation, float *y) {
  Winograd w = {
    .set = set, .kernels = winogradOf(set, v->kernelHeight),
    .source = {x, v->inputChannels, v->inputHeight, v->inputWidth, (ptrdiff_t)v->padTop,
               (ptrdiff_t)v->padLeft},
    .target = y, .targetChannels = v->outputChannels, .targetHeight = v->outputHeight,
    .targetWidth = v->outputWidth, .weights = weights, .bias = bias, .activation = activation,
  };
  convolve(&w, v->batch);
}

void kernelsConvInputGradientWinograd(const CourseKernelSet *set, const CourseConvolution *v,
                                      const float *dY, const float *weights, float *dX) {
  const ptrdiff_t around = (ptrdiff_t)v->kernelHeight - 1;
  Winograd w = {
    .set = set, .kernels = winogradOf(set, v->kernelHeight),
    .source = {dY, v->outputChannels, v->outputHeight, v->outputWidth,
               around - (ptrdiff_t)v->padTop, around - (ptrdiff_t)v->padLeft},
    .target = dX, .targetChannels = v->inputChannels, .targetHeight = v->inputHeight,
    .targetWidth = v->inputWidth, .weights = weights, .flipped = true,
    .activation = kernelActivationIdentity,
  };
  convolve(&w, v->batch);
}
