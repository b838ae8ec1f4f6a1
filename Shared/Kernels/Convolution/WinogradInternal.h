// Shared by the two files of Winograd's algorithm: tiles of outputs, in strips.

#pragma once

#include "Convolution/ConvolutionInternal.h"

enum { winogradFrequencies = 36, winogradLongestStrip = 32 };

/// The transforms for kernels of taps x taps, 3 or 5.
INLINE const CourseWinograd *winogradOf(const CourseKernelSet *set, size_t taps) {
  return &tableOf(set)->convolution.winograd[taps == 3 ? 0 : 1];
}

/// Pieces of tile rows of all images, numbered: each is read, transformed and written in one go.
typedef struct Strips {
  size_t side;                                    // of a tile of outputs
  size_t batch, tilesY, tilesX, across, longest;  // longest: tiles in a strip
} Strips;

typedef struct Strip {
  size_t image, row, column;                      // row and column of its first output
  size_t tiles;
} Strip;

INLINE Strips stripsOf(size_t side, size_t batch, size_t height, size_t width, size_t longest) {
  Strips s = {.side = side, .batch = batch, .tilesY = (height + side - 1) / side,
              .tilesX = (width + side - 1) / side};
  s.across = (s.tilesX + longest - 1) / longest;
  s.longest = (s.tilesX + s.across - 1) / s.across;
  return s;
}

INLINE size_t stripCount(const Strips *s) { return s->batch * s->tilesY * s->across; }

/// Down the image first, so that a strip and the next one share rows.
INLINE Strip stripAt(const Strips *s, size_t index) {
  const size_t perImage = s->tilesY * s->across, inImage = index % perImage;
  const size_t column = inImage / s->tilesY * s->longest;
  return (Strip){
    .image = index / perImage, .row = inImage % s->tilesY * s->side, .column = column * s->side,
    .tiles = minimum(s->longest, s->tilesX - column),
  };
}

/// A stack of planes that is read by pieces: x [batch, channels, height, width].
typedef struct Planes {
  const float *x;
  size_t channels, height, width;
  ptrdiff_t padTop, padLeft;    // of output (0, 0)
} Planes;

/// Copies rows `from` ..< `to` of a strip, `width` pixels each, a vector of channels from
/// `channel` on side by side, with the zeros around the image.
void kernelsWinogradReadRows(const CourseKernelSet *set, const Planes *planes, const Strip *strip,
                             size_t channel, size_t from, size_t to, size_t width, float *pixels);
