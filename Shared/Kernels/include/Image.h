// Image.h - pixels: bytes to planes of floats, resampling, rotation, hue.
//
// These run on the calling thread: whoever has many images gives each thread its own.

#ifndef KERNELS_IMAGE_H
#define KERNELS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct KernelSet;

/// An image of interleaved bytes, seen mirrored, turned or cropped: pixel (y, x) of the view is at
/// pixels[start + y * strideY + x * strideX], channel c of it c bytes on. Strides may be negative.
/// Only rows firstRow ..< endRow and columns firstColumn ..< endColumn lie in the image; the rest of
/// the height x width view is 0.
typedef struct KernelPixelView {
  const uint8_t *pixels;
  ptrdiff_t start, strideY, strideX;
  size_t height, width, channels;
  size_t firstRow, endRow, firstColumn, endColumn;
} KernelPixelView;

/// y[c][row][column] = (byte / 255 - mean[c]) / deviation[c] in the image, (0 - mean[c]) /
/// deviation[c] around it when `normalizesBorder`, else 0. mean and deviation are NULL together: then
/// y = byte / 255.
void kernels_pixels_to_floats(const struct KernelSet *set, const KernelPixelView *view,
                              const float *mean, const float *deviation, bool normalizesBorder,
                              float *y);

/// y[p][i][:] = sum over k < taps of weights[i * taps + k] * x[p][first[i] + k][:], with x
/// [planes, height, width] and y [planes, outputHeight, width]. Weights of 0 read nothing.
void kernels_resample_rows(const struct KernelSet *set, const float *x, size_t planes,
                           size_t height, size_t width, const int32_t *first, const float *weights,
                           size_t taps, size_t outputHeight, float *y);

/// Samples x [planes, height, width] at (sourceX, sourceY) = matrix . (column, row, 1), in pixels
/// counted from the centre of the first one; `matrix` is 2 x 3, row-major. Between pixels linearly,
/// or the nearest one; beyond the edge there are zeros. y [planes, outputHeight, outputWidth].
void kernels_sample_affine(const float *x, size_t planes, size_t height, size_t width,
                           const float matrix[6], bool linear, size_t outputHeight,
                           size_t outputWidth, float *y);

/// Turns the hue of an image of three planes (red, green, blue; 0 to 1) by `turns` of the circle of
/// colours: to HSV, H += turns, and back.
void kernels_shift_hue(const float *x, size_t area, float turns, float *y);

#ifdef __cplusplus
}
#endif

#endif
